/**
 * DQN. Mnih, Kavukcuoglu, Silver et al. 2015, "Human-level control through deep reinforcement learning".
 *
 * Differences from the paper:
 * 1. Adam instead of RMSprop, and a small perceptron for vector observations: pass `qFunction` and `optimizer` for others.
 * 2. Defaults of replayStartSize, targetUpdateInterval and ε are those of ChainerRL's classic-control example, since
 *    the paper's (50,000; 10,000; 0.1 after a million frames) suit Atari alone.
 * 3. Where a GPU learns, a copy of the network acts on the cpu, with parameters at most 16 steps old (or updateInterval,
 *    where that is more).
 * 4. The error may be squared instead of clipped (`clipDelta` off), the target network follow by Polyak averaging
 *    (`targetUpdateMethod` soft), returns span several steps (`nStep`), and several updates follow one another.
 */
import {
  Adam,
  GradientClipping,
  huberLoss,
  mean,
  noBackprop,
  type Optimizer,
  persistent,
  scope,
  square,
  sum,
  type Variable,
} from "../autograd/index.ts";
import { deviceTurn, onHost, syncDevice } from "../device.ts";
import { UsageError } from "../errors.ts";
import { type Explorer, LinearDecayEpsilonGreedy } from "../explorers/index.ts";
import { actionValueOf, activationNames, type DiscreteActionValue, Mlp, type QNetwork } from "../nets/index.ts";
import { Random } from "../random.ts";
import { ReplayBuffer } from "../replay/index.ts";
import { bootstrapTarget } from "../returns/index.ts";
import type { State } from "../state.ts";
import { ActingNetwork } from "./actingNetwork.ts";
import type { Agent, AgentSpec, BoxSpace, DiscreteSpace, ModelPlace, Observation, ObservationSpace } from "./agent.ts";
import { type HyperparameterValues, hp, resolveHyperparameters } from "./hyperparameters.ts";
import { readModels, writeModels } from "./modelFiles.ts";
import { RunningAverage } from "./runningAverage.ts";
import { Staging } from "./staging.ts";

const nature = "Mnih et al. 2015, Extended Data Table 1";
const example = "ChainerRL examples/gym/train_dqn_gym.py";

export const dqnHyperparameters = {
  gamma: hp(0.99, "discount per environment step", nature, { min: 0, max: 1 }),
  learningRate: hp(1e-3, "Adam's step size", "Kingma & Ba 2015", { min: 0 }),
  adamEps: hp(1e-8, "added to Adam's root of second moments", "Kingma & Ba 2015", { min: 0 }),
  hiddenSizes: hp.integers([64, 64], "units of the hidden layers", "OpenAI Baselines' MLP"),
  activation: hp.choice(activationNames, "relu", "activation of the hidden layers", nature),
  replayCapacity: hp.integer(100_000, "transitions the replay buffer keeps", "a tenth of the paper's, for vectors"),
  replayStartSize: hp.integer(1_000, "transitions before the first update; actions are random until then", example),
  minibatchSize: hp.integer(32, "transitions a gradient step learns from", nature),
  updateInterval: hp.integer(1, "environment steps between times of updating", example),
  updatesPerInterval: hp.integer(1, "gradient steps each time", "ChainerRL n_times_update"),
  targetUpdateInterval: hp.integer(100, "gradient steps between updates of the target network", example),
  targetUpdateMethod: hp.choice(["hard", "soft"], "hard", "copy the target network, or blend it by tau", nature),
  tau: hp(0.01, "share of the online network in a soft target update", "ChainerRL soft_update_tau", { min: 0, max: 1 }),
  clipDelta: hp.boolean(true, "clip the error's derivative to ±1 (Huber loss)", nature),
  batchAccumulator: hp.choice(["mean", "sum"], "mean", "how errors of a minibatch make a loss", "ChainerRL"),
  maxGradNorm: hp.optional(null, "largest norm of the gradient over all parameters", "Wang et al. 2016 clip at 10", {
    min: 0,
  }),
  rewardScale: hp(1, "multiplies rewards while learning", "Kusari"),
  nStep: hp.integer(1, "environment steps a return spans before it bootstraps", "Sutton & Barto 2018, section 7.1"),
  startEpsilon: hp(1, "rate of random actions at first", nature, { min: 0, max: 1 }),
  endEpsilon: hp(0.1, "rate of random actions after the decay", nature, { min: 0, max: 1 }),
  decaySteps: hp.integer(10_000, "environment steps, from replayStartSize on, in which ε decays linearly", example),
} as const;

export type DQNHyperparameters = HyperparameterValues<typeof dqnHyperparameters>;

export interface DQNParts {
  readonly observationSpace: ObservationSpace;
  readonly actionSpace: DiscreteSpace | BoxSpace;
  /** Streams of initial weights, replay and exploration branch off this one; seed 0 unless given. */
  readonly random?: Random;
  /** Q(s, ·; θ); an MLP of `hiddenSizes` unless given. */
  readonly qFunction?: QNetwork;
  /** θ⁻: a second network built like `qFunction`, which has to come with it. */
  readonly targetQ?: QNetwork;
  /** A third one, built inside `onHost`: where a GPU learns, it acts on the cpu. */
  readonly actingQ?: QNetwork;
  readonly optimizer?: Optimizer;
  readonly replay?: ReplayBuffer;
  readonly explorer?: Explorer;
  /** Turns an observation into the network's input. */
  readonly phi?: (obs: Observation) => Observation;
  /** Shape of one observation behind `phi`. */
  readonly phiShape?: readonly number[];
}

export type DQNOptions = DQNParts & Partial<DQNHyperparameters>;

const partNames = new Set([
  "observationSpace",
  "actionSpace",
  "random",
  "qFunction",
  "targetQ",
  "actingQ",
  "optimizer",
  "replay",
  "explorer",
  "phi",
  "phiShape",
]);

/** Weight of the past in the running averages of q and loss. Source: ChainerRL's average_q_decay. */
const averageDecay = 0.999;

export class DQN implements Agent {
  readonly name: string = "DQN";
  readonly hyperparameters: Readonly<DQNHyperparameters>;
  readonly qFunction: QNetwork;
  readonly targetQ: QNetwork;
  readonly optimizer: Optimizer;
  readonly replay: ReplayBuffer;
  readonly explorer: Explorer;
  training = true;
  steps = 0;
  updates = 0;
  readonly #actions: number;
  /** The first action's number: values and the replay buffer count from 0. */
  readonly #firstAction: number;
  readonly #phi: ((obs: Observation) => Observation) | null;
  readonly #staging: Staging;
  /** (1, …obs): the observation to act on. */
  readonly #actObs: Variable;
  /** The observation that `act` was given; a random action never looks at it. */
  #input: Observation = [];
  /** (actions): the values that the last forward pass gave. */
  readonly #values: Float64Array;
  /** The observation and action that wait for their outcome. */
  readonly #lastObs: Float32Array;
  #lastAction = -1;
  readonly #acting: ActingNetwork<QNetwork>;
  readonly #averageQ: RunningAverage;
  readonly #averageLoss: RunningAverage;

  constructor(options: DQNOptions) {
    const { observationSpace, actionSpace, random = new Random(0), phi, phiShape } = options;
    const { qFunction, targetQ, actingQ } = options;
    const given = Object.fromEntries(Object.entries(options).filter(([name]) => !partNames.has(name)));
    const h = resolveHyperparameters("DQN", dqnHyperparameters, given as Partial<DQNHyperparameters>);
    this.hyperparameters = h;
    if (!observationSpace || !actionSpace) {
      throw new UsageError(
        `DQN: observationSpace and actionSpace must be given; got ${observationSpace ? "no actionSpace" : "no observationSpace"}. Pass those of the environment.`,
      );
    }
    if (!("n" in actionSpace)) {
      throw new UsageError(
        `DQN: the action space must be Discrete; got ${String(actionSpace)}. Use an agent for continuous actions.`,
      );
    }
    const obsShape = phiShape ?? ("n" in observationSpace ? null : observationSpace.shape);
    if (!obsShape) {
      throw new UsageError(
        `DQN: observations must be arrays of one shape; got ${String(observationSpace)}. Flatten or one-hot them in the environment, or pass phi and phiShape.`,
      );
    }
    if (h.minibatchSize > h.replayStartSize || h.replayStartSize > h.replayCapacity) {
      throw new UsageError(
        `DQN: minibatchSize ≤ replayStartSize ≤ replayCapacity must hold; got ${h.minibatchSize}, ${h.replayStartSize} and ${h.replayCapacity}. Raise the later ones.`,
      );
    }
    this.#actions = actionSpace.n;
    this.#firstAction = actionSpace.start ?? 0;
    this.#phi = phi ?? null;
    const obsSize = obsShape.reduce((product, n) => product * n, 1);
    const makeNetwork = () =>
      new Mlp(obsSize, actionSpace.n, {
        hiddenSizes: h.hiddenSizes,
        activation: h.activation,
        random: random.stream("weights"),
      });
    if (qFunction && !targetQ) {
      throw new UsageError(
        "DQN: a qFunction must come with a targetQ of the same structure; got qFunction alone. Build the network twice.",
      );
    }
    this.qFunction = qFunction ?? makeNetwork();
    this.targetQ = targetQ ?? makeNetwork();
    this.targetQ.copyParametersFrom(this.qFunction);
    const makeActing = actingQ ? () => actingQ : qFunction ? null : makeNetwork;
    this.#acting = new ActingNetwork(this.qFunction, makeActing, h.updateInterval);
    this.optimizer = options.optimizer ?? this.#defaultOptimizer(h);
    this.optimizer.setup(this.qFunction);
    this.replay =
      options.replay ??
      new ReplayBuffer({
        capacity: h.replayCapacity,
        obsShape,
        action: { dtype: "int32", shape: [] },
        gamma: h.gamma,
        nStep: h.nStep,
        random: random.stream("replay"),
      });
    this.explorer =
      options.explorer ??
      new LinearDecayEpsilonGreedy({
        startEpsilon: h.startEpsilon,
        endEpsilon: h.endEpsilon,
        decaySteps: h.decaySteps,
        startStep: h.replayStartSize,
        randomAction: (stream) => stream.integer(actionSpace.n),
        random: random.stream("explorer"),
      });
    this.#staging = new Staging(h.minibatchSize, obsShape, []);
    this.#actObs = onHost(() => persistent([1, ...obsShape]));
    this.#averageQ = new RunningAverage();
    this.#averageLoss = new RunningAverage();
    this.#values = new Float64Array(actionSpace.n);
    this.#lastObs = new Float32Array(obsSize);
  }

  #defaultOptimizer({ learningRate, adamEps, maxGradNorm }: DQNHyperparameters): Optimizer {
    const adam = new Adam({ alpha: learningRate, eps: adamEps });
    return maxGradNorm === null ? adam : adam.addHook(new GradientClipping(maxGradNorm));
  }

  /** The action values of observations (batch, …obs) by the online network. */
  protected online(obs: Variable): DiscreteActionValue {
    return actionValueOf(this.qFunction.forward(obs));
  }

  /** The action values of observations (batch, …obs) by the target network. */
  protected target(obs: Variable): DiscreteActionValue {
    return actionValueOf(this.targetQ.forward(obs));
  }

  /** (batch): the value of the next observations that the target bootstraps from, max_a Q(s′, a; θ⁻). */
  protected nextValue(nextObs: Variable): Variable {
    return this.target(nextObs).max;
  }

  get wantsTurn(): boolean {
    return this.#acting.isDue(this.steps);
  }

  async turn(): Promise<void> {
    await deviceTurn();
    await this.#acting.follow();
  }

  sync(): Promise<void> {
    return syncDevice();
  }

  /** One gradient step on a minibatch from the replay buffer: the inner loop of Algorithm 1. */
  update(): void {
    scope(this.#updateBody);
    this.updates++;
    this.#acting.noteUpdate();
    const { targetUpdateInterval, targetUpdateMethod, tau } = this.hyperparameters;
    if (this.updates % targetUpdateInterval === 0) {
      // every C steps reset Q̂ = Q
      if (targetUpdateMethod === "hard") this.targetQ.copyParametersFrom(this.qFunction);
      else this.targetQ.softCopyParametersFrom(this.qFunction, tau);
    }
  }

  readonly #updateBody = (): void => {
    const { clipDelta, batchAccumulator, minibatchSize, rewardScale } = this.hyperparameters;
    const batch = this.#staging;
    this.replay.sample(minibatchSize, batch.views()); // sample random minibatch of transitions
    batch.commit();
    const y = noBackprop(this.#targetBody); // (batch): r + γ max_a′ Q̂(φ′, a′; θ⁻), r where the episode terminates
    const q = this.online(batch.obs).evaluateActions(batch.action); // (batch): Q(φ, a; θ)
    const error = clipDelta ? huberLoss(q, y, 1) : square(q.sub(y)).mul(0.5); // (batch)
    const loss = batchAccumulator === "mean" ? mean(error) : sum(error); // ()
    this.qFunction.clearGrads();
    loss.backward();
    this.optimizer.update();
    this.#noteStatistics(q, loss, rewardScale);
  };

  readonly #targetBody = (): Variable => {
    const { reward, discount, nextObs } = this.#staging;
    return bootstrapTarget(reward, discount, this.nextValue(nextObs), this.hyperparameters.rewardScale);
  };

  #noteStatistics(q: Variable, loss: Variable, rewardScale: number): void {
    const rest = this.updates === 0 ? 1 : 1 - averageDecay;
    this.#averageQ.follow(q, rest, 1 / rewardScale);
    this.#averageLoss.follow(loss, rest, 1);
    // elsewhere the loop finds out at its next report
    if (this.#acting.isCopy) return;
    const lossNow = loss.item();
    if (!Number.isFinite(lossNow)) {
      throw new UsageError(
        `${this.name}.update: the loss must be finite; got ${lossNow} at update ${this.updates + 1} (step ${this.steps}). Lower learningRate, or look at the environment's rewards and observations.`,
      );
    }
  }

  act(obs: Observation): number {
    const input = this.#phi ? this.#phi(obs) : obs;
    if (input.length !== this.#lastObs.length) {
      throw new UsageError(
        `${this.name}.act: the observation must have ${this.#lastObs.length} numbers; got ${input.length}. Check env.observationSpace.shape.`,
      );
    }
    this.#input = input;
    if (!this.training) return this.#firstAction + this.#greedyAction();
    const action = this.explorer.selectAction(this.steps, this.#greedyAction, this.#actionValues);
    let zero = 0; // NaN as soon as one number is not finite
    for (let i = 0; i < this.#lastObs.length; i++) {
      this.#lastObs[i] = input[i]!;
      zero += 0 * input[i]!;
    }
    if (zero !== 0) {
      throw new UsageError(
        `${this.name}.act: the observation must be finite numbers; got [${Array.from(input).slice(0, 8).join(", ")}]. Look at the environment at step ${this.steps}.`,
      );
    }
    this.#lastAction = action;
    return this.#firstAction + action;
  }

  readonly #actForward = (): void => {
    this.#actObs.write(this.#input);
    const { qValues } = actionValueOf(this.#acting.network.forward(this.#actObs));
    for (let a = 0; a < this.#actions; a++) this.#values[a] = qValues.at(a);
  };
  readonly #forwardBody = (): void => noBackprop(this.#actForward);

  readonly #runForward = (): void => scope(this.#forwardBody);

  /** (actions): the values of the observation to act on. */
  readonly #actionValues = (): ArrayLike<number> => {
    onHost(this.#runForward);
    return this.#values;
  };

  readonly #greedyAction = (): number => {
    const values = this.#actionValues();
    let best = 0;
    for (let a = 1; a < this.#actions; a++) if (values[a]! > values[best]!) best = a;
    return best;
  };

  observe(nextObs: Observation, reward: number, terminated: boolean, truncated: boolean): void {
    if (!this.training) return;
    if (this.#lastAction < 0) {
      throw new UsageError(
        `${this.name}.observe: an action must come before its outcome; got a reward of ${reward} without act(). Call act(obs) first.`,
      );
    }
    const h = this.hyperparameters;
    const next = this.#phi ? this.#phi(nextObs) : nextObs;
    this.replay.append(this.#lastObs, this.#lastAction, reward, next, terminated, truncated);
    this.#lastAction = -1;
    this.steps++;
    if (this.replay.size < h.replayStartSize || this.steps % h.updateInterval !== 0) return;
    for (let i = 0; i < h.updatesPerInterval; i++) this.update();
  }

  evalMode<T>(body: () => T): T {
    const before = this.training;
    this.training = false;
    try {
      return body();
    } finally {
      this.training = before;
    }
  }

  actAndTrain(obs: Observation, reward: number): number {
    if (this.#lastAction >= 0) this.observe(obs, reward, false, false);
    return this.act(obs);
  }

  stopEpisodeAndTrain(obs: Observation, reward: number, terminated: boolean): void {
    this.observe(obs, reward, terminated, !terminated);
  }

  stopEpisode(): void {
    this.#lastAction = -1;
    this.replay.stopEpisode();
  }

  statistics(): Record<string, number> {
    return {
      averageQ: this.#averageQ.value,
      averageLoss: this.#averageLoss.value,
      updates: this.updates,
      ...this.explorer.statistics(),
    };
  }

  saveState(): State {
    return {
      name: this.name,
      steps: this.steps,
      updates: this.updates,
      averageQ: this.#averageQ.value,
      averageLoss: this.#averageLoss.value,
      lastObs: this.#lastObs.slice(),
      lastAction: this.#lastAction,
      qFunction: this.qFunction.saveState(),
      targetQ: this.targetQ.saveState(),
      actingQ: this.#acting.saveState(),
      optimizer: this.optimizer.saveState(),
      replay: this.replay.saveState(),
      explorer: this.explorer.saveState(),
    } as State;
  }

  loadState(state: State): void {
    const saved = state as {
      name: string;
      steps: number;
      updates: number;
      averageQ: number;
      averageLoss: number;
      lastObs: Float32Array;
      lastAction: number;
    } & Record<"qFunction" | "targetQ" | "actingQ" | "optimizer" | "replay" | "explorer", State>;
    if (saved.name !== this.name) {
      throw new UsageError(`load: the saved state must be of ${this.name}; got ${saved.name}. Build that agent.`);
    }
    this.qFunction.loadState(saved.qFunction);
    this.targetQ.loadState(saved.targetQ);
    this.#acting.loadState(saved.actingQ, saved.qFunction);
    this.optimizer.loadState(saved.optimizer);
    this.replay.loadState(saved.replay);
    this.explorer.loadState(saved.explorer);
    this.steps = saved.steps;
    this.updates = saved.updates;
    this.#averageQ.value = saved.averageQ;
    this.#averageLoss.value = saved.averageLoss;
    this.#lastObs.set(saved.lastObs);
    this.#lastAction = saved.lastAction;
  }

  async save(place: ModelPlace): Promise<void> {
    await this.sync();
    await writeModels(place, this.name, { model: this.qFunction, target: this.targetQ }, this.optimizer);
  }

  async load(place: ModelPlace): Promise<void> {
    await readModels(place, this.name, { model: this.qFunction, target: this.targetQ }, this.optimizer);
    await this.#acting.follow();
  }
}

export const dqnSpec: AgentSpec = {
  id: "dqn",
  name: "DQN",
  paper: "Mnih et al. 2015, Human-level control through deep reinforcement learning",
  actionSpaces: ["Discrete"],
  recurrent: false,
  async: false,
  hyperparameters: dqnHyperparameters,
  create: ({ hyperparameters, ...parts }) => new DQN({ ...parts, ...hyperparameters }),
};
