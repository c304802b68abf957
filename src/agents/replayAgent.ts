/** What agents of continuous actions that learn from a replay buffer share: DDPG, SVG(0), TD3, SAC. */
import { full, grad, type Link, noBackprop, RandomStream, scope, type Variable } from "../autograd/index.ts";
import { UsageError } from "../errors.ts";
import { type Explorer, Greedy } from "../explorers/index.ts";
import {
  activationNames,
  MlpStateActionQ,
  type Policy,
  recurrentNames,
  type StateActionQ,
  TwinQ,
} from "../nets/index.ts";
import type { Random } from "../random.ts";
import {
  EpisodicReplayBuffer,
  type Replay,
  ReplayBuffer,
  type Transition,
  type TransitionFormat,
} from "../replay/index.ts";
import { bootstrapTarget } from "../returns/index.ts";
import { ActingNetwork } from "./actingNetwork.ts";
import { ActorAgent, savedStream } from "./actorAgent.ts";
import type { ActionExplanation, BoxSpace, GreedyForward, LearnerAgent, Observation } from "./agent.ts";
import { type AgentParts, layersOf, type Setup } from "./agentSetup.ts";
import { stateSize } from "./hiddenState.ts";
import { type HyperparameterValues, hp, searchRanges } from "./hyperparameters.ts";
import { appendOfActor, splitReplay } from "./replayLanes.ts";
import { requireReplaySizes } from "./replaySizes.ts";
import { SequenceMinibatch, sequenceHyperparameters } from "./sequenceMinibatch.ts";
import { Staging } from "./staging.ts";

/** Hyperparameters that these agents declare alike, with sources of each. */
export const replayHyperparameters = {
  gamma: hp(0.99, "discount per environment step", "Lillicrap et al. 2016, section 7", {
    min: 0,
    max: 1,
    search: searchRanges.discount,
  }),
  hiddenSizes: hp.integers([64, 64], "units of the hidden layers of every network", "Kusari, for classic control"),
  activation: hp.choice(activationNames, "relu", "activation of the hidden layers", "Lillicrap et al. 2016, section 7"),
  replayCapacity: hp.integer(100_000, "transitions the replay buffer keeps", "a tenth of Lillicrap et al. 2016's"),
  replayStartSize: hp.integer(1_000, "transitions before the first update; actions are random until then", "Kusari"),
  minibatchSize: hp.integer(64, "transitions a gradient step learns from", "Lillicrap et al. 2016, section 7", {
    min: 1,
    search: searchRanges.minibatch,
  }),
  updateInterval: hp.integer(1, "environment steps between times of updating", "Lillicrap et al. 2016, algorithm 1"),
  updatesPerInterval: hp.integer(1, "gradient steps each time", "Lillicrap et al. 2016, algorithm 1"),
  rewardScale: hp(1, "multiplies rewards while learning", "Kusari"),
} as const;

/** Of those whose networks may have a memory. */
export const recurrentReplayHyperparameters = {
  recurrent: hp.choice(
    recurrentNames,
    "none",
    "layer with a memory: behind the policy's hidden layers, and behind the q-function's first one",
    "Heess et al. 2015, Memory-based control with recurrent neural networks: LSTMs",
  ),
  ...sequenceHyperparameters,
} as const;

type Settings = HyperparameterValues<typeof replayHyperparameters> &
  Partial<HyperparameterValues<typeof recurrentReplayHyperparameters>>;

export interface ReplayAgentParts extends AgentParts {
  readonly policy?: Policy;
  /** A second one, built inside `onHost`: where a GPU learns, it acts on the cpu. */
  readonly actingPolicy?: Policy;
  readonly replay?: Replay;
  /** What is added to actions in training. */
  readonly explorer?: Explorer<Float32Array>;
}
export const replayAgentPartNames = ["policy", "actingPolicy", "replay", "explorer"];

type ReplaySetup = Setup<Settings>;

/** Two critics from streams of their own. */
export const makeTwinQ = (setup: ReplaySetup): TwinQ => {
  const { obsSize, actionSize } = setup;
  const make = (name: string) => new MlpStateActionQ(obsSize, actionSize, layersOf(setup, name));
  return new TwinQ(make("q1"), make("q2"));
};

/**
 * A part and, where it comes with one like it, that; else both are made.
 * @throws UsageError where only the first one is given
 */
export function withTarget<T extends Link>(
  where: string,
  names: readonly [part: string, target: string],
  part: T | undefined,
  target: T | undefined,
  make: () => T,
): [part: T, target: T] {
  if (part && !target) {
    throw new UsageError(
      `${where}: ${names[0]} must come with ${names[1]} of the same structure; got ${names[0]} alone. Build the network twice.`,
    );
  }
  const own = part ?? make();
  const other = target ?? make();
  other.copyParametersFrom(own);
  return [own, other];
}

/** @throws UsageError for a q-function with a memory that minibatches could not fill */
export function requireMemoryToFill(where: string, policy: Policy, qFunction: StateActionQ): void {
  if (stateSize(qFunction) === 0) return;
  if (stateSize(policy) === 0) {
    throw new UsageError(
      `${where}: a qFunction with a memory must come with a policy that has one, so that sequences are replayed; got a policy without. Give both a memory, or neither.`,
    );
  }
  if (!qFunction.remember) {
    throw new UsageError(
      `${where}: a qFunction with a memory must have remember(obs), which fills it; got ${qFunction.constructor.name} without. Use LateActionQ.`,
    );
  }
}

export abstract class ReplayAgent extends ActorAgent implements LearnerAgent {
  readonly policy: Policy;
  readonly replay: Replay;
  readonly transitionFormat: TransitionFormat;
  readonly explorer: Explorer<Float32Array>;
  protected readonly acting: ActingNetwork<Policy>;
  protected readonly batch: Staging;
  /** What sampled actions are drawn with: on the learner, and where it acts. */
  protected readonly learning: RandomStream;
  readonly #sampling: RandomStream;
  readonly #burnIn: Random;
  readonly #bounds: BoxSpace;
  readonly #isBounded: boolean;
  readonly #settings: Settings;
  /** Minibatches of sequences; null where the policy is not recurrent. */
  readonly #sequences: SequenceMinibatch | null;

  protected constructor(
    name: string,
    setup: ReplaySetup,
    parts: ReplayAgentParts,
    policy: Policy,
    makePolicy: () => Policy,
  ) {
    super(setup, parts);
    const { hyperparameters: h, obsShape, obsSize, actionSize, random } = setup;
    requireReplaySizes(name, h);
    this.transitionFormat = { obsSize, actionSize, isDiscrete: false, maskSize: 0 };
    const { actingPolicy } = parts;
    this.#settings = h;
    this.policy = policy;
    const makeActing = actingPolicy ? () => actingPolicy : parts.policy ? null : makePolicy;
    this.acting = new ActingNetwork(policy, makeActing, h.updateInterval, "actingPolicy");
    const { minibatchSize: n, sequenceLength = 1, burnIn = 0 } = h;
    const isRecurrent = stateSize(policy) > 0;
    const kept = {
      capacity: h.replayCapacity,
      obsShape,
      action: { dtype: "float32", shape: [actionSize] },
      gamma: h.gamma,
      random: random.stream("replay"),
    } as const;
    this.replay = parts.replay ?? (isRecurrent ? new EpisodicReplayBuffer(kept) : new ReplayBuffer(kept));
    this.explorer = parts.explorer ?? new Greedy();
    this.batch = new Staging(isRecurrent ? n * sequenceLength : n, obsShape, [actionSize], {
      hasWeights: isRecurrent,
      burnIn: isRecurrent ? { sequences: n, steps: burnIn } : null,
    });
    this.#sequences = isRecurrent ? new SequenceMinibatch(name, this.replay, this.batch, n, sequenceLength) : null;
    this.learning = new RandomStream(random.stream("learning"));
    this.#sampling = new RandomStream(random.stream("sampling"));
    this.#burnIn = random.stream("burnIn");
    this.#bounds = setup.bounds!;
    this.#isBounded = [...Array.from(this.#bounds.low), ...Array.from(this.#bounds.high)].every(Number.isFinite);
  }

  /** (batch): what the critic says of actions (batch, actions) in observations (batch, …obs). */
  protected abstract criticValue(obs: Variable, action: Variable): Variable;
  /** One gradient step on the minibatch in `batch`. */
  protected abstract learnFromBatch(): void;
  /** What follows a gradient step: target networks. */
  protected abstract followTargets(): void;

  /** Draws a minibatch and learns from it. */
  update(): void {
    scope(this.#updateBody);
    this.updates++;
    this.followTargets();
    this.acting.noteUpdate();
  }

  readonly #updateBody = (): void => {
    if (this.#sequences !== null) {
      this.#sequences.sample();
    } else {
      this.replay.sample(this.#settings.minibatchSize, this.batch.views());
      this.batch.commit();
    }
    this.learnFromBatch();
  };

  /** Runs a pass of a policy or of a q-function over observations of the minibatch, as sequences where they have memory. */
  protected over<T>(network: Policy | StateActionQ, obs: Variable, body: () => T): T {
    if (this.#sequences === null || stateSize(network) === 0) return body();
    const remember = "remember" in network ? (seen: Variable) => network.remember!(seen) : undefined;
    return this.#sequences.over(network, obs, body, remember);
  }

  /** (batch): numbers of the minibatch's rows, of which those behind the end of a sequence count nothing. */
  protected counted(x: Variable): Variable {
    return this.batch.weight === null ? x : x.mul(this.batch.weight);
  }

  /** (batch): r + γ nextValue, without the second part where the task ended. */
  protected target(nextValue: Variable): Variable {
    const { reward, discount } = this.batch;
    return bootstrapTarget(reward, discount, nextValue, this.#settings.rewardScale);
  }

  /**
   * What a critic teaches a policy: the gradient of −Σ q / N with respect to the actions, and q (batch) of them.
   * @param action (batch, actions); nothing flows back through it here
   * @param critic (batch) of actions (batch, actions)
   */
  protected critique(action: Variable, critic: (action: Variable) => Variable): { q: Variable; gradient: Variable } {
    const leaf = action.detach();
    leaf.requiresGrad = true;
    const q = critic(leaf); // (batch)
    const gradOutputs = [noBackprop(() => this.counted(full(q.shape, -1 / q.size)))];
    return { q, gradient: grad([q], [leaf], { gradOutputs })[0]! }; // (batch, actions)
  }

  protected decide(obs: Variable): Variable {
    const policy = this.acting.network.forward(obs);
    return this.training ? policy.sample(this.#sampling) : policy.mode;
  }

  protected greedyOutputs(obs: Variable): ReturnType<GreedyForward["forward"]> {
    const { mode } = this.acting.network.forward(obs);
    return { action: mode, mean: mode };
  }

  protected override explained(obs: Variable): ActionExplanation {
    const { numbers } = super.explained(obs);
    // the critic is where the learner is: there is nothing of it to read at once on a gpu; what a recurrent network
    // remembered is gone once it has acted
    if (this.acting.isCopy || this.#sequences !== null) return { kind: "action", numbers, value: null };
    const value = this.criticValue(obs, this.acting.network.forward(obs).mode).at(0) / this.#settings.rewardScale;
    return { kind: "action", numbers, value };
  }

  readonly #policyAction = (): Float32Array => {
    if (this.#sequences === null) this.runDecide();
    return this.lastAction;
  };

  /** Random actions until learning begins, then the policy's with noise; within the action space. */
  protected override explore(): void {
    const { low, high } = this.#bounds;
    const action = this.lastAction;
    if (this.#sequences !== null) this.runDecide(); // whatever the action, the policy sees every observation
    if (this.#isBounded && this.replay.size < this.#settings.replayStartSize) {
      for (let i = 0; i < action.length; i++) action[i] = this.#burnIn.uniform(low[i]!, high[i]!);
      return;
    }
    this.explorer.selectAction(this.steps, this.#policyAction);
    for (let i = 0; i < action.length; i++) action[i] = Math.max(low[i]!, Math.min(high[i]!, action[i]!));
  }

  protected learn(nextObs: Observation, reward: number, terminated: boolean, truncated: boolean): void {
    this.replay.append(this.lastObs, this.lastAction, reward, nextObs, terminated, truncated);
    // an actor's steps are learned from elsewhere
    if (this.replay.countStep) this.steps = this.replay.countStep();
    else this.#updateWhereDue();
  }

  #updateWhereDue(): void {
    const { replayStartSize, updateInterval, updatesPerInterval } = this.#settings;
    if (this.replay.size < replayStartSize || this.steps % updateInterval !== 0) return;
    for (let i = 0; i < updatesPerInterval; i++) this.update();
  }

  get actingNetwork(): Policy {
    return this.acting.network;
  }

  setActors(n: number): void {
    splitReplay(this.name, this.replay, n, this.#sequences !== null);
  }

  observeActor(actor: number, transition: Transition): void {
    appendOfActor(this.replay, actor, transition);
    this.steps++;
    this.#updateWhereDue();
  }

  protected forgetEpisode(): void {
    this.replay.stopEpisode();
  }

  protected saved() {
    const { replay, explorer, learning } = this;
    return { replay, explorer, learning, sampling: this.#sampling, burnIn: savedStream(this.#burnIn) };
  }

  override statistics(): Record<string, number> {
    return { ...super.statistics(), ...this.explorer.statistics() };
  }
}
