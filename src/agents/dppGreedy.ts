/**
 * Dynamic policy programming in the limit of large η. Azar, Gómez, Kappen 2012, "Dynamic policy programming".
 *
 * Differences from the paper: those of DPP.
 */
import type { Variable } from "../autograd/index.ts";
import type { DiscreteValues } from "../nets/index.ts";
import type { AgentSpec } from "./agent.ts";
import { DPP } from "./dpp.ts";
import { type DQNOptions, dqnHyperparameters } from "./dqnHyperparameters.ts";

export class DPPGreedy extends DPP {
  override readonly name: string = "DPPGreedy";

  constructor(options: DQNOptions) {
    super(options, dqnHyperparameters);
  }

  /** (batch): max_a Ψ, which M_η and L_η tend to. */
  protected override operator(preferences: DiscreteValues): Variable {
    return preferences.max;
  }
}

export const dppGreedySpec: AgentSpec = {
  id: "dppgreedy",
  name: "DPPGreedy",
  paper: "Azar, Gómez, Kappen 2012, Dynamic policy programming: maximum",
  actionSpaces: ["Discrete"],
  recurrent: true,
  async: "learner",
  hyperparameters: dqnHyperparameters,
  create: ({ hyperparameters, ...parts }) => new DPPGreedy({ ...parts, ...hyperparameters }),
};
