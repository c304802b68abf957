/**
 * TD3, twin delayed deep deterministic policy gradient. Fujimoto, van Hoof, Meger 2018, "Addressing function
 * approximation error in actor-critic methods".
 *
 * Differences from the paper:
 * 1. Smaller networks and a smaller replay buffer.
 * 2. Both noises are shares of the action space's half width, which the paper's environments have as 1.
 */
import {
  Adam,
  defineOp,
  type Link,
  mean,
  noBackprop,
  type Optimizer,
  randomNormal,
  square,
  type Variable,
} from "../autograd/index.ts";
import { AdditiveGaussian } from "../explorers/index.ts";
import { Bounds, DeterministicHead, mlpPolicy, type Policy, type TwinQ } from "../nets/index.ts";
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

const paper = "Fujimoto et al. 2018, appendix C";

export const td3Hyperparameters = {
  ...replayHyperparameters,
  minibatchSize: hp.integer(100, "transitions a gradient step learns from", paper, {
    min: 1,
    search: searchRanges.minibatch,
  }),
  actorLearningRate: hp(1e-3, "Adam's step size for the policy", paper, { min: 0, search: searchRanges.stepSize }),
  criticLearningRate: hp(1e-3, "Adam's step size for the q-functions", paper, {
    min: 0,
    search: searchRanges.stepSize,
  }),
  tau: hp(0.005, "share of the networks that learn in a target update", paper, {
    min: 0,
    max: 1,
    search: searchRanges.share,
  }),
  policyDelay: hp.integer(2, "gradient steps of the q-functions for each of the policy, d", paper),
  explorationNoise: hp(0.1, "standard deviation of the noise on actions, in half widths of the action space", paper, {
    min: 0,
  }),
  targetNoise: hp(0.2, "standard deviation of the noise on target actions, in half widths, σ̃", paper, { min: 0 }),
  targetNoiseLimit: hp(0.5, "largest noise on target actions, in half widths, c", paper, { min: 0 }),
} as const;

export type TD3Hyperparameters = HyperparameterValues<typeof td3Hyperparameters>;

export interface TD3Parts extends ReplayAgentParts {
  /** A second network built like `policy`, which has to come with it. */
  readonly targetPolicy?: Policy;
  readonly qFunctions?: TwinQ;
  /** Built like `qFunctions`, which have to come with it. */
  readonly targetQs?: TwinQ;
  readonly actorOptimizer?: Optimizer;
  readonly criticOptimizer?: Optimizer;
}
export type TD3Options = TD3Parts & Partial<TD3Hyperparameters>;

const partNames = [
  ...replayAgentPartNames,
  "targetPolicy",
  "qFunctions",
  "targetQs",
  "actorOptimizer",
  "criticOptimizer",
];

/** a + halfWidth · clip(σ ε, −c, c) */
const smoothed = defineOp({
  name: "smoothed",
  inputs: ["action", "noise", "halfWidth"],
  scalars: ["deviation", "limit"],
  forward: ({ action, noise, halfWidth, deviation, limit }) =>
    action.add(halfWidth.mul(noise.mul(deviation).max(limit.neg()).min(limit))),
  sample: { action: [3, 2], noise: [3, 2], halfWidth: [2], deviation: 0.2, limit: 0.5 },
});

export class TD3 extends ReplayAgent {
  readonly name = "TD3";
  readonly hyperparameters: Readonly<TD3Hyperparameters>;
  readonly targetPolicy: Policy;
  readonly qFunctions: TwinQ;
  readonly targetQs: TwinQ;
  readonly actorOptimizer: Optimizer;
  readonly criticOptimizer: Optimizer;
  readonly #bounds: Bounds;

  constructor(options: TD3Options) {
    const setup = prepare("TD3", td3Hyperparameters, options, partNames, ["Box"]);
    const { hyperparameters: h, obsSize, actionSize, random } = setup;
    const bounds = setup.bounds!;
    const makePolicy = (): Policy => {
      const layers = layersOf(setup, "policy");
      const head = { random: layers.random, bounds };
      return mlpPolicy(obsSize, layers, (inSize) => new DeterministicHead(inSize, actionSize, head));
    };
    const policyNames = ["policy", "targetPolicy"] as const;
    const [policy, targetPolicy] = withTarget("TD3", policyNames, options.policy, options.targetPolicy, makePolicy);
    const scale = Array.from(bounds.low, (low, i) => (h.explorationNoise * (bounds.high[i]! - low)) / 2);
    const explorer = options.explorer ?? new AdditiveGaussian({ scale, random: random.stream("explorer") });
    super("TD3", setup, { ...options, explorer }, policy, makePolicy);
    this.hyperparameters = h;
    this.targetPolicy = targetPolicy;
    const qNames = ["qFunctions", "targetQs"] as const;
    [this.qFunctions, this.targetQs] = withTarget("TD3", qNames, options.qFunctions, options.targetQs, () =>
      makeTwinQ(setup),
    );
    requireFeedForward("TD3", this.policy, this.qFunctions);
    this.actorOptimizer = (options.actorOptimizer ?? new Adam({ alpha: h.actorLearningRate })).setup(this.policy);
    this.criticOptimizer = (options.criticOptimizer ?? new Adam({ alpha: h.criticLearningRate })).setup(
      this.qFunctions,
    );
    this.#bounds = new Bounds(bounds);
    this.declareAverages("averageQ1", "averageQ2", "averageLoss", "averageActorLoss");
  }

  /** The loop of algorithm 1, behind the acting. */
  protected criticValue(obs: Variable, action: Variable): Variable {
    return this.qFunctions.q1.forward(obs, action);
  }

  protected learnFromBatch(): void {
    const { obs, action } = this.batch;
    const y = noBackprop(() => this.#target()); // (batch)
    const [q1, q2] = this.qFunctions.forward(obs, action); // (batch) each
    const loss = mean(square(y.sub(q1))).add(mean(square(y.sub(q2)))); // θ_i ← argmin Σ (y − Q_θi(s, a))² / N
    this.qFunctions.clearGrads();
    loss.backward();
    this.criticOptimizer.update();
    this.note("averageQ1", q1, 1 / this.hyperparameters.rewardScale);
    this.note("averageQ2", q2, 1 / this.hyperparameters.rewardScale);
    this.note("averageLoss", loss);
    if (this.#isPolicyDue(this.updates + 1)) this.#learnPolicy(obs);
    this.requireFinite(loss);
  }

  /** (batch): y ← r + γ min_i Q_θ′i(s′, ã), ã ← π_φ′(s′) + ε, ε ∼ clip(N(0, σ̃), −c, c) */
  #target(): Variable {
    const { targetNoise, targetNoiseLimit } = this.hyperparameters;
    const { nextObs } = this.batch;
    const action = this.targetPolicy.forward(nextObs).mode; // (batch, actions)
    const noise = randomNormal(action.shape, this.learning); // (batch, actions)
    const smooth = smoothed(action, noise, this.#bounds.halfWidth, targetNoise, targetNoiseLimit);
    return this.target(this.targetQs.smaller(nextObs, this.#bounds.clip(smooth)));
  }

  /** if t mod d */
  #isPolicyDue(update: number): boolean {
    return update % this.hyperparameters.policyDelay === 0;
  }

  /** ∇_φ J(φ) = Σ ∇_a Q_θ1(s, a) ∇_φ π_φ(s) / N */
  #learnPolicy(obs: Variable): void {
    const action = this.policy.forward(obs).mode; // (batch, actions)
    // q (batch) and −∇_a Q_θ1 / N (batch, actions)
    const { q, gradient } = this.critique(action, (a) => this.qFunctions.q1.forward(obs, a));
    this.policy.clearGrads();
    action.backward(gradient);
    this.actorOptimizer.update();
    this.note("averageActorLoss", q, -1);
  }

  /** θ′_i ← τ θ_i + (1 − τ) θ′_i, φ′ ← τ φ + (1 − τ) φ′, as often as the policy learns */
  protected followTargets(): void {
    if (!this.#isPolicyDue(this.updates)) return;
    const { tau } = this.hyperparameters;
    this.targetQs.softCopyParametersFrom(this.qFunctions, tau);
    this.targetPolicy.softCopyParametersFrom(this.policy, tau);
  }

  protected models(): Record<string, Link> {
    const { policy, targetPolicy, qFunctions, targetQs } = this;
    return { policy, targetPolicy, qFunctions, targetQs };
  }

  protected optimizers(): Record<string, Optimizer> {
    const { actorOptimizer, criticOptimizer } = this;
    return { actorOptimizer, criticOptimizer };
  }
}

export const td3Spec: AgentSpec = {
  id: "td3",
  name: "TD3",
  paper: "Fujimoto et al. 2018, Addressing function approximation error in actor-critic methods",
  actionSpaces: ["Box"],
  recurrent: false,
  async: "learner",
  hyperparameters: td3Hyperparameters,
  create: ({ hyperparameters, ...parts }) => new TD3({ ...parts, ...hyperparameters }),
};
