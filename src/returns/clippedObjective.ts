import { defineOp, select } from "../autograd/index.ts";

/**
 * (batch): −min(r A, clip(r, 1 − ε, 1 + ε) A), r = π / π_old.
 * Source: Schulman et al. 2017, "Proximal policy optimization algorithms", equation 7.
 */
export const clippedPolicyLoss = defineOp({
  name: "clippedPolicyLoss",
  inputs: ["logProb", "oldLogProb", "advantage"],
  scalars: ["clip"],
  forward: ({ logProb, oldLogProb, advantage, clip }) => {
    const ratio = logProb.sub(oldLogProb).exp();
    const clipped = ratio.max(clip.neg().add(1)).min(clip.add(1));
    return ratio.mul(advantage).min(clipped.mul(advantage)).neg();
  },
  sample: { logProb: [4], oldLogProb: [4], advantage: [4], clip: 0.2 },
});

/**
 * (batch): max((V − G)², (V_old + clip(V − V_old, −ε, ε) − G)²): the value may not move further than ε at a profit.
 * Source: OpenAI Baselines' PPO.
 */
export const clippedValueLoss = defineOp({
  name: "clippedValueLoss",
  inputs: ["value", "oldValue", "returns"],
  scalars: ["clip"],
  forward: ({ value, oldValue, returns, clip }) => {
    const near = oldValue.add(value.sub(oldValue).max(clip.neg()).min(clip));
    const free = value.sub(returns).square();
    const limited = near.sub(returns).square();
    return select(limited.gt(free), limited, free);
  },
  sample: { value: [4], oldValue: [4], returns: [4], clip: 0.2 },
});
