import { defineOp } from "../defineOp.ts";

/** y = sin x, elementwise; accurate for |x| up to some thousands. */
export const sin = defineOp({
  name: "sin",
  inputs: ["x"],
  forward: ({ x }) => x.sin(),
  sample: { x: [3, 4] },
});
