/** What every agent is to the training loop, to scripts and to the command line. */
import type { Link, Variable } from "../autograd/index.ts";
import type { Random } from "../random.ts";
import type { Replay, Transition, TransitionFormat } from "../replay/index.ts";
import type { Stateful } from "../state.ts";
import type { HyperparameterSchema } from "./hyperparameters.ts";

/** The part of `envs` spaces that agents look at; the real spaces fit it, and a script may pass plain objects. */
export interface ObservationSpace {
  /** Shape of one observation, `(…obs)`; null where observations are no arrays (Tuple, Dict). */
  readonly shape: readonly number[] | null;
  /** The type of its numbers, "uint8" for whole numbers from 0 to 255. */
  readonly dtype?: string | null;
  /** Largest values, `(…obs)` flat, where there are bounds. */
  readonly high?: ArrayLike<number>;
}
export interface DiscreteSpace {
  /** Actions are start … start + n − 1. */
  readonly n: number;
  /** 0 unless given. */
  readonly start?: number;
}
export interface BoxSpace {
  readonly shape: readonly number[];
  readonly low: ArrayLike<number>;
  readonly high: ArrayLike<number>;
}

/** One observation as the environment returned it: flat numbers of shape `(…obs)`. */
export type Observation = ArrayLike<number>;
/** A discrete action's number, or a continuous action `(actions)`. */
export type Action = number | Float32Array;

/** Where a trained agent is kept: a directory, or a Map of file names to their bytes, as in a page. */
export type ModelPlace = string | Map<string, Uint8Array>;
/** The part of `info`, which environments return beside an observation, that agents look at. */
export interface StepInfo {
  /** `(actions)`: not 0 for the actions allowed in that observation. Agents of discrete actions take no others. */
  readonly actionMask?: ArrayLike<number>;
}

/** Actions in many environments: `(n)` numbers of discrete ones, or `(n, actions)` flat. */
export type BatchActions = Int32Array | Float32Array;
/** The part of a VectorEnv's infos that agents look at; `_key` says with 1 whose environment said `key`. */
export interface BatchInfos {
  /** `(n, actions)` flat, see `StepInfo`; or an array with a mask or null each. */
  readonly actionMask?: ArrayLike<unknown>;
  readonly _actionMask?: ArrayLike<number>;
  /** 1 for rows that ended and began anew in the same step, and what their environments said at the end. */
  readonly _finalObs?: ArrayLike<number>;
  readonly finalInfo?: BatchInfos;
}
/** Which rows of a step are transitions and where they led: `Transitions.read` of the VectorEnv's step gives it. */
export interface BatchTransitions {
  readonly count: number;
  /** The first `count` are the numbers of the rows. */
  readonly rows: ArrayLike<number>;
  /** `(n, …obs)` flat. */
  readonly nextObs: unknown;
}

/** How an agent acts in evaluation, as a function of many observations at once. */
export interface GreedyForward {
  /** Shape of one observation. */
  readonly obsShape: readonly number[];
  readonly obsType: "float32" | "uint8";
  /** The number of the first discrete action; null for continuous actions. */
  readonly firstAction: number | null;
  /** What continuous actions are clipped to; null where they are not. */
  readonly bounds: Pick<BoxSpace, "low" | "high"> | null;
  /**
   * On the cpu, observations (batch, …obs) to `action`, (batch) numbers from 0 or (batch, actions) before they are clipped,
   * and what it is chosen by: `values` or `logits` (batch, actions), or `mean` (batch, actions).
   */
  forward(obs: Variable): { readonly action: Variable } & Readonly<Record<string, Variable>>;
}

/**
 * An agent acts, observes what came of it, and learns.
 *
 * The loop is `action = agent.act(obs)`, then `agent.observe(nextObs, reward, terminated, truncated)`; an update
 * happens inside `observe` when it is due. `saveState`/`loadState` carry everything the agent's future depends on
 * (weights, optimiser moments, replay, random streams, counters), so that a run resumes bit for bit;
 * `save`/`load` write what a user keeps of a trained agent: weights and optimiser.
 */
export interface Agent extends Stateful {
  /** The class's name as in the paper: "DQN", "DoubleDQN". */
  readonly name: string;
  /** Environment steps observed in training. */
  readonly steps: number;
  /** Gradient steps taken. */
  readonly updates: number;
  /** False inside `evalMode`: actions are greedy, nothing is stored or learned. */
  readonly training: boolean;

  /** The action for one observation, with what came beside it: exploring in training, greedy inside `evalMode`. */
  act(obs: Observation, info?: StepInfo): Action;
  /** What came of the last action. `terminated`: the task ended there; `truncated`: the episode was cut there. */
  observe(nextObs: Observation, reward: number, terminated: boolean, truncated: boolean, info?: StepInfo): void;

  /** Says before the first step whether n environments give the agent enough to learn from. @throws UsageError where not */
  requireEnvs?(n: number): void;
  /**
   * From here on the agent learns from n environments side by side, as after a first `actBatch` of n. Missing, as the two
   * below, where an agent learns from one environment only.
   * @throws UsageError where it cannot, or has begun with another number
   */
  setEnvs?(n: number): void;
  /**
   * Actions for n observations by one forward pass of the network that learns, on its device: exploring in training, where n
   * is always the same, greedy inside `evalMode`.
   *
   * @param obs `(n, …obs)` flat; looked at before the promise is returned
   */
  actBatch?(obs: ArrayLike<number>, n: number, infos?: BatchInfos): Promise<BatchActions>;
  /**
   * What came of the actions of `actBatch`, in the rows that count: each is an environment step. `rewards`, `terminated` and
   * `truncated` are `(n)`, flags 0 or 1.
   */
  observeBatch?(
    transitions: BatchTransitions,
    rewards: ArrayLike<number>,
    terminated: ArrayLike<number>,
    truncated: ArrayLike<number>,
    infos?: BatchInfos,
  ): void;

  /**
   * Runs `body` with exploration and learning off. What a recurrent agent remembers of evaluation episodes stands apart from
   * the running episode of training; it is forgotten where `observe` is told of an end, and by `stopEpisode`.
   */
  evalMode<T>(body: () => T): T;

  /**
   * What exporters write; missing where an agent cannot tell. To be called, and its `forward` too, inside `evalMode`.
   * @throws UsageError where a program's own function stands between observations and the network
   */
  greedyForward?(): GreedyForward;

  /** ChainerRL's way: observe the last action's reward together with the new observation, then act on it. */
  actAndTrain(obs: Observation, reward: number): Action;
  /** ChainerRL's way to end an episode: the last observation and reward, and whether the task ended there. */
  stopEpisodeAndTrain(obs: Observation, reward: number, terminated: boolean): void;
  /** Forget the running episode (its last action gets no reward); inside `evalMode` that of the evaluation. */
  stopEpisode(): void;

  /**
   * Whether the loop must await `turn()` before the next step: an agent that learns on a GPU waits for it there, always
   * at the same steps. Never set where the cpu learns.
   */
  readonly wantsTurn?: boolean;
  /** Waits for updates under way, and acts with what they learned from then on. */
  turn?(): Promise<void>;
  /** Makes `statistics` and `saveState` readable until the next step, where numbers have to be fetched. */
  sync?(): Promise<void>;

  /**
   * What the last `act` inside `evalMode` went by; called before the next one. It draws no random number and changes
   * nothing that anything else depends on.
   */
  explain?(): ActionExplanation;
  /**
   * What the greedy action for the next observation of the running episode of training would go by; null where the agent
   * cannot tell. It draws no random number and changes nothing: a run that somebody looks at stays the same bit for bit.
   */
  explainNext?(obs: Observation, info?: StepInfo): ActionExplanation | null;

  /** Numbers about the agent's present condition, such as `averageQ`, `averageLoss`, `updates`, `epsilon`. */
  statistics(): Record<string, number>;

  /** Writes weights and optimiser into a directory (made if need be) or a Map, as safetensors. */
  save(place: ModelPlace): Promise<void>;
  /** Reads what `save` wrote. @throws UsageError when the files are missing, broken or of another agent or shape. */
  load(place: ModelPlace): Promise<void>;
}

/** What an action was chosen by, for people to look at. */
export interface ActionExplanation {
  /**
   * What the numbers are: the value of every action, the probability of every action, or the components of the
   * continuous action itself.
   */
  readonly kind: "qValues" | "probabilities" | "action";
  readonly numbers: readonly number[];
  /** The value of the observation, in units of the environment's rewards; null where the agent has none. */
  readonly value: number | null;
}

/** An agent that actors in several threads can be: each is one of its own, and all share what they learn. */
export interface AsyncAgent extends Agent {
  /** Bytes of memory that `share` needs. */
  readonly sharedBytes: number;
  /**
   * From now on parameters, optimizer statistics, target networks and the counters of steps and updates are those in
   * `memory`: each update is made to them, and taken over from them.
   * @param isFirst fills the memory with what this agent has; the others take over what is there
   */
  share(memory: SharedArrayBuffer, isFirst: boolean): void;
  /** Takes over what the others have learned. */
  followShared(): void;
  /** Runs what steps and updates run, so that it is compiled, and leaves everything as it was. */
  rehearse(): void;
}

/**
 * An agent that learns from what actors in other threads do. Each of them is an agent of its own, built with the replay buffer
 * of an actor (`ActorReplay`): it acts with what this one publishes, and never learns.
 */
export interface LearnerAgent extends Agent {
  /** An actor is told those of all. */
  steps: number;
  /** What a step of an actor takes. */
  readonly transitionFormat: TransitionFormat;
  /** The network that acts, on the cpu: what actors take over. */
  readonly actingNetwork: Link;
  readonly replay: Replay;
  /** What explores: in an actor, not here. */
  readonly explorer: { statistics(): Record<string, number> };
  /**
   * From here on the agent learns from n actors.
   * @throws UsageError where its replay buffer cannot keep as many episodes apart
   */
  setActors(n: number): void;
  /** A step of one of the actors, and the updates that it makes due. */
  observeActor(actor: number, transition: Transition): void;
}

/** What an agent is built from when its networks and replay are to be the default ones. */
export interface AgentSetup {
  readonly observationSpace: ObservationSpace;
  readonly actionSpace: DiscreteSpace | BoxSpace;
  readonly random: Random;
  /** Values for the agent's `hyperparameters`; the rest are defaults. */
  readonly hyperparameters: Readonly<Record<string, unknown>>;
}
/** What an actor of a `LearnerAgent` is built from. */
export interface ActorSetup extends AgentSetup {
  /** Where its steps go. */
  readonly replay: Replay;
}

/**
 * What several actors of an agent have in common: "shared", each learns, in parameters that all share (`AsyncAgent`);
 * "learner", one agent learns from what all do (`LearnerAgent`).
 */
export type AsyncKind = "shared" | "learner";

/** One line of the registry: `rl list agents`, `--agent`, `--help`, docs. */
export interface AgentSpec {
  /** As typed after `--agent`: "dqn". */
  readonly id: string;
  /** The class's name: "DQN". */
  readonly name: string;
  readonly paper: string;
  readonly actionSpaces: readonly ("Discrete" | "Box")[];
  readonly recurrent: boolean;
  /** How actors in several threads learn together; null where they cannot. */
  readonly async: AsyncKind | null;
  readonly hyperparameters: HyperparameterSchema;
  /** Hands on all that is in the setup: that of an actor has more. */
  create(setup: AgentSetup): Agent;
}
