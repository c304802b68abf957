import { rowMax } from "../../kernel/expression.ts";
import { defineOp } from "../defineOp.ts";
import type { Variable } from "../variable.ts";
import { type Axes, reduceAxes } from "./axes.ts";

export const maxRows = defineOp({ name: "max", inputs: ["x"], forward: ({ x }) => rowMax(x), sample: { x: [3, 4] } });
export const minRows = defineOp({
  name: "min",
  inputs: ["x"],
  forward: ({ x }) => rowMax(x.neg()).neg(),
  sample: { x: [3, 4] },
});

/** The largest element over one axis, several, or all; every element that attains it takes the gradient. */
export const max = (x: Variable, axes?: Axes, keepDims = false): Variable =>
  reduceAxes("max", x, axes, keepDims, maxRows);

/** The smallest element over one axis, several, or all; every element that attains it takes the gradient. */
export const min = (x: Variable, axes?: Axes, keepDims = false): Variable =>
  reduceAxes("min", x, axes, keepDims, minRows);
