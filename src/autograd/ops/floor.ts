import { defineOp } from "../defineOp.ts";

/** y = ⌊x⌋, elementwise; its gradient is zero. */
export const floor = defineOp({
  name: "floor",
  inputs: ["x"],
  forward: ({ x }) => x.floor(),
  sample: { x: [3, 4] },
  hasNoGradient: true,
});
