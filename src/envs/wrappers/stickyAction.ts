import type { State } from "../../state.ts";
import { type Info, type ResetOptions, type StepResult, Wrapper } from "../env.ts";
import { requireNumber, type WrappableEnv } from "./requireBox.ts";

export interface StickyActionOptions {
  /** How probable it is that the last action is taken again instead of the given one; 0.25 unless given. */
  readonly repeatActionProbability?: number;
  /** For how many steps then: a number, or between which two; 1 unless given. */
  readonly repeatActionDuration?: number | readonly [low: number, high: number];
}

/**
 * Sometimes takes the last action again, so that an agent cannot learn a sequence by heart.
 * Source: Machado et al. 2018, "Revisiting the arcade learning environment". Draws from the environment's stream.
 */
export class StickyAction<Obs, Act> extends Wrapper<Obs, Act> {
  readonly #probability: number;
  readonly #duration: readonly [low: number, high: number];
  #last: Act | null = null;
  /** Steps that the present series has still to go; 0 for none. */
  #left = 0;

  constructor(
    env: WrappableEnv,
    { repeatActionProbability = 0.25, repeatActionDuration = 1 }: StickyActionOptions = {},
  ) {
    super(env);
    const where = "StickyAction";
    requireNumber(where, "repeatActionProbability", repeatActionProbability, { low: 0, high: 1 });
    const [low, high] =
      typeof repeatActionDuration === "number" ? [repeatActionDuration, repeatActionDuration] : repeatActionDuration;
    requireNumber(where, "repeatActionDuration", low, { low: 1, whole: true });
    requireNumber(where, "repeatActionDuration", high, { low, whole: true });
    this.#probability = repeatActionProbability;
    this.#duration = [low, high];
  }

  override reset(options: ResetOptions = {}): [obs: Obs, info: Info] {
    this.#last = null;
    this.#left = 0;
    return this.env.reset(options);
  }

  override step(action: Act): StepResult<Obs> {
    if (this.#left === 0 && this.#last !== null && this.random.random() < this.#probability) {
      const [low, high] = this.#duration;
      // Gymnasium draws even where there is nothing to choose, and its generator takes nothing for it
      this.#left = this.random.integers(low, high + 1);
    }
    if (this.#left === 0) this.#last = kept(action);
    else this.#left--;
    return this.env.step(this.#last!);
  }

  override saveState(): State {
    return { env: this.env.saveState(), last: leafOf(this.#last), left: this.#left };
  }
  override loadState(state: State): void {
    super.loadState(state);
    const { last, left } = state as { last: Act | null; left: number };
    this.#last = last;
    this.#left = left;
  }
}

/** The action as it is now: its array may be used again. */
const kept = <Act>(action: Act): Act => (typeof action === "object" ? structuredClone(action) : action);

/** The action as it can be saved; small integers, which have no array there, as a plain list. */
function leafOf(action: unknown): State {
  const isSmall = action instanceof Int8Array || action instanceof Int16Array || action instanceof Uint16Array;
  return isSmall ? Array.from(action) : (action as State);
}
