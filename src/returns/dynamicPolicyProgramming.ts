/**
 * Operators of dynamic policy programming, for preferences Ψ (batch, actions).
 * Azar, Gómez, Kappen 2012, "Dynamic policy programming".
 */
import { defineOp, rowMax, rowSum, stop } from "../autograd/index.ts";

/** (batch): M_η Ψ = Σ_a e^{ηΨ} Ψ / Σ_a e^{ηΨ}, the mean under the softmax policy: equation 12. */
export const softmaxMean = defineOp({
  name: "softmaxMean",
  inputs: ["x"],
  scalars: ["eta"],
  forward: ({ x, eta }) => {
    const e = x
      .sub(stop(rowMax(x)))
      .mul(eta)
      .exp();
    return rowSum(e.mul(x)).div(rowSum(e));
  },
  sample: { x: [3, 4], eta: 0.7 },
});

/** (batch): L_η Ψ = (1/η) ln Σ_a e^{ηΨ}, a soft maximum: equation 9. */
export const softMaximum = defineOp({
  name: "softMaximum",
  inputs: ["x"],
  scalars: ["eta"],
  forward: ({ x, eta }) => {
    const largest = stop(rowMax(x));
    return rowSum(x.sub(largest).mul(eta).exp()).log().div(eta).add(largest);
  },
  sample: { x: [3, 4], eta: 0.7 },
});

/** Ψ(x, a) + r + γ M Ψ(x′) − M Ψ(x), each (batch): the recursion of equation 19 (DPP-RL). */
export const preferenceTarget = defineOp({
  name: "preferenceTarget",
  inputs: ["target", "preference", "mean"],
  forward: ({ target, preference, mean }) => target.add(preference).sub(mean),
  sample: { target: [4], preference: [4], mean: [4] },
});
