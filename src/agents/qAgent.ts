/** What the agents of the DQN family share: networks, minibatches, learning from outcomes, and saving. */
import { Adam, argMax, expandDims, type Link, noBackprop, type Optimizer, type Variable } from "../autograd/index.ts";
import { deviceTurn, syncDevice } from "../device.ts";
import { UsageError } from "../errors.ts";
import { type Explorer, LinearDecayEpsilonGreedy } from "../explorers/index.ts";
import {
  type ActionValue,
  actionValueOf,
  type Convolutions,
  type DiscreteValues,
  Mlp,
  type QNetwork,
} from "../nets/index.ts";
import { Random } from "../random.ts";
import type { Replay, Transition, TransitionFormat } from "../replay/index.ts";
import type { State } from "../state.ts";
import { type Acting, type ActingParts, DiscreteActing, maskOf } from "./acting.ts";
import { ActingNetwork } from "./actingNetwork.ts";
import type {
  Action,
  ActionExplanation,
  BatchActions,
  BatchInfos,
  BatchTransitions,
  BoxSpace,
  DiscreteSpace,
  GreedyForward,
  LearnerAgent,
  ModelPlace,
  Observation,
  StepInfo,
} from "./agent.ts";
import { BaseAgent, requireExportable } from "./baseAgent.ts";
import { type DQNHyperparameters, type DQNOptions, dqnSettings, observationShape } from "./dqnHyperparameters.ts";
import { stateSize } from "./hiddenState.ts";
import type { HyperparameterSchema } from "./hyperparameters.ts";
import { readModels, writeModels } from "./modelFiles.ts";
import { convolutionsFor } from "./networkSettings.ts";
import { QActing } from "./qActing.ts";
import { framesOnDevice, replayFor } from "./qReplay.ts";
import { appendOfActor, splitReplay } from "./replayLanes.ts";
import { SequenceMinibatch } from "./sequenceMinibatch.ts";
import { Staging } from "./staging.ts";
import { UpdateStatistics } from "./updateStatistics.ts";
import { withClipping } from "./withClipping.ts";

/** What a q-function is made from. */
export interface NetworkParts {
  /** Numbers in an observation. */
  readonly obsSize: number;
  /** Actions of a discrete space, or numbers in a continuous action. */
  readonly actions: number;
  readonly actionSpace: DiscreteSpace | BoxSpace;
  /** The stream of initial weights, the same for every network of the agent. */
  readonly random: Random;
  /** A stream for what the network draws when it runs, another one for each. */
  readonly noise: Random;
}

/**
 * An agent with a q-function, a target network and a replay buffer: all that DQN and its variants have in common but what
 * an update learns.
 */
export abstract class QAgent<Value extends ActionValue, A extends Action> extends BaseAgent implements LearnerAgent {
  readonly hyperparameters: Readonly<DQNHyperparameters>;
  readonly qFunction: QNetwork<Value>;
  readonly targetQ: QNetwork<Value>;
  readonly optimizer: Optimizer;
  readonly replay: Replay;
  readonly transitionFormat: TransitionFormat;
  readonly #acting: QActing<A>;
  readonly #actingNetwork: ActingNetwork<QNetwork<Value>>;
  readonly #isRecurrent: boolean;
  readonly #makeBatch: (maskedActions: number) => Staging;
  /** Made with `batch`, where the network is recurrent. */
  #sequences: SequenceMinibatch | null = null;
  readonly #greedyForward: () => GreedyForward;
  readonly #actions: number;
  readonly #convolutions: Convolutions;
  readonly #statistics = new UpdateStatistics();
  /** (minibatch): what `noteSurprise` was told, where sampling is prioritized. */
  readonly #surprise: Float64Array;
  /** Made with the first update: until then the replay buffer may be split. */
  #batch: Staging | null = null;

  /** @param declared the hyperparameters there are */
  constructor(options: DQNOptions<Value, A>, declared: HyperparameterSchema) {
    super();
    const where = new.target.name;
    const { actionSpace, random = new Random(0), phi = null, qFunction, targetQ, actingQ, explorer } = options;
    const h = dqnSettings(where, declared, options);
    this.hyperparameters = h;
    const obsShape = observationShape(where, options);
    // whole numbers up to 255 are kept as such, unless phi makes others of them
    const obsDtype = phi === null && options.observationSpace.dtype === "uint8" ? "uint8" : "float32";
    const obsSize = obsShape.reduce((product, n) => product * n, 1);
    this.#convolutions = convolutionsFor(h.convolutions, options.observationSpace, obsShape, phi !== null);
    const actionShape = this.actionShape(where, actionSpace);
    const actions = "n" in actionSpace ? actionSpace.n : actionShape[0]!;
    this.#actions = actions;
    this.transitionFormat = {
      obsSize,
      actionSize: actionShape[0] ?? 1,
      isDiscrete: "n" in actionSpace,
      maskSize: "n" in actionSpace ? actions : 0,
    };
    const make = (role: string) => () => {
      const [weights, noise] = [random.stream("weights"), random.stream(`noise/${role}`)];
      return this.makeNetwork({ obsSize, actions, actionSpace, random: weights, noise });
    };
    if (qFunction && !targetQ) {
      throw new UsageError(
        `${where}: a qFunction must come with a targetQ of the same structure; got qFunction alone. Build the network twice.`,
      );
    }
    this.qFunction = qFunction ?? make("online")();
    this.targetQ = targetQ ?? make("target")();
    this.targetQ.copyParametersFrom(this.qFunction);
    const makeActing = actingQ ? () => actingQ : qFunction ? null : make("acting");
    this.#actingNetwork = new ActingNetwork(this.qFunction, makeActing, h.updateInterval);
    const adam = () => new Adam({ alpha: h.learningRate, eps: h.adamEps });
    this.optimizer = options.optimizer ?? withClipping(adam(), h.maxGradNorm);
    this.optimizer.setup(this.qFunction);
    const isRecurrent = stateSize(this.qFunction) > 0;
    this.#isRecurrent = isRecurrent;
    const experience = { obsShape, obsDtype, actionShape, isRecurrent, random: random.stream("replay") } as const;
    this.replay = replayFor(where, h, options.replay, experience);
    const { isPrioritized } = this.replay;
    const { minibatchSize: n, sequenceLength, burnIn } = h;
    this.#makeBatch = (maskedActions) =>
      new Staging(isRecurrent ? n * sequenceLength : n, obsShape, actionShape, {
        hasWeights: isPrioritized || isRecurrent,
        maskedActions,
        hasNextActions: this.needsNextActions,
        burnIn: isRecurrent ? { sequences: n, steps: burnIn } : null,
        frames: framesOnDevice(where, h, this.replay),
      });
    this.#surprise = new Float64Array(isPrioritized ? n : 0);
    const { network } = this.#actingNetwork;
    const forward = (obs: Variable) => this.actingOutput(actionValueOf(network.forward(obs)));
    this.#greedyForward = () => {
      requireExportable(this.name, phi, network);
      const firstAction = "n" in actionSpace ? (actionSpace.start ?? 0) : null;
      const outputs = (obs: Variable) => this.greedyOutputs(forward(obs));
      return { obsShape, obsType: obsDtype, firstAction, bounds: null, forward: outputs };
    };
    this.#acting = new QActing({
      name: where,
      obsShape,
      phi,
      network,
      forward,
      forwardMany: (obs) => this.actingOutput(this.online(obs)),
      makeActing: (parts) => this.makeActing(parts, actionSpace),
      makeExplorer: (randomAction, stream) =>
        explorer ?? this.makeExplorer(randomAction, random.stream(stream), actionSpace),
      split: (rows) => splitReplay(where, this.replay, rows, isRecurrent),
    });
  }

  /** The minibatch under way. */
  protected get batch(): Staging {
    return this.#batch!;
  }

  /** The shape of one action. Called by the constructor. @throws UsageError for a space the agent cannot act in */
  protected actionShape(where: string, actionSpace: DiscreteSpace | BoxSpace): readonly number[] {
    if ("n" in actionSpace) return [];
    throw new UsageError(
      `${where}: the action space must be Discrete; got ${String(actionSpace)}. Use an agent for continuous actions.`,
    );
  }

  /** Whether updates want the actions taken in the next observations. Called by the constructor. */
  protected get needsNextActions(): boolean {
    return false;
  }

  /** A q-function. Called by the constructor: a variant's own fields are not there yet. */
  protected makeNetwork({ obsSize, actions, random }: NetworkParts): QNetwork<Value> {
    return new Mlp(obsSize, actions, { ...this.layers, random }) as unknown as QNetwork<Value>;
  }

  /** What the hyperparameters say of convolutions, hidden layers and memory. */
  protected get layers() {
    const { hiddenSizes, activation, recurrent } = this.hyperparameters;
    return { hiddenSizes, activation, recurrent, convolutions: this.#convolutions };
  }

  /** The explorer there is unless one is given. Called by the constructor. */
  protected makeExplorer(
    randomAction: (random: Random) => A,
    random: Random,
    _actionSpace: DiscreteSpace | BoxSpace,
  ): Explorer<A> {
    const { startEpsilon, endEpsilon, decaySteps, replayStartSize: startStep } = this.hyperparameters;
    return new LinearDecayEpsilonGreedy({ startEpsilon, endEpsilon, decaySteps, startStep, randomAction, random });
  }

  /** How actions come about. Called by the constructor. */
  protected makeActing(parts: ActingParts<A>, actionSpace: DiscreteSpace | BoxSpace): Acting<A> {
    const { n, start = 0 } = actionSpace as DiscreteSpace;
    return new DiscreteActing(parts as unknown as ActingParts<number>, n, start) as unknown as Acting<A>;
  }

  /** What acting reads of the values of one observation. */
  protected actingOutput(value: Value): Variable {
    return (value as unknown as DiscreteValues).qValues;
  }

  /** The best actions, and what says so. @param output what acting reads of the values of observations */
  protected greedyOutputs(output: Variable): ReturnType<GreedyForward["forward"]> {
    return { action: argMax(output), values: output };
  }

  greedyForward(): GreedyForward {
    return this.#greedyForward();
  }

  /** The action values of observations (batch, …obs) by the online network. */
  protected online(obs: Variable): Value {
    return this.over(this.qFunction, obs, () => actionValueOf(this.qFunction.forward(obs)));
  }

  /** The action values of observations (batch, …obs) by the target network. */
  protected target(obs: Variable): Value {
    return this.over(this.targetQ, obs, () => actionValueOf(this.targetQ.forward(obs)));
  }

  /** Runs a pass of a network over observations of the minibatch, as sequences where it is recurrent. */
  protected over<T>(network: Link, obs: Variable, body: () => T): T {
    return this.#sequences === null ? body() : this.#sequences.over(network, obs, body);
  }

  /** Values among which those of forbidden actions are the lowest. */
  protected allowed(value: Value, mask: Variable | null): Value {
    return mask === null ? value : ((value as unknown as DiscreteValues).masked(mask) as unknown as Value);
  }

  /** The action values of the next observations by the online network. */
  protected nextOnline(): Value {
    return this.allowed(this.online(this.batch.nextObs), this.batch.nextMask);
  }

  /** The action values of the next observations by the target network. */
  protected nextTarget(): Value {
    return this.allowed(this.target(this.batch.nextObs), this.batch.nextMask);
  }

  /** One gradient step on a minibatch from the replay buffer. */
  abstract update(): void;

  /** For statistics: (batch) the values of the minibatch's actions. */
  protected noteValues(q: Variable): void {
    this.#statistics.noteValues(
      this.#sequences === null ? q : this.#counted(q),
      this.updates === 0,
      1 / this.hyperparameters.rewardScale,
    );
  }

  /** Values (batch), or (batch, n) of several an action, of which those behind the end of a sequence count nothing. */
  #counted(q: Variable): Variable {
    const weight = this.batch.weight!;
    return noBackprop(() => q.mul(q.shape.length > 1 ? expandDims(weight, 1) : weight));
  }

  /** For prioritized replay: (batch) how surprising each transition was, such as |TD error|. */
  protected noteSurprise(surprise: Variable): void {
    for (let i = 0; i < this.#surprise.length; i++) this.#surprise[i] = surprise.at(i);
  }

  /** Fills `batch` with transitions. */
  protected sampleBatch(): void {
    if (this.#sequences !== null) {
      this.#sequences.sample();
      return;
    }
    this.replay.sample(this.hyperparameters.minibatchSize, this.batch.views());
    this.batch.commit();
  }

  /** Makes `batch`, and room for masks in it as soon as there are any; called outside of the update's scope. */
  protected prepareBatch(): void {
    const { hasMasks } = this.replay;
    if (this.#batch && (!hasMasks || this.#batch.mask !== null)) return;
    this.#batch = this.#makeBatch(hasMasks ? this.#actions : 0);
    if (!this.#isRecurrent) return;
    const { minibatchSize, sequenceLength } = this.hyperparameters;
    this.#sequences = new SequenceMinibatch(this.name, this.replay, this.#batch, minibatchSize, sequenceLength);
  }

  /** Counts an update that is done. */
  protected noteUpdate(): void {
    this.updates++;
    this.#actingNetwork.noteUpdate();
  }

  /**
   * For statistics: () the minibatch's loss; prioritized replay takes over what surprised.
   * @throws UsageError for a loss that is not finite, where numbers can be read at once
   */
  protected noteLoss(loss: Variable): void {
    if (this.replay.isPrioritized) this.replay.updatePriorities(this.#surprise);
    this.#statistics.noteLoss(loss, this.updates === 0);
    // elsewhere the loop finds out at its next report
    if (this.#actingNetwork.isCopy) return;
    const lossNow = loss.item();
    if (!Number.isFinite(lossNow)) {
      throw new UsageError(
        `${this.name}.update: the loss must be finite; got ${lossNow} at update ${this.updates + 1} (step ${this.steps}). Lower learningRate, or look at the environment's rewards and observations.`,
      );
    }
  }

  act(obs: Observation, info?: StepInfo): A {
    return this.#acting.single.act(obs, maskOf(info), this.steps, this.training);
  }

  observe(nextObs: Observation, reward: number, terminated: boolean, truncated: boolean, info?: StepInfo): void {
    if (terminated || truncated) this.#acting.endEpisode(this.training);
    if (!this.training) return;
    const acting = this.#acting.waiting(reward);
    const { lastObs, lastAction, lastMask } = acting;
    this.replay.append(
      lastObs,
      lastAction,
      reward,
      acting.seen(nextObs),
      terminated,
      truncated,
      lastMask,
      maskOf(info),
    );
    acting.forget();
    this.#learnFrom(1);
  }

  /** Counts environment steps and updates as often as they make it due. */
  #learnFrom(steps: number): void {
    const { replayStartSize, updateInterval, updatesPerInterval } = this.hyperparameters;
    if (this.replay.countStep) {
      this.steps = this.replay.countStep();
      return;
    }
    const before = this.steps;
    this.steps += steps;
    if (this.replay.size < replayStartSize) return;
    const due = Math.floor(this.steps / updateInterval) - Math.floor(before / updateInterval);
    for (let i = 0; i < due * updatesPerInterval; i++) this.update();
  }

  /** @throws UsageError for another n than before, and for a replay buffer of one running episode */
  setEnvs(n: number): void {
    this.#acting.rowsFor(n, this.training);
  }

  /**
   * Each row explores by itself. In training n stays the same, and the replay buffer has a lane for each row.
   * @throws UsageError for another n than before, for a replay buffer of one running episode, for bad observations
   */
  async actBatch(obs: ArrayLike<number>, n: number, infos?: BatchInfos): Promise<BatchActions> {
    return this.#acting.rowsFor(n, this.training).act(obs, infos, this.steps, this.training);
  }

  observeBatch(
    transitions: BatchTransitions,
    rewards: ArrayLike<number>,
    terminated: ArrayLike<number>,
    truncated: ArrayLike<number>,
    infos?: BatchInfos,
  ): void {
    if (!this.training) return;
    const rows = this.#acting.waitingRows(rewards);
    rows.outcomes(transitions, rewards, terminated, truncated, infos, this.#append);
    this.#learnFrom(transitions.count);
  }

  /** The network that acts, on the cpu. */
  get actingNetwork(): QNetwork<Value> {
    return this.#actingNetwork.network;
  }

  setActors(n: number): void {
    splitReplay(this.name, this.replay, n, this.#isRecurrent);
  }

  observeActor(actor: number, transition: Transition): void {
    appendOfActor(this.replay, actor, transition);
    this.#learnFrom(1);
  }

  readonly #append: Replay["append"] = (...step) => this.replay.append(...step);

  protected get isWaiting(): boolean {
    return this.#acting.single.isWaiting;
  }

  override actAndTrain(obs: Observation, reward: number): A {
    return super.actAndTrain(obs, reward) as A;
  }

  stopEpisode(): void {
    this.#acting.endEpisode(this.training);
    if (!this.training) return;
    this.#acting.forget();
    this.replay.stopEpisode();
  }

  /** In many environments, that of the first one. */
  get explorer(): Explorer<A> {
    return this.#acting.explorer;
  }

  get wantsTurn(): boolean {
    return this.#actingNetwork.isDue(this.steps);
  }

  async turn(): Promise<void> {
    await deviceTurn();
    await this.#actingNetwork.follow();
  }

  sync(): Promise<void> {
    return syncDevice();
  }

  protected override rememberingTraining<T>(body: () => T): T {
    return this.#acting.rememberingTraining(body);
  }

  override explain(): ActionExplanation {
    const { single } = this.#acting;
    const outputs = Array.from(single.lastOutputs);
    if (!(single instanceof DiscreteActing)) return { kind: "action", numbers: outputs, value: null };
    const numbers = outputs.map((q) => q / this.hyperparameters.rewardScale);
    return { kind: "qValues", numbers, value: Math.max(...numbers) };
  }

  statistics(): Record<string, number> {
    return { ...this.#statistics.read(), updates: this.updates, ...this.explorer.statistics() };
  }

  /** Everything with a state of its own, by name. */
  get #parts() {
    const { qFunction, targetQ, optimizer, replay, explorer } = this;
    return { qFunction, targetQ, optimizer, replay, explorer };
  }

  saveState(): State {
    return {
      name: this.name,
      steps: this.steps,
      updates: this.updates,
      ...this.#statistics.read(),
      ...(this.#acting.saveState() as object),
      actingQ: this.#actingNetwork.saveState(),
      ...Object.fromEntries(Object.entries(this.#parts).map(([name, part]) => [name, part.saveState() as State])),
    };
  }

  loadState(state: State): void {
    const saved = state as { name: string; steps: number; updates: number } & Record<string, State>;
    if (saved.name !== this.name) {
      throw new UsageError(`load: the saved state must be of ${this.name}; got ${saved.name}. Build that agent.`);
    }
    const rows = saved.rows as readonly State[] | null;
    if (rows) this.#acting.rowsFor(rows.length, true);
    for (const [name, part] of Object.entries(this.#parts)) part.loadState(saved[name] as never);
    this.#actingNetwork.loadState(saved.actingQ!, saved.qFunction!);
    this.#acting.loadState(saved);
    this.#statistics.restore(saved);
    this.steps = saved.steps;
    this.updates = saved.updates;
  }

  async save(place: ModelPlace): Promise<void> {
    await this.sync();
    await writeModels(place, this.name, { model: this.qFunction, target: this.targetQ }, this.optimizer);
  }

  async load(place: ModelPlace): Promise<void> {
    await readModels(place, this.name, { model: this.qFunction, target: this.targetQ }, this.optimizer);
    await this.#actingNetwork.follow();
  }
}
