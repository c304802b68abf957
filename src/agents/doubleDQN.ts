/**
 * Double DQN. van Hasselt, Guez, Silver 2016, "Deep reinforcement learning with double Q-learning".
 *
 * Differences from the paper: those of DQN; there is no tuned variant of its hyperparameters.
 */
import type { Variable } from "../autograd/index.ts";
import type { DiscreteValues } from "../nets/index.ts";
import type { AgentSpec } from "./agent.ts";
import { DQN } from "./dqn.ts";
import { dqnHyperparameters } from "./dqnHyperparameters.ts";

export class DoubleDQN extends DQN<DiscreteValues> {
  override readonly name: string = "DoubleDQN";

  /** (batch): Q(s′, argmax_a Q(s′, a; θ); θ⁻), equation 4: the online network picks, the target network values. */
  protected override nextValue(): Variable {
    return this.nextTarget().evaluateActions(this.nextOnline().greedyActions);
  }
}

export const doubleDQNSpec: AgentSpec = {
  id: "doubledqn",
  name: "DoubleDQN",
  paper: "van Hasselt, Guez, Silver 2016, Deep reinforcement learning with double Q-learning",
  actionSpaces: ["Discrete"],
  recurrent: true,
  async: "learner",
  hyperparameters: dqnHyperparameters,
  create: ({ hyperparameters, ...parts }) => new DoubleDQN({ ...parts, ...hyperparameters }),
};
