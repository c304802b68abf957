import { defineOp, select, type Variable } from "../autograd/index.ts";
import { ahead, linearRecurrence, type Trajectories } from "./trajectories.ts";

/** Rₜ₊₁ + γₜ₊₁ (1 − λ) V(Sₜ₊₁) in steps, V(Sₜ) in end rows. */
export const lambdaTerm = defineOp({
  name: "lambdaTerm",
  inputs: ["reward", "discount", "isStep", "value", "nextValue"],
  scalars: ["traceDecay"],
  forward: ({ reward, discount, isStep, value, nextValue, traceDecay }) =>
    select(isStep, reward.add(discount.mul(traceDecay.neg().add(1)).mul(nextValue)), value),
  sample: { reward: [4], discount: [4], isStep: [4], value: [4], nextValue: [4], traceDecay: 0.7 },
});

/**
 * (rows): the λ-returns Gₜ = Rₜ₊₁ + γₜ₊₁ ((1 − λ) V(Sₜ₊₁) + λ Gₜ₊₁), and V(S) in end rows. With λ = 1 they are the n-step
 * returns up to the end of the stretch. Source: Sutton & Barto 2018, equation 12.18.
 *
 * @param value (rows): V(Sₜ)
 */
export function lambdaReturns(
  { reward, discount, isStep, span }: Trajectories,
  value: Variable,
  traceDecay: number,
): Variable {
  const b = lambdaTerm(reward, discount, isStep, value, ahead(value, 1), traceDecay);
  return linearRecurrence(b, discount.mul(traceDecay), span);
}

/** δₜ = Rₜ₊₁ + γₜ₊₁ V(Sₜ₊₁) − V(Sₜ) in steps, 0 in end rows. */
export const temporalDifference = defineOp({
  name: "temporalDifference",
  inputs: ["reward", "discount", "isStep", "value", "nextValue"],
  forward: ({ reward, discount, isStep, value, nextValue }) =>
    isStep.mul(reward.add(discount.mul(nextValue)).sub(value)),
  sample: { reward: [4], discount: [4], isStep: [4], value: [4], nextValue: [4] },
});

/**
 * (rows): generalised advantage estimates Âₜ = δₜ + γₜ₊₁ λ Âₜ₊₁, 0 in end rows.
 * Source: Schulman et al. 2016, "High-dimensional continuous control using generalized advantage estimation", equation 16.
 *
 * @param value (rows): V(Sₜ)
 */
export function generalizedAdvantages(
  { reward, discount, isStep, span }: Trajectories,
  value: Variable,
  traceDecay: number,
): Variable {
  const delta = temporalDifference(reward, discount, isStep, value, ahead(value, 1));
  return linearRecurrence(delta, discount.mul(traceDecay), span);
}
