/** What the agents of the DQN family are told: hyperparameters, and parts of a caller's own. */
import type { Optimizer } from "../autograd/index.ts";
import { UsageError } from "../errors.ts";
import type { Explorer } from "../explorers/index.ts";
import {
  type ActionValue,
  activationNames,
  type DiscreteValues,
  type QNetwork,
  recurrentNames,
} from "../nets/index.ts";
import type { Random } from "../random.ts";
import type { Replay } from "../replay/index.ts";
import type { Action, BoxSpace, DiscreteSpace, Observation, ObservationSpace } from "./agent.ts";
import {
  type HyperparameterSchema,
  type HyperparameterValues,
  hp,
  resolveHyperparameters,
  searchRanges,
} from "./hyperparameters.ts";
import { convolutionsHyperparameter } from "./networkSettings.ts";
import { requireReplaySizes } from "./replaySizes.ts";
import { sequenceHyperparameters } from "./sequenceMinibatch.ts";

const nature = "Mnih et al. 2015, Extended Data Table 1";
const schaul = "Schaul et al. 2016, Table 3 (proportional)";
const example = "ChainerRL examples/gym/train_dqn_gym.py";

export const dqnHyperparameters = {
  gamma: hp(0.99, "discount per environment step", nature, { min: 0, max: 1, search: searchRanges.discount }),
  learningRate: hp(1e-3, "Adam's step size", "Kingma & Ba 2015", { min: 0, search: searchRanges.stepSize }),
  adamEps: hp(1e-8, "added to Adam's root of second moments", "Kingma & Ba 2015", { min: 0 }),
  hiddenSizes: hp.integers([64, 64], "units of the hidden layers", "OpenAI Baselines' MLP"),
  activation: hp.choice(activationNames, "relu", "activation of the hidden layers", nature),
  convolutions: convolutionsHyperparameter,
  recurrent: hp.choice(
    recurrentNames,
    "none",
    "layer with a memory behind the hidden layers that all values share, as wide as the last of them",
    "Hausknecht & Stone 2015: an LSTM",
  ),
  ...sequenceHyperparameters,
  replayCapacity: hp.integer(100_000, "transitions the replay buffer keeps", "a tenth of the paper's, for vectors"),
  frameStack: hp.integer(1, "frames that an observation is a stack of; the replay buffer stores each once", "Kusari"),
  replayDevice: hp.choice(
    ["cpu", "gpu"],
    "cpu",
    "where minibatches are put together: on a GPU that learns, frames go over once and stay",
    "Kusari",
  ),
  replayStartSize: hp.integer(1_000, "transitions before the first update; actions are random until then", example),
  minibatchSize: hp.integer(32, "transitions a gradient step learns from", nature, {
    min: 1,
    search: searchRanges.minibatch,
  }),
  updateInterval: hp.integer(1, "environment steps between times of updating", example),
  updatesPerInterval: hp.integer(1, "gradient steps each time", "ChainerRL n_times_update"),
  targetUpdateInterval: hp.integer(100, "gradient steps between updates of the target network", example),
  targetUpdateMethod: hp.choice(["hard", "soft"], "hard", "copy the target network, or blend it by tau", nature),
  tau: hp(0.01, "share of the online network in a soft target update", "ChainerRL soft_update_tau", {
    min: 0,
    max: 1,
  }),
  clipDelta: hp.boolean(true, "clip the error's derivative to ±1 (Huber loss)", nature),
  batchAccumulator: hp.choice(["mean", "sum"], "mean", "how errors of a minibatch make a loss", "ChainerRL"),
  maxGradNorm: hp.optional(null, "largest norm of the gradient over all parameters", "Wang et al. 2016 clip at 10", {
    min: 0,
  }),
  rewardScale: hp(1, "multiplies rewards while learning", "Kusari"),
  nStep: hp.integer(1, "environment steps a return spans before it bootstraps", "Sutton & Barto 2018, section 7.1"),
  sampling: hp.choice(
    ["uniform", "prioritized"],
    "uniform",
    "how minibatches are drawn from the replay buffer",
    nature,
  ),
  priorityExponent: hp(0.6, "how much priorities matter where sampling is prioritized, α", schaul, { min: 0 }),
  importanceExponent: hp(0.4, "correction of prioritized sampling at first, β; it grows to 1", schaul, {
    min: 0,
    max: 1,
  }),
  importanceSteps: hp.integer(100_000, "updates until β is 1", "Hessel et al. 2018 anneal over a whole run"),
  startEpsilon: hp(1, "rate of random actions at first", nature, { min: 0, max: 1 }),
  endEpsilon: hp(0.1, "rate of random actions after the decay", nature, { min: 0, max: 1 }),
  decaySteps: hp.integer(10_000, "environment steps, from replayStartSize on, in which ε decays linearly", example),
} as const;

export type DQNHyperparameters = HyperparameterValues<typeof dqnHyperparameters>;

export interface DQNParts<Value extends ActionValue = DiscreteValues, A extends Action = number> {
  readonly observationSpace: ObservationSpace;
  readonly actionSpace: DiscreteSpace | BoxSpace;
  /** Streams of initial weights, replay and exploration branch off this one; seed 0 unless given. */
  readonly random?: Random;
  /** Q(s, ·; θ); an MLP of `hiddenSizes` unless given. */
  readonly qFunction?: QNetwork<Value>;
  /** θ⁻: a second network built like `qFunction`, which has to come with it. */
  readonly targetQ?: QNetwork<Value>;
  /** A third one, built inside `onHost`: where a GPU learns, it acts on the cpu. */
  readonly actingQ?: QNetwork<Value>;
  readonly optimizer?: Optimizer;
  readonly replay?: Replay;
  readonly explorer?: Explorer<A>;
  /** Turns an observation into the network's input. */
  readonly phi?: (obs: Observation) => Observation;
  /** Shape of one observation behind `phi`. */
  readonly phiShape?: readonly number[];
}

export type DQNOptions<
  Value extends ActionValue = DiscreteValues,
  A extends Action = number,
  H = DQNHyperparameters,
> = DQNParts<Value, A> & Partial<H>;

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

/**
 * The hyperparameters among the options, over their defaults.
 * @throws UsageError for an unknown one, one outside its declaration, and where the replay buffer's sizes do not fit
 */
export function dqnSettings(where: string, declared: HyperparameterSchema, options: object): DQNHyperparameters {
  const given = Object.fromEntries(Object.entries(options).filter(([name]) => !partNames.has(name)));
  const h = resolveHyperparameters(where, declared, given) as DQNHyperparameters;
  requireReplaySizes(where, h);
  return h;
}

/**
 * The shape of one observation as the q-function gets it.
 * @throws UsageError where a space is missing, or where observations are no arrays and `phiShape` does not say more
 */
export function observationShape(
  where: string,
  { observationSpace, actionSpace, phiShape }: Pick<DQNParts, "observationSpace" | "actionSpace" | "phiShape">,
): readonly number[] {
  if (!observationSpace || !actionSpace) {
    throw new UsageError(
      `${where}: observationSpace and actionSpace must be given; got ${observationSpace ? "no actionSpace" : "no observationSpace"}. Pass those of the environment.`,
    );
  }
  const shape = phiShape ?? ("n" in observationSpace ? null : observationSpace.shape);
  if (shape) return shape;
  throw new UsageError(
    `${where}: observations must be arrays of one shape; got ${String(observationSpace)}. Flatten or one-hot them in the environment, or pass phi and phiShape.`,
  );
}
