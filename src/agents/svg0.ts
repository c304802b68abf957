/**
 * SVG(0), stochastic value gradients with a model-free q-function. Heess, Wayne, Silver, Lillicrap, Erez, Tassa 2015,
 * "Learning continuous control policies by stochastic value gradients".
 *
 * Differences from the paper:
 * 1. Target networks follow both networks by Polyak averaging, as in DDPG.
 * 2. The noise of the reparametrised policy is drawn anew for each gradient, not inferred from the action taken.
 * 3. Actions are clipped into the action space, in learning as in acting.
 * 4. Entropy may be rewarded (`beta`, as ChainerRL's PGT); 5. the other differences of DDPG, but for its noise.
 */
import { mean, mul, sum, type Variable } from "../autograd/index.ts";
import { Bounds, covarianceNames, type Distribution, GaussianHead, mlpPolicy } from "../nets/index.ts";
import type { AgentSpec, BoxSpace } from "./agent.ts";
import { layersOf } from "./agentSetup.ts";
import { actorAndCriticHyperparameters, DDPG, type DDPGParts, type DDPGVariant, finalWeights } from "./ddpg.ts";
import { type HyperparameterSchema, type HyperparameterValues, hp } from "./hyperparameters.ts";

export const svg0Hyperparameters = {
  ...actorAndCriticHyperparameters,
  beta: hp(0, "weight of the policy's entropy", "Heess et al. 2015 have none", { min: 0 }),
  covariance: hp.choice(
    covarianceNames,
    "dependent",
    "what the variance of actions depends on: the observation, learned numbers, or nothing",
    "Heess et al. 2015, section 4.2",
  ),
  initialVariance: hp(0.3, "variance of actions at first", "Kusari", { min: 1e-6 }),
  minVariance: hp(1e-3, "added to variances that are learned", "Kusari", { min: 0 }),
} as const;

export type SVG0Hyperparameters = HyperparameterValues<typeof svg0Hyperparameters>;
export type SVG0Options = Omit<DDPGParts, "explorer"> & Partial<SVG0Hyperparameters>;

/** DDPG with a Gaussian policy, whose own variance explores. */
const withGaussian = (name: string, schema: HyperparameterSchema): DDPGVariant => ({
  name,
  schema,
  makePolicy: (setup) => {
    const { obsSize, actionSize, bounds } = setup;
    const { covariance, initialVariance, minVariance } = setup.hyperparameters as SVG0Hyperparameters;
    const mlp = layersOf(setup, "policy");
    const head = { random: mlp.random, initialW: finalWeights, bounds: bounds! };
    return mlpPolicy(
      obsSize,
      mlp,
      (inSize) => new GaussianHead(inSize, actionSize, { ...head, covariance, variance: initialVariance, minVariance }),
    );
  },
  makeExplorer: () => undefined,
});

export class SVG0 extends DDPG {
  declare readonly hyperparameters: Readonly<SVG0Hyperparameters>;

  protected readonly bounds: Bounds;

  constructor(options: SVG0Options, name = "SVG0", schema: HyperparameterSchema = svg0Hyperparameters) {
    super(options, withGaussian(name, schema));
    this.bounds = new Bounds(options.actionSpace as BoxSpace);
  }

  /** a = π(s, η; θ), η ∼ ρ(η): section 4, reparametrisation. */
  protected override actionOf(policy: Distribution): Variable {
    return this.bounds.clip(policy.sample(this.learning));
  }

  /** ∇_θ J = E[Q_a π_θ], equation 9 with the q-function in the place of the model, and β ∇_θ H. */
  protected override backwardPolicy(policy: Distribution, action: Variable, gradient: Variable): void {
    const { beta } = this.hyperparameters;
    if (beta === 0) action.backward(gradient);
    else
      sum(mul(action, gradient))
        .sub(mean(this.counted(policy.entropy)).mul(beta))
        .backward();
  }
}

export const svg0Spec: AgentSpec = {
  id: "svg0",
  name: "SVG0",
  paper: "Heess et al. 2015, Learning continuous control policies by stochastic value gradients",
  actionSpaces: ["Box"],
  recurrent: true,
  async: "learner",
  hyperparameters: svg0Hyperparameters,
  create: ({ hyperparameters, ...parts }) => new SVG0({ ...parts, ...hyperparameters }),
};
