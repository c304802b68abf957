import { select } from "../../kernel/expression.ts";
import { defineOp } from "../defineOp.ts";

/** y = a where the condition is not 0, b elsewhere; no gradient flows to the condition. */
export const where = defineOp({
  name: "where",
  inputs: ["condition", "a", "b"],
  forward: ({ condition, a, b }) => select(condition, a, b),
  sample: { condition: [3, 4], a: [3, 4], b: [4] },
});
