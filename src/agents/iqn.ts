/**
 * IQN. Dabney, Ostrovski, Silver, Munos 2018, "Implicit quantile networks for distributional reinforcement learning".
 *
 * Differences from the paper:
 * 1. Those of DQN.
 * 2. In evaluation the K thresholds are (i + ½) / K instead of drawn, so that greedy actions are a function of the weights.
 */
import { broadcastTo, noBackprop, reshape, sum, type Variable } from "../autograd/index.ts";
import { type ImplicitQuantiles, type QuantileActionValue, QuantileQFunction } from "../nets/index.ts";
import { bootstrapTarget, quantileHuberLoss } from "../returns/index.ts";
import type { AgentSpec } from "./agent.ts";
import { DQN } from "./dqn.ts";
import { type DQNOptions, dqnHyperparameters } from "./dqnHyperparameters.ts";
import { type HyperparameterValues, hp } from "./hyperparameters.ts";
import type { NetworkParts } from "./qAgent.ts";

const { clipDelta, ...shared } = dqnHyperparameters;
const iqn = "Dabney et al. 2018, section 4";

export const iqnHyperparameters = {
  ...shared,
  samples: hp.integer(64, "thresholds drawn for the quantiles that learn, N", iqn),
  targetSamples: hp.integer(64, "thresholds drawn for the quantiles they learn from, N′", iqn),
  policySamples: hp.integer(32, "thresholds drawn to choose an action, K", iqn),
  basis: hp.integer(64, "cosines that embed a threshold, n", iqn),
  kappa: hp(1, "where the Huber loss turns straight, κ", iqn, { min: 1e-6 }),
} as const;

export type IQNHyperparameters = HyperparameterValues<typeof iqnHyperparameters>;
export type IQNOptions = DQNOptions<QuantileActionValue, number, IQNHyperparameters>;

export class IQN extends DQN<QuantileActionValue> {
  override readonly name: string = "IQN";
  declare readonly hyperparameters: Readonly<IQNHyperparameters & DQN["hyperparameters"]>;
  declare readonly qFunction: QuantileQFunction;
  declare readonly targetQ: QuantileQFunction;

  constructor(options: IQNOptions) {
    super(options, iqnHyperparameters);
  }

  protected override makeNetwork({ obsSize, actions, random, noise }: NetworkParts): QuantileQFunction {
    const { basis, policySamples } = this.hyperparameters;
    const options = { ...this.layers, basis, policySamples, random, thresholds: noise };
    return new QuantileQFunction(obsSize, actions, options);
  }

  /** (batch): a* = argmax_a (1/K) Σₖ Z_τₖ(x′, a), equation 2; `next` is what the target network makes of x′. */
  protected nextActions(next: ImplicitQuantiles): Variable {
    const tau = this.targetQ.drawThresholds(this.batch.reward.size, this.hyperparameters.policySamples);
    return this.allowed(next.at(tau), this.batch.nextMask).greedyActions;
  }

  /** (batch, N′): r + γ Z_τ′(x′, a*), what quantiles are to be: the target's part of equation 3. */
  readonly #targetQuantiles = (): Variable => {
    const { nextObs, reward, discount } = this.batch;
    const { targetSamples, rewardScale } = this.hyperparameters;
    const batch = reward.size;
    const next = this.over(this.targetQ, nextObs, () => this.targetQ.observed(nextObs));
    const quantiles = next.at(this.targetQ.drawThresholds(batch, targetSamples)).quantilesOf(this.nextActions(next));
    return bootstrapTarget(reshape(reward, [batch, 1]), reshape(discount, [batch, 1]), quantiles, rewardScale);
  };

  /** (batch): Σᵢ (1/N′) Σⱼ ρ_τᵢ(δᵢⱼ), equation 3. */
  protected override losses(): Variable {
    const { obs, action, reward } = this.batch;
    const { samples, targetSamples, kappa } = this.hyperparameters;
    const batch = reward.size;
    const targets = noBackprop(this.#targetQuantiles); // (batch, N′)
    const tau = this.qFunction.drawThresholds(batch, samples); // (batch, N)
    const seen = this.over(this.qFunction, obs, () => this.qFunction.observed(obs));
    const quantiles = seen.at(tau).quantilesOf(action); // (batch, N)
    const all = broadcastTo(reshape(targets, [batch, 1, targetSamples]), [batch, samples, targetSamples]);
    const losses = sum(quantileHuberLoss(all, quantiles, tau, kappa), 1); // (batch)
    this.noteValues(quantiles);
    if (this.replay.isPrioritized) this.noteSurprise(losses);
    return losses;
  }
}

export const iqnSpec: AgentSpec = {
  id: "iqn",
  name: "IQN",
  paper: "Dabney et al. 2018, Implicit quantile networks for distributional reinforcement learning",
  actionSpaces: ["Discrete"],
  recurrent: true,
  async: "learner",
  hyperparameters: iqnHyperparameters,
  create: ({ hyperparameters, ...parts }) => new IQN({ ...parts, ...hyperparameters }),
};
