import type { State, Stateful } from "../../state.ts";

/**
 * Mean and variance of everything seen, number by number, updated with one sample at a time.
 *
 * Source: Chan, Golub, LeVeque 1979, the parallel formula; the starting count of 1e-4 is Gymnasium's, and so is the
 * arithmetic: statistics of float32 observations are float32, rounded after every operation.
 */
export class RunningMeanStd implements Stateful {
  readonly mean: Float64Array;
  readonly variance: Float64Array;
  #count = 1e-4;
  readonly #round: (x: number) => number;

  constructor(size: number, dtype: "float32" | "float64") {
    this.mean = new Float64Array(size);
    this.variance = new Float64Array(size).fill(1);
    this.#round = dtype === "float32" ? Math.fround : (x) => x;
  }

  update(sample: ArrayLike<number>): void {
    const round = this.#round;
    const [count, total] = [round(this.#count), round(this.#count + 1)];
    for (let i = 0; i < this.mean.length; i++) {
      const delta = round(round(sample[i]!) - this.mean[i]!);
      const square = round(round(round(delta * delta) * count) / total);
      const sum = round(round(this.variance[i]! * count) + square);
      this.mean[i] = round(this.mean[i]! + round(delta / total));
      this.variance[i] = round(sum / total);
    }
    this.#count += 1;
  }

  /** The i-th number less its mean, in standard deviations. */
  normalized(x: number, i: number, epsilon: number): number {
    const round = this.#round;
    return round(round(round(x) - this.mean[i]!) / this.deviation(i, epsilon));
  }

  deviation(i: number, epsilon: number): number {
    const round = this.#round;
    return round(Math.sqrt(round(this.variance[i]! + round(epsilon))));
  }

  saveState(): State {
    return { mean: this.mean.slice(), variance: this.variance.slice(), count: this.#count };
  }
  loadState(state: State): void {
    const { mean, variance, count } = state as { mean: Float64Array; variance: Float64Array; count: number };
    this.mean.set(mean);
    this.variance.set(variance);
    this.#count = count;
  }
}
