/**
 * Uniform experience replay.
 * Lin 1992, "Self-improving reactive agents based on reinforcement learning, planning and teaching";
 * Mnih et al. 2015, "Human-level control through deep reinforcement learning" (minibatches drawn uniformly).
 */
import { UsageError } from "../errors.ts";
import type { Random, RandomState } from "../random.ts";
import type { State } from "../state.ts";
import type { Replay } from "./replay.ts";
import {
  type FrameBatch,
  type FrameRing,
  type TransitionBatch,
  TransitionStore,
  type TransitionStoreOptions,
} from "./transitionStore.ts";

export interface ReplayBufferOptions extends TransitionStoreOptions {
  /** The stream minibatches are drawn with; its state is saved with the buffer's. */
  readonly random: Random;
}

export class ReplayBuffer implements Replay {
  readonly isPrioritized = false;
  readonly #options: ReplayBufferOptions;
  /** One for each environment that has an episode running beside the others. */
  #lanes: readonly TransitionStore[];
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
    this.#options = options;
    this.#lanes = [new TransitionStore(options)];
    this.#random = options.random;
    this.#drawnFor = new Uint32Array(this.capacity);
  }

  get capacity(): number {
    return this.#lanes.length * this.#lanes[0]!.capacity;
  }

  /** Transitions that can be sampled; the last nStep − 1 steps of each running episode are not complete yet. */
  get size(): number {
    let size = 0;
    for (const lane of this.#lanes) size += lane.size;
    return size;
  }

  get frameRings(): readonly FrameRing[] {
    return this.#lanes;
  }

  get hasMasks(): boolean {
    return this.#lanes[0]!.hasMasks;
  }

  /** Observations written since construction: one a step and one an episode. */
  get framesWritten(): number {
    let written = 0;
    for (const lane of this.#lanes) written += lane.framesWritten;
    return written;
  }

  /**
   * Makes room for the episodes of so many environments side by side: each has a lane of its share of the capacity,
   * rounded up.
   * @throws UsageError when there are transitions already
   */
  split(lanes: number): void {
    if (lanes === this.#lanes.length) return;
    if (this.framesWritten > 0) {
      throw new UsageError(
        `replay: the number of environments must stay the same; got ${lanes} after transitions of ${this.#lanes.length}. Make a new buffer.`,
      );
    }
    const share = (whole: number) => Math.ceil(whole / lanes);
    const { capacity, frameCapacity } = this.#options;
    const options = {
      ...this.#options,
      capacity: share(capacity),
      ...(frameCapacity === undefined ? {} : { frameCapacity: share(frameCapacity) }),
    };
    let firstFrame = 0;
    this.#lanes = Array.from({ length: lanes }, () => {
      const lane = new TransitionStore({ ...options, firstFrame });
      firstFrame += lane.frameCapacity;
      return lane;
    });
    this.#drawnFor = new Uint32Array(this.capacity);
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
    this.#lanes[lane]!.append(obs, action, reward, nextObs, terminated, truncated, mask, nextMask);
    // minibatches have masks from all lanes or from none
    if (mask !== null || nextMask !== null) {
      for (const other of this.#lanes) other.prepareMasks(mask?.length ?? nextMask!.length);
    }
  }

  stopEpisode(): void {
    for (const lane of this.#lanes) lane.stopEpisode();
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
    const drawn = this.#drawn;
    if (this.#lanes.length > 1) drawn.subarray(0, n).sort();
    let first = 0;
    let row = 0;
    for (const lane of this.#lanes) {
      const { begin, size, capacity } = lane;
      const from = row;
      for (; row < n && drawn[row]! < first + size; row++) {
        this.#slots[row] = (begin + drawn[row]! - first) % capacity;
      }
      if (row > from) lane.gather(this.#slots, n, out, from, row);
      first += size;
    }
  }

  /** Where the stream of minibatches stands. */
  saveRandom(): RandomState {
    return this.#random.saveState();
  }

  /** Contents, running episodes and random stream: the copy samples what the original would have. */
  saveState(): State {
    const stores = this.#lanes.map((lane) => lane.saveState());
    return { stores, random: { ...this.#random.saveState() } };
  }

  /** Forgets all transitions and the running episodes. */
  clear(): void {
    for (const lane of this.#lanes) lane.clear();
  }

  /** Where the stream of minibatches goes on. */
  loadRandom(state: RandomState): void {
    this.#random.loadState(state);
  }

  /** @throws UsageError when the state was saved by a buffer with other options. */
  loadState(state: State): void {
    const { stores, random } = state as unknown as { stores: readonly State[]; random: RandomState };
    if (stores.length !== this.#lanes.length) {
      throw new UsageError(
        `replay: a saved buffer must be of the ${this.#lanes.length} environments that this one is for; got one of ${stores.length}. Call split(${stores.length}) first.`,
      );
    }
    for (const [i, lane] of this.#lanes.entries()) lane.loadState(stores[i]!);
    this.#random.loadState(random);
  }
}
