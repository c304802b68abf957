/**
 * Persistent advantage learning. Bellemare, Ostrovski, Guez, Thomas, Munos 2016, "Increasing the action gap: new operators
 * for reinforcement learning".
 *
 * Differences from the paper:
 * 1. Those of DQN.
 * 2. With several steps (`nStep`) the repeated action is compared in the observation the return bootstraps from.
 */
import type { Variable } from "../autograd/index.ts";
import type { DiscreteValues } from "../nets/index.ts";
import { bootstrapTarget, persistentAdvantageLearningTarget } from "../returns/index.ts";
import type { AgentSpec } from "./agent.ts";
import { AL, alHyperparameters } from "./al.ts";

export class PAL extends AL {
  override readonly name: string = "PAL";

  /** (batch): max(T_AL Q(x, a), T Q(x, a) − α [V(x′) − Q(x′, a)]), equation 9, all by the target network. */
  protected override targets(): Variable {
    const { action, reward, discount } = this.batch;
    const { alpha, rewardScale } = this.hyperparameters;
    const present = this.presentTarget();
    const next = this.nextTarget();
    const value = this.stateValue(present, this.batch.obs, this.batch.mask);
    const nextValue = this.stateValue(next, this.batch.nextObs, this.batch.nextMask);
    return persistentAdvantageLearningTarget(
      bootstrapTarget(reward, discount, nextValue, rewardScale),
      value,
      present.evaluateActions(action),
      nextValue,
      next.evaluateActions(action),
      discount,
      alpha,
    );
  }

  /** (batch): V(x) of the target network's values. */
  protected stateValue(values: DiscreteValues, _obs: Variable, _mask: Variable | null): Variable {
    return values.max;
  }
}

export const palSpec: AgentSpec = {
  id: "pal",
  name: "PAL",
  paper: "Bellemare et al. 2016, Increasing the action gap: persistent advantage learning",
  actionSpaces: ["Discrete"],
  recurrent: true,
  async: "learner",
  hyperparameters: alHyperparameters,
  create: ({ hyperparameters, ...parts }) => new PAL({ ...parts, ...hyperparameters }),
};
