import { defineOp } from "../defineOp.ts";

/** y = −1, 0 or 1, elementwise; its gradient is zero. */
export const sign = defineOp({
  name: "sign",
  inputs: ["x"],
  forward: ({ x }) => x.sign(),
  sample: { x: [3, 4] },
  hasNoGradient: true,
});
