/**
 * DDPG, deep deterministic policy gradient. Lillicrap, Hunt, Pritzel, Heess, Erez, Tassa, Silver, Wierstra 2016,
 * "Continuous control with deep reinforcement learning".
 *
 * Differences from the paper:
 * 1. Smaller networks and a smaller replay buffer; no weight decay of the critic; batch normalisation where the networks
 *    given have it.
 * 2. Actions are drawn uniformly from the action space until learning begins, where it is bounded.
 * 3. The noise goes on through the ends of episodes, and its size is a share of the action space's width.
 * 4. The target networks may be copied now and then (`targetUpdateMethod` hard) instead of following.
 * 5. The last layers begin uniform in ±3·10⁻³, biases at zero.
 */
import {
  Adam,
  type Link,
  mean,
  noBackprop,
  type Optimizer,
  square,
  uniform,
  type Variable,
} from "../autograd/index.ts";
import { AdditiveGaussian, AdditiveOrnsteinUhlenbeck, type Explorer } from "../explorers/index.ts";
import {
  DeterministicHead,
  type Distribution,
  LateActionQ,
  MlpStateActionQ,
  mlpPolicy,
  type Policy,
  type StateActionQ,
} from "../nets/index.ts";
import type { AgentSpec } from "./agent.ts";
import { layersOf, prepare, type Setup } from "./agentSetup.ts";
import { type HyperparameterSchema, type HyperparameterValues, hp, searchRanges } from "./hyperparameters.ts";
import {
  ReplayAgent,
  type ReplayAgentParts,
  recurrentReplayHyperparameters,
  replayAgentPartNames,
  replayHyperparameters,
  requireMemoryToFill,
  withTarget,
} from "./replayAgent.ts";
import { withClipping } from "./withClipping.ts";

const paper = "Lillicrap et al. 2016, section 7";

/** What DDPG and SVG(0) have in common. */
export const actorAndCriticHyperparameters = {
  ...replayHyperparameters,
  ...recurrentReplayHyperparameters,
  actorLearningRate: hp(1e-3, "Adam's step size for the policy", "Kusari, for small networks; the paper's is 1e-4", {
    min: 0,
    search: searchRanges.stepSize,
  }),
  criticLearningRate: hp(1e-3, "Adam's step size for the q-function", paper, { min: 0, search: searchRanges.stepSize }),
  targetUpdateMethod: hp.choice(["hard", "soft"], "soft", "copy the target networks, or blend them by tau", paper),
  targetUpdateInterval: hp.integer(1, "gradient steps between updates of the target networks", paper),
  tau: hp(0.005, "share of the networks that learn in a soft target update", "Fujimoto et al. 2018", {
    min: 0,
    max: 1,
    search: searchRanges.share,
  }),
  maxGradNorm: hp.optional(null, "largest norm of each network's gradient", "the paper has none", { min: 0 }),
} as const;

export const ddpgHyperparameters = {
  ...actorAndCriticHyperparameters,
  explorer: hp.choice(["ornsteinUhlenbeck", "gaussian"], "ornsteinUhlenbeck", "noise added to actions", paper),
  noiseScale: hp(0.1, "the noise's standard deviation a step, as a share of the action space's width", paper, {
    min: 0,
  }),
  noiseTheta: hp(0.15, "how much of the way back to 0 Ornstein–Uhlenbeck noise takes a step", paper, {
    min: 0,
    max: 1,
  }),
} as const;

export type DDPGHyperparameters = HyperparameterValues<typeof ddpgHyperparameters>;
type Settings = HyperparameterValues<typeof actorAndCriticHyperparameters>;

export interface DDPGParts extends ReplayAgentParts {
  /** A second network built like `policy`, which has to come with it. */
  readonly targetPolicy?: Policy;
  readonly qFunction?: StateActionQ;
  /** A second network built like `qFunction`, which has to come with it. */
  readonly targetQ?: StateActionQ;
  readonly actorOptimizer?: Optimizer;
  readonly criticOptimizer?: Optimizer;
}
/** An explorer of the program's own takes the place of the named one. */
export type DDPGOptions = Omit<DDPGParts, "explorer"> &
  Partial<Omit<DDPGHyperparameters, "explorer">> & {
    readonly explorer?: DDPGHyperparameters["explorer"] | Explorer<Float32Array>;
  };

const partNames = [
  ...replayAgentPartNames.filter((part) => part !== "explorer"),
  "targetPolicy",
  "qFunction",
  "targetQ",
  "actorOptimizer",
  "criticOptimizer",
];

/** Weights of last layers at first. */
export const finalWeights = uniform(3e-3);

/** What a subclass changes of DDPG's networks and noise. */
export interface DDPGVariant {
  readonly name: string;
  readonly schema: HyperparameterSchema;
  makePolicy(setup: Setup<Settings>): Policy;
  makeExplorer(setup: Setup<Settings>): Explorer<Float32Array> | undefined;
}

const plain: DDPGVariant = {
  name: "DDPG",
  schema: ddpgHyperparameters,
  makePolicy: (setup) => {
    const { obsSize, actionSize, bounds } = setup;
    const mlp = layersOf(setup, "policy");
    return mlpPolicy(
      obsSize,
      mlp,
      (inSize) =>
        new DeterministicHead(inSize, actionSize, { random: mlp.random, initialW: finalWeights, bounds: bounds! }),
    );
  },
  makeExplorer: ({ hyperparameters, bounds, random }) => {
    const { explorer, noiseScale, noiseTheta } = hyperparameters as DDPGHyperparameters;
    const { low, high } = bounds!;
    const scale = Array.from(low, (x, i) => noiseScale * (high[i]! - x));
    const stream = random.stream("explorer");
    return explorer === "gaussian"
      ? new AdditiveGaussian({ scale, random: stream })
      : new AdditiveOrnsteinUhlenbeck({ sigma: scale, theta: noiseTheta, random: stream });
  },
};

export class DDPG extends ReplayAgent {
  readonly name: string;
  readonly hyperparameters: Readonly<Settings>;
  readonly targetPolicy: Policy;
  readonly qFunction: StateActionQ;
  readonly targetQ: StateActionQ;
  readonly actorOptimizer: Optimizer;
  readonly criticOptimizer: Optimizer;

  constructor(options: DDPGOptions, variant: DDPGVariant = plain) {
    const own = typeof options.explorer === "object" ? options.explorer : undefined;
    const { explorer: _, ...others } = options;
    const parts: DDPGParts = own ? { ...others, explorer: own } : others;
    const { name } = variant;
    const given = own ? others : options;
    const setup = prepare(name, variant.schema, given as DDPGParts, partNames, [
      "Box",
    ]) as Setup<never> as Setup<Settings>;
    const { hyperparameters: h, obsSize, actionSize } = setup;
    const makePolicy = () => variant.makePolicy(setup);
    const makeQ = (): StateActionQ => {
      const mlp = { ...layersOf(setup, "qFunction"), finalW: finalWeights };
      return h.hiddenSizes.length > 1 || h.recurrent !== "none"
        ? new LateActionQ(obsSize, actionSize, mlp)
        : new MlpStateActionQ(obsSize, actionSize, mlp);
    };
    const policies = withTarget(name, ["policy", "targetPolicy"], parts.policy, parts.targetPolicy, makePolicy);
    const explorer = own ?? variant.makeExplorer(setup);
    super(name, setup, explorer ? { ...parts, explorer } : parts, policies[0], makePolicy);
    this.name = name;
    this.hyperparameters = h;
    this.targetPolicy = policies[1];
    const qNames = ["qFunction", "targetQ"] as const;
    [this.qFunction, this.targetQ] = withTarget(name, qNames, parts.qFunction, parts.targetQ, makeQ);
    requireMemoryToFill(name, this.policy, this.qFunction);
    const adam = (alpha: number) => withClipping(new Adam({ alpha }), h.maxGradNorm);
    this.actorOptimizer = (parts.actorOptimizer ?? adam(h.actorLearningRate)).setup(this.policy);
    this.criticOptimizer = (parts.criticOptimizer ?? adam(h.criticLearningRate)).setup(this.qFunction);
    this.declareAverages("averageQ", "averageLoss", "averageActorLoss");
  }

  /** (batch, actions): the policy's actions, which gradients flow through. */
  protected actionOf(policy: Distribution): Variable {
    return policy.mode;
  }

  /** The inner loop of algorithm 1. */
  protected criticValue(obs: Variable, action: Variable): Variable {
    return this.qFunction.forward(obs, action);
  }

  protected learnFromBatch(): void {
    const { obs, action, nextObs } = this.batch;
    // y_i = r_i + γ Q′(s_(i+1), μ′(s_(i+1) | θ^μ′) | θ^Q′)
    const y = noBackprop(() => {
      const { targetPolicy, targetQ } = this;
      const nextPolicy = this.over(targetPolicy, nextObs, () => targetPolicy.forward(nextObs));
      const nextAction = this.actionOf(nextPolicy); // (batch, actions)
      return this.target(this.over(targetQ, nextObs, () => targetQ.forward(nextObs, nextAction))); // (batch)
    });
    const q = this.values(obs, action); // (batch)
    const loss = mean(this.counted(square(y.sub(q)))); // (): L = Σ (y_i − Q(s_i, a_i | θ^Q))² / N
    this.qFunction.clearGrads();
    loss.backward();
    this.criticOptimizer.update();
    this.note(
      "averageQ",
      noBackprop(() => this.counted(q)),
      1 / this.hyperparameters.rewardScale,
    );
    this.note("averageLoss", loss);
    this.learnPolicy(obs);
    this.requireFinite(loss);
  }

  /** ∇_θμ J ≈ Σ ∇_a Q(s, a | θ^Q) ∇_θμ μ(s | θ^μ) / N, equation 6 */
  protected learnPolicy(obs: Variable): void {
    const policy = this.over(this.policy, obs, () => this.policy.forward(obs));
    const action = this.actionOf(policy); // (batch, actions)
    // q (batch) and −∇_a Q / N (batch, actions)
    const { q, gradient } = this.critique(action, (a) => this.values(obs, a));
    this.policy.clearGrads();
    this.backwardPolicy(policy, action, gradient);
    this.actorOptimizer.update();
    this.note(
      "averageActorLoss",
      noBackprop(() => this.counted(q)),
      -1,
    );
  }

  /** (batch): Q(s, a | θ^Q) in observations of the minibatch. */
  protected values(obs: Variable, action: Variable): Variable {
    return this.over(this.qFunction, obs, () => this.qFunction.forward(obs, action));
  }

  /** Leaves gradients in the policy; `gradient` (batch, actions) is that of the loss with respect to its action. */
  protected backwardPolicy(_policy: Distribution, action: Variable, gradient: Variable): void {
    action.backward(gradient);
  }

  /** θ^Q′ ← τ θ^Q + (1 − τ) θ^Q′, θ^μ′ ← τ θ^μ + (1 − τ) θ^μ′ */
  protected followTargets(): void {
    const { targetUpdateMethod, targetUpdateInterval, tau } = this.hyperparameters;
    if (this.updates % targetUpdateInterval !== 0) return;
    if (targetUpdateMethod === "hard") {
      this.targetQ.copyParametersFrom(this.qFunction);
      this.targetPolicy.copyParametersFrom(this.policy);
    } else {
      this.targetQ.softCopyParametersFrom(this.qFunction, tau);
      this.targetPolicy.softCopyParametersFrom(this.policy, tau);
    }
  }

  protected models(): Record<string, Link> {
    const { policy, targetPolicy, qFunction, targetQ } = this;
    return { policy, targetPolicy, qFunction, targetQ };
  }

  protected optimizers(): Record<string, Optimizer> {
    const { actorOptimizer, criticOptimizer } = this;
    return { actorOptimizer, criticOptimizer };
  }
}

export const ddpgSpec: AgentSpec = {
  id: "ddpg",
  name: "DDPG",
  paper: "Lillicrap et al. 2016, Continuous control with deep reinforcement learning",
  actionSpaces: ["Box"],
  recurrent: true,
  async: "learner",
  hyperparameters: ddpgHyperparameters,
  create: ({ hyperparameters, ...parts }) => new DDPG({ ...parts, ...hyperparameters }),
};
