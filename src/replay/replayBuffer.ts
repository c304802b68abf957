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
  readonly #store: TransitionStore;
  readonly #random: Random;
  /** The slots of the last minibatch; grown when a larger one is asked for. */
  #slots = new Uint32Array(64);
  /** The minibatch each slot was last drawn for. */
  readonly #drawnFor: Uint32Array;
  #minibatches = 0;

  /** @throws UsageError or DeviceError as `TransitionStore` does. */
  constructor(options: ReplayBufferOptions) {
    this.#store = new TransitionStore(options);
    this.#random = options.random;
    this.#drawnFor = new Uint32Array(this.#store.capacity);
  }

  get capacity(): number {
    return this.#store.capacity;
  }

  /** Transitions that can be sampled; the last nStep − 1 steps of the running episode are not complete yet. */
  get size(): number {
    return this.#store.size;
  }

  get frameRing(): FrameRing {
    return this.#store;
  }

  get hasMasks(): boolean {
    return this.#store.hasMasks;
  }

  /** Observations written since construction: one a step and one an episode. */
  get framesWritten(): number {
    return this.#store.framesWritten;
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
  ): void {
    this.#store.append(obs, action, reward, nextObs, terminated, truncated, mask, nextMask);
  }

  stopEpisode(): void {
    this.#store.stopEpisode();
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
    if (n > this.#slots.length) this.#slots = new Uint32Array(n);
    this.#draw(n);
    this.#store.gather(this.#slots, n, out);
  }

  /** Every transition stays as likely as any other. */
  updatePriorities(): void {}

  /** Robert Floyd's sampling without replacement (Bentley and Floyd 1987, "A sample of brilliance"). */
  #draw(n: number): void {
    const { begin, size, capacity } = this.#store;
    this.#minibatches = (this.#minibatches + 1) >>> 0;
    if (this.#minibatches === 0) {
      this.#drawnFor.fill(0);
      this.#minibatches = 1;
    }
    for (let i = 0; i < n; i++) {
      const last = size - n + i;
      let slot = (begin + this.#random.integer(last + 1)) % capacity;
      // drawn before: the last one cannot have been, its turn comes only now
      if (this.#drawnFor[slot] === this.#minibatches) slot = (begin + last) % capacity;
      this.#drawnFor[slot] = this.#minibatches;
      this.#slots[i] = slot;
    }
  }

  /** Where the stream of minibatches stands. */
  saveRandom(): RandomState {
    return this.#random.saveState();
  }

  /** Contents, running episode and random stream: the copy samples what the original would have. */
  saveState(): State {
    return { store: this.#store.saveState(), random: { ...this.#random.saveState() } };
  }

  /** Forgets all transitions and the running episode. */
  clear(): void {
    this.#store.clear();
  }

  /** Where the stream of minibatches goes on. */
  loadRandom(state: RandomState): void {
    this.#random.loadState(state);
  }

  /** @throws UsageError when the state was saved by a buffer with other options. */
  loadState(state: State): void {
    const { store, random } = state as unknown as { store: State; random: RandomState };
    this.#store.loadState(store);
    this.#random.loadState(random);
  }
}
