/**
 * Advantage learning. Bellemare, Ostrovski, Guez, Thomas, Munos 2016, "Increasing the action gap: new operators for
 * reinforcement learning".
 *
 * Differences from the paper: those of DQN.
 */
import type { Variable } from "../autograd/index.ts";
import type { DiscreteValues } from "../nets/index.ts";
import { advantageLearningTarget } from "../returns/index.ts";
import type { AgentSpec } from "./agent.ts";
import { DQN } from "./dqn.ts";
import { type DQNOptions, dqnHyperparameters } from "./dqnHyperparameters.ts";
import { type HyperparameterValues, hp } from "./hyperparameters.ts";

export const alHyperparameters = {
  ...dqnHyperparameters,
  alpha: hp(0.9, "how far the values of worse actions are lowered", "Bellemare et al. 2016, section 4.2", {
    min: 0,
    max: 1,
  }),
} as const;

export type ALHyperparameters = HyperparameterValues<typeof alHyperparameters>;
export type ALOptions = DQNOptions<DiscreteValues, number, ALHyperparameters>;

export class AL extends DQN<DiscreteValues> {
  override readonly name: string = "AL";
  declare readonly hyperparameters: Readonly<ALHyperparameters>;

  constructor(options: ALOptions) {
    super(options, alHyperparameters);
  }

  /** The target network's values of the observations the minibatch's actions were taken in. */
  protected presentTarget(): DiscreteValues {
    return this.allowed(this.target(this.batch.obs), this.batch.mask);
  }

  /** (batch): T Q(x, a) − α [V(x) − Q(x, a)], equation 7, all by the target network. */
  protected override targets(): Variable {
    const present = this.presentTarget();
    const q = present.evaluateActions(this.batch.action);
    return advantageLearningTarget(super.targets(), present.max, q, this.hyperparameters.alpha);
  }
}

export const alSpec: AgentSpec = {
  id: "al",
  name: "AL",
  paper: "Bellemare et al. 2016, Increasing the action gap: advantage learning",
  actionSpaces: ["Discrete"],
  recurrent: true,
  async: "learner",
  hyperparameters: alHyperparameters,
  create: ({ hyperparameters, ...parts }) => new AL({ ...parts, ...hyperparameters }),
};
