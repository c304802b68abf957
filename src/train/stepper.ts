/** Takes the steps of a run: in one environment, or in many side by side. */
import type { Agent } from "../agents/agent.ts";
import type { State, Stateful } from "../state.ts";
import type { FailedPart } from "./failure.ts";
import type { LoopState } from "./loop.ts";
import type { StopRequest } from "./run.ts";

/** A run as its steps see it. */
export interface Going {
  readonly agent: Agent;
  /** Changed with every step. */
  readonly loop: LoopState;
  readonly seed: number;
  readonly stop: StopRequest;
  /** What is at work, should it fail. */
  part: FailedPart;
}

/** What goes on between two steps is in its state: the environments, and what they returned last. */
export interface Stepper extends Stateful {
  /** Environment steps of one go. Whatever is due at a step comes with the first go that reaches it. */
  readonly stride: number;
  /**
   * Steps until `until` or a stop, with macrotask turns now and then; when exactly has no influence on the numbers.
   */
  train(until: number, going: Going): Promise<void>;
  saveState(): State;
  loadState(state: State): void;
  /** Why a loaded state's episode cannot go on; null where it can. */
  readonly lostEpisode: string | null;
  /** The next step begins new episodes. */
  dropEpisodes(): void;
  close(): void;
}
