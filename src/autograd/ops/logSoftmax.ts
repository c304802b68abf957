import { rowMax, rowSum, stop } from "../../kernel/expression.ts";
import { defineOp } from "../defineOp.ts";
import type { Variable } from "../variable.ts";
import { alongAxes } from "./axes.ts";

export const logSoftmaxRows = defineOp({
  name: "logSoftmax",
  inputs: ["x"],
  forward: ({ x }) => {
    const z = x.sub(stop(rowMax(x)));
    return z.sub(rowSum(z.exp()).log());
  },
  // in terms of the output; the derived form would compute the maximum and the sum again
  backward: ({ y, gy }) => ({ x: gy.sub(y.exp().mul(rowSum(gy))) }),
  sample: { x: [3, 4] },
});

/** x − ln Σ eˣ along an axis (the last unless given). */
export const logSoftmax = (x: Variable, axis = -1): Variable => alongAxes("logSoftmax", x, axis, logSoftmaxRows);
