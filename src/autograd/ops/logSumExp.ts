import { rowMax, rowSum, stop } from "../../kernel/expression.ts";
import { defineOp } from "../defineOp.ts";
import type { Variable } from "../variable.ts";
import { type Axes, reduceAxes } from "./axes.ts";

export const logSumExpRows = defineOp({
  name: "logSumExp",
  inputs: ["x"],
  forward: ({ x }) => {
    const m = stop(rowMax(x));
    return rowSum(x.sub(m).exp()).log().add(m);
  },
  // the shift by the maximum is a constant to the derived form, which would drop its part
  backward: ({ x, y, gy }) => ({ x: gy.mul(x.sub(y).exp()) }),
  sample: { x: [3, 4] },
});

/** ln Σ eˣ over one axis, several, or all. */
export const logSumExp = (x: Variable, axes?: Axes, keepDims = false): Variable =>
  reduceAxes("logSumExp", x, axes, keepDims, logSumExpRows);
