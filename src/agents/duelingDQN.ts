/**
 * Dueling DQN. Wang, Schaul, Hessel, van Hasselt, Lanctot, de Freitas 2016, "Dueling network architectures for deep
 * reinforcement learning".
 *
 * Differences from the paper:
 * 1. Those of DQN; the target is Double DQN's, as there.
 * 2. Gradients into the shared layers are not rescaled by 1/√2, and clipped only where `maxGradNorm` says so.
 */
import { DuelingQFunction } from "../nets/index.ts";
import type { AgentSpec } from "./agent.ts";
import { DoubleDQN } from "./doubleDQN.ts";
import { dqnHyperparameters } from "./dqnHyperparameters.ts";
import type { NetworkParts } from "./qAgent.ts";

export class DuelingDQN extends DoubleDQN {
  override readonly name: string = "DuelingDQN";

  /** Q(s, a; θ, α, β), equation 9. */
  protected override makeNetwork({ obsSize, actions, random }: NetworkParts): DuelingQFunction {
    return new DuelingQFunction(obsSize, actions, { ...this.layers, random });
  }
}

export const duelingDQNSpec: AgentSpec = {
  id: "dueling",
  name: "DuelingDQN",
  paper: "Wang et al. 2016, Dueling network architectures for deep reinforcement learning",
  actionSpaces: ["Discrete"],
  recurrent: true,
  async: "learner",
  hyperparameters: dqnHyperparameters,
  create: ({ hyperparameters, ...parts }) => new DuelingDQN({ ...parts, ...hyperparameters }),
};
