import { defineOp } from "../defineOp.ts";

/** y = max(x, 0), elementwise; gradient 0 at 0. */
export const relu = defineOp({
  name: "relu",
  inputs: ["x"],
  forward: ({ x }) => x.max(0),
  sample: { x: [3, 4] },
});
