import { rowLen, rowSum } from "../../kernel/expression.ts";
import { defineOp } from "../defineOp.ts";

/**
 * y = γ (x − mean) / √(variance + eps) + β along the last axis; γ and β have its length.
 * Source: Ba, Kiros, Hinton 2016.
 */
export const layerNormalization = defineOp({
  name: "layerNormalization",
  inputs: ["x", "gamma", "beta"],
  scalars: ["eps"],
  forward: ({ x, gamma, beta, eps }) => {
    const centred = x.sub(rowSum(x).div(rowLen()));
    const variance = rowSum(centred.square()).div(rowLen());
    return centred.div(variance.add(eps).sqrt()).mul(gamma).add(beta);
  },
  sample: { x: [3, 4], gamma: [4], beta: [4], eps: 1e-3 },
});
