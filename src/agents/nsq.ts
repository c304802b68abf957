/**
 * NSQ, asynchronous n-step Q-learning. Mnih, Puigdomènech Badia, Mirza, Graves, Harley, Lillicrap, Silver, Kavukcuoglu
 * 2016, "Asynchronous methods for deep reinforcement learning", algorithm S2.
 *
 * Differences from the paper:
 * 1. One actor unless train is told `actors`. Each update takes the shared parameters over, the last of them included.
 * 2. ε decays linearly to one value, not to one of three drawn at random for each actor.
 * 3. The target network is copied every `targetUpdateInterval` environment steps at the end of the rollout under way.
 * 4. A recurrent target network begins a rollout with what the network that acts remembered there.
 */
import {
  type Link,
  mul,
  noBackprop,
  type Optimizer,
  RMSpropAsync,
  scope,
  sum,
  type Variable,
} from "../autograd/index.ts";
import { type Explorer, LinearDecayEpsilonGreedy } from "../explorers/index.ts";
import { actionValueOf, activationNames, Mlp, type QNetwork } from "../nets/index.ts";
import { lambdaReturns } from "../returns/index.ts";
import { ActingNetwork } from "./actingNetwork.ts";
import { ActorAgent } from "./actorAgent.ts";
import type { ActionExplanation, AgentSpec, GreedyForward, Observation } from "./agent.ts";
import { type AgentParts, layersOf, prepare } from "./agentSetup.ts";
import { overStretches, stateSize } from "./hiddenState.ts";
import { type HyperparameterValues, hp, searchRanges } from "./hyperparameters.ts";
import { convolutionsHyperparameter, recurrentHyperparameter } from "./networkSettings.ts";
import { Rollout } from "./rollout.ts";
import { withClipping } from "./withClipping.ts";

const paper = "Mnih et al. 2016, section 8 of the supplement";
const chainer = "ChainerRL examples/ale/train_nsq_ale.py";

export const nsqHyperparameters = {
  gamma: hp(0.99, "discount per environment step", paper, { min: 0, max: 1, search: searchRanges.discount }),
  learningRate: hp(7e-4, "RMSprop's step size", chainer, { min: 0, search: searchRanges.stepSize }),
  rmspropDecay: hp(0.99, "weight of the past in RMSprop's mean of squared gradients", paper, { min: 0, max: 0.9999 }),
  rmspropEps: hp(1e-5, "added to RMSprop's mean of squared gradients, inside the root", "OpenAI Baselines' A2C"),
  tMax: hp.integer(5, "environment steps between updates, at most", paper),
  targetUpdateInterval: hp.integer(500, "environment steps between copies into the target network", "Kusari"),
  maxGradNorm: hp.optional(40, "largest norm of the gradient over all parameters", "Kusari, as for A3C", { min: 0 }),
  rewardScale: hp(1, "multiplies rewards while learning", "Kusari"),
  hiddenSizes: hp.integers([64, 64], "units of the hidden layers", "OpenAI Baselines' MLP"),
  activation: hp.choice(activationNames, "relu", "activation of the hidden layers", paper),
  convolutions: convolutionsHyperparameter,
  recurrent: recurrentHyperparameter,
  startEpsilon: hp(1, "rate of random actions at first", paper, { min: 0, max: 1 }),
  endEpsilon: hp(0.1, "rate of random actions after the decay", paper, { min: 0, max: 1 }),
  decaySteps: hp.integer(10_000, "environment steps in which ε decays linearly", "Kusari, for classic control"),
} as const;

export type NSQHyperparameters = HyperparameterValues<typeof nsqHyperparameters>;

export interface NSQParts extends AgentParts {
  /** Q(s, ·; θ); a perceptron unless given. */
  readonly qFunction?: QNetwork;
  /** θ⁻: a second network built like `qFunction`, which has to come with it. */
  readonly targetQ?: QNetwork;
  /** A third one, built inside `onHost`: where a GPU learns, it acts on the cpu. */
  readonly actingQ?: QNetwork;
  readonly optimizer?: Optimizer;
  readonly explorer?: Explorer;
}
export type NSQOptions = NSQParts & Partial<NSQHyperparameters>;

const partNames = ["qFunction", "targetQ", "actingQ", "optimizer", "explorer"];

export class NSQ extends ActorAgent {
  readonly name = "NSQ";
  readonly hyperparameters: Readonly<NSQHyperparameters>;
  readonly qFunction: QNetwork;
  readonly targetQ: QNetwork;
  readonly optimizer: Optimizer;
  readonly explorer: Explorer;
  protected readonly acting: ActingNetwork<QNetwork>;
  readonly #rollout: Rollout;
  /** (actions): the values that the last forward pass gave. */
  readonly #values: Float64Array;
  /** Whether there was a pass over the observation to act on: what a network remembers must not see it twice. */
  #isDecided = false;

  constructor(options: NSQOptions) {
    const setup = prepare("NSQ", nsqHyperparameters, options, partNames, ["Discrete"]);
    super(setup, options);
    const { hyperparameters: h, obsSize, obsShape, random } = setup;
    const actions = setup.actions!;
    const { qFunction, targetQ, actingQ } = options;
    this.hyperparameters = h;
    const make = (): QNetwork => new Mlp(obsSize, actions, layersOf(setup, "weights"));
    this.qFunction = qFunction ?? make();
    this.targetQ = targetQ ?? make();
    this.targetQ.copyParametersFrom(this.qFunction);
    this.acting = new ActingNetwork(this.qFunction, actingQ ? () => actingQ : qFunction ? null : make, null);
    const rmsprop = () => new RMSpropAsync({ lr: h.learningRate, alpha: h.rmspropDecay, eps: h.rmspropEps });
    this.optimizer = options.optimizer ?? withClipping(rmsprop(), h.maxGradNorm);
    this.optimizer.setup(this.qFunction);
    this.explorer =
      options.explorer ??
      new LinearDecayEpsilonGreedy({
        startEpsilon: h.startEpsilon,
        endEpsilon: h.endEpsilon,
        decaySteps: h.decaySteps,
        randomAction: (stream) => stream.integer(actions),
        random: random.stream("explorer"),
      });
    this.#rollout = new Rollout(obsShape, [], h.tMax + 1, 0, stateSize(this.acting.network));
    this.#values = new Float64Array(actions);
    this.declareAverages("averageQ", "averageLoss");
  }

  protected decide(obs: Variable): Variable {
    const values = actionValueOf(this.acting.network.forward(obs));
    for (let a = 0; a < this.#values.length; a++) this.#values[a] = values.qValues.at(a);
    return values.greedyActions;
  }

  protected greedyOutputs(obs: Variable): ReturnType<GreedyForward["forward"]> {
    const { greedyActions, qValues } = actionValueOf(this.acting.network.forward(obs));
    return { action: greedyActions, values: qValues };
  }

  protected override explained(): ActionExplanation {
    const numbers = Array.from(this.#values, (q) => q / this.hyperparameters.rewardScale);
    return { kind: "qValues", numbers, value: Math.max(...numbers) };
  }

  readonly #greedy = (): number => {
    this.#decideOnce();
    return this.lastAction[0]!;
  };
  readonly #actionValues = (): ArrayLike<number> => {
    this.#decideOnce();
    return this.#values;
  };

  #decideOnce(): void {
    if (!this.#isDecided) this.runDecide();
    this.#isDecided = true;
  }

  /** Take action a_t according to the ε-greedy policy based on Q(s_t, a; θ′). */
  protected override explore(): void {
    this.#isDecided = false;
    if (this.hidden !== null) this.#decideOnce(); // an action drawn at random needs no values, but what follows has to remember
    this.lastAction[0] = this.explorer.selectAction(this.steps, this.#greedy, this.#actionValues);
  }

  protected learn(nextObs: Observation, reward: number, terminated: boolean, truncated: boolean): void {
    const { gamma, rewardScale, tMax, targetUpdateInterval } = this.hyperparameters;
    const discount = terminated ? 0 : gamma;
    this.#rollout.append(this.lastObs, this.lastAction, rewardScale * reward, discount, [], this.hidden?.before);
    // until terminal s_t or t − t_start = t_max
    if (!terminated && !truncated && this.#rollout.steps < tMax) return;
    this.#rollout.end(nextObs);
    this.update();
    this.#rollout.clear();
    this.#followTarget();
    if (this.steps - this.targetsUpdatedAt < targetUpdateInterval) return;
    const { sharing, steps } = this;
    if (sharing !== null && !sharing.claimTargets(this.targetsUpdatedAt, steps)) return;
    this.targetQ.copyParametersFrom(this.qFunction); // θ⁻ ← θ
    this.targetsUpdatedAt = steps;
    sharing?.publishTargets(steps);
  }

  /** Takes over the target network that another actor has renewed. */
  #followTarget(): void {
    const { sharing } = this;
    if (sharing === null || sharing.targetsUpdatedAt === this.targetsUpdatedAt) return;
    this.targetsUpdatedAt = sharing.targetsUpdatedAt;
    sharing.pullTargets();
  }

  /** One pass of the outer loop of algorithm S2, behind the acting. */
  update(): void {
    scope(this.#computeGradients);
    this.optimize(this.optimizer); // perform asynchronous update of θ using dθ
    this.countUpdate();
    this.acting.noteUpdate();
  }

  readonly #computeGradients = (): void => {
    const batch = this.#rollout.load();
    // R = 0 for terminal s_t, max_a Q(s_t, a; θ⁻) otherwise; R ← r_i + γR
    const returns = noBackprop(() => {
      const next = overStretches(this.targetQ, batch, () => this.targetQ.forward(batch.obs));
      return lambdaReturns(batch, actionValueOf(next).max, 1);
    }); // (rows)
    const values = overStretches(this.qFunction, batch, () => this.qFunction.forward(batch.obs));
    const q = actionValueOf(values).evaluateActions(batch.action); // (rows)
    const error = mul(batch.isStep, returns.sub(q)); // (rows)
    const loss = sum(error.mul(error)); // ()
    this.qFunction.clearGrads();
    loss.backward(); // dθ ← dθ + ∂(R − Q(s_i, a_i; θ′))² / ∂θ′
    this.note("averageQ", q, 1 / this.hyperparameters.rewardScale);
    this.note("averageLoss", loss, 1 / batch.steps);
    this.requireFinite(loss);
  };

  protected forgetEpisode(): void {
    this.#rollout.dropOpen();
  }

  protected models(): Record<string, Link> {
    return { model: this.qFunction, target: this.targetQ };
  }

  protected optimizers(): Record<string, Optimizer> {
    return { optimizer: this.optimizer };
  }

  protected saved() {
    const targetUpdatedAt = {
      saveState: () => this.targetsUpdatedAt,
      loadState: (steps: number) => {
        this.targetsUpdatedAt = steps;
      },
    };
    return { rollout: this.#rollout, explorer: this.explorer, targetUpdatedAt };
  }

  override statistics(): Record<string, number> {
    return { ...super.statistics(), ...this.explorer.statistics() };
  }
}

export const nsqSpec: AgentSpec = {
  id: "nsq",
  name: "NSQ",
  paper: "Mnih et al. 2016, Asynchronous methods for deep reinforcement learning",
  actionSpaces: ["Discrete"],
  recurrent: true,
  async: "shared",
  hyperparameters: nsqHyperparameters,
  create: ({ hyperparameters, ...parts }) => new NSQ({ ...parts, ...hyperparameters }),
};
