/** What an actor has for a replay buffer where another thread learns: its steps go into a ring, and that is all. */
import { InternalError } from "../errors.ts";
import type { State } from "../state.ts";
import type { Replay } from "./replay.ts";
import type { TransitionRing } from "./transitionRing.ts";

export interface ActorReplayParts {
  readonly ring: TransitionRing;
  /** Transitions that the thread that learns can sample. */
  readonly learnerSize: () => number;
  /** Whether the actor is to stop: a step that finds no room is dropped then. */
  readonly isStopping: () => boolean;
  /** Called when a step was written. */
  readonly onWritten: () => void;
  /** Counts a step of all actors, and how many there are. */
  readonly countStep: () => number;
}

/** Milliseconds after which an actor that waits for room looks whether it is to stop. */
const patience = 50;

export class ActorReplay implements Replay {
  readonly isPrioritized = false;
  readonly hasMasks = false;
  readonly frameRings = null;
  readonly countStep: () => number;
  readonly #parts: ActorReplayParts;
  #inEpisode = false;

  constructor(parts: ActorReplayParts) {
    this.#parts = parts;
    this.countStep = parts.countStep;
  }

  get capacity(): number {
    return this.#parts.ring.capacity;
  }

  get size(): number {
    return this.#parts.learnerSize();
  }

  append(
    obs: ArrayLike<number>,
    action: number | ArrayLike<number>,
    reward: number,
    nextObs: ArrayLike<number>,
    terminated: boolean,
    truncated: boolean,
    mask: ArrayLike<number> | null = null,
    nextMask: ArrayLike<number> | null = null,
  ): void {
    const { ring, isStopping, onWritten } = this.#parts;
    const begins = !this.#inEpisode;
    const step = { obs, action, reward, nextObs, terminated, truncated, mask, nextMask, begins };
    while (!ring.write(step)) {
      if (isStopping()) return;
      ring.waitForRoom(patience);
    }
    this.#inEpisode = !terminated && !truncated;
    onWritten();
  }

  stopEpisode(): void {
    this.#inEpisode = false;
  }

  sample(): never {
    throw new InternalError("replay: an actor must leave learning to the learner; got a call of sample.");
  }

  updatePriorities(): void {}

  saveState(): State {
    return null;
  }

  loadState(): void {}
}
