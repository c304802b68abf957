import { defineOp } from "../defineOp.ts";

/** y = x limited to [low, high], elementwise; the gradient passes where x lies between. */
export const clip = defineOp({
  name: "clip",
  inputs: ["x"],
  scalars: ["low", "high"],
  forward: ({ x, low, high }) => x.max(low).min(high),
  sample: { x: [3, 4], low: -1.05, high: 1.15 },
});
