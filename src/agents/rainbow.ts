/**
 * Rainbow. Hessel, Modayil, van Hasselt, Schaul et al. 2018, "Rainbow: combining improvements in deep reinforcement
 * learning": categorical, double, dueling, prioritized, 3-step, noisy.
 *
 * Differences from the paper:
 * 1. Those of NoisyDQN and CategoricalDQN. Its numbers for Atari (a learning rate of 6.25e-5, 80,000 frames before the first
 *    update, a target network every 32,000 frames) stay DQN's here, as they suit Atari alone.
 * 2. Priorities are cross-entropies, which differ from the paper's Kullback–Leibler divergence by the target's entropy.
 */
import { type Explorer, Greedy } from "../explorers/index.ts";
import { DistributionalDuelingQFunction } from "../nets/index.ts";
import type { AgentSpec } from "./agent.ts";
import { CategoricalDoubleDQN } from "./categoricalDoubleDQN.ts";
import { type CategoricalDQNOptions, categoricalDQNHyperparameters } from "./categoricalDQN.ts";
import { type HyperparameterValues, hp } from "./hyperparameters.ts";
import { noisyDQNHyperparameters } from "./noisyDQN.ts";
import type { NetworkParts } from "./qAgent.ts";

const { startEpsilon, endEpsilon, decaySteps, ...shared } = categoricalDQNHyperparameters;
const table = "Hessel et al. 2018, Table 1";

export const rainbowHyperparameters = {
  ...shared,
  nStep: hp.integer(3, shared.nStep.meaning, table),
  sampling: hp.choice(["uniform", "prioritized"], "prioritized", shared.sampling.meaning, table),
  priorityExponent: hp(0.5, shared.priorityExponent.meaning, table, { min: 0 }),
  sigma: noisyDQNHyperparameters.sigma,
} as const;

export type RainbowHyperparameters = HyperparameterValues<typeof rainbowHyperparameters>;

export class Rainbow extends CategoricalDoubleDQN {
  override readonly name: string = "Rainbow";
  declare readonly hyperparameters: Readonly<RainbowHyperparameters & CategoricalDoubleDQN["hyperparameters"]>;

  constructor(options: CategoricalDQNOptions & Partial<RainbowHyperparameters>) {
    super(options, rainbowHyperparameters);
  }

  protected override makeNetwork(parts: NetworkParts): DistributionalDuelingQFunction {
    const { obsSize, actions, random, noise } = parts;
    const { sigma } = this.hyperparameters;
    return new DistributionalDuelingQFunction(obsSize, actions, this.hyperparameters, {
      ...this.layers,
      random,
      noise: { random: noise, sigma },
    });
  }

  protected override makeExplorer(): Explorer {
    return new Greedy();
  }
}

export const rainbowSpec: AgentSpec = {
  id: "rainbow",
  name: "Rainbow",
  paper: "Hessel et al. 2018, Rainbow: combining improvements in deep reinforcement learning",
  actionSpaces: ["Discrete"],
  recurrent: true,
  async: "learner",
  hyperparameters: rainbowHyperparameters,
  create: ({ hyperparameters, ...parts }) => new Rainbow({ ...parts, ...hyperparameters }),
};
