import { stop } from "../../kernel/expression.ts";
import { defineOp } from "../defineOp.ts";

/** y = x; no gradient flows back. */
export const stopGradient = defineOp({
  name: "stopGradient",
  inputs: ["x"],
  forward: ({ x }) => stop(x),
  sample: { x: [3, 4] },
  hasNoGradient: true,
});
