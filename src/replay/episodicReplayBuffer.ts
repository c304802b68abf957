/**
 * Replay of whole episodes, and of sequences cut from them, for recurrent networks and for agents that learn along
 * trajectories. Hausknecht & Stone 2015, "Deep recurrent Q-learning for partially observable MDPs" (bootstrapped random
 * updates); Wang et al. 2017, "Sample efficient actor-critic with experience replay".
 */
import { ShapeError, UsageError } from "../errors.ts";
import type { Random, RandomState } from "../random.ts";
import type { State, Stateful } from "../state.ts";
import { type TransitionBatch, TransitionStore, type TransitionStoreOptions } from "./transitionStore.ts";

export interface EpisodicReplayBufferOptions extends Omit<TransitionStoreOptions, "nStep"> {
  /** The stream episodes are drawn with; its state is saved with the buffer's. */
  readonly random: Random;
}

/** A run of steps of one episode: the number of its first transition, and how many. */
export interface Sequence {
  readonly first: number;
  readonly length: number;
}

/** Where sequences are written: time first, so that the rows of one time step are neighbours. */
export interface SequenceBatch extends TransitionBatch {
  /** `(time, n)`: 1 for a step of the sequence, 0 behind its end. */
  readonly valid: Float32Array;
}

interface SavedBuffer {
  readonly store: State;
  readonly starts: Float64Array;
  readonly running: number;
  readonly random: RandomState;
}

export class EpisodicReplayBuffer implements Stateful {
  protected readonly store: TransitionStore;
  protected readonly random: Random;
  /** Numbers of the first transitions of complete episodes, oldest first; the next one's first is where one ends. */
  #starts: number[] = [];
  /** The first transition of the episode under way. */
  #running = 0;
  readonly #slot = new Uint32Array(1);

  /** @throws UsageError or DeviceError as `TransitionStore` does */
  constructor(options: EpisodicReplayBufferOptions) {
    this.store = new TransitionStore(options);
    this.random = options.random;
  }

  get capacity(): number {
    return this.store.capacity;
  }

  /** Steps of complete episodes. */
  get size(): number {
    return this.#starts.length === 0 ? 0 : this.#running - this.#starts[0]!;
  }

  /** Complete episodes. */
  get episodes(): number {
    return this.#starts.length;
  }

  /** One step of the environment, see `TransitionStore.append`. An episode that does not fit whole is dropped. */
  append(
    obs: ArrayLike<number>,
    action: number | ArrayLike<number>,
    reward: number,
    nextObs: ArrayLike<number>,
    terminated: boolean,
    truncated: boolean,
  ): void {
    this.store.append(obs, action, reward, nextObs, terminated, truncated);
    this.#forget();
    if (terminated || truncated) this.#complete();
  }

  /** The episode was cut without an end: as at a truncation. */
  stopEpisode(): void {
    this.store.stopEpisode();
    this.#complete();
  }

  /** Episodes whose first steps were overwritten are no longer whole. */
  #forget(): void {
    const { begin } = this.store;
    while (this.#starts.length > 0 && this.#starts[0]! < begin) {
      this.#starts.shift();
      this.dropOldest();
    }
  }

  #complete(): void {
    const { begin, end } = this.store;
    if (end > this.#running && this.#running >= begin) {
      this.#starts.push(this.#running);
      this.addNewest();
    }
    this.#running = end;
  }

  /** A subclass keeps something about each episode. */
  protected addNewest(): void {}
  protected dropOldest(): void {}

  /** An episode, by its place from the oldest. */
  episode(place: number): Sequence {
    const first = this.#starts[place]!;
    return { first, length: (this.#starts[place + 1] ?? this.#running) - first };
  }

  /** n places of episodes, each drawn from all. */
  protected drawPlaces(n: number): number[] {
    return Array.from({ length: n }, () => this.random.integer(this.#starts.length));
  }

  /**
   * n episodes, each drawn from all that are there; of one longer than `maxLength` a random part of that length.
   * @throws UsageError when n or maxLength is no count, or there is no complete episode
   */
  sampleSequences(n: number, maxLength = Number.POSITIVE_INFINITY): Sequence[] {
    if (!(Number.isSafeInteger(n) && n >= 1 && maxLength >= 1)) {
      throw new UsageError(
        `replay: sequences must be 1 or more, of at least 1 step; got ${n} of at most ${maxLength}. Change minibatchSize.`,
      );
    }
    if (this.episodes === 0) {
      throw new UsageError(
        `replay: cannot sample ${n} episodes from none. Wait for the first to end, or raise capacity above its length.`,
      );
    }
    return this.drawPlaces(n).map((place) => {
      const { first, length } = this.episode(place);
      if (length <= maxLength) return { first, length };
      return { first: first + this.random.integer(length - maxLength + 1), length: maxLength };
    });
  }

  /**
   * Writes sequences into `out`, step t of sequence b in row t · n + b; rows behind the end of a sequence are 0.
   * @throws ShapeError when `out` does not hold `time` rows of n
   */
  gather(sequences: readonly Sequence[], time: number, out: SequenceBatch): void {
    const n = sequences.length;
    if (out.valid.length !== time * n) {
      throw new ShapeError(
        `replay: the view for valid must hold ${time} × ${n} numbers; got ${out.valid.length}. Make it anew for these sizes.`,
      );
    }
    const { obsSize, actionSize, capacity } = this.store;
    const one: Record<string, [to: Float32Array | Int32Array, columns: number]> = {
      obs: [out.obs, obsSize],
      action: [out.action, actionSize],
      reward: [out.reward, 1],
      nextObs: [out.nextObs, obsSize],
      discount: [out.discount, 1],
    };
    for (let t = 0; t < time; t++) {
      for (let b = 0; b < n; b++) {
        const row = t * n + b;
        const { first, length } = sequences[b]!;
        const isValid = t < length;
        out.valid[row] = isValid ? 1 : 0;
        const views = Object.fromEntries(
          Object.entries(one).map(([name, [to, columns]]) => [name, to.subarray(row * columns, (row + 1) * columns)]),
        );
        if (isValid) {
          this.#slot[0] = (first + t) % capacity;
          this.store.gather(this.#slot, 1, views as unknown as TransitionBatch);
        } else {
          for (const view of Object.values(views)) view.fill(0);
        }
      }
    }
  }

  saveState(): State {
    return {
      store: this.store.saveState(),
      starts: Float64Array.from(this.#starts),
      running: this.#running,
      random: { ...this.random.saveState() },
    };
  }

  /** @throws UsageError when the state was saved by a buffer with other options */
  loadState(state: State): void {
    const { store, starts, running, random } = state as unknown as SavedBuffer;
    this.store.loadState(store);
    this.#starts = Array.from(starts);
    this.#running = running;
    this.random.loadState(random);
  }
}
