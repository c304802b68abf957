import type { State } from "../../state.ts";
import { type Info, type StepResult, Wrapper } from "../env.ts";
import { type AnyArray, type AnyBox, observationBox, requireNumber, type WrappableEnv } from "./requireBox.ts";

export interface MaxAndSkipOptions {
  /** Steps an action is repeated for, at least 2; 4 unless given. */
  readonly skip?: number;
}

/**
 * Repeats every action and sums the rewards; the observation is the larger of the last two, number by number, which
 * takes the flicker out of Atari's pictures. Where an episode ends early an observation left from the action before
 * takes the place of one that never came, as in Gymnasium.
 */
export class MaxAndSkipObservation<Act> extends Wrapper<AnyArray, Act> {
  readonly #skip: number;
  readonly #box: AnyBox;
  readonly #lastTwo: [AnyArray, AnyArray];

  /** @throws UsageError where observations are no Box */
  constructor(env: WrappableEnv, { skip = 4 }: MaxAndSkipOptions = {}) {
    super(env);
    this.#box = observationBox("MaxAndSkipObservation", env);
    requireNumber("MaxAndSkipObservation", "skip", skip, { low: 2, whole: true });
    this.#skip = skip;
    this.#lastTwo = [this.#box.arrayOf(), this.#box.arrayOf()];
  }

  override step(action: Act): StepResult<AnyArray> {
    let sum = 0;
    let [terminated, truncated] = [false, false];
    let info: Info = {};
    for (let i = 0; i < this.#skip && !terminated && !truncated; i++) {
      const [obs, reward, ...end] = this.env.step(action);
      sum += reward;
      [terminated, truncated, info] = end;
      const place = i - (this.#skip - 2);
      // copied: the environment may use its arrays again
      if (place >= 0) this.#lastTwo[place as 0 | 1].set(obs);
    }
    const [last, newest] = this.#lastTwo;
    const larger = newest.map((x, i) => Math.max(x, last[i]!)) as AnyArray;
    return [larger, sum, terminated, truncated, info];
  }

  override saveState(): State {
    return { env: this.env.saveState(), lastTwo: this.#lastTwo.map((obs) => Float64Array.from(obs)) };
  }
  override loadState(state: State): void {
    super.loadState(state);
    const { lastTwo } = state as { lastTwo: [Float64Array, Float64Array] };
    for (const [i, obs] of lastTwo.entries()) this.#lastTwo[i as 0 | 1].set(obs);
  }
}
