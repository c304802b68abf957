/**
 * Acting on one observation at a time: what the agent thinks best or what its explorer makes of it, kept until its outcome
 * is observed. Nothing is allocated for a discrete action.
 */
import { UsageError } from "../errors.ts";
import type { Explorer } from "../explorers/index.ts";
import type { Random } from "../random.ts";
import type { State } from "../state.ts";
import type { Action, BoxSpace, Observation, StepInfo } from "./agent.ts";

export interface ActingParts<A extends Action> {
  /** The agent's name, for messages. */
  readonly name: string;
  /** Numbers in an observation as the network gets it. */
  readonly obsSize: number;
  readonly phi: ((obs: Observation) => Observation) | null;
  /** Makes the explorer, which may take random actions from here: those the environment allows. */
  readonly explorer: (randomAction: (random: Random) => A) => Explorer<A>;
  readonly look: Look;
  /** Whether the network has to look at every observation, those of random actions too: one with a memory. */
  readonly looksAlways?: boolean;
}

/**
 * Fills `outputs` with what a network says of an observation: the value of every action, or the numbers of the best one; in
 * evaluation without the network's noise.
 */
export type Look = (obs: Observation, outputs: Float64Array, training: boolean) => void;

/** Which actions an environment allows, `(actions)`: not 0 for those; null where it does not say. */
export type ActionMask = ArrayLike<number> | null;

/** The mask in what an environment says beside an observation. */
export const maskOf = (info: StepInfo | undefined): ActionMask => info?.actionMask ?? null;

const copyOf = (action: Action): Action => (typeof action === "number" ? action : action.slice());

export abstract class Acting<A extends Action> {
  readonly explorer: Explorer<A>;
  readonly name: string;
  /** The observation behind the last action, `(…obs)`, and the mask that came with it. */
  readonly lastObs: Float32Array;
  protected mask: ActionMask = null;
  /** What the last forward pass gave, `(n)`. */
  protected readonly outputs: Float64Array;
  readonly #phi: ((obs: Observation) => Observation) | null;
  readonly #look: Look;
  /** The observation that `act` was given; a random action never looks at it. */
  #input: Observation = [];
  #training = true;
  readonly #looksAlways: boolean;
  #hasLooked = false;

  constructor({ name, obsSize, phi, explorer, look, looksAlways = false }: ActingParts<A>, outputs: number) {
    this.name = name;
    this.explorer = explorer((random) => this.randomAction(random));
    this.#phi = phi;
    this.#look = look;
    this.#looksAlways = looksAlways;
    this.lastObs = new Float32Array(obsSize);
    this.outputs = new Float64Array(outputs);
  }

  protected abstract randomAction(random: Random): A;
  /** Whether an action waits for its outcome. */
  abstract readonly isWaiting: boolean;
  /** As the replay buffer stores it. */
  abstract readonly lastAction: A;
  abstract forget(): void;
  protected abstract greedy(): A;
  protected abstract explore(step: number): A;
  /** The environment's number of an action. */
  abstract outward(action: A): A;

  /** The mask of `lastObs`. */
  get lastMask(): ActionMask {
    return this.mask;
  }

  /** An observation as the q-function gets it. */
  seen(obs: Observation): Observation {
    return this.#phi ? this.#phi(obs) : obs;
  }

  /** @throws UsageError for an observation of another size or, in training, with numbers that are not finite */
  act(obs: Observation, mask: ActionMask, step: number, training: boolean): A {
    const input = this.seen(obs);
    const { lastObs } = this;
    if (input.length !== lastObs.length) {
      throw new UsageError(
        `${this.name}.act: the observation must have ${lastObs.length} numbers; got ${input.length}. Check env.observationSpace.shape.`,
      );
    }
    this.#input = input;
    this.#training = training;
    this.#hasLooked = false;
    if (!training) {
      const before = this.mask;
      this.mask = mask;
      const action = this.outward(this.greedy());
      this.mask = before;
      return action;
    }
    this.mask = mask;
    let zero = 0; // NaN as soon as one number is not finite
    for (let i = 0; i < lastObs.length; i++) {
      lastObs[i] = input[i]!;
      zero += 0 * input[i]!;
    }
    if (zero !== 0) {
      this.forget();
      throw new UsageError(
        `${this.name}.act: the observation must be finite numbers; got [${Array.from(input).slice(0, 8).join(", ")}]. Look at the environment at step ${step}.`,
      );
    }
    if (this.#looksAlways) this.look();
    return this.outward(this.explore(step));
  }

  /** What the last look gave, `(n)`: the value of every action, or the numbers of the best one. */
  get lastOutputs(): ArrayLike<number> {
    return this.outputs;
  }

  /** Fills `outputs` for the observation to act on. */
  protected look(): void {
    if (this.#hasLooked) return;
    this.#hasLooked = true;
    this.#look(this.#input, this.outputs, this.#training);
  }

  saveState(): State {
    return {
      lastObs: this.lastObs.slice(),
      lastAction: this.isWaiting ? copyOf(this.lastAction) : -1,
      lastMask: this.mask && Uint8Array.from(this.mask),
    };
  }

  loadState(state: State): void {
    const { lastObs, lastAction, lastMask } = state as unknown as {
      lastObs: Float32Array;
      lastAction: A | -1;
      lastMask: Uint8Array | null;
    };
    this.lastObs.set(lastObs);
    this.mask = lastMask;
    if (lastAction === -1) this.forget();
    else this.restore(lastAction as A);
  }

  protected abstract restore(lastAction: A): void;
}

/** Actions are numbers; the best one has the largest value. */
export class DiscreteActing extends Acting<number> {
  readonly #actions: number;
  /** The first action's number outside: values and the replay buffer count from 0. */
  readonly #first: number;
  #last = -1;

  constructor(parts: ActingParts<number>, actions: number, first: number) {
    super(parts, actions);
    this.#actions = actions;
    this.#first = first;
  }

  get isWaiting(): boolean {
    return this.#last >= 0;
  }

  get lastAction(): number {
    return this.#last;
  }

  forget(): void {
    this.#last = -1;
  }

  protected restore(lastAction: number): void {
    this.#last = lastAction;
  }

  outward(action: number): number {
    return this.#first + action;
  }

  /** A random action among those allowed. */
  protected randomAction(random: Random): number {
    const { mask } = this;
    if (mask === null) return random.integer(this.#actions);
    let allowed = 0;
    for (let a = 0; a < this.#actions; a++) if (mask[a]! !== 0) allowed++;
    let left = random.integer(allowed);
    for (let a = 0; a < this.#actions; a++) if (mask[a]! !== 0 && left-- === 0) return a;
    throw this.#misfit();
  }

  readonly #misfit = (): UsageError => {
    const mask = Array.from(this.mask ?? []);
    return new UsageError(
      `${this.name}.act: info.actionMask must hold ${this.#actions} numbers, not all of them 0; got [${mask.join(", ")}]. Look at the environment.`,
    );
  };

  protected explore(step: number): number {
    const { mask } = this;
    if (mask !== null && mask.length !== this.#actions) throw this.#misfit();
    const action = this.explorer.selectAction(step, this.#greedy, this.#values);
    if (mask !== null && mask[action]! === 0) {
      throw new UsageError(
        `${this.name}.act: an explorer must take actions that info.actionMask allows, [${Array.from(mask).join(", ")}]; got ${action}. ` +
          "Let the agent make its own explorer.",
      );
    }
    this.#last = action;
    return action;
  }

  /** (actions): the values of the observation to act on, −∞ for actions that are not allowed. */
  readonly #values = (): ArrayLike<number> => {
    this.look();
    const { mask, outputs } = this;
    if (mask !== null)
      for (let a = 0; a < this.#actions; a++) if (mask[a]! === 0) outputs[a] = Number.NEGATIVE_INFINITY;
    return outputs;
  };

  readonly #greedy = (): number => {
    const values = this.#values();
    let best = 0;
    for (let a = 1; a < this.#actions; a++) if (values[a]! > values[best]!) best = a;
    if (this.mask !== null && !(this.mask[best]! !== 0)) throw this.#misfit();
    return best;
  };

  protected greedy(): number {
    return this.#greedy();
  }
}

/** Actions are vectors; the network says which is best. */
export class ContinuousActing extends Acting<Float32Array> {
  readonly #low: ArrayLike<number>;
  readonly #high: ArrayLike<number>;
  readonly #last: Float32Array;
  #isWaiting = false;

  /** @param bounds what actions are clipped to */
  constructor(parts: ActingParts<Float32Array>, { low, high }: Pick<BoxSpace, "low" | "high">) {
    super(parts, low.length);
    this.#low = low;
    this.#high = high;
    this.#last = new Float32Array(low.length);
  }

  get isWaiting(): boolean {
    return this.#isWaiting;
  }

  get lastAction(): Float32Array {
    return this.#last;
  }

  forget(): void {
    this.#isWaiting = false;
  }

  protected restore(lastAction: Float32Array): void {
    this.#last.set(lastAction);
    this.#isWaiting = true;
  }

  outward(action: Float32Array): Float32Array {
    return action;
  }

  /** Uniform in the box. */
  protected randomAction(random: Random): Float32Array {
    return Float32Array.from(this.#low, (low, i) => random.uniform(low, this.#high[i]!));
  }

  protected explore(step: number): Float32Array {
    const action = this.explorer.selectAction(step, this.#greedy);
    for (let i = 0; i < action.length; i++) {
      action[i] = Math.min(Math.max(action[i]!, this.#low[i]!), this.#high[i]!);
    }
    this.restore(action);
    return action;
  }

  readonly #greedy = (): Float32Array => {
    this.look();
    return Float32Array.from(this.outputs);
  };

  protected greedy(): Float32Array {
    return this.#greedy();
  }
}
