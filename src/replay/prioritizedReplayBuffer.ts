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
import { Lanes } from "./lanes.ts";
import type { Replay } from "./replay.ts";
import { SumTree } from "./sumTree.ts";
import type { FrameBatch, FrameRing, TransitionBatch, TransitionStoreOptions } from "./transitionStore.ts";

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
  readonly #lanes: Lanes;
  readonly #random: Random;
  /** By slot, those of the lanes behind each other: priority^α, 0 where there is no transition. */
  #tree: SumTree;
  /** The places in the tree of the last minibatch, and how many transitions it has. */
  #places = new Uint32Array(64);
  /** The same, for the stores. */
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
    this.#lanes = new Lanes(options);
    this.#random = random;
    this.#tree = new SumTree(this.#lanes.capacity);
  }

  get capacity(): number {
    return this.#lanes.capacity;
  }

  get size(): number {
    return this.#lanes.size;
  }

  get frameRings(): readonly FrameRing[] {
    return this.#lanes.stores;
  }

  get hasMasks(): boolean {
    return this.#lanes.hasMasks;
  }

  /** The exponent of the next minibatch's importance weights. */
  get beta(): number {
    return Math.min(1, this.betaStart + ((1 - this.betaStart) * this.#minibatches) / this.betaSteps);
  }

  /** (|TD error| + eps)^α of the transition in a slot, counted through all lanes. */
  weightOf(slot: number): number {
    return this.#tree.get(slot);
  }

  /** Makes room for the episodes of so many environments side by side, see `ReplayBuffer.split`. */
  split(lanes: number): void {
    if (this.#lanes.split(lanes)) this.#tree = new SumTree(this.#lanes.capacity);
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
    lane = 0,
  ): void {
    const { begin, end } = this.#lanes.stores[lane]!;
    this.#lanes.append(obs, action, reward, nextObs, terminated, truncated, mask, nextMask, lane);
    this.#follow(lane, begin, end);
  }

  stopEpisode(lane?: number): void {
    if (lane === undefined) {
      for (let each = 0; each < this.#lanes.stores.length; each++) this.stopEpisode(each);
      return;
    }
    const { begin, end } = this.#lanes.stores[lane]!;
    this.#lanes.stopEpisode(lane);
    this.#follow(lane, begin, end);
  }

  /** Transitions that left a store lose their weight; new ones have the largest: each is drawn soon. */
  #follow(lane: number, begin: number, end: number): void {
    const store = this.#lanes.stores[lane]!;
    const { capacity } = store;
    const first = lane * capacity;
    for (let i = begin; i < store.begin; i++) this.#tree.set(first + (i % capacity), 0);
    const weight = this.#largest ** this.alpha;
    for (let i = Math.max(end, store.begin); i < store.end; i++) this.#tree.set(first + (i % capacity), weight);
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
    if (n > this.#places.length) {
      this.#places = new Uint32Array(n);
      this.#slots = new Uint32Array(n);
    }
    this.#count = n;
    const tree = this.#tree;
    const part = tree.total / n;
    let least = Number.POSITIVE_INFINITY;
    for (let i = 0; i < n; i++) {
      const slot = tree.find((i + this.#random.random()) * part);
      this.#places[i] = slot;
      least = Math.min(least, tree.get(slot));
    }
    if (out.weight) {
      // (N P(i))^−β over the largest of the minibatch, in which N and the total cancel
      const { beta } = this;
      for (let i = 0; i < n; i++) out.weight[i] = (tree.get(this.#places[i]!) / least) ** -beta;
    }
    this.#minibatches++;
    // running sums grow from part to part: places come in the order of the lanes
    this.#slots.set(this.#places.subarray(0, n));
    this.#lanes.gather(this.#slots, n, out);
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
      this.#tree.set(this.#places[i]!, priority ** this.alpha);
    }
  }

  /** The places in the tree of a lane's transitions, oldest first. */
  #placesOf(lane: number): Uint32Array {
    const { begin, size, capacity } = this.#lanes.stores[lane]!;
    return Uint32Array.from({ length: size }, (_, i) => lane * capacity + ((begin + i) % capacity));
  }

  /** Contents, weights, running episodes and random stream: the copy samples what the original would have. */
  saveState(): State {
    const weights = this.#lanes.stores.map((_, lane) =>
      Float64Array.from(this.#placesOf(lane), (place) => this.#tree.get(place)),
    );
    return {
      stores: this.#lanes.saveState(),
      weights,
      largest: this.#largest,
      minibatches: this.#minibatches,
      random: { ...this.#random.saveState() },
    };
  }

  /** @throws UsageError when the state was saved by a buffer with other options. */
  loadState(state: State): void {
    const { stores, weights, largest, minibatches, random } = state as unknown as {
      stores: readonly State[];
      weights: readonly Float64Array[];
      largest: number;
      minibatches: number;
      random: RandomState;
    };
    this.#lanes.loadState(stores);
    this.#tree = new SumTree(this.capacity);
    for (const [lane, own] of weights.entries()) {
      for (const [i, place] of this.#placesOf(lane).entries()) this.#tree.set(place, own[i]!);
    }
    this.#largest = largest;
    this.#minibatches = minibatches;
    this.#random.loadState(random);
  }
}
