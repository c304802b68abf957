import { rowSum } from "../../kernel/expression.ts";
import { defineOp } from "../defineOp.ts";
import type { Variable } from "../variable.ts";
import { type Axes, reduceAxes } from "./axes.ts";

export const sumRows = defineOp({ name: "sum", inputs: ["x"], forward: ({ x }) => rowSum(x), sample: { x: [3, 4] } });

/** The sum over one axis, several, or all; with `keepDims` summed axes stay with length 1. */
export const sum = (x: Variable, axes?: Axes, keepDims = false): Variable =>
  reduceAxes("sum", x, axes, keepDims, sumRows);
