import { defineOp } from "../defineOp.ts";

/** y = √x, elementwise. */
export const sqrt = defineOp({
  name: "sqrt",
  inputs: ["x"],
  forward: ({ x }) => x.sqrt(),
  sample: { x: [3, 4] },
  sampleRange: [0.5, 3],
});
