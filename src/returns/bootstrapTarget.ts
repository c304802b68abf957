import { defineOp } from "../autograd/index.ts";

/**
 * The target of a temporal difference, Gₜ = Rₜ + γₜ V(Sₜ₊ₖ), each (batch): `reward` the (discounted sum of) reward,
 * `discount` what the next value is multiplied with, 0 after termination. Source: Sutton & Barto 2018, equation 7.1.
 *
 * The last argument multiplies the reward, to bring returns near 1.
 */
export const bootstrapTarget = defineOp({
  name: "bootstrapTarget",
  inputs: ["reward", "discount", "nextValue"],
  scalars: ["rewardScale"],
  forward: ({ reward, discount, nextValue, rewardScale }) => reward.mul(rewardScale).add(discount.mul(nextValue)),
  sample: { reward: [4], discount: [4], nextValue: [4], rewardScale: 0.5 },
});
