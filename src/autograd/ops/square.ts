import { defineOp } from "../defineOp.ts";

/** y = x², elementwise. */
export const square = defineOp({
  name: "square",
  inputs: ["x"],
  forward: ({ x }) => x.square(),
  sample: { x: [3, 4] },
});
