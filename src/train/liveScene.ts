/** What somebody who looks at a run sees of its training: the first environment, and what the agent makes of it. */
import type { ActionExplanation, Agent } from "../agents/index.ts";
import type { DrawList } from "../envs/index.ts";
import { fiveDigits } from "./episode.ts";
import type { Stepper } from "./stepper.ts";

/** What `live/picture.json` holds. */
export interface LiveScene {
  readonly format: "kusari-live";
  readonly version: 1;
  /** Steps of training so far. */
  readonly step: number;
  /** What the run is at; the training environment stands still meanwhile. */
  readonly during: "training" | "evaluation";
  /** Environments side by side, of which this is the first; 1 for one alone. */
  readonly envs: number;
  /** Actors, of which this is the first's; null where there are none. */
  readonly actors: number | null;
  readonly episode: {
    /** What tells it from others: where it began. */
    readonly begunAt: number;
    readonly steps: number;
    readonly return: number;
    readonly isOver: boolean;
  };
  /** Null where the environment draws none. */
  readonly picture: DrawList | null;
  /** What the greedy action goes by, five digits; null where the agent does not tell, and at the end of an episode. */
  readonly explanation: ActionExplanation | null;
  /** Of the numbers of the explanation; empty for continuous actions. */
  readonly actionNames: readonly string[];
  /** What went wrong with the picture or the explanation. */
  readonly note: string | null;
}

/** A run as the live picture sees it. */
export interface LiveSource {
  /** Where it stands: what differs from the last time is worth a new picture. */
  key(): string;
  /** Null before the first episode. */
  scene(): LiveScene | null;
}

/** What is told of the environment the agent acts in. */
interface Named {
  readonly unwrapped?: { readonly actionMeanings?: readonly string[] };
  readonly actionSpace: unknown;
}

export interface LiveParts {
  readonly agent: Agent;
  readonly stepper: Stepper;
  /** One like it: its actions have the same names. */
  readonly env: Named;
  readonly actors: number | null;
  /** Steps of training, those that the stepper has taken itself, and what the run is at. */
  readonly now: () => Pick<LiveScene, "step" | "during"> & { readonly mine: number };
}

/** A look must never end the run: what fails is said beside the picture. */
function attempt<T>(what: string, notes: string[], look: () => T | null): T | null {
  try {
    return look();
  } catch (error) {
    notes.push(`${what} failed: ${error instanceof Error ? error.message : String(error)}`);
    return null;
  }
}

export function liveSource({ agent, stepper, env, actors, now }: LiveParts): LiveSource {
  const names = env.unwrapped?.actionMeanings ?? [];
  const { start = 0 } = env.actionSpace as { start?: number };
  const nameOf = (_: number, i: number): string => names[start + i] ?? `action ${start + i}`;
  return {
    key() {
      const { step, during } = now();
      return `${step} ${during}`;
    },

    scene() {
      const { step, mine, during } = now();
      const scene = stepper.scene(mine);
      if (scene === null) return null;
      const { obs, info, steps, return: episodeReturn } = scene;
      const notes: string[] = [];
      const picture = attempt("The picture", notes, () => scene.draw());
      const explain = () => (obs === null ? null : (agent.explainNext?.(obs, info) ?? null));
      const explanation = attempt("What the action goes by", notes, explain);
      return {
        format: "kusari-live",
        version: 1,
        step,
        during,
        envs: stepper.stride,
        actors,
        episode: { begunAt: mine - steps * stepper.stride, steps, return: episodeReturn, isOver: obs === null },
        picture,
        explanation: explanation && {
          kind: explanation.kind,
          numbers: explanation.numbers.map(fiveDigits),
          value: explanation.value === null ? null : fiveDigits(explanation.value),
        },
        actionNames: explanation === null || explanation.kind === "action" ? [] : explanation.numbers.map(nameOf),
        note: notes.length > 0 ? notes.join(" ") : null,
      };
    },
  };
}
