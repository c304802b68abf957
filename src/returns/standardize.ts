import { defineOp, mul, square, sum, type Variable } from "../autograd/index.ts";
import type { Trajectories } from "./trajectories.ts";

/** deviation / √(variance + eps) */
const divideByDeviation = defineOp({
  name: "divideByDeviation",
  inputs: ["deviation", "variance"],
  forward: ({ deviation, variance }) => deviation.div(variance.add(1e-8).sqrt()),
  sample: { deviation: [4], variance: [] },
  sampleRange: [0.1, 2],
});

/** (): the mean over steps of x (rows). */
export const stepMean = (x: Variable, { isStep }: Pick<Trajectories, "isStep">, steps: number): Variable =>
  sum(mul(isStep, x)).mul(1 / steps);

/** (): the variance over steps of x (rows). */
export function stepVariance(x: Variable, rows: Pick<Trajectories, "isStep">, steps: number): Variable {
  return stepMean(square(x.sub(stepMean(x, rows, steps))), rows, steps);
}

/** (rows): x shifted and scaled to mean 0 and variance 1 over the steps; 0 in end rows. */
export function standardize(x: Variable, rows: Pick<Trajectories, "isStep">, steps: number): Variable {
  const deviation = mul(rows.isStep, x.sub(stepMean(x, rows, steps))); // (rows)
  return divideByDeviation(deviation, stepVariance(x, rows, steps));
}
