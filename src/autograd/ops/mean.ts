import { rowLen, rowSum } from "../../kernel/expression.ts";
import { defineOp } from "../defineOp.ts";
import type { Variable } from "../variable.ts";
import { type Axes, reduceAxes } from "./axes.ts";

export const meanRows = defineOp({
  name: "mean",
  inputs: ["x"],
  forward: ({ x }) => rowSum(x).div(rowLen()),
  sample: { x: [3, 4] },
});

/** The mean over one axis, several, or all; with `keepDims` averaged axes stay with length 1. */
export const mean = (x: Variable, axes?: Axes, keepDims = false): Variable =>
  reduceAxes("mean", x, axes, keepDims, meanRows);
