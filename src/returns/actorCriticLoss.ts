import { defineOp } from "../autograd/index.ts";

/**
 * (rows): −A ln π − β H + c (G − V)² in steps, 0 in end rows. Advantage and return are to be constants.
 * Source: Mnih et al. 2016, "Asynchronous methods for deep reinforcement learning", section 4, algorithm S3.
 */
export const actorCriticLoss = defineOp({
  name: "actorCriticLoss",
  inputs: ["isStep", "logProb", "advantage", "entropy", "value", "returns"],
  scalars: ["beta", "valueCoefficient"],
  forward: ({ isStep, logProb, advantage, entropy, value, returns, beta, valueCoefficient }) =>
    isStep.mul(returns.sub(value).square().mul(valueCoefficient).sub(logProb.mul(advantage)).sub(entropy.mul(beta))),
  sample: {
    isStep: [4],
    logProb: [4],
    advantage: [4],
    entropy: [4],
    value: [4],
    returns: [4],
    beta: 0.1,
    valueCoefficient: 0.5,
  },
});
