import { defineOp } from "../defineOp.ts";

/** y = ln x, elementwise; −∞ at 0, NaN below. */
export const log = defineOp({
  name: "log",
  inputs: ["x"],
  forward: ({ x }) => x.log(),
  sample: { x: [3, 4] },
  sampleRange: [0.5, 3],
});
