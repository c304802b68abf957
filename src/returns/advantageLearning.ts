/**
 * Targets that widen the gap between the best action and the others.
 * Bellemare, Ostrovski, Guez, Thomas, Munos 2016, "Increasing the action gap: new operators for reinforcement learning".
 */
import { defineOp, select } from "../autograd/index.ts";

/** T_AL Q(xₜ, aₜ) = T Q(xₜ, aₜ) − α [V(xₜ) − Q(xₜ, aₜ)], each (batch): equation 7. */
export const advantageLearningTarget = defineOp({
  name: "advantageLearningTarget",
  inputs: ["target", "value", "q"],
  scalars: ["alpha"],
  forward: ({ target, value, q, alpha }) => target.sub(value.sub(q).mul(alpha)),
  sample: { target: [4], value: [4], q: [4], alpha: 0.9 },
});

/**
 * T_PAL Q(xₜ, aₜ) = max(T_AL Q(xₜ, aₜ), T Q(xₜ, aₜ) − α [V(xₜ₊₁) − Q(xₜ₊₁, aₜ)]), each (batch): equation 9. Behind a
 * terminal state, discount 0, all values are 0 and so is the second gap.
 */
export const persistentAdvantageLearningTarget = defineOp({
  name: "persistentAdvantageLearningTarget",
  inputs: ["target", "value", "q", "nextValue", "nextQ", "discount"],
  scalars: ["alpha"],
  forward: ({ target, value, q, nextValue, nextQ, discount, alpha }) =>
    target.sub(
      value
        .sub(q)
        .min(select(discount, nextValue.sub(nextQ), 0))
        .mul(alpha),
    ),
  sample: { target: [4], value: [4], q: [4], nextValue: [4], nextQ: [4], discount: [4], alpha: 0.9 },
});
