/** What agents share around their algorithms: checks, exploration off and on, episodes, statistics, states, files. */
import {
  evalMode,
  type Link,
  noBackprop,
  type Optimizer,
  persistent,
  scope,
  type Variable,
} from "../autograd/index.ts";
import { deviceTurn, isOnHost, onHost, syncDevice } from "../device.ts";
import { UsageError } from "../errors.ts";
import type { Random } from "../random.ts";
import type { State } from "../state.ts";
import type { ActingNetwork } from "./actingNetwork.ts";
import type { Action, ActionExplanation, BoxSpace, GreedyForward, ModelPlace, Observation } from "./agent.ts";
import type { AgentParts, Setup } from "./agentSetup.ts";
import { BaseAgent, requireExportable } from "./baseAgent.ts";
import { HiddenState, stateSize } from "./hiddenState.ts";
import { readModels, writeModels } from "./modelFiles.ts";
import { ObservationNormalizer } from "./observationNormalizer.ts";
import { RunningAverage } from "./runningAverage.ts";
import { SharedLearning, type SharedParts } from "./sharedLearning.ts";

/** Something with a state, as networks, optimizers, replay buffers and random streams have it. */
export interface Saved {
  saveState(): State;
  // biome-ignore lint/suspicious/noExplicitAny: each reads what it wrote itself
  loadState(state: any): void;
}

/** A stream of random numbers among what is saved. */
export const savedStream = (random: Random): Saved => ({
  saveState: () => ({ ...random.saveState() }),
  loadState: (state: ReturnType<Random["saveState"]>) => random.loadState(state),
});

/** Steps in which an update is to be expected, of an asynchronous agent: an episode's end brings one. */
const rehearsedSteps = 32;

/** Weight of the past in running averages. Source: ChainerRL's average_q_decay. */
const averageDecay = 0.999;

/** An agent that acts by a policy, or by values that it does not replay as DQN's family does. */
export abstract class ActorAgent extends BaseAgent {
  readonly obsSize: number;
  /** (1, …obs), on the cpu: the observation to act on. */
  readonly #actObs: Variable;
  /** The observation that `act` was given. */
  #input: Observation = [];
  /** The observation of the action that waits for its outcome. */
  protected readonly lastObs: Float32Array;
  /** That action: its number from 0, or its components before they were clipped into the action space. */
  protected readonly lastAction: Float32Array;
  /** What `decide` says in evaluation. */
  readonly #greedyAction: Float32Array;
  /** The step of the last copy into target networks. */
  protected targetsUpdatedAt = 0;
  #isWaiting = false;
  protected readonly phi: ((obs: Observation) => Observation) | null;
  /** Stands between observations and networks where the agent is told so. */
  readonly #normalizer: ObservationNormalizer | null;
  /** An observation that is not kept, normalised. */
  readonly #seen: Float32Array;
  /** The first discrete action's number; null for continuous actions. */
  readonly #firstAction: number | null;
  readonly #bounds: BoxSpace | null;
  /** Made with the first look at it, behind the subclass's constructor. */
  #hidden: HiddenState | null | undefined = undefined;
  /** The same in evaluations. */
  #evaluated: HiddenState | null = null;
  protected readonly obsShape: readonly number[];
  readonly #obsType: "float32" | "uint8";
  readonly #averages = new Map<string, RunningAverage>();
  /** Running averages of an actor that have no value yet. */
  readonly #fresh = new Set<string>();
  /** What actors in other threads learn with too; null where this agent learns alone. */
  protected sharing: SharedLearning | null = null;

  protected constructor(
    { obsShape, obsSize, actionSize, bounds, normalizesObs }: Setup<object>,
    { phi, actionSpace, observationSpace }: AgentParts,
  ) {
    super();
    this.obsSize = obsSize;
    this.#actObs = onHost(() => persistent([1, ...obsShape]));
    this.lastObs = new Float32Array(obsSize);
    this.lastAction = new Float32Array(actionSize);
    this.#greedyAction = new Float32Array(actionSize);
    this.phi = phi ?? null;
    this.#normalizer = normalizesObs ? new ObservationNormalizer(obsSize) : null;
    this.#seen = new Float32Array(obsSize);
    this.#firstAction = "n" in actionSpace ? (actionSpace.start ?? 0) : null;
    this.#bounds = bounds;
    this.obsShape = obsShape;
    this.#obsType = observationSpace.dtype === "uint8" ? "uint8" : "float32";
  }

  /** (1) or (1, actions): the action for an observation (1, …obs), computed on the cpu without recording. */
  protected abstract decide(obs: Variable): Variable;
  /** The best actions for observations (batch, …obs), and what says so. */
  protected abstract greedyOutputs(obs: Variable): ReturnType<GreedyForward["forward"]>;
  /** What came of lastAction in lastObs; `steps` counts it already. */
  protected abstract learn(nextObs: Observation, reward: number, terminated: boolean, truncated: boolean): void;
  /** Networks as `save` writes them, by the names of their files. */
  protected abstract models(): Record<string, Link>;
  protected abstract optimizers(): Record<string, Optimizer>;
  /** What else the agent's future depends on. */
  protected abstract saved(): Record<string, Saved>;
  /** The network that acts. */
  protected abstract readonly acting: ActingNetwork<Link>;
  /** The running episode is to be forgotten. */
  protected abstract forgetEpisode(): void;

  /** The action to take in training: what `decide` says unless an agent explores in another way. */
  protected explore(): void {
    this.runDecide();
  }

  /** Puts what `decide` says into lastAction, or aside in evaluation. */
  protected readonly runDecide = (): void => {
    onHost(this.training ? this.#decideInScope : this.#decideInEvaluation);
  };
  /** Without the network's noise. */
  readonly #decideInEvaluation = (): void => evalMode(this.#decideInScope);
  readonly #decideInScope = (): void => scope(this.#decideUnrecorded);
  readonly #decideUnrecorded = (): void => noBackprop(this.#decideBody);
  readonly #decideBody = (): void => {
    this.#actObs.write(this.#input);
    const { hidden: own } = this;
    const hidden = this.training ? own : this.#evaluated;
    const action = hidden === null ? this.decide(this.#actObs) : hidden.pass(this.#decideOn);
    const out = this.training ? this.lastAction : this.#greedyAction;
    for (let i = 0; i < out.length; i++) out[i] = action.at(i);
  };

  readonly #decideOn = (): Variable => this.decide(this.#actObs);

  /** What the acting network remembers of the running episode; null where it is not recurrent. */
  protected get hidden(): HiddenState | null {
    if (this.#hidden === undefined) {
      const { network } = this.acting;
      const make = () => (stateSize(network) === 0 ? null : onHost(() => new HiddenState(network)));
      this.#hidden = make();
      this.#evaluated = make();
    }
    return this.#hidden;
  }

  /** (stateSize): what it remembers of the running episode, of the first of several; null where it is not recurrent. */
  protected get remembered(): Float32Array | null {
    return this.hidden?.now ?? null;
  }

  protected override rememberingTraining<T>(body: () => T): T {
    const { remembered } = this;
    return remembered === null ? body() : this.#evaluated!.lending(remembered, body);
  }

  act(obs: Observation): Action {
    const input = this.phi ? this.phi(obs) : obs;
    if (input.length !== this.obsSize) {
      throw new UsageError(
        `${this.name}.act: the observation must have ${this.obsSize} numbers; got ${input.length}. Check env.observationSpace.shape.`,
      );
    }
    if (!this.training) {
      this.#input = this.normalized(input);
      this.runDecide();
      return this.outward(this.#greedyAction);
    }
    this.keep(input, this.lastObs);
    this.normalize(this.lastObs);
    this.#input = this.#normalizer === null ? input : this.lastObs;
    this.explore();
    this.#isWaiting = true;
    return this.outward(this.lastAction);
  }

  /** Makes what the network gets of observations to act on, (n, …obs) flat, in their place; in training learns from them. */
  protected normalize(obs: Float32Array): void {
    if (this.training) this.#normalizer?.learn(obs);
    this.#normalizer?.apply(obs, obs);
  }

  /** What the network gets of another observation; until the next call. */
  protected normalized(obs: Observation): Observation {
    return this.#normalizer === null ? obs : this.#normalizer.apply(obs, this.#seen);
  }

  /** Copies an observation to act on. @throws UsageError where its numbers are not finite */
  protected keep(obs: Observation, kept: Float32Array): void {
    let zero = 0; // NaN as soon as one number is not finite
    for (let i = 0; i < kept.length; i++) {
      kept[i] = obs[i]!;
      zero += 0 * obs[i]!;
    }
    if (zero === 0) return;
    throw new UsageError(
      `${this.name}.act: the observation must be finite numbers; got [${Array.from(obs).slice(0, 8).join(", ")}]. Look at the environment at step ${this.steps}.`,
    );
  }

  /** An action as the environment knows it. */
  protected outward(action: Float32Array): Action {
    if (this.#firstAction !== null) return this.#firstAction + action[0]!;
    const { low, high } = this.#bounds!;
    return action.map((x, i) => Math.max(low[i]!, Math.min(high[i]!, x)));
  }

  greedyForward(): GreedyForward {
    requireExportable(this.name, this.phi, this.acting.network);
    return {
      obsShape: this.obsShape,
      obsType: this.#obsType,
      firstAction: this.#firstAction,
      bounds: this.#bounds,
      forward: (obs) => this.greedyOutputs(this.#normalizer?.forward(obs) ?? obs),
    };
  }

  override explain(): ActionExplanation {
    let explanation: ActionExplanation | null = null;
    const explain = () => {
      explanation = this.explained(this.#actObs);
    };
    onHost(() => evalMode(() => scope(() => noBackprop(explain))));
    return explanation!;
  }

  /** What the greedy action for an observation (1, …obs) goes by: the action itself unless an agent knows more. */
  protected explained(_obs: Variable): ActionExplanation {
    return { kind: "action", numbers: Array.from(this.#greedyAction), value: null };
  }

  observe(nextObs: Observation, reward: number, terminated: boolean, truncated: boolean): void {
    if (!this.training) {
      if (terminated || truncated) this.#evaluated?.reset();
      return;
    }
    if (!this.#isWaiting) {
      throw new UsageError(
        `${this.name}.observe: an action must come before its outcome; got a reward of ${reward} without act(). Call act(obs) first.`,
      );
    }
    this.requireReward(reward);
    const next = this.normalized(this.phi ? this.phi(nextObs) : nextObs);
    this.#isWaiting = false;
    this.steps = this.sharing === null ? this.steps + 1 : this.sharing.countStep();
    this.learn(next, reward, terminated, truncated);
    if (terminated || truncated) this.hidden?.reset();
  }

  protected requireReward(reward: number): void {
    if (Number.isFinite(reward)) return;
    throw new UsageError(
      `${this.name}.observe: the reward must be a finite number; got ${reward}. Look at what env.step returned.`,
    );
  }

  protected get isWaiting(): boolean {
    return this.#isWaiting;
  }

  stopEpisode(): void {
    if (!this.training) {
      this.#evaluated?.reset();
      return;
    }
    this.#isWaiting = false;
    this.hidden?.reset();
    this.forgetEpisode();
  }

  /** One update by the gradients: of the shared parameters where there are such. */
  protected optimize(optimizer: Optimizer): void {
    if (this.sharing === null) optimizer.update();
    else this.sharing.update();
  }

  protected countUpdate(): void {
    this.updates = this.sharing === null ? this.updates + 1 : this.sharing.countUpdate();
  }

  #sharedParts(): SharedParts {
    const [learner, ...targets] = Object.values(this.models());
    return { learner: learner!, optimizer: Object.values(this.optimizers())[0]!, targets };
  }

  /** Of an asynchronous agent, see `AsyncAgent`. */
  get sharedBytes(): number {
    return SharedLearning.bytesOf(this.#sharedParts());
  }

  share(memory: SharedArrayBuffer, isFirst: boolean): void {
    if (!isOnHost() || this.acting.isCopy) {
      throw new UsageError(`${this.name}.share: actors must learn on the cpu; got another device. Use --device cpu.`);
    }
    const sharing = new SharedLearning(memory, this.#sharedParts());
    if (isFirst) sharing.begin(this.steps, this.updates, this.targetsUpdatedAt);
    else sharing.join();
    this.sharing = sharing;
    for (const name of this.#averages.keys()) this.#fresh.add(name);
    this.followShared();
  }

  followShared(): void {
    const { sharing } = this;
    if (sharing === null) return;
    this.steps = sharing.steps;
    this.updates = sharing.updates;
    this.targetsUpdatedAt = sharing.targetsUpdatedAt;
    sharing.pullTargets();
    sharing.pull();
  }

  rehearse(): void {
    const state = this.saveState();
    const obs = new Float32Array(this.obsSize);
    const { updates } = this;
    // in training an explorer may take random actions only
    this.evalMode(() => this.act(obs));
    for (let step = 0; step < rehearsedSteps && this.updates === updates; step++) {
      this.act(obs);
      this.observe(obs, 0, false, step === rehearsedSteps - 1);
    }
    this.stopEpisode();
    this.loadState(state);
  }

  get wantsTurn(): boolean {
    return this.acting.isDue(this.steps);
  }

  async turn(): Promise<void> {
    await deviceTurn();
    await this.acting.follow();
  }

  sync(): Promise<void> {
    return syncDevice();
  }

  /** Moves the running average of that name towards the mean of x. */
  protected note(name: string, x: Variable, scale = 1): void {
    let average = this.#averages.get(name);
    if (!average) {
      average = new RunningAverage();
      this.#averages.set(name, average);
    }
    const isFirst = this.#fresh.delete(name) || this.updates === 0;
    average.follow(x, isFirst ? 1 : 1 - averageDecay, scale);
  }

  /** Declares running averages, so that statistics have them from the start. */
  protected declareAverages(...names: readonly string[]): void {
    for (const name of names) this.#averages.set(name, new RunningAverage());
  }

  /** @throws UsageError where a loss is not finite; on a GPU the loop finds out at its next report. */
  protected requireFinite(loss: Variable): void {
    if (this.acting.isCopy) return;
    const value = loss.item();
    if (Number.isFinite(value)) return;
    throw new UsageError(
      `${this.name}.update: the loss must be finite; got ${value} at update ${this.updates + 1} (step ${this.steps}). Lower learningRate, or look at the environment's rewards and observations.`,
    );
  }

  statistics(): Record<string, number> {
    const averages = Object.fromEntries([...this.#averages].map(([name, average]) => [name, average.value]));
    return { ...averages, updates: this.updates };
  }

  /** What stands beside the networks, by the name of its file. */
  get #beside(): { readonly normalizer?: ObservationNormalizer } {
    return this.#normalizer === null ? {} : { normalizer: this.#normalizer };
  }

  saveState(): State {
    const parts = { ...this.models(), ...this.optimizers(), ...this.saved(), ...this.#beside };
    return {
      name: this.name,
      steps: this.steps,
      updates: this.updates,
      lastObs: this.lastObs.slice(),
      lastAction: this.lastAction.slice(),
      isWaiting: this.#isWaiting,
      averages: Object.fromEntries([...this.#averages].map(([name, average]) => [name, average.value])),
      acting: this.acting.saveState(),
      hidden: this.hidden?.saveState() ?? null,
      parts: Object.fromEntries(Object.entries(parts).map(([name, part]) => [name, part.saveState()])),
    } as State;
  }

  loadState(state: State): void {
    const saved = state as unknown as {
      name: string;
      steps: number;
      updates: number;
      lastObs: Float32Array;
      lastAction: Float32Array;
      isWaiting: boolean;
      averages: Record<string, number>;
      acting: State;
      hidden: State;
      parts: Record<string, State>;
    };
    if (saved.name !== this.name) {
      throw new UsageError(`load: the saved state must be of ${this.name}; got ${saved.name}. Build that agent.`);
    }
    const models = this.models();
    const parts = { ...models, ...this.optimizers(), ...this.saved(), ...this.#beside };
    for (const [name, part] of Object.entries(parts)) part.loadState(saved.parts[name]!);
    this.acting.loadState(saved.acting, saved.parts[Object.keys(models)[0]!]!);
    this.steps = saved.steps;
    this.updates = saved.updates;
    this.lastObs.set(saved.lastObs);
    this.lastAction.set(saved.lastAction);
    this.#isWaiting = saved.isWaiting;
    this.hidden?.loadState(saved.hidden);
    for (const [name, value] of Object.entries(saved.averages)) this.#averages.get(name)!.value = value;
  }

  async save(place: ModelPlace): Promise<void> {
    await this.sync();
    await writeModels(place, this.name, { ...this.models(), ...this.#beside }, this.optimizers());
  }

  async load(place: ModelPlace): Promise<void> {
    await readModels(place, this.name, { ...this.models(), ...this.#beside }, this.optimizers());
    await this.acting.follow();
  }
}
