/**
 * Categorical DQN with Double DQN's choice of the next action. Bellemare, Dabney, Munos 2017, "A distributional perspective
 * on reinforcement learning"; van Hasselt, Guez, Silver 2016, "Deep reinforcement learning with double Q-learning".
 *
 * Differences from the papers: those of CategoricalDQN; the combination is ChainerRL's and Rainbow's.
 */
import type { Variable } from "../autograd/index.ts";
import type { AgentSpec } from "./agent.ts";
import { CategoricalDQN, categoricalDQNHyperparameters } from "./categoricalDQN.ts";

export class CategoricalDoubleDQN extends CategoricalDQN {
  override readonly name: string = "CategoricalDoubleDQN";

  /** (batch, atoms): p(x′, a*; θ⁻), a* = argmax_a Σᵢ zᵢ pᵢ(x′, a; θ). */
  protected override nextDistribution(): Variable {
    return this.nextTarget().distributionsOf(this.nextOnline().greedyActions);
  }
}

export const categoricalDoubleDQNSpec: AgentSpec = {
  id: "doublec51",
  name: "CategoricalDoubleDQN",
  paper: "Bellemare, Dabney, Munos 2017, A distributional perspective on reinforcement learning; double",
  actionSpaces: ["Discrete"],
  recurrent: true,
  async: "learner",
  hyperparameters: categoricalDQNHyperparameters,
  create: ({ hyperparameters, ...parts }) => new CategoricalDoubleDQN({ ...parts, ...hyperparameters }),
};
