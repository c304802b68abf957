/** A greedy episode, as little of it as it takes to play it again: where it began and what was done. */
import type { Action, ActionExplanation, Agent } from "../agents/index.ts";
import type { TrainingEnv } from "./trainingEnv.ts";

/** What `episodes/step-N.json` holds. */
export interface RecordedEpisode {
  readonly format: "kusari-episode";
  readonly version: 1;
  readonly env: string;
  /** The step of training that its agent is of. */
  readonly step: number;
  /** What the environment was reset with. */
  readonly seed: number;
  /** (steps): a discrete action's number, or the components of a continuous one. */
  readonly actions: readonly (number | readonly number[])[];
  /** Sum of the rewards of these steps. */
  readonly return: number;
  /** Whether it has all steps of its episode: of a very long one the first are kept. */
  readonly isWhole: boolean;
  /** What the actions were chosen by; null where the agent does not tell. */
  readonly explanation: {
    readonly kind: ActionExplanation["kind"];
    /** (steps, numbers), five digits of each. */
    readonly numbers: readonly (readonly number[])[];
    /** (steps) */
    readonly values: readonly (number | null)[];
  } | null;
}

/** Steps that are kept of an episode: a file stays below a megabyte. */
const longestRecord = 5_000;

export const fiveDigits = (x: number): number => Number(x.toPrecision(5));

/** Takes down an episode while it is played. */
export class EpisodeRecorder {
  readonly #env: string;
  readonly #step: number;
  #seed = 0;
  #actions: (number | number[])[] = [];
  #numbers: number[][] = [];
  #values: (number | null)[] = [];
  #kind: ActionExplanation["kind"] | null = null;
  #return = 0;
  #isWhole = true;

  /** @param step the step of training that the agent is of */
  constructor(env: string, step: number) {
    this.#env = env;
    this.#step = step;
  }

  begin(seed: number): void {
    this.#seed = seed;
  }

  /** An action just chosen; to be called before the environment's step, which may use the action's memory again. */
  noteAction(agent: Agent, action: Action): void {
    if (this.#actions.length === longestRecord) {
      this.#isWhole = false;
      return;
    }
    this.#actions.push(typeof action === "number" ? action : Array.from(action));
    const explanation = agent.explain?.();
    if (!explanation) return;
    this.#kind = explanation.kind;
    this.#numbers.push(explanation.numbers.map(fiveDigits));
    this.#values.push(explanation.value === null ? null : fiveDigits(explanation.value));
  }

  noteReward(reward: number): void {
    if (this.#isWhole) this.#return += reward;
  }

  take(): RecordedEpisode {
    return {
      format: "kusari-episode",
      version: 1,
      env: this.#env,
      step: this.#step,
      seed: this.#seed,
      actions: this.#actions,
      return: this.#return,
      isWhole: this.#isWhole,
      explanation: this.#kind && { kind: this.#kind, numbers: this.#numbers, values: this.#values },
    };
  }
}

/** Plays a recorded episode again; `look` is called with the environment at its beginning and after every step. */
export function replayEpisode<E extends TrainingEnv>(
  env: E,
  episode: Pick<RecordedEpisode, "seed" | "actions">,
  look: (env: E, reward: number | null) => void,
): { readonly return: number; readonly end: "terminated" | "truncated" | null } {
  env.reset({ seed: episode.seed });
  look(env, null);
  let episodeReturn = 0;
  for (const recorded of episode.actions) {
    const action = typeof recorded === "number" ? recorded : Float32Array.from(recorded);
    const [, reward, terminated, truncated] = env.step(action);
    episodeReturn += reward;
    look(env, reward);
    if (terminated || truncated) return { return: episodeReturn, end: terminated ? "terminated" : "truncated" };
  }
  return { return: episodeReturn, end: null };
}
