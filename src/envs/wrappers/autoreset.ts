import type { State } from "../../state.ts";
import { type Info, type ResetOptions, type StepResult, Wrapper } from "../env.ts";

/**
 * Begins the next episode by itself: the step after an episode's end takes no action and gives the next episode's
 * first observation, with a reward of 0.
 */
export class Autoreset<Obs, Act> extends Wrapper<Obs, Act> {
  #hasEnded = false;

  override reset(options: ResetOptions = {}): [obs: Obs, info: Info] {
    this.#hasEnded = false;
    return this.env.reset(options);
  }

  override step(action: Act): StepResult<Obs> {
    if (this.#hasEnded) {
      const [obs, info] = this.reset();
      return [obs, 0, false, false, info];
    }
    const result = this.env.step(action);
    this.#hasEnded = result[2] || result[3];
    return result;
  }

  override saveState(): State {
    return { env: this.env.saveState(), hasEnded: this.#hasEnded };
  }
  override loadState(state: State): void {
    super.loadState(state);
    this.#hasEnded = (state as { hasEnded: boolean }).hasEnded;
  }
}
