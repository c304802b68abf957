import type { State } from "../../state.ts";
import { type StepResult, Wrapper } from "../env.ts";
import { requireNumber, type WrappableEnv } from "./requireBox.ts";
import { RunningMeanStd } from "./runningMeanStd.ts";

export interface NormalizeRewardOptions {
  /** Discount of the return whose deviation is taken; 0.99 unless given. */
  readonly gamma?: number;
  /** Added to the variance; 1e-8 unless given. */
  readonly epsilon?: number;
}

/**
 * Rewards divided by the running standard deviation of the discounted return, as in OpenAI's Baselines and Gymnasium:
 * the return runs on over truncated episodes and starts again after terminated ones.
 */
export class NormalizeReward<Obs, Act> extends Wrapper<Obs, Act> {
  readonly #gamma: number;
  readonly #epsilon: number;
  readonly #statistics = new RunningMeanStd(1, "float64");
  #discountedReturn = 0;
  /** Whether rewards go on changing the deviation; switch it off to evaluate. */
  updateRunningMean = true;

  constructor(env: WrappableEnv, { gamma = 0.99, epsilon = 1e-8 }: NormalizeRewardOptions = {}) {
    super(env);
    requireNumber("NormalizeReward", "gamma", gamma, { low: 0, high: 1 });
    requireNumber("NormalizeReward", "epsilon", epsilon, { low: 0 });
    this.#gamma = gamma;
    this.#epsilon = epsilon;
  }

  override step(action: Act): StepResult<Obs> {
    const result = this.env.step(action);
    const [, reward, terminated] = result;
    this.#discountedReturn = this.#discountedReturn * this.#gamma * (terminated ? 0 : 1) + reward;
    if (this.updateRunningMean) this.#statistics.update([this.#discountedReturn]);
    result[1] = reward / this.#statistics.deviation(0, this.#epsilon);
    return result;
  }

  override saveState(): State {
    return {
      env: this.env.saveState(),
      statistics: this.#statistics.saveState(),
      discountedReturn: this.#discountedReturn,
      updateRunningMean: this.updateRunningMean,
    };
  }
  override loadState(state: State): void {
    super.loadState(state);
    const saved = state as { statistics: State; discountedReturn: number; updateRunningMean: boolean };
    this.#statistics.loadState(saved.statistics);
    this.#discountedReturn = saved.discountedReturn;
    this.updateRunningMean = saved.updateRunningMean;
  }
}
