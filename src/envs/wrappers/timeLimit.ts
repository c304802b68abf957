import { UsageError } from "../../errors.ts";
import type { State } from "../../state.ts";
import { type Env, type Info, type ResetOptions, type StepResult, Wrapper } from "../env.ts";

/** Truncates an episode after a number of steps. The task did not end there: values are bootstrapped. */
export class TimeLimit<Obs, Act> extends Wrapper<Obs, Act> {
  readonly maxEpisodeSteps: number;
  #elapsed = 0;

  constructor(env: Env<Obs, Act>, maxEpisodeSteps: number) {
    super(env);
    if (!Number.isInteger(maxEpisodeSteps) || maxEpisodeSteps < 1) {
      throw new UsageError(
        `TimeLimit: maxEpisodeSteps must be a whole number of at least 1; got ${maxEpisodeSteps}. Leave it out for no limit.`,
      );
    }
    this.maxEpisodeSteps = maxEpisodeSteps;
    if (env.spec) this.spec = { ...env.spec, maxEpisodeSteps };
  }

  override reset(options: ResetOptions = {}): [obs: Obs, info: Info] {
    this.#elapsed = 0;
    return this.env.reset(options);
  }

  override step(action: Act): StepResult<Obs> {
    const result = this.env.step(action);
    this.#elapsed++;
    if (this.#elapsed >= this.maxEpisodeSteps) result[3] = true;
    return result;
  }

  override saveState(): State {
    return { env: this.env.saveState(), elapsed: this.#elapsed };
  }
  override loadState(state: State): void {
    super.loadState(state);
    this.#elapsed = (state as { elapsed: number }).elapsed;
  }
}
