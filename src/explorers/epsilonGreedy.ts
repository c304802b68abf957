/** ε-greedy: with probability epsilon a random action, else the agent's best (Sutton and Barto 2018, section 2.2). */
import { UsageError } from "../errors.ts";
import type { Random, RandomState } from "../random.ts";
import type { State } from "../state.ts";
import type { Explorer } from "./explorer.ts";
import { exponentialDecay, linearDecay } from "./schedules.ts";

export interface EpsilonGreedyOptions<A> {
  /**
   * A random action, as `(random) => random.integer(4)`. Drawn from the stream it is given, it is part of what
   * `saveState` saves.
   */
  readonly randomAction: (random: Random) => A;
  /** The stream that decides when to explore. */
  readonly random: Random;
}

function requireProbability(where: string, name: string, value: number): void {
  if (!(value >= 0 && value <= 1)) {
    throw new UsageError(`${where}: ${name} must lie between 0 and 1; got ${value}. Change ${name}.`);
  }
}

function requireSteps(where: string, name: string, value: number): void {
  if (!(Number.isSafeInteger(value) && value >= 0)) {
    throw new UsageError(`${where}: ${name} must be a whole number of steps; got ${value}. Change ${name}.`);
  }
}

/** What the three share: a subclass says what epsilon is at a step. */
abstract class EpsilonGreedy<A> implements Explorer<A> {
  readonly #randomAction: (random: Random) => A;
  readonly #random: Random;
  #epsilon: number;

  constructor({ randomAction, random }: EpsilonGreedyOptions<A>, firstEpsilon: number) {
    this.#randomAction = randomAction;
    this.#random = random;
    this.#epsilon = firstEpsilon;
  }

  /** The rate of random actions at a step. */
  abstract epsilonAt(step: number): number;

  /** Takes one draw to decide, whatever epsilon is, and those of `randomAction` when it explores. */
  selectAction(step: number, greedyAction: () => A): A {
    this.#epsilon = this.epsilonAt(step);
    return this.#random.random() < this.#epsilon ? this.#randomAction(this.#random) : greedyAction();
  }

  statistics(): Record<string, number> {
    return { epsilon: this.#epsilon };
  }

  saveState(): State {
    return { epsilon: this.#epsilon, random: { ...this.#random.saveState() } };
  }

  loadState(state: State): void {
    const { epsilon, random } = state as unknown as { epsilon: number; random: RandomState };
    this.#epsilon = epsilon;
    this.#random.loadState(random);
  }
}

export interface ConstantEpsilonGreedyOptions<A> extends EpsilonGreedyOptions<A> {
  readonly epsilon: number;
}

/** The same epsilon at every step. */
export class ConstantEpsilonGreedy<A = number> extends EpsilonGreedy<A> {
  readonly epsilon: number;

  /** @throws UsageError when epsilon is no probability. */
  constructor(options: ConstantEpsilonGreedyOptions<A>) {
    requireProbability("ConstantEpsilonGreedy", "epsilon", options.epsilon);
    super(options, options.epsilon);
    this.epsilon = options.epsilon;
  }

  override epsilonAt(_step: number): number {
    return this.epsilon;
  }
}

export interface LinearDecayEpsilonGreedyOptions<A> extends EpsilonGreedyOptions<A> {
  readonly startEpsilon: number;
  readonly endEpsilon: number;
  /** Steps from startEpsilon to endEpsilon. */
  readonly decaySteps: number;
  /** The step until which epsilon stays at startEpsilon, such as `replayStartSize`. Default 0. */
  readonly startStep?: number;
}

/** Epsilon falls along a straight line, see `linearDecay`. */
export class LinearDecayEpsilonGreedy<A = number> extends EpsilonGreedy<A> {
  readonly startEpsilon: number;
  readonly endEpsilon: number;
  readonly decaySteps: number;
  readonly startStep: number;

  /** @throws UsageError when an epsilon is no probability or a number of steps no whole number. */
  constructor(options: LinearDecayEpsilonGreedyOptions<A>) {
    const { startEpsilon, endEpsilon, decaySteps, startStep = 0 } = options;
    requireProbability("LinearDecayEpsilonGreedy", "startEpsilon", startEpsilon);
    requireProbability("LinearDecayEpsilonGreedy", "endEpsilon", endEpsilon);
    requireSteps("LinearDecayEpsilonGreedy", "decaySteps", decaySteps);
    requireSteps("LinearDecayEpsilonGreedy", "startStep", startStep);
    super(options, startEpsilon);
    this.startEpsilon = startEpsilon;
    this.endEpsilon = endEpsilon;
    this.decaySteps = decaySteps;
    this.startStep = startStep;
  }

  override epsilonAt(step: number): number {
    return linearDecay(step, this.startEpsilon, this.endEpsilon, this.decaySteps, this.startStep);
  }
}

export interface ExponentialDecayEpsilonGreedyOptions<A> extends EpsilonGreedyOptions<A> {
  readonly startEpsilon: number;
  readonly endEpsilon: number;
  /** The factor of one step, between 0 and 1, both exclusive. */
  readonly decay: number;
}

/** Epsilon falls by a factor a step, see `exponentialDecay`. */
export class ExponentialDecayEpsilonGreedy<A = number> extends EpsilonGreedy<A> {
  readonly startEpsilon: number;
  readonly endEpsilon: number;
  readonly decay: number;

  /** @throws UsageError when an epsilon is no probability, or decay not between 0 and 1. */
  constructor(options: ExponentialDecayEpsilonGreedyOptions<A>) {
    const { startEpsilon, endEpsilon, decay } = options;
    requireProbability("ExponentialDecayEpsilonGreedy", "startEpsilon", startEpsilon);
    requireProbability("ExponentialDecayEpsilonGreedy", "endEpsilon", endEpsilon);
    if (!(decay > 0 && decay < 1)) {
      throw new UsageError(
        `ExponentialDecayEpsilonGreedy: decay must lie between 0 and 1, both exclusive; got ${decay}. Change decay.`,
      );
    }
    super(options, startEpsilon);
    this.startEpsilon = startEpsilon;
    this.endEpsilon = endEpsilon;
    this.decay = decay;
  }

  override epsilonAt(step: number): number {
    return exponentialDecay(step, this.startEpsilon, this.endEpsilon, this.decay);
  }
}
