/**
 * Persistent advantage learning with Double DQN's values. Bellemare et al. 2016, "Increasing the action gap: new operators
 * for reinforcement learning"; van Hasselt, Guez, Silver 2016, "Deep reinforcement learning with double Q-learning".
 *
 * Differences from the papers: those of PAL; the combination is ChainerRL's DoublePAL.
 */
import type { Variable } from "../autograd/index.ts";
import type { DiscreteValues } from "../nets/index.ts";
import type { AgentSpec } from "./agent.ts";
import { alHyperparameters } from "./al.ts";
import { PAL } from "./pal.ts";

export class DoublePAL extends PAL {
  override readonly name: string = "DoublePAL";

  /** (batch): V(x) = Q(x, argmax_a Q(x, a; θ); θ⁻). */
  protected override stateValue(values: DiscreteValues, obs: Variable, mask: Variable | null): Variable {
    return values.evaluateActions(this.allowed(this.online(obs), mask).greedyActions);
  }
}

export const doublePALSpec: AgentSpec = {
  id: "doublepal",
  name: "DoublePAL",
  paper: "Bellemare et al. 2016, Increasing the action gap: persistent advantage learning, double",
  actionSpaces: ["Discrete"],
  recurrent: true,
  async: "learner",
  hyperparameters: alHyperparameters,
  create: ({ hyperparameters, ...parts }) => new DoublePAL({ ...parts, ...hyperparameters }),
};
