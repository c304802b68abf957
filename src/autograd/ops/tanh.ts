import { defineOp } from "../defineOp.ts";

/** y = tanh x, elementwise. */
export const tanh = defineOp({
  name: "tanh",
  inputs: ["x"],
  forward: ({ x }) => x.tanh(),
  sample: { x: [3, 4] },
});
