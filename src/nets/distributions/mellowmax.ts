/**
 * The maximum-entropy mellowmax policy: the softmax whose mean action value is the mellowmax of all action values.
 * Source: Asadi & Littman 2017, "An alternative softmax operator for reinforcement learning", section 5.
 */
import {
  defineOp,
  expandDims,
  logSumExp,
  noBackprop,
  rowSum,
  select,
  type Variable,
  zeros,
} from "../../autograd/index.ts";
import { Categorical } from "./categorical.ts";

/** ln(Σ e^(ω x) / n) / ω of each row (batch, actions) → (batch). Source: equation 4. */
export const mellowmax = (values: Variable, omega: number): Variable =>
  logSumExp(values.mul(omega), 1)
    .add(-Math.log(values.shape[1]!))
    .mul(1 / omega);

/** β moved by a step towards the root of Σ e^(βa) a, which grows with β. */
export const bisectBeta = defineOp({
  name: "bisectBeta",
  inputs: ["advantage", "beta"],
  perRow: ["beta"],
  scalars: ["step"],
  forward: ({ advantage, beta, step }) =>
    beta.add(select(rowSum(beta.mul(advantage).exp().mul(advantage)).lt(0), step, step.neg())),
  sample: { advantage: [3, 4], beta: [3], step: 0.5 },
  hasNoGradient: true,
});

/**
 * Newton's step towards the root of f(β) = Σ e^(βa) a: β − f / f′, f′ = Σ e^(βa) a². The constant keeps rows of equal
 * values, for which every β will do, from dividing by 0.
 */
export const newtonBeta = defineOp({
  name: "newtonBeta",
  inputs: ["advantage", "beta"],
  perRow: ["beta"],
  forward: ({ advantage, beta }) => {
    const weighted = beta.mul(advantage).exp().mul(advantage);
    return beta.sub(rowSum(weighted).div(rowSum(weighted.mul(advantage)).add(1e-6)));
  },
  sample: { advantage: [3, 4], beta: [3] },
});

/** Halvings of the interval [0, ω] that β lies in: down to the resolution of float32. */
const bisections = 24;

/**
 * (batch): β of each row of values − mellowmax (batch, actions). It lies between 0, where the mean value is below the
 * mellowmax, and ω, where it is above by convexity. The root is a constant to gradients; each Newton step from it
 * doubles the order of the terms in the advantages that come out right, so that two give derivatives up to the third.
 */
function betaOf(advantage: Variable, omega: number): Variable {
  const root = noBackprop(() => {
    let beta = zeros([advantage.shape[0]!]).add(omega / 2);
    let step = omega / 4;
    for (let i = 0; i < bisections; i++, step /= 2) beta = bisectBeta(advantage, beta, step);
    return beta;
  });
  return newtonBeta(advantage, newtonBeta(advantage, root));
}

export class Mellowmax extends Categorical {
  /** (batch): the inverse temperatures. */
  readonly beta: Variable;

  /**
   * @param values (batch, actions): action values
   * @param omega > 0: how near the mellowmax comes to the maximum; 8 as in ChainerRL unless given
   */
  constructor(values: Variable, omega = 8) {
    const advantage = values.sub(expandDims(mellowmax(values, omega), 1)); // (batch, actions)
    const beta = betaOf(advantage, omega);
    super(advantage.mul(expandDims(beta, 1)));
    this.beta = beta;
  }
}
