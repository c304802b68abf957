import { colIndex, rowSum, select } from "../../kernel/expression.ts";
import { defineOp } from "../defineOp.ts";

/** y (…rows) = x[…, t]: of x (…rows, cols) the element that t (…rows), whole numbers below cols, names in each row. */
export const selectItem = defineOp({
  name: "selectItem",
  inputs: ["x", "t"],
  perRow: ["t"],
  forward: ({ x, t }) => rowSum(select(colIndex().eq(t), x, 0)),
  sample: { x: [3, 4], t: [3] },
});
