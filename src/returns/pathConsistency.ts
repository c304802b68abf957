import { defineOp, select, type Variable } from "../autograd/index.ts";
import { ahead, linearRecurrence, type Trajectories, windowProduct } from "./trajectories.ts";

/** Rₜ₊₁ − τ ln π in steps, V in end rows. */
export const softReward = defineOp({
  name: "softReward",
  inputs: ["reward", "isStep", "logProb", "value"],
  scalars: ["temperature"],
  forward: ({ reward, isStep, logProb, value, temperature }) =>
    select(isStep, reward.sub(logProb.mul(temperature)), value),
  sample: { reward: [4], isStep: [4], logProb: [4], value: [4], temperature: 0.3 },
});

/** sum + weight · (nextValue − nextSum) − value */
export const pathResidual = defineOp({
  name: "pathResidual",
  inputs: ["sum", "value", "weight", "nextValue", "nextSum"],
  forward: ({ sum, value, weight, nextValue, nextSum }) => sum.add(weight.mul(nextValue.sub(nextSum))).sub(value),
  sample: { sum: [4], value: [4], weight: [4], nextValue: [4], nextSum: [4] },
});

/**
 * (rows): how much the path of d steps from each row contradicts policy and values,
 *
 *   Cₜ = −V(Sₜ) + γᵈ V(Sₜ₊d) + Σ_{j < d} γʲ (Rₜ₊ⱼ₊₁ − τ ln π(Aₜ₊ⱼ | Sₜ₊ⱼ)),
 *
 * where d is `length`, or what is left of the stretch; 0 in end rows.
 * Source: Nachum et al. 2017, "Bridging the gap between value and policy based reinforcement learning", equation 15.
 *
 * @param value (rows): V(Sₜ) of the value that Sₜ begins paths with
 * @param nextValue (rows): V(Sₜ) again, where it ends them: the same, or a constant to gradients
 * @param logProb (rows): ln π(Aₜ | Sₜ); what stands in end rows is not read
 */
export function pathConsistency(
  { reward, discount, isStep, span }: Trajectories,
  { value, nextValue, logProb }: { value: Variable; nextValue: Variable; logProb: Variable },
  temperature: number,
  length: number,
): Variable {
  // sums to the end of the stretch, the value there included; a path of d steps is the difference of two such
  const sum = linearRecurrence(softReward(reward, isStep, logProb, nextValue, temperature), discount, span);
  const weight = windowProduct(discount, length); // 0 where the stretch ends before
  const endValue = ahead(nextValue, length);
  const c = pathResidual(sum, value, weight, endValue, ahead(sum, length));
  return isStep.mul(c);
}
