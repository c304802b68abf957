/** Noise added to continuous actions. */
import { UsageError } from "../errors.ts";
import type { Random, RandomState } from "../random.ts";
import type { State } from "../state.ts";
import type { Explorer } from "./explorer.ts";

export interface AdditiveGaussianOptions {
  /** Standard deviation of the noise, one for all components of the action or one each. */
  readonly scale: number | ArrayLike<number>;
  readonly random: Random;
}

function requireScale(where: string, name: string, scale: number | ArrayLike<number>): void {
  const bad = (typeof scale === "number" ? [scale] : Array.from(scale)).find((x) => !(x >= 0 && Number.isFinite(x)));
  if (bad === undefined) return;
  throw new UsageError(`${where}: ${name} must be a finite number of at least 0; got ${bad}. Change ${name}.`);
}

const scaleOf = (scale: number | ArrayLike<number>, i: number): number =>
  typeof scale === "number" ? scale : scale[i]!;

/** Adds independent normal noise. The action that the agent hands over is changed in place. */
export class AdditiveGaussian implements Explorer<Float32Array> {
  readonly scale: number | ArrayLike<number>;
  readonly #random: Random;

  /** @throws UsageError for a scale below 0 */
  constructor({ scale, random }: AdditiveGaussianOptions) {
    requireScale("AdditiveGaussian", "scale", scale);
    this.scale = scale;
    this.#random = random;
  }

  selectAction(_step: number, greedyAction: () => Float32Array): Float32Array {
    const action = greedyAction();
    for (let i = 0; i < action.length; i++) action[i]! += scaleOf(this.scale, i) * this.#random.normal();
    return action;
  }

  statistics(): Record<string, number> {
    return {};
  }

  saveState(): State {
    return { random: { ...this.#random.saveState() } };
  }

  loadState(state: State): void {
    this.#random.loadState((state as unknown as { random: RandomState }).random);
  }
}

export interface AdditiveOrnsteinUhlenbeckOptions {
  /** What the noise returns to. Default 0. */
  readonly mu?: number;
  /** The share of the way back that it takes each step. Default 0.15. */
  readonly theta?: number;
  /** Standard deviation of each step's new noise, one for all components or one each. Default 0.2. */
  readonly sigma?: number | ArrayLike<number>;
  readonly random: Random;
}

/**
 * Adds noise that is correlated in time, xₜ₊₁ = xₜ + θ (μ − xₜ) + σ N(0, 1), through the ends of episodes.
 * The action that the agent hands over is changed in place.
 * Source: Uhlenbeck & Ornstein 1930; with θ 0.15 and σ 0.2, Lillicrap et al. 2016, section 7.
 */
export class AdditiveOrnsteinUhlenbeck implements Explorer<Float32Array> {
  readonly mu: number;
  readonly theta: number;
  readonly sigma: number | ArrayLike<number>;
  readonly #random: Random;
  #noise: Float64Array | null = null;

  /** @throws UsageError for a theta outside [0, 1] or a sigma below 0 */
  constructor({ mu = 0, theta = 0.15, sigma = 0.2, random }: AdditiveOrnsteinUhlenbeckOptions) {
    if (!(theta >= 0 && theta <= 1)) {
      throw new UsageError(
        `AdditiveOrnsteinUhlenbeck: theta must lie between 0 and 1; got ${theta}. Give the share of one step.`,
      );
    }
    requireScale("AdditiveOrnsteinUhlenbeck", "sigma", sigma);
    this.mu = mu;
    this.theta = theta;
    this.sigma = sigma;
    this.#random = random;
  }

  selectAction(_step: number, greedyAction: () => Float32Array): Float32Array {
    const action = greedyAction();
    this.#noise ??= new Float64Array(action.length).fill(this.mu);
    for (let i = 0; i < action.length; i++) {
      const x = this.#noise[i]!;
      this.#noise[i] = x + this.theta * (this.mu - x) + scaleOf(this.sigma, i) * this.#random.normal();
      action[i]! += this.#noise[i]!;
    }
    return action;
  }

  statistics(): Record<string, number> {
    return {};
  }

  saveState(): State {
    return { noise: this.#noise?.slice() ?? null, random: { ...this.#random.saveState() } };
  }

  loadState(state: State): void {
    const { noise, random } = state as unknown as { noise: Float64Array | null; random: RandomState };
    this.#noise = noise?.slice() ?? null;
    this.#random.loadState(random);
  }
}
