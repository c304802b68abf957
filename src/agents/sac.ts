/**
 * SAC, soft actor–critic. Haarnoja, Zhou, Hartikainen, Tucker, Ha, Tan, Kumar, Zhu, Gupta, Abbeel, Levine 2018, "Soft
 * actor-critic algorithms and applications".
 *
 * Differences from the paper:
 * 1. Smaller networks, minibatches and replay buffer.
 * 2. The temperature is learned through its logarithm, as in the authors' program.
 */
import {
  Adam,
  exp,
  Link,
  mean,
  mul,
  noBackprop,
  type Optimizer,
  Parameter,
  square,
  sum,
  type Variable,
} from "../autograd/index.ts";
import { mlpPolicy, type SquashedGaussian, SquashedGaussianHead, type TwinQ } from "../nets/index.ts";
import type { AgentSpec } from "./agent.ts";
import { layersOf, prepare } from "./agentSetup.ts";
import { requireFeedForward } from "./hiddenState.ts";
import { type HyperparameterValues, hp, searchRanges } from "./hyperparameters.ts";
import {
  makeTwinQ,
  ReplayAgent,
  type ReplayAgentParts,
  replayAgentPartNames,
  replayHyperparameters,
  withTarget,
} from "./replayAgent.ts";

const paper = "Haarnoja et al. 2018, appendix D";

export const sacHyperparameters = {
  ...replayHyperparameters,
  learningRate: hp(1e-3, "Adam's step size for policy, q-functions and temperature", "Kusari; the paper's is 3e-4", {
    min: 0,
    search: searchRanges.stepSize,
  }),
  tau: hp(0.005, "share of the q-functions in a target update", paper, { min: 0, max: 1, search: searchRanges.share }),
  initialTemperature: hp(1, "weight of the entropy at first, α", "PFRL SoftActorCritic", { min: 1e-6 }),
  learnsTemperature: hp.boolean(true, "follow entropyTarget with the temperature", "Haarnoja et al. 2018, section 5"),
  entropyTarget: hp.optional(
    null,
    "entropy that the temperature is to keep, for actions in (−1, 1); none: −1 a component",
    paper,
  ),
} as const;

export type SACHyperparameters = HyperparameterValues<typeof sacHyperparameters>;

/** A policy of squashed Gaussian actions. */
export type SquashedPolicy = Link & { forward(obs: Variable): SquashedGaussian };

export interface SACParts extends ReplayAgentParts {
  readonly policy?: SquashedPolicy;
  readonly qFunctions?: TwinQ;
  /** Built like `qFunctions`, which have to come with it. */
  readonly targetQs?: TwinQ;
  readonly actorOptimizer?: Optimizer;
  readonly criticOptimizer?: Optimizer;
  readonly temperatureOptimizer?: Optimizer;
}
export type SACOptions = SACParts & Partial<SACHyperparameters>;

const partNames = [
  ...replayAgentPartNames,
  "qFunctions",
  "targetQs",
  "actorOptimizer",
  "criticOptimizer",
  "temperatureOptimizer",
];

/** ln α. */
class Temperature extends Link {
  /** () */
  readonly lnAlpha: Parameter;

  constructor(alpha: number) {
    super();
    this.lnAlpha = new Parameter([], "lnAlpha");
    this.lnAlpha.assign([Math.log(alpha)]);
  }
}

export class SAC extends ReplayAgent {
  readonly name = "SAC";
  readonly hyperparameters: Readonly<SACHyperparameters>;
  declare readonly policy: SquashedPolicy;
  readonly qFunctions: TwinQ;
  readonly targetQs: TwinQ;
  readonly temperature: Temperature;
  readonly actorOptimizer: Optimizer;
  readonly criticOptimizer: Optimizer;
  readonly temperatureOptimizer: Optimizer;
  /** H̄, of the actions as they are. */
  readonly #entropyTarget: number;

  constructor(options: SACOptions) {
    const setup = prepare("SAC", sacHyperparameters, options, partNames, ["Box"]);
    const { hyperparameters: h, obsSize, actionSize } = setup;
    const bounds = setup.bounds!;
    const makePolicy = (): SquashedPolicy => {
      const layers = layersOf(setup, "policy");
      const head = { random: layers.random, bounds };
      return mlpPolicy(obsSize, layers, (inSize) => new SquashedGaussianHead(inSize, actionSize, head));
    };
    super("SAC", setup, options, options.policy ?? makePolicy(), makePolicy);
    this.hyperparameters = h;
    const qNames = ["qFunctions", "targetQs"] as const;
    [this.qFunctions, this.targetQs] = withTarget("SAC", qNames, options.qFunctions, options.targetQs, () =>
      makeTwinQ(setup),
    );
    requireFeedForward("SAC", this.policy, this.qFunctions);
    this.temperature = new Temperature(h.initialTemperature);
    const adam = () => new Adam({ alpha: h.learningRate });
    this.actorOptimizer = (options.actorOptimizer ?? adam()).setup(this.policy);
    this.criticOptimizer = (options.criticOptimizer ?? adam()).setup(this.qFunctions);
    this.temperatureOptimizer = (options.temperatureOptimizer ?? adam()).setup(this.temperature);
    const lnVolume = Array.from(bounds.low, (low, i) => Math.log((bounds.high[i]! - low) / 2));
    this.#entropyTarget = (h.entropyTarget ?? -actionSize) + lnVolume.reduce((total, x) => total + x, 0);
    this.declareAverages("averageQ1", "averageQ2", "averageLoss", "averageActorLoss", "averageEntropy", "temperature");
  }

  /** The gradient steps of algorithm 1. */
  protected criticValue(obs: Variable, action: Variable): Variable {
    return this.qFunctions.smaller(obs, action);
  }

  protected learnFromBatch(): void {
    const { obs, action, nextObs } = this.batch;
    const alpha = noBackprop(() => exp(this.temperature.lnAlpha)); // ()
    // Q̂ = r + γ (min_i Q_θ̄i(s′, a′) − α log π_φ(a′ | s′)), equations 3 and 5
    const y = noBackprop(() => {
      const next = this.policy.forward(nextObs).sampleWithLogProb(this.learning);
      return this.target(this.targetQs.smaller(nextObs, next.action).sub(mul(next.logProb, alpha)));
    }); // (batch)
    const [q1, q2] = this.qFunctions.forward(obs, action); // (batch) each
    const loss = mean(square(q1.sub(y)))
      .add(mean(square(q2.sub(y))))
      .mul(0.5); // (): J_Q(θ_i), equation 5
    this.qFunctions.clearGrads();
    loss.backward();
    this.criticOptimizer.update();
    const logProb = this.#learnPolicy(obs, alpha); // (batch)
    if (this.hyperparameters.learnsTemperature) this.#learnTemperature(logProb);
    this.note("averageQ1", q1, 1 / this.hyperparameters.rewardScale);
    this.note("averageQ2", q2, 1 / this.hyperparameters.rewardScale);
    this.note("averageLoss", loss);
    this.note("averageEntropy", logProb, -1);
    this.note("temperature", alpha);
    this.requireFinite(loss);
  }

  /** J_π(φ) = E[α log π_φ(f_φ(ε; s) | s) − Q_θ(s, f_φ(ε; s))], equation 9. @returns log π (batch) as a constant */
  #learnPolicy(obs: Variable, alpha: Variable): Variable {
    const { action, logProb } = this.policy.forward(obs).sampleWithLogProb(this.learning);
    // q (batch) and −∇_a Q_θ / N (batch, actions)
    const { q, gradient } = this.critique(action, (a) => this.qFunctions.smaller(obs, a));
    // the gradient of the second part reaches the policy through the action
    const loss = mul(mean(logProb), alpha).add(sum(mul(action, gradient))); // ()
    this.policy.clearGrads();
    loss.backward();
    this.actorOptimizer.update();
    this.note("averageActorLoss", q, -1);
    return logProb.detach();
  }

  /** J(α) = E[−α (log π(a | s) + H̄)], equation 18 */
  #learnTemperature(logProb: Variable): void {
    const excess = noBackprop(() => mean(logProb).add(this.#entropyTarget)); // ()
    const loss = mul(exp(this.temperature.lnAlpha), excess).neg(); // ()
    this.temperature.clearGrads();
    loss.backward();
    this.temperatureOptimizer.update();
  }

  /** θ̄_i ← τ θ_i + (1 − τ) θ̄_i */
  protected followTargets(): void {
    this.targetQs.softCopyParametersFrom(this.qFunctions, this.hyperparameters.tau);
  }

  protected models(): Record<string, Link> {
    const { policy, qFunctions, targetQs, temperature } = this;
    return { policy, qFunctions, targetQs, temperature };
  }

  protected optimizers(): Record<string, Optimizer> {
    const { actorOptimizer, criticOptimizer, temperatureOptimizer } = this;
    return { actorOptimizer, criticOptimizer, temperatureOptimizer };
  }
}

export const sacSpec: AgentSpec = {
  id: "sac",
  name: "SAC",
  paper: "Haarnoja et al. 2018, Soft actor-critic algorithms and applications",
  actionSpaces: ["Box"],
  recurrent: false,
  async: "learner",
  hyperparameters: sacHyperparameters,
  create: ({ hyperparameters, ...parts }) => new SAC({ ...parts, ...hyperparameters }),
};
