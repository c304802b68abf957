/**
 * Observations less their running mean, by their running deviation, kept within a few of them: what stands between the
 * environment and the network, in training and in evaluation. It learns from the observations acted on, each once, in the
 * order of steps; networks learn from them as they were acted on.
 *
 * Source: ChainerRL's EmpiricalNormalization, which its PPO takes for `obs_normalizer`, with its numbers. There it learns
 * at updates; with every step, as here, OpenAI Baselines' VecNormalize, so that probabilities of actions are compared in
 * the observations that the actions were drawn in.
 */
import { defineOp, reshape, type Variable, variable } from "../autograd/index.ts";
import type { State, Stateful } from "../state.ts";
import { hp } from "./hyperparameters.ts";

/** The hyperparameter of agents that have one. */
export const normalizesObsHyperparameter = hp.boolean(
  false,
  "observations less their running mean, by their running deviation, within ±5",
  "ChainerRL obs_normalizer",
);

/** Added to variances: what hardly changes is not blown up. */
const eps = 1e-2;
/** The largest number, in deviations. */
const limit = 5;

/** (x − mean) · scale within ± limit. */
const normalized = defineOp({
  name: "normalizeObs",
  inputs: ["x", "mean", "scale"],
  forward: ({ x, mean, scale }) => x.sub(mean).mul(scale).max(-limit).min(limit),
  sample: { x: [3, 4], mean: [4], scale: [4] },
});

export class ObservationNormalizer implements Stateful {
  /** Observations learned from. */
  #count = 0;
  /** (size) */
  readonly #mean: Float64Array;
  /** (size): that of everything seen, not an estimate of another. */
  readonly #variance: Float64Array;

  /** @param size numbers in an observation */
  constructor(size: number) {
    this.#mean = new Float64Array(size);
    this.#variance = new Float64Array(size).fill(1);
  }

  /**
   * Learns from observations, (n, size) flat. Means and variances of two groups give those of both: Chan, Golub, LeVeque
   * 1979, "Updating formulae and a pairwise algorithm for computing sample variances"; of one more, Welford 1962.
   */
  learn(obs: ArrayLike<number>): void {
    const size = this.#mean.length;
    const n = obs.length / size;
    this.#count += n;
    const share = n / this.#count;
    for (let i = 0; i < size; i++) {
      let sum = 0;
      for (let at = i; at < obs.length; at += size) sum += obs[at]!;
      const mean = sum / n;
      let squares = 0;
      for (let at = i; at < obs.length; at += size) squares += (obs[at]! - mean) ** 2;
      const delta = mean - this.#mean[i]!;
      this.#mean[i]! += share * delta;
      // delta · (mean − the new mean) is the part of the groups' distance
      this.#variance[i]! += share * (squares / n - this.#variance[i]! + delta * (mean - this.#mean[i]!));
    }
  }

  /** Normalises observations, (n, size) flat, into `out`, which may be where they stand. */
  apply(obs: ArrayLike<number>, out: Float32Array): Float32Array {
    const size = this.#mean.length;
    for (let i = 0; i < size; i++) {
      const scale = 1 / Math.sqrt(this.#variance[i]! + eps);
      for (let at = i; at < obs.length; at += size) {
        out[at] = Math.max(-limit, Math.min(limit, (obs[at]! - this.#mean[i]!) * scale));
      }
    }
    return out;
  }

  /** The same of observations (batch, …obs) in a pass of a network. */
  forward(obs: Variable): Variable {
    const rows = obs.shape.length === 2 ? obs : reshape(obs, [obs.shape[0]!, -1]); // (batch, size)
    const scale = this.#variance.map((variance) => 1 / Math.sqrt(variance + eps));
    const y = normalized(rows, variable(Float32Array.from(this.#mean)), variable(Float32Array.from(scale)));
    return rows === obs ? y : reshape(y, obs.shape);
  }

  /** What a model's file holds. */
  namedTensors(): [path: string, x: { readonly shape: readonly number[]; readonly data: Float64Array }][] {
    const { length } = this.#mean;
    return [
      ["count", { shape: [1], data: Float64Array.of(this.#count) }],
      ["mean", { shape: [length], data: this.#mean }],
      ["variance", { shape: [length], data: this.#variance }],
    ];
  }

  loadTensors({ count, mean, variance }: Readonly<Record<string, ArrayLike<number>>>): void {
    this.#count = count![0]!;
    this.#mean.set(mean!);
    this.#variance.set(variance!);
  }

  saveState(): State {
    return Object.fromEntries(this.namedTensors().map(([path, { data }]) => [path, data.slice()]));
  }

  loadState(state: State): void {
    this.loadTensors(state as Readonly<Record<string, Float64Array>>);
  }
}
