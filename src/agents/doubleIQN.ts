/**
 * IQN with Double DQN's choice of the next action. Dabney et al. 2018, "Implicit quantile networks for distributional
 * reinforcement learning"; van Hasselt, Guez, Silver 2016, "Deep reinforcement learning with double Q-learning".
 *
 * Differences from the papers: those of IQN; the combination is ChainerRL's DoubleIQN.
 */
import type { Variable } from "../autograd/index.ts";
import type { AgentSpec } from "./agent.ts";
import { IQN, iqnHyperparameters } from "./iqn.ts";

export class DoubleIQN extends IQN {
  override readonly name: string = "DoubleIQN";

  /** (batch): argmax_a (1/K) Σₖ Z_τₖ(x′, a; θ): the network that learns picks. */
  protected override nextActions(): Variable {
    return this.nextOnline().greedyActions;
  }
}

export const doubleIQNSpec: AgentSpec = {
  id: "doubleiqn",
  name: "DoubleIQN",
  paper: "Dabney et al. 2018, Implicit quantile networks for distributional reinforcement learning; double",
  actionSpaces: ["Discrete"],
  recurrent: true,
  async: "learner",
  hyperparameters: iqnHyperparameters,
  create: ({ hyperparameters, ...parts }) => new DoubleIQN({ ...parts, ...hyperparameters }),
};
