/**
 * Dynamic policy programming on DQN's networks and replay. Azar, Gómez, Kappen 2012, "Dynamic policy programming".
 *
 * Differences from the paper:
 * 1. The paper's preferences are tables or linear; as in ChainerRL a network learns them, DQN's way, with a target network.
 * 2. Actions are DQN's, ε-greedy in the preferences, instead of drawn from their softmax.
 */
import type { Variable } from "../autograd/index.ts";
import type { DiscreteValues } from "../nets/index.ts";
import { bootstrapTarget, preferenceTarget, softmaxMean } from "../returns/index.ts";
import type { AgentSpec } from "./agent.ts";
import { DQN } from "./dqn.ts";
import { type DQNOptions, dqnHyperparameters } from "./dqnHyperparameters.ts";
import { type HyperparameterSchema, type HyperparameterValues, hp } from "./hyperparameters.ts";

export const dppHyperparameters = {
  ...dqnHyperparameters,
  eta: hp(1, "inverse temperature of the softmax, η", "ChainerRL DPP", { min: 0 }),
} as const;

export type DPPHyperparameters = HyperparameterValues<typeof dppHyperparameters>;
export type DPPOptions = DQNOptions<DiscreteValues, number, DPPHyperparameters>;

export class DPP extends DQN<DiscreteValues> {
  override readonly name: string = "DPP";
  declare readonly hyperparameters: Readonly<DPPHyperparameters>;

  constructor(options: DPPOptions, declared: HyperparameterSchema = dppHyperparameters) {
    super(options, declared);
  }

  /** (batch): the value of a policy for preferences, M_η Ψ: equation 12. */
  protected operator(preferences: DiscreteValues): Variable {
    return softmaxMean(preferences.qValues, this.hyperparameters.eta);
  }

  /** (batch): Ψ(x, a) + r + γ M_η Ψ(x′) − M_η Ψ(x), equation 19, all by the target network. */
  protected override targets(): Variable {
    const { obs, action, reward, discount, mask } = this.batch;
    const present = this.allowed(this.target(obs), mask);
    const target = bootstrapTarget(
      reward,
      discount,
      this.operator(this.nextTarget()),
      this.hyperparameters.rewardScale,
    );
    return preferenceTarget(target, present.evaluateActions(action), this.operator(present));
  }
}

export const dppSpec: AgentSpec = {
  id: "dpp",
  name: "DPP",
  paper: "Azar, Gómez, Kappen 2012, Dynamic policy programming",
  actionSpaces: ["Discrete"],
  recurrent: true,
  async: "learner",
  hyperparameters: dppHyperparameters,
  create: ({ hyperparameters, ...parts }) => new DPP({ ...parts, ...hyperparameters }),
};
