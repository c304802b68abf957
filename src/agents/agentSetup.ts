/** What is made of an agent's options before its networks are built: spaces, shapes, hyperparameters and layers. */
import { UsageError } from "../errors.ts";
import type { activationNames, ConvolutionName, Convolutions, RecurrentName } from "../nets/index.ts";
import { Random } from "../random.ts";
import type { BoxSpace, DiscreteSpace, Observation, ObservationSpace } from "./agent.ts";
import { type HyperparameterSchema, type HyperparameterValues, resolveHyperparameters } from "./hyperparameters.ts";
import { convolutionsFor } from "./networkSettings.ts";

export interface AgentParts {
  readonly observationSpace: ObservationSpace;
  readonly actionSpace: DiscreteSpace | BoxSpace;
  /** Streams of initial weights, replay and exploration branch off this one; seed 0 unless given. */
  readonly random?: Random;
  /** Turns an observation into the network's input. */
  readonly phi?: (obs: Observation) => Observation;
  /** Shape of one observation behind `phi`. */
  readonly phiShape?: readonly number[];
}

/** What is made of an agent's options before its networks are built. */
export interface Setup<H> {
  readonly hyperparameters: H;
  readonly obsShape: readonly number[];
  readonly obsSize: number;
  /** How many discrete actions there are; null where they are continuous. */
  readonly actions: number | null;
  /** Numbers of a continuous action; 1 for a discrete one. */
  readonly actionSize: number;
  /** The box of continuous actions. */
  readonly bounds: BoxSpace | null;
  readonly random: Random;
  /** Whether an agent that declares `normalizesObs` is to. */
  readonly normalizesObs: boolean;
  /** Convolutions by their name, for these observations. */
  readonly convolutions: (name: ConvolutionName) => Convolutions;
}

const basicParts = ["observationSpace", "actionSpace", "random", "phi", "phiShape"];

/**
 * @param parts names of options that are no hyperparameters, besides those of AgentParts
 * @throws UsageError for spaces that the agent cannot act in, and for bad hyperparameters
 */
export function prepare<S extends HyperparameterSchema>(
  name: string,
  schema: S,
  options: AgentParts,
  parts: readonly string[],
  kinds: readonly ("Discrete" | "Box")[],
): Setup<HyperparameterValues<S>> {
  const { observationSpace, actionSpace, random = new Random(0), phi, phiShape } = options;
  const known = new Set([...basicParts, ...parts]);
  const given = Object.fromEntries(Object.entries(options).filter(([key]) => !known.has(key)));
  const hyperparameters = resolveHyperparameters(name, schema, given as Partial<HyperparameterValues<S>>);
  if (!observationSpace || !actionSpace) {
    throw new UsageError(
      `${name}: observationSpace and actionSpace must be given; got ${observationSpace ? "no actionSpace" : "no observationSpace"}. Pass those of the environment.`,
    );
  }
  const isDiscrete = "n" in actionSpace;
  if (!kinds.includes(isDiscrete ? "Discrete" : "Box")) {
    const advice = isDiscrete ? "discrete" : "continuous";
    throw new UsageError(
      `${name}: the action space must be ${kinds.join(" or ")}; got ${String(actionSpace)}. Use an agent for ${advice} actions.`,
    );
  }
  if (!isDiscrete && actionSpace.shape?.length !== 1) {
    throw new UsageError(
      `${name}: continuous actions must have one axis; got ${String(actionSpace)}. Flatten them in the environment.`,
    );
  }
  const obsShape = phiShape ?? ("n" in observationSpace ? null : observationSpace.shape);
  if (!obsShape) {
    throw new UsageError(
      `${name}: observations must be arrays of one shape; got ${String(observationSpace)}. Flatten or one-hot them in the environment, or pass phi and phiShape.`,
    );
  }
  const normalizesObs = "normalizesObs" in hyperparameters && hyperparameters.normalizesObs === true;
  return {
    hyperparameters,
    obsShape,
    obsSize: obsShape.reduce((product, n) => product * n, 1),
    actions: isDiscrete ? actionSpace.n : null,
    actionSize: isDiscrete ? 1 : actionSpace.shape[0]!,
    bounds: isDiscrete ? null : actionSpace,
    random,
    convolutions: (name) => convolutionsFor(name, observationSpace, obsShape, phi !== undefined || normalizesObs),
    normalizesObs,
  };
}

/** What hyperparameters say of convolutions, hidden layers and memory. */
interface LayerSettings {
  readonly hiddenSizes: readonly number[];
  readonly activation: (typeof activationNames)[number];
  readonly convolutions?: ConvolutionName;
  readonly recurrent?: RecurrentName;
}

/** The layers of a network, drawn from the stream of its name. */
export function layersOf({ hyperparameters: h, random, convolutions }: Setup<LayerSettings>, name: string) {
  const { hiddenSizes, activation, recurrent = "none", convolutions: named = "none" } = h;
  return { hiddenSizes, activation, recurrent, convolutions: convolutions(named), random: random.stream(name) };
}
