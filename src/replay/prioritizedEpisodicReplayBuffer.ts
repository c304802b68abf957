/**
 * Replay of episodes in proportion to a priority of each. Schaul et al. 2016, "Prioritized experience replay", applied to
 * episodes as in ChainerRL's PrioritizedEpisodicReplayBuffer; used by Nachum et al. 2017, "Bridging the gap between value
 * and policy based reinforcement learning" (PCL).
 *
 * Differences: an episode keeps its priority until `updatePriorities` changes it; new ones have the largest ever seen.
 */
import { UsageError } from "../errors.ts";
import type { State } from "../state.ts";
import { EpisodicReplayBuffer, type EpisodicReplayBufferOptions } from "./episodicReplayBuffer.ts";

export interface PrioritizedEpisodicReplayBufferOptions extends EpisodicReplayBufferOptions {
  /** How much priorities matter: 0 is uniform. Default 1. */
  readonly alpha?: number;
  /** Added to every priority. Default 0.01. */
  readonly eps?: number;
  /** The share of draws that are uniform whatever the priorities. Default 0.1, as in ChainerRL. */
  readonly uniformRatio?: number;
}

export class PrioritizedEpisodicReplayBuffer extends EpisodicReplayBuffer {
  readonly alpha: number;
  readonly eps: number;
  readonly uniformRatio: number;
  /** priority^α of each complete episode, oldest first. */
  #weights: number[] = [];
  #largest = 1;
  #places: number[] = [];

  /** @throws UsageError for numbers outside their range */
  constructor(options: PrioritizedEpisodicReplayBufferOptions) {
    super(options);
    const { alpha = 1, eps = 0.01, uniformRatio = 0.1 } = options;
    if (!(alpha >= 0 && eps > 0 && uniformRatio >= 0 && uniformRatio <= 1)) {
      throw new UsageError(
        `replay: alpha ≥ 0, eps > 0 and 0 ≤ uniformRatio ≤ 1 must hold; got ${alpha}, ${eps} and ${uniformRatio}. Change the one outside.`,
      );
    }
    this.alpha = alpha;
    this.eps = eps;
    this.uniformRatio = uniformRatio;
  }

  protected override addNewest(): void {
    this.#weights.push(this.#largest ** this.alpha);
  }

  protected override dropOldest(): void {
    this.#weights.shift();
    this.#places = this.#places.map((place) => place - 1);
  }

  protected override drawPlaces(n: number): number[] {
    this.#places = Array.from({ length: n }, () =>
      this.random.random() < this.uniformRatio ? this.random.integer(this.episodes) : this.random.choice(this.#weights),
    );
    return this.#places;
  }

  /** The probability of each complete episode, oldest first. */
  probabilities(): number[] {
    const total = this.#weights.reduce((a, b) => a + b, 0);
    const { uniformRatio, episodes } = this;
    return this.#weights.map((weight) => uniformRatio / episodes + ((1 - uniformRatio) * weight) / total);
  }

  /**
   * How surprising the episodes of the last sample were, in their order.
   * @throws UsageError for another count, or a number that is no size of an error
   */
  override updatePriorities(surprise: ArrayLike<number>): void {
    if (surprise.length !== this.#places.length) {
      throw new UsageError(
        `replay: priorities must be those of the last sample, ${this.#places.length} numbers; got ${surprise.length}. Call it once behind each.`,
      );
    }
    this.#places.forEach((place, i) => {
      const priority = surprise[i]! + this.eps;
      if (!(priority > 0 && priority < Number.POSITIVE_INFINITY)) {
        throw new UsageError(
          `replay: a priority must be a finite number of at least 0; got ${surprise[i]}. Look for divergence: a lower learning rate often helps.`,
        );
      }
      this.#largest = Math.max(this.#largest, priority);
      if (place >= 0) this.#weights[place] = priority ** this.alpha; // else it was overwritten meanwhile
    });
  }

  override saveState(): State {
    return {
      buffer: super.saveState(),
      weights: Float64Array.from(this.#weights),
      places: Float64Array.from(this.#places),
      largest: this.#largest,
    };
  }

  override loadState(state: State): void {
    const { buffer, weights, places, largest } = state as unknown as {
      buffer: State;
      weights: Float64Array;
      places: Float64Array;
      largest: number;
    };
    super.loadState(buffer);
    this.#weights = Array.from(weights);
    this.#places = Array.from(places);
    this.#largest = largest;
  }
}
