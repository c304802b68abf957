/** What agents have in common: ChainerRL's way of calling them, in terms of act and observe, and evaluation mode. */
import { type Link, recurrentLayers, evalMode as withoutNoise } from "../autograd/index.ts";
import { UsageError } from "../errors.ts";
import type { State } from "../state.ts";
import type { Action, ActionExplanation, Agent, ModelPlace, Observation, StepInfo } from "./agent.ts";

/** @throws UsageError for an agent whose network alone would not act as it does */
export function requireExportable(name: string, phi: unknown, network: Link): void {
  if (phi !== null) {
    throw new UsageError(
      `${name}: observations must reach the network as they are for it to be exported; got an agent with phi, a function of the program. Put what it does into the environment.`,
    );
  }
  const [layer] = recurrentLayers(network);
  if (!layer) return;
  throw new UsageError(
    `${name}: a network must say the same of an observation whatever came before for it to be exported; got one with ${layer.constructor.name}. Export a network without memory.`,
  );
}

export abstract class BaseAgent implements Agent {
  abstract readonly name: string;
  training = true;
  steps = 0;
  updates = 0;

  abstract act(obs: Observation, info?: StepInfo): Action;
  abstract observe(
    nextObs: Observation,
    reward: number,
    terminated: boolean,
    truncated: boolean,
    info?: StepInfo,
  ): void;
  abstract stopEpisode(): void;
  explain?(): ActionExplanation;
  abstract statistics(): Record<string, number>;
  abstract saveState(): State;
  abstract loadState(state: State): void;
  abstract save(place: ModelPlace): Promise<void>;
  abstract load(place: ModelPlace): Promise<void>;
  /** Whether an action waits for its outcome. */
  protected abstract readonly isWaiting: boolean;

  evalMode<T>(body: () => T): T {
    const before = this.training;
    this.training = false;
    try {
      return body();
    } finally {
      this.training = before;
    }
  }

  explainNext(obs: Observation, info?: StepInfo): ActionExplanation | null {
    const explain = (): ActionExplanation => {
      this.act(obs, info);
      return this.explain!();
    };
    const greedily = (): ActionExplanation => this.evalMode(() => withoutNoise(explain));
    return this.explain ? this.rememberingTraining(greedily) : null;
  }

  /** Runs what acts in evaluation with the memory of the running episode of training, and leaves both memories as they are. */
  protected rememberingTraining<T>(body: () => T): T {
    return body();
  }

  actAndTrain(obs: Observation, reward: number): Action {
    if (this.isWaiting) this.observe(obs, reward, false, false);
    return this.act(obs);
  }

  stopEpisodeAndTrain(obs: Observation, reward: number, terminated: boolean): void {
    this.observe(obs, reward, terminated, !terminated);
  }
}
