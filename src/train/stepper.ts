/** Takes the steps of a run: in one environment, or in many side by side. */
import type { Agent, Observation, StepInfo } from "../agents/agent.ts";
import type { DrawList } from "../envs/index.ts";
import type { State, Stateful } from "../state.ts";
import type { FailedPart } from "./failure.ts";
import type { LoopState } from "./loopState.ts";
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

/** The first environment between two steps. */
export interface Scene {
  /** Its picture; null where it has none. */
  draw(): DrawList | null;
  /** What the agent acts on next; null where the episode has just ended. */
  readonly obs: Observation | null;
  readonly info: StepInfo;
  /** Of the episode so far. */
  readonly steps: number;
  readonly return: number;
}

/** What goes on between two steps is in its state: the environments, and what they returned last. */
export interface Stepper extends Stateful {
  /** Environment steps of one go. Whatever is due at a step comes with the first go that reaches it. */
  readonly stride: number;
  /**
   * Steps until `until` or a stop, with macrotask turns now and then; when exactly has no influence on the numbers.
   */
  train(until: number, going: Going): Promise<void>;
  /** @param step of training, as the loop counts; null before the first episode */
  scene(step: number): Scene | null;
  saveState(): State;
  loadState(state: State): void;
  /** Why a loaded state's episode cannot go on; null where it can. */
  readonly lostEpisode: string | null;
  /** The next step begins new episodes. */
  dropEpisodes(): void;
  close(): void;
}
