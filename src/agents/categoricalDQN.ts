/**
 * Categorical DQN, C51. Bellemare, Dabney, Munos 2017, "A distributional perspective on reinforcement learning".
 *
 * Differences from the paper:
 * 1. Those of DQN.
 * 2. A transition's priority, where sampling is prioritized, is its cross-entropy (as in Rainbow; the paper draws uniformly).
 */
import { logSoftmax, noBackprop, type Variable } from "../autograd/index.ts";
import { type DistributionalActionValue, DistributionalQFunction, type QNetwork } from "../nets/index.ts";
import { categoricalProjection, crossEntropy } from "../returns/index.ts";
import type { AgentSpec } from "./agent.ts";
import { DQN } from "./dqn.ts";
import { type DQNOptions, dqnHyperparameters } from "./dqnHyperparameters.ts";
import { type HyperparameterSchema, type HyperparameterValues, hp } from "./hyperparameters.ts";
import type { NetworkParts } from "./qAgent.ts";

const { clipDelta, ...shared } = dqnHyperparameters;
const c51 = "Bellemare et al. 2017, section 5";

export const categoricalDQNHyperparameters = {
  ...shared,
  atoms: hp.integer(51, "values that a return's distribution stands on", c51, { min: 2 }),
  vMin: hp(-10, "the lowest of them", c51),
  vMax: hp(10, "the highest of them", c51),
} as const;

export type CategoricalDQNHyperparameters = HyperparameterValues<typeof categoricalDQNHyperparameters>;
export type CategoricalDQNOptions = DQNOptions<DistributionalActionValue, number, CategoricalDQNHyperparameters>;

export class CategoricalDQN extends DQN<DistributionalActionValue> {
  override readonly name: string = "CategoricalDQN";
  declare readonly hyperparameters: Readonly<CategoricalDQNHyperparameters & DQN["hyperparameters"]>;

  constructor(options: CategoricalDQNOptions, declared: HyperparameterSchema = categoricalDQNHyperparameters) {
    super(options, declared);
  }

  protected override makeNetwork({ obsSize, actions, random }: NetworkParts): QNetwork<DistributionalActionValue> {
    return new DistributionalQFunction(obsSize, actions, this.hyperparameters, { ...this.layers, random });
  }

  /** (batch, atoms): p(x′, a*), a* = argmax_a Σᵢ zᵢ pᵢ(x′, a). */
  protected nextDistribution(): Variable {
    const next = this.nextTarget();
    return next.distributionsOf(next.greedyActions);
  }

  readonly #targetDistribution = (): Variable => {
    const { reward, discount } = this.batch;
    return categoricalProjection(this.nextDistribution(), reward, discount, this.hyperparameters); // Algorithm 1: m
  };

  /** (batch): −Σᵢ mᵢ ln pᵢ(x, a), the last line of Algorithm 1. */
  protected override losses(): Variable {
    const { obs, action } = this.batch;
    const m = noBackprop(this.#targetDistribution); // (batch, atoms)
    const value = this.online(obs);
    const logits = value.logitsOf(action); // (batch, atoms)
    const losses = crossEntropy(logSoftmax(logits), m); // (batch)
    this.noteValues(noBackprop(() => value.expectation(logits)));
    if (this.replay.isPrioritized) this.noteSurprise(losses);
    return losses;
  }
}

export const categoricalDQNSpec: AgentSpec = {
  id: "c51",
  name: "CategoricalDQN",
  paper: "Bellemare, Dabney, Munos 2017, A distributional perspective on reinforcement learning",
  actionSpaces: ["Discrete"],
  recurrent: true,
  async: "learner",
  hyperparameters: categoricalDQNHyperparameters,
  create: ({ hyperparameters, ...parts }) => new CategoricalDQN({ ...parts, ...hyperparameters }),
};
