import { constantExpression, defineOp, rowLen, rowSum, select } from "../autograd/index.ts";

/**
 * (…, n): of each quantile θ at threshold τ, (…, n) both, the mean over the targets t (…, n, m) of its row of
 * |τ − 1{δ < 0}| L_κ(δ) / κ, where δ = t − θ and L_κ is the Huber loss.
 * Source: Dabney et al. 2018, "Distributional reinforcement learning with quantile regression", equation 10; the mean over
 * targets is that of Dabney et al. 2018, "Implicit quantile networks", equation 3.
 */
export const quantileHuberLoss = defineOp({
  name: "quantileHuberLoss",
  inputs: ["target", "quantile", "tau"],
  perRow: ["quantile", "tau"],
  scalars: ["kappa"],
  forward: ({ target, quantile, tau, kappa }) => {
    const d = target.sub(quantile);
    const size = d.abs();
    const huber = select(size.le(kappa), d.square().mul(0.5), size.sub(kappa.mul(0.5)).mul(kappa));
    const weight = select(d.lt(0), constantExpression(1).sub(tau), tau);
    return rowSum(weight.mul(huber)).div(rowLen()).div(kappa);
  },
  sample: { target: [3, 4], quantile: [3], tau: [3], kappa: 0.9 },
});
