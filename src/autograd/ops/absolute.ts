import { defineOp } from "../defineOp.ts";

/** y = |x|, elementwise; gradient 0 at 0. */
export const absolute = defineOp({
  name: "absolute",
  inputs: ["x"],
  forward: ({ x }) => x.abs(),
  sample: { x: [3, 4] },
});
