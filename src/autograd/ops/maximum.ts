import { defineOp } from "../defineOp.ts";

/** y = the larger of a and b, element by element; at a tie the gradient goes to a. */
export const maximum = defineOp({
  name: "maximum",
  inputs: ["a", "b"],
  forward: ({ a, b }) => a.max(b),
  sample: { a: [3, 4], b: [4] },
});
