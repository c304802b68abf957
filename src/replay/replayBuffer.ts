/**
 * Uniform experience replay.
 * Lin 1992, "Self-improving reactive agents based on reinforcement learning, planning and teaching";
 * Mnih et al. 2015, "Human-level control through deep reinforcement learning" (minibatches drawn uniformly).
 */
import { UsageError } from "../errors.ts";
import type { Random, RandomState } from "../random.ts";
import type { State } from "../state.ts";
import { Lanes } from "./lanes.ts";
import type { Replay } from "./replay.ts";
import type { FrameBatch, FrameRing, TransitionBatch, TransitionStoreOptions } from "./transitionStore.ts";

export interface ReplayBufferOptions extends TransitionStoreOptions {
  /** The stream minibatches are drawn with; its state is saved with the buffer's. */
  readonly random: Random;
}

export class ReplayBuffer implements Replay {
  readonly isPrioritized = false;
  readonly #lanes: Lanes;
  readonly #random: Random;
  /** The slots of the last minibatch; grown when a larger one is asked for. */
  #slots = new Uint32Array(64);
  /** Its transitions, see `#draw`. */
  #drawn = new Uint32Array(64);
  /** The minibatch each transition was last drawn for. */
  #drawnFor: Uint32Array;
  #minibatches = 0;

  /** @throws UsageError or DeviceError as `TransitionStore` does. */
  constructor(options: ReplayBufferOptions) {
    this.#lanes = new Lanes(options);
    this.#random = options.random;
    this.#drawnFor = new Uint32Array(this.capacity);
  }

  get capacity(): number {
    return this.#lanes.capacity;
  }

  /** Transitions that can be sampled; the last nStep − 1 steps of each running episode are not complete yet. */
  get size(): number {
    return this.#lanes.size;
  }

  get frameRings(): readonly FrameRing[] {
    return this.#lanes.stores;
  }

  get hasMasks(): boolean {
    return this.#lanes.hasMasks;
  }

  /** Observations written since construction: one a step and one an episode. */
  get framesWritten(): number {
    return this.#lanes.framesWritten;
  }

  /**
   * Makes room for the episodes of so many environments side by side: each has a lane of its share of the capacity,
   * rounded up.
   * @throws UsageError when there are transitions already
   */
  split(lanes: number): void {
    if (this.#lanes.split(lanes)) this.#drawnFor = new Uint32Array(this.capacity);
  }

  /** One step of the environment, see `TransitionStore.append`. */
  append(
    obs: ArrayLike<number>,
    action: number | ArrayLike<number>,
    reward: number,
    nextObs: ArrayLike<number>,
    terminated: boolean,
    truncated: boolean,
    mask: ArrayLike<number> | null = null,
    nextMask: ArrayLike<number> | null = null,
    lane = 0,
  ): void {
    this.#lanes.append(obs, action, reward, nextObs, terminated, truncated, mask, nextMask, lane);
  }

  stopEpisode(lane?: number): void {
    this.#lanes.stopEpisode(lane);
  }

  /**
   * Writes n different transitions into `out`, every set of n as likely as any other. It takes n draws from the stream.
   * @throws UsageError when n is not a count or the buffer holds fewer; ShapeError when `out` does not hold n rows.
   */
  sample(n: number, out: TransitionBatch | FrameBatch): void {
    const { size } = this;
    if (!Number.isSafeInteger(n) || n < 1) {
      throw new UsageError(`replay: a minibatch must hold 1 or more transitions; got ${n}. Change minibatchSize.`);
    }
    if (n > size) {
      throw new UsageError(
        `replay: cannot sample ${n} transitions from ${size}. Raise replayStartSize to at least minibatchSize.`,
      );
    }
    if (n > this.#slots.length) {
      this.#slots = new Uint32Array(n);
      this.#drawn = new Uint32Array(n);
    }
    this.#draw(n, size);
    this.#gather(n, out);
  }

  /** Every transition stays as likely as any other. */
  updatePriorities(): void {}

  /**
   * n different ones of `size` transitions, counted lane after lane from the oldest.
   * Robert Floyd's sampling without replacement (Bentley and Floyd 1987, "A sample of brilliance").
   */
  #draw(n: number, size: number): void {
    this.#minibatches = (this.#minibatches + 1) >>> 0;
    if (this.#minibatches === 0) {
      this.#drawnFor.fill(0);
      this.#minibatches = 1;
    }
    for (let i = 0; i < n; i++) {
      const last = size - n + i;
      let transition = this.#random.integer(last + 1);
      // drawn before: the last one cannot have been, its turn comes only now
      if (this.#drawnFor[transition] === this.#minibatches) transition = last;
      this.#drawnFor[transition] = this.#minibatches;
      this.#drawn[i] = transition;
    }
  }

  /** Writes the transitions drawn into `out`, those of a lane next to each other. */
  #gather(n: number, out: TransitionBatch | FrameBatch): void {
    const { stores } = this.#lanes;
    const drawn = this.#drawn;
    if (stores.length > 1) drawn.subarray(0, n).sort();
    let first = 0;
    let row = 0;
    for (const store of stores) {
      const { begin, size, capacity } = store;
      const from = row;
      for (; row < n && drawn[row]! < first + size; row++) {
        this.#slots[row] = (begin + drawn[row]! - first) % capacity;
      }
      if (row > from) store.gather(this.#slots, n, out, from, row);
      first += size;
    }
  }

  /** Where the stream of minibatches stands. */
  saveRandom(): RandomState {
    return this.#random.saveState();
  }

  /** Contents, running episodes and random stream: the copy samples what the original would have. */
  saveState(): State {
    return { stores: this.#lanes.saveState(), random: { ...this.#random.saveState() } };
  }

  /** Forgets all transitions and the running episodes. */
  clear(): void {
    this.#lanes.clear();
  }

  /** Where the stream of minibatches goes on. */
  loadRandom(state: RandomState): void {
    this.#random.loadState(state);
  }

  /** @throws UsageError when the state was saved by a buffer with other options. */
  loadState(state: State): void {
    const { stores, random } = state as unknown as { stores: readonly State[]; random: RandomState };
    this.#lanes.loadState(stores);
    this.#random.loadState(random);
  }
}
