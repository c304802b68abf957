/** Environments whose states and actions are numbers: every outcome stands in a table. */
import { UsageError } from "../../errors.ts";
import type { State } from "../../state.ts";
import { Env, type Info, type ResetOptions, type StepResult } from "../env.ts";
import type { EnvRandom } from "../npRandom.ts";
import { Discrete } from "../spaces/index.ts";

/** One of the things that may come of an action. */
export type Outcome = readonly [probability: number, state: number, reward: number, terminated: boolean];

/** What may come of every action in every state; `places` an outcome's number in the arrays. */
export class OutcomeTable {
  readonly states: number;
  readonly actions: number;
  /** The next state, `(places)`; likewise below. */
  readonly next: Int32Array;
  readonly reward: Float64Array;
  readonly terminated: Uint8Array;
  /** Which of `probabilities` an outcome has. */
  readonly likelihood: Uint8Array;
  readonly probabilities: number[] = [];
  /** The sum of the probabilities up to here, of the same state and action. */
  readonly #cumulative: Float64Array;
  /** Outcomes that a state and an action have room for. */
  readonly #width: number;

  /** @param outcomesOf at most `width` outcomes, whose probabilities sum to 1 */
  constructor(
    states: number,
    actions: number,
    width: number,
    outcomesOf: (state: number, action: number) => Outcome[],
  ) {
    this.states = states;
    this.actions = actions;
    this.#width = width;
    const places = states * actions * width;
    this.next = new Int32Array(places);
    this.reward = new Float64Array(places);
    this.terminated = new Uint8Array(places);
    this.likelihood = new Uint8Array(places);
    this.#cumulative = new Float64Array(places);
    for (let state = 0; state < states; state++) {
      for (let action = 0; action < actions; action++) {
        const first = (state * actions + action) * width;
        let sum = 0;
        for (const [i, [probability, next, reward, terminated]] of outcomesOf(state, action).entries()) {
          sum += probability;
          this.next[first + i] = next;
          this.reward[first + i] = reward;
          this.terminated[first + i] = Number(terminated);
          let likelihood = this.probabilities.indexOf(probability);
          if (likelihood < 0) likelihood = this.probabilities.push(probability) - 1;
          this.likelihood[first + i] = likelihood;
          this.#cumulative[first + i] = sum;
        }
      }
    }
  }

  /** Draws what comes of an action: the first place whose cumulative probability is above a uniform number. */
  draw(state: number, action: number, random: EnvRandom): number {
    const first = (state * this.actions + action) * this.#width;
    const u = random.random();
    for (let place = first; place < first + this.#width; place++) if (this.#cumulative[place]! > u) return place;
    return first; // rounding may leave the sum below u; NumPy's argmax of nothing is the first, too
  }
}

/** An environment that is a table. */
export abstract class TabularEnv extends Env<number, number> {
  readonly observationSpace: Discrete;
  readonly actionSpace: Discrete;
  protected readonly table: OutcomeTable;
  /** Where an episode may begin, each as likely as the others. */
  readonly #starts: readonly number[];
  readonly #infos: Info[] = [];
  readonly #startInfos: Info[] = [];
  protected state = 0;
  /** For the picture: which way one looks; null before the first step. */
  protected lastAction: number | null = null;

  constructor(table: OutcomeTable, starts: readonly number[]) {
    super();
    this.table = table;
    this.#starts = starts;
    this.observationSpace = new Discrete(table.states);
    this.actionSpace = new Discrete(table.actions);
  }

  /** What `info` says besides the probability of what happened. */
  protected describe(_state: number): Info {
    return {};
  }

  /** Changes the state that an action led to. */
  protected afterStep(_before: number, after: number): number {
    return after;
  }

  override reset({ seed, options }: ResetOptions = {}): [obs: number, info: Info] {
    const unknown = Object.keys(options ?? {})[0];
    if (unknown !== undefined) {
      throw new UsageError(`${this.name}.reset: there are no options; got ${unknown}. Leave it out.`);
    }
    this.seedRandom(seed);
    const share = 1 / this.#starts.length;
    const u = this.random.random();
    let sum = 0;
    const start = this.#starts.find((_, i) => {
      sum = i === 0 ? share : sum + share;
      return sum > u;
    });
    // as in OutcomeTable.draw, but there the first of all states is meant
    this.state = start ?? 0;
    this.lastAction = null;
    this.#startInfos[this.state] ??= Object.freeze({ prob: 1, ...this.describe(this.state) });
    return [this.state, this.#startInfos[this.state]!];
  }

  override step(action: number): StepResult<number> {
    const { table } = this;
    if (!(action >= 0 && action < table.actions && Number.isInteger(action))) {
      throw new UsageError(
        `${this.name}.step: the action must be a whole number from 0 to ${table.actions - 1}; got ${String(action)}. See env.actionSpace.`,
      );
    }
    this.lastAction = action;
    const before = this.state;
    const place = table.draw(before, action, this.random);
    this.state = this.afterStep(before, table.next[place]!);
    return [this.state, table.reward[place]!, table.terminated[place] === 1, false, this.#infoOf(place)];
  }

  /** Infos are made once and shared by all steps. */
  #infoOf(place: number): Info {
    const { likelihood, probabilities, states } = this.table;
    const kind = likelihood[place]!;
    return (this.#infos[kind * states + this.state] ??= Object.freeze({
      prob: probabilities[kind],
      ...this.describe(this.state),
    }));
  }

  override saveState(): State {
    return { base: super.saveState(), state: this.state, lastAction: this.lastAction };
  }

  override loadState(saved: State): void {
    const { base, state, lastAction } = saved as { base: State; state: number; lastAction: number | null };
    super.loadState(base);
    this.state = state;
    this.lastAction = lastAction;
  }
}
