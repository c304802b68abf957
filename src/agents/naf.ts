/**
 * NAF. Gu, Lillicrap, Sutskever, Levine 2016, "Continuous deep Q-learning with model-based acceleration".
 *
 * Differences from the paper:
 * 1. Those of DQN: one update a step, errors clipped. There is no model and no batch normalisation.
 * 2. μ is bounded by tanh, so that the best action is one that can be taken (as in ChainerRL's quadratic q-functions).
 * 3. Noise is an Ornstein–Uhlenbeck process on the action; actions are clipped to their bounds.
 */

import type { Variable } from "../autograd/index.ts";
import { UsageError } from "../errors.ts";
import { AdditiveOrnsteinUhlenbeck, type Explorer } from "../explorers/index.ts";
import { type QuadraticActionValue, QuadraticQFunction } from "../nets/index.ts";
import type { Random } from "../random.ts";
import { type Acting, type ActingParts, ContinuousActing } from "./acting.ts";
import type { AgentSpec, BoxSpace, DiscreteSpace, GreedyForward } from "./agent.ts";
import { DQN } from "./dqn.ts";
import { type DQNOptions, dqnHyperparameters } from "./dqnHyperparameters.ts";
import { type HyperparameterValues, hp } from "./hyperparameters.ts";
import type { NetworkParts } from "./qAgent.ts";

const { startEpsilon, endEpsilon, decaySteps, ...shared } = dqnHyperparameters;
const ddpg = "Lillicrap et al. 2016, section 7";

export const nafHyperparameters = {
  ...shared,
  targetUpdateMethod: hp.choice(
    ["hard", "soft"],
    "soft",
    shared.targetUpdateMethod.meaning,
    "Gu et al. 2016, Algorithm 1",
  ),
  targetUpdateInterval: hp.integer(1, shared.targetUpdateInterval.meaning, "Gu et al. 2016, Algorithm 1"),
  noiseSigma: hp(0.2, "deviation of each step's new noise, as a share of half the action's range", ddpg, { min: 0 }),
  noiseTheta: hp(0.15, "the share of the way back to 0 that noise takes each step", ddpg, { min: 0, max: 1 }),
} as const;

export type NAFHyperparameters = HyperparameterValues<typeof nafHyperparameters>;
export type NAFOptions = DQNOptions<QuadraticActionValue, Float32Array, NAFHyperparameters>;

export class NAF extends DQN<QuadraticActionValue, Float32Array> {
  override readonly name: string = "NAF";
  declare readonly hyperparameters: Readonly<NAFHyperparameters & DQN["hyperparameters"]>;

  constructor(options: NAFOptions) {
    super(options, nafHyperparameters);
  }

  protected override actionShape(where: string, actionSpace: DiscreteSpace | BoxSpace): readonly number[] {
    if (!("n" in actionSpace) && actionSpace.shape.length === 1) return actionSpace.shape;
    throw new UsageError(
      `${where}: the action space must be a Box of one axis; got ${String(actionSpace)}. Use an agent for discrete actions.`,
    );
  }

  /** Q(x, u) = V(x) − ½ (u − μ(x))ᵀ P(x) (u − μ(x)), equations 7 and 8. */
  protected override makeNetwork({ obsSize, actionSpace, random }: NetworkParts): QuadraticQFunction {
    return new QuadraticQFunction(obsSize, actionSpace as BoxSpace, { ...this.layers, random });
  }

  protected override makeExplorer(
    _randomAction: (random: Random) => Float32Array,
    random: Random,
    actionSpace: DiscreteSpace | BoxSpace,
  ): Explorer<Float32Array> {
    const { low, high } = actionSpace as BoxSpace;
    const { noiseSigma, noiseTheta: theta } = this.hyperparameters;
    const sigma = Array.from(low, (l, i) => (noiseSigma * (high[i]! - l)) / 2);
    return new AdditiveOrnsteinUhlenbeck({ theta, sigma, random });
  }

  protected override makeActing(
    parts: ActingParts<Float32Array>,
    actionSpace: DiscreteSpace | BoxSpace,
  ): Acting<Float32Array> {
    return new ContinuousActing(parts, actionSpace as BoxSpace);
  }

  protected override actingOutput(value: QuadraticActionValue): Variable {
    return value.mean;
  }

  protected override greedyOutputs(mean: Variable): ReturnType<GreedyForward["forward"]> {
    return { action: mean, mean };
  }
}

export const nafSpec: AgentSpec = {
  id: "naf",
  name: "NAF",
  paper: "Gu et al. 2016, Continuous deep Q-learning with model-based acceleration",
  actionSpaces: ["Box"],
  recurrent: true,
  async: "learner",
  hyperparameters: nafHyperparameters,
  create: ({ hyperparameters, ...parts }) => new NAF({ ...parts, ...hyperparameters }),
};
