import { defineOp } from "../defineOp.ts";

/** y = ln(1 + e^(βx)) / β, elementwise; finite for every finite x. */
export const softplus = defineOp({
  name: "softplus",
  inputs: ["x"],
  scalars: ["beta"],
  forward: ({ x, beta }) => {
    const z = x.mul(beta);
    return z.max(0).add(z.abs().neg().exp().log1p()).div(beta);
  },
  // the derived form divides by quantities that vanish for large |x|
  backward: ({ x, beta, gy }) => ({ x: gy.mul(x.mul(beta).sigmoid()) }),
  sample: { x: [3, 4], beta: 1.5 },
});
