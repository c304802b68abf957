import { defineOp } from "../defineOp.ts";

/** y = 1 / (1 + e⁻ˣ), elementwise. */
export const sigmoid = defineOp({
  name: "sigmoid",
  inputs: ["x"],
  forward: ({ x }) => x.sigmoid(),
  sample: { x: [3, 4] },
});
