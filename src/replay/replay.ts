import type { Stateful } from "../state.ts";
import type { BurnInBatch, FrameBatch, FrameRing, TransitionBatch } from "./transitionStore.ts";

/** What agents ask of a replay buffer of transitions. */
export interface Replay extends Stateful {
  readonly capacity: number;
  /** Transitions that can be sampled; the last nStep − 1 steps of the running episode are not complete yet. */
  readonly size: number;
  /** Whether the environment has said which actions are allowed, so that minibatches have masks. */
  readonly hasMasks: boolean;
  /** Whether minibatches have importance weights, and want to be told how surprising each transition was. */
  readonly isPrioritized: boolean;

  /** The rings that observations are kept in as frames, which allows `FrameBatch`; null where they are kept otherwise. */
  readonly frameRings: readonly FrameRing[] | null;

  /**
   * Makes room for the episodes of so many environments side by side, while there are no transitions: each has a lane of
   * its share of the capacity. Missing where a buffer holds one running episode only.
   */
  split?(lanes: number): void;

  /**
   * One step of the environment, see `TransitionStore.append`.
   * @param lane which of the environments, from 0
   */
  append(
    obs: ArrayLike<number>,
    action: number | ArrayLike<number>,
    reward: number,
    nextObs: ArrayLike<number>,
    terminated: boolean,
    truncated: boolean,
    mask?: ArrayLike<number> | null,
    nextMask?: ArrayLike<number> | null,
    lane?: number,
  ): void;

  /**
   * An episode was cut without an end: pending n-step tails are completed with bootstrapping, as at a truncation.
   * @param lane whose; every one's unless given
   */
  stopEpisode(lane?: number): void;

  /**
   * Writes n transitions into `out`.
   * @throws UsageError when n is not a count or the buffer holds fewer; ShapeError when `out` does not hold n rows.
   */
  sample(n: number, out: TransitionBatch | FrameBatch): void;

  /**
   * Writes n sequences of at most `time` steps of one episode each into `out`, with what went before them. Missing where a
   * buffer does not keep episodes.
   */
  sampleSequences?(n: number, time: number, out: BurnInBatch): void;

  /** How surprising the transitions of the last minibatch were, such as |TD error|, in their order. */
  updatePriorities(surprise: ArrayLike<number>): void;

  /**
   * Counts a step of all actors, and returns how many there are. Only where an actor's steps are learned from in another
   * thread: its agent never samples.
   */
  countStep?(): number;
}
