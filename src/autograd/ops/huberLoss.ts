import { select } from "../../kernel/expression.ts";
import { defineOp } from "../defineOp.ts";

/**
 * Elementwise: (y − t)² / 2 where |y − t| ≤ δ, δ (|y − t| − δ / 2) beyond.
 * Source: Huber 1964; δ = 1 is the clipped error of Mnih et al. 2015.
 */
export const huberLoss = defineOp({
  name: "huberLoss",
  inputs: ["y", "t"],
  scalars: ["delta"],
  forward: ({ y, t, delta }) => {
    const d = y.sub(t);
    const a = d.abs();
    return select(a.le(delta), d.square().mul(0.5), a.sub(delta.mul(0.5)).mul(delta));
  },
  sample: { y: [3, 4], t: [3, 4], delta: 0.9 },
});
