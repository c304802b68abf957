import type { State } from "../../state.ts";
import { ObservationWrapper } from "../env.ts";
import { Box } from "../spaces/index.ts";
import { type AnyArray, observationBox, requireNumber, type WrappableEnv } from "./requireBox.ts";
import { RunningMeanStd } from "./runningMeanStd.ts";

export interface NormalizeObservationOptions {
  /** Added to the variance; 1e-8 unless given. */
  readonly epsilon?: number;
}

/** Observations less their running mean, divided by their running standard deviation. */
export class NormalizeObservation<Act> extends ObservationWrapper<Float32Array, Act, AnyArray> {
  readonly #space: Box;
  readonly #statistics: RunningMeanStd;
  readonly #epsilon: number;
  /** Whether observations go on changing mean and deviation; switch it off to evaluate. */
  updateRunningMean = true;

  /** @throws UsageError where observations are no Box */
  constructor(env: WrappableEnv, { epsilon = 1e-8 }: NormalizeObservationOptions = {}) {
    super(env);
    const box = observationBox("NormalizeObservation", env);
    requireNumber("NormalizeObservation", "epsilon", epsilon, { low: 0 });
    this.#epsilon = epsilon;
    this.#space = new Box(Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, { shape: box.shape });
    this.#statistics = new RunningMeanStd(box.flatDim, box.dtype === "float32" ? "float32" : "float64");
  }

  override get observationSpace(): Box {
    return this.#space;
  }

  observation(obs: AnyArray): Float32Array {
    if (this.updateRunningMean) this.#statistics.update(obs);
    return Float32Array.from(obs, (x, i) => this.#statistics.normalized(x, i, this.#epsilon));
  }

  override saveState(): State {
    const { updateRunningMean } = this;
    return { env: this.env.saveState(), statistics: this.#statistics.saveState(), updateRunningMean };
  }
  override loadState(state: State): void {
    super.loadState(state);
    const { statistics, updateRunningMean } = state as { statistics: State; updateRunningMean: boolean };
    this.#statistics.loadState(statistics);
    this.updateRunningMean = updateRunningMean;
  }
}
