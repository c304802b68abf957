/** ACER's line in the registry: one id for discrete and continuous actions. */
import { acerHyperparameters } from "./acer.ts";
import type { AgentSpec } from "./agent.ts";
import { ContinuousACER } from "./continuousACER.ts";
import { DiscreteACER } from "./discreteACER.ts";

export const acerSpec: AgentSpec = {
  id: "acer",
  name: "ACER",
  paper: "Wang et al. 2017, Sample efficient actor-critic with experience replay",
  actionSpaces: ["Discrete", "Box"],
  recurrent: true,
  async: "shared",
  hyperparameters: acerHyperparameters,
  create: ({ hyperparameters, ...parts }) => {
    const options = { ...parts, ...hyperparameters };
    return "n" in parts.actionSpace ? new DiscreteACER(options) : new ContinuousACER(options);
  },
};
