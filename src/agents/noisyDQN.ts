/**
 * NoisyNet-DQN. Fortunato, Azar, Piot et al. 2018, "Noisy networks for exploration".
 *
 * Differences from the paper:
 * 1. Those of DQN but for ε, which there is none of: the noise explores.
 * 2. All layers are noisy, with factorised noise (the paper's Atari networks have noisy fully connected layers).
 * 3. Noise is drawn anew for every step and every forward pass; in evaluation there is none.
 */
import { type Explorer, Greedy } from "../explorers/index.ts";
import type { DiscreteValues } from "../nets/index.ts";
import { DiscreteQFunction } from "../nets/index.ts";
import type { AgentSpec } from "./agent.ts";
import { DQN } from "./dqn.ts";
import { type DQNHyperparameters, type DQNOptions, dqnHyperparameters } from "./dqnHyperparameters.ts";
import { type HyperparameterValues, hp } from "./hyperparameters.ts";
import type { NetworkParts } from "./qAgent.ts";

const { startEpsilon, endEpsilon, decaySteps, ...shared } = dqnHyperparameters;

export const noisyDQNHyperparameters = {
  ...shared,
  sigma: hp(0.5, "deviation of the weights' noise at first, times 1 / √fan-in", "Fortunato et al. 2018, section 3.2", {
    min: 0,
  }),
} as const;

export type NoisyDQNOptions = DQNOptions<DiscreteValues, number, HyperparameterValues<typeof noisyDQNHyperparameters>>;

export class NoisyDQN extends DQN<DiscreteValues> {
  override readonly name: string = "NoisyDQN";
  declare readonly hyperparameters: Readonly<DQNHyperparameters & { sigma: number }>;

  constructor(options: NoisyDQNOptions) {
    super(options, noisyDQNHyperparameters);
  }

  protected override makeNetwork({ obsSize, actions, random, noise }: NetworkParts): DiscreteQFunction {
    const { sigma } = this.hyperparameters;
    return new DiscreteQFunction(obsSize, actions, {
      ...this.layers,
      random,
      noise: { random: noise, sigma },
    });
  }

  protected override makeExplorer(): Explorer {
    return new Greedy();
  }
}

export const noisyDQNSpec: AgentSpec = {
  id: "noisydqn",
  name: "NoisyDQN",
  paper: "Fortunato et al. 2018, Noisy networks for exploration",
  actionSpaces: ["Discrete"],
  recurrent: true,
  async: "learner",
  hyperparameters: noisyDQNHyperparameters,
  create: ({ hyperparameters, ...parts }) => new NoisyDQN({ ...parts, ...hyperparameters }),
};
