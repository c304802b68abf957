/** What agents that act by a policy and learn from their own recent steps share: A2C, A3C, PPO, TRPO, REINFORCE. */
import { type Link, type Optimizer, RandomStream, type Variable } from "../autograd/index.ts";
import {
  ActorCritic,
  activationNames,
  Categorical,
  type ConvolutionName,
  type Covariance,
  covarianceNames,
  type Distribution,
  GaussianHead,
  HiddenLayers,
  MellowmaxHead,
  MlpValueFunction,
  mlpPolicy,
  type PolicyHead,
  type RecurrentName,
  SeparateActorCritic,
  SharedActorCritic,
  SoftmaxHead,
  smallWeights,
  ValueHead,
} from "../nets/index.ts";
import type { Random } from "../random.ts";
import { ActingNetwork } from "./actingNetwork.ts";
import { ActorAgent, type Saved } from "./actorAgent.ts";
import type { ActionExplanation, GreedyForward, Observation } from "./agent.ts";
import { type AgentParts, layersOf, prepare, type Setup } from "./agentSetup.ts";
import { stateSize } from "./hiddenState.ts";
import { type HyperparameterSchema, hp } from "./hyperparameters.ts";
import { convolutionsHyperparameter, recurrentHyperparameter } from "./networkSettings.ts";
import { Rollout } from "./rollout.ts";

/** Hyperparameters of the networks that these agents make for themselves. */
export const policyHyperparameters = {
  hiddenSizes: hp.integers([64, 64], "units of the hidden layers", "OpenAI Baselines' MLP"),
  activation: hp.choice(activationNames, "tanh", "activation of the hidden layers", "OpenAI Baselines' MLP"),
  convolutions: convolutionsHyperparameter,
  recurrent: recurrentHyperparameter,
  discretePolicy: hp.choice(["softmax", "mellowmax"], "softmax", "policy over discrete actions", "Mnih et al. 2016"),
  covariance: hp.choice(
    covarianceNames,
    "independent",
    "what the variance of continuous actions depends on: the observation, learned numbers, or nothing",
    "Schulman et al. 2017, section 6.1",
  ),
  initialVariance: hp(1, "variance of continuous actions at first", "Schulman et al. 2017's program", { min: 1e-6 }),
} as const;

interface PolicySettings {
  readonly hiddenSizes: readonly number[];
  readonly activation: (typeof activationNames)[number];
  readonly convolutions: ConvolutionName;
  readonly recurrent?: RecurrentName;
  readonly discretePolicy: "softmax" | "mellowmax";
  readonly covariance: Covariance;
  readonly initialVariance: number;
  /** Whether the mean of continuous actions stays within their bounds; not unless given. */
  readonly boundsMean?: boolean;
}

/** The head for an action space. */
export function makePolicyHead(
  inSize: number,
  { actions, actionSize, bounds }: Pick<Setup<object>, "actions" | "actionSize" | "bounds">,
  {
    discretePolicy,
    covariance,
    initialVariance,
    boundsMean = false,
  }: Omit<PolicySettings, "hiddenSizes" | "activation" | "convolutions" | "recurrent">,
  random: Random,
): PolicyHead {
  const options = { random, initialW: smallWeights() };
  if (actions === null) {
    const within = boundsMean ? bounds! : undefined;
    return new GaussianHead(inSize, actionSize, { ...options, covariance, variance: initialVariance, bounds: within });
  }
  return discretePolicy === "softmax"
    ? new SoftmaxHead(inSize, actions, options)
    : new MellowmaxHead(inSize, actions, options);
}

/** Policy and value function as perceptrons, on one trunk or two. */
export function makeActorCritic(setup: Setup<PolicySettings>, isShared: boolean): ActorCritic {
  const { hyperparameters: h, obsSize } = setup;
  const mlp = layersOf(setup, "weights");
  const { random } = mlp;
  const makeHead = (inSize: number) => makePolicyHead(inSize, setup, h, random);
  if (isShared) {
    const trunk = new HiddenLayers(obsSize, mlp);
    return new SharedActorCritic(trunk, makeHead(trunk.outSize), new ValueHead(trunk.outSize, { random }));
  }
  return new SeparateActorCritic(mlpPolicy(obsSize, mlp, makeHead), new MlpValueFunction(obsSize, mlp));
}

export interface PolicyAgentParts<Model> extends AgentParts {
  /** What learns; perceptrons unless given. */
  readonly model?: Model;
  /** A second one, built inside `onHost`: where a GPU learns, it acts on the cpu. */
  readonly actingModel?: Model;
  readonly optimizer?: Optimizer;
}
const partNames = ["model", "actingModel", "optimizer"];

/**
 * What is made of an agent's options, see `prepare`.
 * @param others names of options that are no hyperparameters, besides those of PolicyAgentParts
 */
export const preparePolicy = <S extends HyperparameterSchema>(
  name: string,
  schema: S,
  options: AgentParts,
  others: readonly string[] = [],
  kinds: readonly ("Discrete" | "Box")[] = ["Discrete", "Box"],
) => prepare(name, schema, options, [...partNames, ...others], kinds);

/** What people see of the choice between actions in one observation. */
function choiceOf(policy: Distribution): Pick<ActionExplanation, "kind" | "numbers"> {
  const numbersOf = (x: Variable) => Array.from({ length: x.size }, (_, i) => x.at(i));
  return policy instanceof Categorical
    ? { kind: "probabilities", numbers: numbersOf(policy.probs) }
    : { kind: "action", numbers: numbersOf(policy.mode) };
}

export abstract class PolicyAgent<Model extends Link> extends ActorAgent {
  readonly model: Model;
  readonly optimizer: Optimizer;
  protected readonly acting: ActingNetwork<Model>;
  /** One for each environment. */
  protected readonly rollouts: Rollout[];
  protected readonly makeRollout: () => Rollout;
  /** `[]` for discrete actions, `[actions]` for continuous ones. */
  protected readonly actionShape: readonly number[];
  /** Numbers that the network remembers; 0 where it is not recurrent. */
  protected readonly stateSize: number;
  /** Where an agent wants them: the statistics of the distribution that lastAction was drawn from. */
  protected readonly behaviour: Float32Array;
  /** What the last greedy action of a recurrent network went by. */
  #greedyChoice: Pick<ActionExplanation, "kind" | "numbers"> | null = null;
  readonly #sampling: RandomStream;
  readonly #gamma: number;
  readonly #rewardScale: number;

  protected constructor(
    setup: Setup<{ gamma: number; rewardScale: number }>,
    parts: PolicyAgentParts<Model>,
    make: () => Model,
    makeOptimizer: () => Optimizer,
    rolloutRows: number,
    behaviourSize = 0,
  ) {
    super(setup, parts);
    const { obsShape, actions, actionSize, random } = setup;
    const { model, actingModel, optimizer } = parts;
    this.model = model ?? make();
    this.acting = new ActingNetwork(
      this.model,
      actingModel ? () => actingModel : model ? null : make,
      null,
      "actingModel",
    );
    this.optimizer = optimizer ?? makeOptimizer();
    this.optimizer.setup(this.optimized);
    this.actionShape = actions === null ? [actionSize] : [];
    this.stateSize = stateSize(this.acting.network);
    this.makeRollout = () => new Rollout(obsShape, this.actionShape, rolloutRows, behaviourSize, this.stateSize);
    this.rollouts = [this.makeRollout()];
    this.behaviour = new Float32Array(behaviourSize);
    this.#sampling = new RandomStream(random.stream("sampling"));
    this.#gamma = setup.hyperparameters.gamma;
    this.#rewardScale = setup.hyperparameters.rewardScale;
  }

  /** What the optimizer is in charge of. */
  protected get optimized(): Link {
    return this.model;
  }

  /** Whether to update after the step just taken; `isOver`: it ended its episode. */
  protected abstract isDue(rollout: Rollout, isOver: boolean): boolean;
  /** Learns from the rollouts, whose stretches all have their ends. */
  abstract update(): void;

  /** The distribution over actions in observations (batch, …obs). */
  protected abstract policyOf(model: Model, obs: Variable): Distribution;

  protected decide(obs: Variable): Variable {
    const policy = this.policyOf(this.acting.network, obs);
    if (!this.training) {
      if (this.hidden !== null) this.#greedyChoice = choiceOf(policy);
      return policy.mode;
    }
    if (this.behaviour.length > 0) this.#noteBehaviour(policy);
    return policy.sample(this.#sampling);
  }

  /** (n) or (n, actions): the same for observations (n, …obs), by the network that learns, on its device. */
  protected decideMany(obs: Variable): Variable {
    const policy = this.policyOf(this.model, obs);
    return this.training ? policy.sample(this.#sampling) : policy.mode;
  }

  protected greedyOutputs(obs: Variable): ReturnType<GreedyForward["forward"]> {
    const policy = this.policyOf(this.acting.network, obs);
    const action = policy.mode;
    return policy instanceof Categorical ? { action, logits: policy.logits } : { action, mean: action };
  }

  protected override explained(obs: Variable): ActionExplanation {
    const { network } = this.acting;
    // what a recurrent network remembered is gone once it has acted
    if (this.#greedyChoice !== null) return { ...this.#greedyChoice, value: null };
    const value = network instanceof ActorCritic ? network.forward(obs).value.at(0) / this.#rewardScale : null;
    return { ...choiceOf(this.policyOf(network, obs)), value };
  }

  #noteBehaviour(policy: Distribution): void {
    let at = 0;
    for (const statistic of policy.statistics) {
      for (let i = 0; i < statistic.size; i++) this.behaviour[at++] = statistic.at(i);
    }
  }

  protected learn(nextObs: Observation, reward: number, terminated: boolean, truncated: boolean): void {
    const rollout = this.rollouts[0]!;
    const isOver = terminated || truncated;
    this.appendTo(rollout, this.lastObs, this.lastAction, reward, terminated, this.hidden?.before);
    const isDue = this.isDue(rollout, isOver);
    if (isOver || isDue) rollout.end(nextObs);
    if (isDue) this.learnFromRollouts();
  }

  /** A step from an observation as the network saw it; `state`: what a recurrent one remembered before it. */
  protected appendTo(
    rollout: Rollout,
    obs: Float32Array,
    action: Float32Array,
    reward: number,
    terminated: boolean,
    state: Float32Array | undefined,
  ): void {
    const discount = terminated ? 0 : this.#gamma;
    rollout.append(obs, action, this.#rewardScale * reward, discount, this.behaviour, state);
  }

  protected learnFromRollouts(): void {
    this.update();
    for (const used of this.rollouts) used.clear();
    this.acting.noteUpdate();
  }

  protected forgetEpisode(): void {
    for (const rollout of this.rollouts) rollout.dropOpen();
  }

  protected models(): Record<string, Link> {
    return { model: this.model };
  }

  protected optimizers(): Record<string, Optimizer> {
    return { optimizer: this.optimizer };
  }

  protected saved(): Record<string, Saved> {
    const rollouts = this.rollouts.map((rollout, i) => [`rollout${i}`, rollout] as const);
    const behaviour = {
      saveState: () => this.behaviour.slice(),
      loadState: (state: Float32Array) => this.behaviour.set(state),
    };
    return { sampling: this.#sampling, behaviour, ...Object.fromEntries(rollouts) };
  }
}
