/** Values that are a quadratic in continuous actions. Gu et al. 2016, "Continuous deep Q-learning with model-based acceleration". */
import { broadcastTo, defineOp, reshape, rowSum, sum, type Variable } from "../autograd/index.ts";
import type { ActionValue } from "./actionValue.ts";

/** Q (batch) = V − ½ Σ (Lᵀ(a − μ))², for w = Lᵀ(a − μ) (batch, k): equation 8 with P = L Lᵀ. */
const valueMinusSquares = defineOp({
  name: "valueMinusSquares",
  inputs: ["w", "value"],
  perRow: ["value"],
  forward: ({ w, value }) => value.sub(rowSum(w.square()).mul(0.5)),
  sample: { w: [3, 4], value: [3] },
});

export class QuadraticActionValue implements ActionValue {
  /** (batch, k): the best actions. */
  readonly mean: Variable;
  /** (batch, k, k): Lᵀ, upper triangular, its diagonal positive. */
  readonly triangle: Variable;
  /** (batch): the best actions' values. */
  readonly value: Variable;

  constructor(mean: Variable, triangle: Variable, value: Variable) {
    this.mean = mean;
    this.triangle = triangle;
    this.value = value;
  }

  get greedyActions(): Variable {
    return this.mean;
  }

  get max(): Variable {
    return this.value;
  }

  evaluateActions(actions: Variable): Variable {
    const [batch, k] = this.mean.shape as [number, number];
    const d = broadcastTo(reshape(actions.sub(this.mean), [batch, 1, k]), [batch, k, k]);
    return valueMinusSquares(sum(this.triangle.mul(d), 2), this.value);
  }
}
