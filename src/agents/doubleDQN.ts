/**
 * Double DQN. van Hasselt, Guez, Silver 2016, "Deep reinforcement learning with double Q-learning".
 *
 * Differences from the paper: those of DQN; there is no tuned variant of its hyperparameters.
 */
import type { Variable } from "../autograd/index.ts";
import type { AgentSpec } from "./agent.ts";
import { DQN, dqnHyperparameters } from "./dqn.ts";

export class DoubleDQN extends DQN {
  override readonly name: string = "DoubleDQN";

  /** (batch): Q(s′, argmax_a Q(s′, a; θ); θ⁻), equation 4: the online network picks, the target network values. */
  protected override nextValue(nextObs: Variable): Variable {
    return this.target(nextObs).evaluateActions(this.online(nextObs).greedyActions);
  }
}

export const doubleDQNSpec: AgentSpec = {
  id: "doubledqn",
  name: "DoubleDQN",
  paper: "van Hasselt, Guez, Silver 2016, Deep reinforcement learning with double Q-learning",
  actionSpaces: ["Discrete"],
  recurrent: false,
  async: false,
  hyperparameters: dqnHyperparameters,
  create: ({ hyperparameters, ...parts }) => new DoubleDQN({ ...parts, ...hyperparameters }),
};
