/**
 * Dynamic policy programming with the soft maximum. Azar, Gómez, Kappen 2012, "Dynamic policy programming".
 *
 * Differences from the paper: those of DPP.
 */
import type { Variable } from "../autograd/index.ts";
import type { DiscreteValues } from "../nets/index.ts";
import { softMaximum } from "../returns/index.ts";
import type { AgentSpec } from "./agent.ts";
import { DPP, dppHyperparameters } from "./dpp.ts";

export class DPPL extends DPP {
  override readonly name: string = "DPPL";

  /** (batch): L_η Ψ, equation 9. */
  protected override operator(preferences: DiscreteValues): Variable {
    return softMaximum(preferences.qValues, this.hyperparameters.eta);
  }
}

export const dppLSpec: AgentSpec = {
  id: "dppl",
  name: "DPPL",
  paper: "Azar, Gómez, Kappen 2012, Dynamic policy programming: soft maximum",
  actionSpaces: ["Discrete"],
  recurrent: true,
  async: "learner",
  hyperparameters: dppHyperparameters,
  create: ({ hyperparameters, ...parts }) => new DPPL({ ...parts, ...hyperparameters }),
};
