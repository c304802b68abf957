import { rowMax, rowSum, stop } from "../../kernel/expression.ts";
import { defineOp } from "../defineOp.ts";
import type { Variable } from "../variable.ts";
import { alongAxes } from "./axes.ts";

export const softmaxRows = defineOp({
  name: "softmax",
  inputs: ["x"],
  forward: ({ x }) => {
    const e = x.sub(stop(rowMax(x))).exp();
    return e.div(rowSum(e));
  },
  // in terms of the output; the derived form would compute the exponentials again
  backward: ({ y, gy }) => ({ x: y.mul(gy.sub(rowSum(gy.mul(y)))) }),
  sample: { x: [3, 4] },
});

/** eˣ / Σ eˣ along an axis (the last unless given). */
export const softmax = (x: Variable, axis = -1): Variable => alongAxes("softmax", x, axis, softmaxRows);
