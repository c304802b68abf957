/**
 * The rows that returns over several steps are computed on, and the recurrence under all of them.
 *
 * Rows are steps of one or several stretches of experience, one behind the other. A stretch is the steps t = 0 … T − 1
 * within one episode, a row each, and an *end row* for the observation after the last of them, so that row t + 1 always
 * holds what followed row t. Everything here is one value a row, (rows).
 */
import { concat, defineOp, getItem, type Variable, zeros } from "../autograd/index.ts";

export interface Trajectories {
  /** (rows): Rₜ₊₁, the reward of the step from row t; 0 in end rows. */
  readonly reward: Variable;
  /** (rows): γₜ₊₁, what the value of row t + 1 is multiplied with: γ, 0 where the task ended, 0 in end rows. */
  readonly discount: Variable;
  /** (rows): 1 in steps, 0 in end rows. */
  readonly isStep: Variable;
  /** The rows of the longest stretch, its end row included. */
  readonly span: number;
}

/** (rows): xₜ₊ₖ beside row t, 0 behind the last row. */
export function ahead(x: Variable, k: number): Variable {
  const rows = x.shape[0]!;
  if (k >= rows) return zeros([rows]);
  return concat([getItem(x, { start: k }), zeros([k])], 0);
}

/** y = a + b · c */
export const multiplyAdd = defineOp({
  name: "multiplyAdd",
  inputs: ["a", "b", "c"],
  forward: ({ a, b, c }) => a.add(b.mul(c)),
  sample: { a: [4], b: [4], c: [4] },
});

/**
 * (rows): xₜ = bₜ + cₜ xₜ₊₁ for all rows at once, in about log₂ span steps: each doubles how many terms of the sum
 * bₜ + cₜ bₜ₊₁ + cₜ cₜ₊₁ bₜ₊₂ + … there are. c is 0 in end rows. Source: Hillis & Steele 1986, Blelloch 1990.
 */
export function linearRecurrence(b: Variable, c: Variable, span: number): Variable {
  let sum = b;
  let product = c;
  for (let terms = 1; terms < span; terms *= 2) {
    sum = multiplyAdd(sum, product, ahead(sum, terms));
    if (2 * terms < span) product = product.mul(ahead(product, terms));
  }
  return sum;
}

/** (rows): cₜ cₜ₊₁ … cₜ₊ₙ₋₁. */
export function windowProduct(c: Variable, n: number): Variable {
  let result: Variable | null = null;
  let covered = 0;
  let power = c; // the product of `width` factors
  for (let width = 1; width <= n; width *= 2) {
    if (n & width) {
      result = result ? result.mul(ahead(power, covered)) : power;
      covered += width;
    }
    if (2 * width <= n) power = power.mul(ahead(power, width));
  }
  return result!;
}
