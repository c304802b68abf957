/**
 * DQN with residual gradients. Baird 1995, "Residual algorithms: reinforcement learning with function approximation".
 *
 * Differences from the paper:
 * 1. Those of DQN, whose networks and replay are used; there is no target network in the target.
 * 2. `gradScale` between 0 and 1 weighs the gradient through the target, as φ of section 4 does; it is fixed, as in
 *    ChainerRL. One next state stands for both expectations, so in stochastic environments the estimate is biased.
 */
import { defineOp, stop, type Variable } from "../autograd/index.ts";
import type { DiscreteValues } from "../nets/index.ts";
import type { AgentSpec } from "./agent.ts";
import { DQN } from "./dqn.ts";
import { type DQNOptions, dqnHyperparameters } from "./dqnHyperparameters.ts";
import { type HyperparameterValues, hp } from "./hyperparameters.ts";

export const residualDQNHyperparameters = {
  ...dqnHyperparameters,
  gradScale: hp(1, "what the gradient through the target is multiplied with", "ChainerRL ResidualDQN", {
    min: 0,
    max: 1,
  }),
} as const;

export type ResidualDQNHyperparameters = HyperparameterValues<typeof residualDQNHyperparameters>;

/** x itself, whose gradient is multiplied with `scale`. */
const scaleGradient = defineOp({
  name: "scaleGradient",
  inputs: ["x"],
  scalars: ["scale"],
  forward: ({ x, scale }) => stop(x).add(x.sub(stop(x)).mul(scale)),
  sample: { x: [3, 4], scale: 0.4 },
});

export class ResidualDQN extends DQN<DiscreteValues> {
  override readonly name: string = "ResidualDQN";
  declare readonly hyperparameters: Readonly<ResidualDQNHyperparameters>;

  constructor(options: DQNOptions<DiscreteValues, number, ResidualDQNHyperparameters>) {
    super(options, residualDQNHyperparameters);
  }

  /** (batch): max_a Q(s′, a; θ) by the network that learns. */
  protected override nextValue(): Variable {
    return scaleGradient(this.nextOnline().max, this.hyperparameters.gradScale);
  }

  /** (batch): ½ (r + γ max_a Q(s′, a; θ) − Q(s, a; θ))², differentiated in both places. */
  protected override losses(): Variable {
    const { obs, action } = this.batch;
    return this.errors(this.online(obs).evaluateActions(action), this.targets());
  }
}

export const residualDQNSpec: AgentSpec = {
  id: "residualdqn",
  name: "ResidualDQN",
  paper: "Baird 1995, Residual algorithms: reinforcement learning with function approximation",
  actionSpaces: ["Discrete"],
  recurrent: true,
  async: "learner",
  hyperparameters: residualDQNHyperparameters,
  create: ({ hyperparameters, ...parts }) => new ResidualDQN({ ...parts, ...hyperparameters }),
};
