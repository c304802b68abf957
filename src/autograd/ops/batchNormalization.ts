import { ShapeError } from "../../errors.ts";
import { rowLen, rowSum } from "../../kernel/expression.ts";
import { defineOp } from "../defineOp.ts";
import { formatShape, type Variable } from "../variable.ts";
import { meanRows } from "./mean.ts";
import { transpose } from "./transpose.ts";

/** The mean of (x − mean)² of each row. */
export const varianceRows = defineOp({
  name: "variance",
  inputs: ["x", "mean"],
  perRow: ["mean"],
  forward: ({ x, mean }) => rowSum(x.sub(mean).square()).div(rowLen()),
  sample: { x: [3, 4], mean: [3] },
});

/** γ (x − mean) / √(variance + eps) + β, all but x one number a row. */
export const normalizeRows = defineOp({
  name: "batchNormalization",
  inputs: ["x", "mean", "variance", "gamma", "beta"],
  perRow: ["mean", "variance", "gamma", "beta"],
  scalars: ["eps"],
  forward: ({ x, mean, variance, gamma, beta, eps }) =>
    x
      .sub(mean)
      .mul(gamma.div(variance.add(eps).sqrt()))
      .add(beta),
  sample: { x: [3, 4], mean: [3], variance: [3], gamma: [3], beta: [3], eps: 1e-3 },
  sampleRange: [0.2, 2],
});

/** (channels, batch, …rest) of (batch, channels, …rest), and back. */
function swapped(x: Variable): Variable {
  const order = x.shape.map((_, axis) => axis);
  [order[0], order[1]] = [1, 0];
  return transpose(x, order);
}

function requireChannels(where: string, x: Variable, parts: readonly Variable[]): void {
  if (x.shape.length >= 2 && parts.every(({ shape }) => shape.length === 1 && shape[0] === x.shape[1])) return;
  throw new ShapeError(
    `${where}: x must be (batch, channels, …) and the others (channels); got x ${formatShape(x.shape)} and ${parts.map(({ shape }) => formatShape(shape)).join(", ")}.`,
  );
}

/** What batchNormalization gives: y, and the mean and variance (channels) of the batch. */
export interface BatchNormalized {
  readonly y: Variable;
  readonly mean: Variable;
  readonly variance: Variable;
}

/**
 * y = γ (x − mean) / √(variance + eps) + β for x (batch, channels, …): mean and variance of each channel over all else;
 * γ and β (channels). Source: Ioffe & Szegedy 2015.
 */
export function batchNormalization(x: Variable, gamma: Variable, beta: Variable, eps: number): BatchNormalized {
  requireChannels("batchNormalization", x, [gamma, beta]);
  const rows = swapped(x); // (channels, batch, …)
  const axes = x.shape.length - 1;
  const mean = meanRows(rows, axes);
  const variance = varianceRows(rows, mean, axes);
  return { y: swapped(normalizeRows(rows, mean, variance, gamma, beta, eps, axes)), mean, variance };
}

/** The same with a mean and variance (channels) that are given: running statistics, when a network is evaluated. */
export function fixedBatchNormalization(
  x: Variable,
  gamma: Variable,
  beta: Variable,
  mean: Variable,
  variance: Variable,
  eps: number,
): Variable {
  requireChannels("fixedBatchNormalization", x, [gamma, beta, mean, variance]);
  return swapped(normalizeRows(swapped(x), mean, variance, gamma, beta, eps, x.shape.length - 1));
}
