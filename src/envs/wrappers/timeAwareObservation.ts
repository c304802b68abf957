import { UsageError } from "../../errors.ts";
import type { State } from "../../state.ts";
import { type Info, type ResetOptions, type StepResult, Wrapper } from "../env.ts";
import { Box } from "../spaces/index.ts";
import { type AnyArray, observationBox, type WrappableEnv } from "./requireBox.ts";

export interface TimeAwareOptions {
  /** The share of the time limit instead of the number of steps. */
  readonly normalizeTime?: boolean;
}

/** Flat observations with one number more: the steps taken in this episode. */
export class TimeAwareObservation<Act> extends Wrapper<Float32Array, Act, AnyArray, Act> {
  readonly #space: Box;
  readonly #unit: number;
  #steps = 0;

  /** @throws UsageError where observations are no Box, or there is no time limit */
  constructor(env: WrappableEnv, { normalizeTime = false }: TimeAwareOptions = {}) {
    super(env);
    const box = observationBox("TimeAwareObservation", env);
    const limit = env.spec?.maxEpisodeSteps ?? null;
    if (limit === null) {
      throw new UsageError(
        `TimeAwareObservation: ${env.name} must have a time limit; got none. Put it around make(id, { maxEpisodeSteps }).`,
      );
    }
    this.#unit = normalizeTime ? limit : 1;
    this.#space = new Box([...box.low, 0], [...box.high, normalizeTime ? 1 : limit]);
  }

  override get observationSpace(): Box {
    return this.#space;
  }

  override reset(options: ResetOptions = {}): [obs: Float32Array, info: Info] {
    const [obs, info] = this.env.reset(options);
    this.#steps = 0;
    return [this.#withTime(obs), info];
  }

  override step(action: Act): StepResult<Float32Array> {
    const [obs, ...others] = this.env.step(action);
    this.#steps++;
    return [this.#withTime(obs), ...others];
  }

  #withTime(obs: AnyArray): Float32Array {
    const longer = new Float32Array(obs.length + 1);
    longer.set(obs);
    longer[obs.length] = this.#steps / this.#unit;
    return longer;
  }

  override saveState(): State {
    return { env: this.env.saveState(), steps: this.#steps };
  }
  override loadState(state: State): void {
    super.loadState(state);
    this.#steps = (state as { steps: number }).steps;
  }
}
