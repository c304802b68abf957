import { defineOp } from "../defineOp.ts";

/** y = the smaller of a and b, element by element; at a tie the gradient goes to a. */
export const minimum = defineOp({
  name: "minimum",
  inputs: ["a", "b"],
  forward: ({ a, b }) => a.min(b),
  sample: { a: [3, 4], b: [3, 4] },
});
