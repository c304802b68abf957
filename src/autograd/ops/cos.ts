import { defineOp } from "../defineOp.ts";

/** y = cos x, elementwise; accurate for |x| up to some thousands. */
export const cos = defineOp({
  name: "cos",
  inputs: ["x"],
  forward: ({ x }) => x.cos(),
  sample: { x: [3, 4] },
});
