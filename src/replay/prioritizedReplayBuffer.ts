/**
 * Proportional prioritized experience replay. Schaul, Quan, Antonoglou, Silver 2016, "Prioritized experience replay".
 *
 * Differences from the paper:
 * 1. The largest priority, which new transitions get, is the largest ever seen, not that of transitions still stored.
 * 2. β grows to 1 in `betaSteps` minibatches and stays there.
 */
import { UsageError } from "../errors.ts";
import type { Random, RandomState } from "../random.ts";
import type { State } from "../state.ts";
import type { Replay } from "./replay.ts";
import { SumTree } from "./sumTree.ts";
import {
  type FrameBatch,
  type FrameRing,
  type TransitionBatch,
  TransitionStore,
  type TransitionStoreOptions,
} from "./transitionStore.ts";

export interface PrioritizedReplayBufferOptions extends TransitionStoreOptions {
  /** The stream minibatches are drawn with; its state is saved with the buffer's. */
  readonly random: Random;
  /** How much priorities matter: 0 is uniform. Default 0.6. */
  readonly alpha?: number;
  /** How much importance weights correct at first. Default 0.4. */
  readonly beta?: number;
  /** Minibatches until β is 1. Default 100,000. */
  readonly betaSteps?: number;
  /** Added to every |TD error|, so that none is never drawn again. Default 0.01, as in ChainerRL. */
  readonly eps?: number;
}

export class PrioritizedReplayBuffer implements Replay {
  readonly isPrioritized = true;
  readonly alpha: number;
  readonly betaStart: number;
  readonly betaSteps: number;
  readonly eps: number;
  readonly #store: TransitionStore;
  readonly #random: Random;
  /** By slot: priority^α, 0 where there is no transition. */
  readonly #tree: SumTree;
  /** The slots of the last minibatch, and the numbers of its transitions. */
  #slots = new Uint32Array(64);
  #count = 0;
  #largest = 1;
  #minibatches = 0;

  /** @throws UsageError or DeviceError as `TransitionStore` does, and for numbers outside their range */
  constructor(options: PrioritizedReplayBufferOptions) {
    const { alpha = 0.6, beta = 0.4, betaSteps = 100_000, eps = 0.01, random } = options;
    if (!(alpha >= 0 && beta >= 0 && beta <= 1 && betaSteps >= 1 && eps > 0)) {
      throw new UsageError(
        `replay: alpha ≥ 0, 0 ≤ beta ≤ 1, betaSteps ≥ 1 and eps > 0 must hold; got ${alpha}, ${beta}, ${betaSteps} and ${eps}. Change the one outside.`,
      );
    }
    this.alpha = alpha;
    this.betaStart = beta;
    this.betaSteps = betaSteps;
    this.eps = eps;
    this.#store = new TransitionStore(options);
    this.#random = random;
    this.#tree = new SumTree(this.#store.capacity);
  }

  get capacity(): number {
    return this.#store.capacity;
  }

  get size(): number {
    return this.#store.size;
  }

  get frameRings(): readonly FrameRing[] {
    return [this.#store];
  }

  get hasMasks(): boolean {
    return this.#store.hasMasks;
  }

  /** The exponent of the next minibatch's importance weights. */
  get beta(): number {
    return Math.min(1, this.betaStart + ((1 - this.betaStart) * this.#minibatches) / this.betaSteps);
  }

  /** (|TD error| + eps)^α of the transition in a slot of the store. */
  weightOf(slot: number): number {
    return this.#tree.get(slot);
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
    const { begin, end } = this.#store;
    this.#store.append(obs, action, reward, nextObs, terminated, truncated, mask, nextMask);
    this.#follow(begin, end);
  }

  stopEpisode(): void {
    const { begin, end } = this.#store;
    this.#store.stopEpisode();
    this.#follow(begin, end);
  }

  /** Transitions that left the store lose their weight; new ones have the largest: each is drawn soon. */
  #follow(begin: number, end: number): void {
    const { capacity } = this;
    const store = this.#store;
    for (let i = begin; i < store.begin; i++) this.#tree.set(i % capacity, 0);
    const weight = this.#largest ** this.alpha;
    for (let i = Math.max(end, store.begin); i < store.end; i++) this.#tree.set(i % capacity, weight);
  }

  /**
   * Writes n transitions into `out`, one from each of n equal parts of the sum of weights; several may be the same. It
   * takes n draws from the stream.
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
    this.#count = n;
    const tree = this.#tree;
    const part = tree.total / n;
    let least = Number.POSITIVE_INFINITY;
    for (let i = 0; i < n; i++) {
      const slot = tree.find((i + this.#random.random()) * part);
      this.#slots[i] = slot;
      least = Math.min(least, tree.get(slot));
    }
    if (out.weight) {
      // (N P(i))^−β over the largest of the minibatch, in which N and the total cancel
      const { beta } = this;
      for (let i = 0; i < n; i++) out.weight[i] = (tree.get(this.#slots[i]!) / least) ** -beta;
    }
    this.#minibatches++;
    this.#store.gather(this.#slots, n, out);
  }

  /** @throws UsageError for another count than the last minibatch's, or a number that is no size of an error */
  updatePriorities(surprise: ArrayLike<number>): void {
    if (surprise.length !== this.#count) {
      throw new UsageError(
        `replay: priorities must be those of the last minibatch, ${this.#count} numbers; got ${surprise.length}. Call it once behind each sample.`,
      );
    }
    for (let i = 0; i < surprise.length; i++) {
      const priority = surprise[i]! + this.eps;
      if (!(priority > 0 && priority < Number.POSITIVE_INFINITY)) {
        throw new UsageError(
          `replay: a priority must be a finite number of at least 0; got ${surprise[i]}. Look for divergence: a lower learning rate often helps.`,
        );
      }
      this.#largest = Math.max(this.#largest, priority);
      this.#tree.set(this.#slots[i]!, priority ** this.alpha);
    }
  }

  /** Contents, weights, running episode and random stream: the copy samples what the original would have. */
  saveState(): State {
    const { begin, end } = this.#store;
    return {
      store: this.#store.saveState(),
      weights: Float64Array.from({ length: end - begin }, (_, i) => this.#tree.get((begin + i) % this.capacity)),
      largest: this.#largest,
      minibatches: this.#minibatches,
      random: { ...this.#random.saveState() },
    };
  }

  /** @throws UsageError when the state was saved by a buffer with other options. */
  loadState(state: State): void {
    const { store, weights, largest, minibatches, random } = state as unknown as {
      store: State;
      weights: Float64Array;
      largest: number;
      minibatches: number;
      random: RandomState;
    };
    const { begin, end } = this.#store;
    this.#store.loadState(store);
    for (let i = begin; i < end; i++) this.#tree.set(i % this.capacity, 0);
    for (let i = 0; i < weights.length; i++) {
      this.#tree.set((this.#store.begin + i) % this.capacity, weights[i]!);
    }
    this.#largest = largest;
    this.#minibatches = minibatches;
    this.#random.loadState(random);
  }
}
