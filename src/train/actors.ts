/** What the training loop knows of actors; their threads are in actors/. */
import type { ProgressEvent } from "./events.ts";
import type { LoopState } from "./loopState.ts";
import type { StopRequest } from "./run.ts";

export interface Actors {
  /** Starts their threads, with what the agent has learned so far. */
  start(loop: LoopState): void;
  /** Resolves once so many steps were taken in all, or a stop is asked for. @throws ActorFailure */
  run(until: number, stop: StopRequest): Promise<void>;
  /** Holds them after the step under way, or lets them go on. */
  hold(isHeld: boolean): void;
  /** Has the loop's agent and counters take over what the actors have done. */
  follow(loop: LoopState): void;
  /** The agent's statistics, those that actors tell as their mean. */
  statistics(): Record<string, number>;
  /** What progress tells of each actor; speeds since the last call. */
  progress(): Pick<ProgressEvent, "actorStepsPerSecond" | "actorUpdatesBehind">;
  /** Ends all threads, within a second. */
  end(): Promise<void>;
}

/** An actor broke off; the cause is what it threw. */
export class ActorFailure extends Error {
  readonly part: "env" | "agent" | "loop";
  override readonly cause: Error;

  constructor(part: "env" | "agent" | "loop", cause: Error) {
    super(cause.message, { cause });
    this.part = part;
    this.cause = cause;
  }
}
