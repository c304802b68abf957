import { colIndex, rowMax, select } from "../../kernel/expression.ts";
import { defineOp } from "../defineOp.ts";
import type { Variable } from "../variable.ts";
import { reduceAxes } from "./axes.ts";

export const argMaxRows = defineOp({
  name: "argMax",
  inputs: ["x"],
  // the first index that attains the maximum is the largest of the negated indices
  forward: ({ x }) => rowMax(select(x.eq(rowMax(x)), colIndex().neg(), Number.NEGATIVE_INFINITY)).neg(),
  sample: { x: [3, 4] },
  hasNoGradient: true,
});

/** The index of the first largest element along an axis (the last unless given), as whole numbers; no gradient. */
export const argMax = (x: Variable, axis = -1): Variable => reduceAxes("argMax", x, axis, false, argMaxRows);
