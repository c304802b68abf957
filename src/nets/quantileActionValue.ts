/** Returns as samples of quantiles. Dabney et al. 2018, "Implicit quantile networks for distributional RL". */
import { argMax, broadcastTo, max, mean, reshape, selectItem, type Variable } from "../autograd/index.ts";
import { type DiscreteValues, maskActions } from "./actionValue.ts";

/** Quantiles of the return of every action of a discrete space, at thresholds drawn for each observation. */
export class QuantileActionValue implements DiscreteValues {
  /** (batch, samples, actions) */
  readonly quantiles: Variable;
  readonly #mask: Variable | null;
  #qValues: Variable | null = null;

  constructor(quantiles: Variable, mask: Variable | null = null) {
    this.quantiles = quantiles;
    this.#mask = mask;
  }

  masked(mask: Variable): QuantileActionValue {
    return new QuantileActionValue(this.quantiles, mask);
  }

  /** (batch, actions): the means over samples. */
  get qValues(): Variable {
    if (this.#qValues === null) {
      const q = mean(this.quantiles, 1);
      this.#qValues = this.#mask === null ? q : maskActions(q, this.#mask);
    }
    return this.#qValues;
  }

  get greedyActions(): Variable {
    return argMax(this.qValues);
  }

  get max(): Variable {
    return max(this.qValues, 1);
  }

  evaluateActions(actions: Variable): Variable {
    return selectItem(this.qValues, actions);
  }

  /** (batch, samples): the quantiles of the given actions (batch). */
  quantilesOf(actions: Variable): Variable {
    const [batch, samples] = this.quantiles.shape as [number, number, number];
    return selectItem(this.quantiles, broadcastTo(reshape(actions, [batch, 1]), [batch, samples]));
  }
}
