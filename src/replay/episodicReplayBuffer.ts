/**
 * Replay of whole episodes, and of sequences cut from them, for recurrent networks and for agents that learn along
 * trajectories. Hausknecht & Stone 2015, "Deep recurrent Q-learning for partially observable MDPs" (bootstrapped random
 * updates); Wang et al. 2017, "Sample efficient actor-critic with experience replay".
 */
import { ShapeError, UsageError } from "../errors.ts";
import type { Random, RandomState } from "../random.ts";
import type { State } from "../state.ts";
import type { Replay } from "./replay.ts";
import {
  type BurnInBatch,
  type SequenceBatch,
  type TransitionBatch,
  TransitionStore,
  type TransitionStoreOptions,
} from "./transitionStore.ts";

export interface EpisodicReplayBufferOptions extends Omit<TransitionStoreOptions, "nStep"> {
  /** The stream episodes are drawn with; its state is saved with the buffer's. */
  readonly random: Random;
}

/** A run of steps of one episode: the number of its first transition, how many, and how many went before it. */
export interface Sequence {
  readonly first: number;
  readonly length: number;
  readonly before: number;
}

interface SavedBuffer {
  readonly store: State;
  readonly starts: Float64Array;
  readonly running: number;
  readonly random: RandomState;
}

export class EpisodicReplayBuffer implements Replay {
  readonly isPrioritized: boolean = false;
  readonly frameRings = null;
  protected readonly store: TransitionStore;
  protected readonly random: Random;
  /** Numbers of the first transitions of complete episodes, oldest first; the next one's first is where one ends. */
  #starts: number[] = [];
  /** The first transition of the episode under way. */
  #running = 0;
  /** Slots of the rows that are gathered. */
  #slots = new Uint32Array(0);

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

  get hasMasks(): boolean {
    return this.store.hasMasks;
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
    mask: ArrayLike<number> | null = null,
    nextMask: ArrayLike<number> | null = null,
  ): void {
    this.store.append(obs, action, reward, nextObs, terminated, truncated, mask, nextMask);
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
    return { first, length: (this.#starts[place + 1] ?? this.#running) - first, before: 0 };
  }

  /** How many windows of `time` steps have a step of the oldest `place` episodes in them. */
  #windowsBefore(place: number, time: number): number {
    return (this.#starts[place] ?? this.#running) - this.#starts[0]! + place * (time - 1);
  }

  /** n places of episodes, each drawn in proportion to the windows of `time` steps that have a step of it in them. */
  protected drawPlaces(n: number, time: number): number[] {
    const { episodes } = this;
    return Array.from({ length: n }, () => {
      const window = this.random.integer(this.#windowsBefore(episodes, time));
      let [low, high] = [0, episodes - 1];
      while (low < high) {
        const middle = (low + high + 1) >> 1;
        if (this.#windowsBefore(middle, time) <= window) low = middle;
        else high = middle - 1;
      }
      return low;
    });
  }

  /**
   * What n windows of `time` steps have of an episode each. A window may begin before its episode and end behind it, and
   * every one with a step in it is as likely, so that all steps are drawn as often: the last one of an episode too, of which
   * windows inside the episode would have one only.
   * @throws UsageError when n or time is no count, or there is no complete episode
   */
  drawSequences(n: number, time: number): Sequence[] {
    if (!(Number.isSafeInteger(n) && n >= 1 && Number.isSafeInteger(time) && time >= 1)) {
      throw new UsageError(
        `replay: sequences must be 1 or more, of at least 1 step; got ${n} of at most ${time}. Change minibatchSize or sequenceLength.`,
      );
    }
    this.#requireEpisodes(n);
    return this.drawPlaces(n, time).map((place) => {
      const { first, length } = this.episode(place);
      const begin = this.random.integer(length + time - 1) - (time - 1);
      const before = Math.max(begin, 0);
      return { first: first + before, length: Math.min(begin + time, length) - before, before };
    });
  }

  #requireEpisodes(n: number): void {
    if (this.episodes > 0) return;
    throw new UsageError(
      `replay: cannot sample ${n} episodes from none. Wait for the first to end, or raise capacity above its length.`,
    );
  }

  /**
   * Writes n single transitions of complete episodes into `out`, every one as likely.
   * @throws UsageError when there is no complete episode; ShapeError when `out` does not hold n rows
   */
  sample(n: number, out: TransitionBatch): void {
    const slots = this.drawSequences(n, 1).map(({ first }) => first % this.capacity);
    this.store.gather(slots, n, out);
  }

  /** Draws n sequences, see `drawSequences`, and writes them with what went before each. */
  sampleSequences(n: number, time: number, out: BurnInBatch): void {
    const sequences = this.drawSequences(n, time);
    this.gather(sequences, time, out);
    const { burnInObs, burnInContinues, continues } = out;
    const { obsSize, capacity } = this.store;
    const burnIn = burnInContinues.length / n;
    this.#reserve(burnIn * n);
    const slots = this.#slots;
    for (const [b, { first, before }] of sequences.entries()) {
      continues[b] = before === 0 ? 0 : 1;
      for (let t = 0; t < burnIn; t++) {
        const ago = burnIn - t;
        const row = t * n + b;
        slots[row] = (first - Math.min(ago, before)) % capacity;
        burnInContinues[row] = ago < before ? 1 : 0;
      }
    }
    this.store.gatherObs(slots, burnIn * n, burnInObs);
    for (const [b, { before }] of sequences.entries()) {
      for (let t = 0; t < burnIn - before; t++) burnInObs.fill(0, (t * n + b) * obsSize, (t * n + b + 1) * obsSize);
    }
  }

  #reserve(rows: number): void {
    if (this.#slots.length < rows) this.#slots = new Uint32Array(rows);
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
    const { capacity } = this.store;
    this.#reserve(time * n);
    const slots = this.#slots;
    for (const [b, { first, length }] of sequences.entries()) {
      for (let t = 0; t < time; t++) {
        slots[t * n + b] = (first + Math.min(t, length - 1)) % capacity;
        out.valid[t * n + b] = t < length ? 1 : 0;
      }
    }
    this.store.gather(slots, time * n, out);
    const { valid, ...columns } = out;
    for (const column of [columns.obs, columns.action, columns.reward, columns.nextObs, columns.discount]) {
      const width = column.length / valid.length;
      for (let row = 0; row < valid.length; row++) {
        if (valid[row] === 0) column.fill(0, row * width, (row + 1) * width);
      }
    }
  }

  /** Here episodes are drawn whatever their errors. */
  updatePriorities(_surprise: ArrayLike<number>): void {}

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
