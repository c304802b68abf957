import { defineOp } from "../defineOp.ts";

/** y = eˣ, elementwise; +∞ above 88.72, 0 below −87.33. */
export const exp = defineOp({
  name: "exp",
  inputs: ["x"],
  forward: ({ x }) => x.exp(),
  sample: { x: [3, 4] },
});
