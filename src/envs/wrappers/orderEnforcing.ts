import { UsageError } from "../../errors.ts";
import type { State } from "../../state.ts";
import { type Info, type ResetOptions, type StepResult, Wrapper } from "../env.ts";
import type { Frame } from "../render/index.ts";

type Phase = "new" | "running" | "terminated" | "truncated";

/** Raises where a step or a picture comes before the first reset, or after the episode's end. */
export class OrderEnforcing<Obs, Act> extends Wrapper<Obs, Act> {
  #phase: Phase = "new";
  #steps = 0;

  override reset(options: ResetOptions = {}): [obs: Obs, info: Info] {
    const first = this.env.reset(options);
    this.#phase = "running";
    this.#steps = 0;
    return first;
  }

  override step(action: Act): StepResult<Obs> {
    if (this.#phase !== "running") this.#refuse();
    const result = this.env.step(action);
    this.#steps++;
    if (result[2]) this.#phase = "terminated";
    else if (result[3]) this.#phase = "truncated";
    return result;
  }

  override render(): Frame {
    if (this.#phase !== "new") return this.env.render();
    throw new UsageError(
      `${this.name}.render: an episode must have begun; got a picture before the first reset. Call reset() first.`,
    );
  }

  #refuse(): never {
    throw new UsageError(
      this.#phase === "new"
        ? `${this.name}.step: an episode must be running; got a step before the first reset. Call reset() first.`
        : `${this.name}.step: the episode ended at step ${this.#steps} (${this.#phase}). Call reset() first.`,
    );
  }

  override saveState(): State {
    return { env: this.env.saveState(), phase: this.#phase, steps: this.#steps };
  }
  override loadState(state: State): void {
    super.loadState(state);
    const { phase, steps } = state as { phase: Phase; steps: number };
    this.#phase = phase;
    this.#steps = steps;
  }
}
