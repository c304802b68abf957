import { UsageError } from "../../errors.ts";
import { type Info, type ResetOptions, type StepResult, Wrapper } from "../env.ts";
import type { Discrete } from "../spaces/index.ts";
import { discreteActions, type WrappableEnv } from "./requireBox.ts";

/**
 * Puts a mask of what is allowed next into `info.actionMask`: one number an action, 1 where it is allowed, as
 * `actionSpace.sample(mask)` takes it.
 */
export class ActionMask<Obs> extends Wrapper<Obs, number> {
  readonly #actions: Discrete;
  readonly #maskOf: (env: WrappableEnv, obs: Obs) => ArrayLike<number>;

  /**
   * @param maskOf the mask of the environment's present state
   * @throws UsageError where actions are not Discrete
   */
  constructor(env: WrappableEnv, maskOf: (env: WrappableEnv, obs: Obs) => ArrayLike<number>) {
    super(env);
    this.#actions = discreteActions("ActionMask", env);
    this.#maskOf = maskOf;
  }

  override reset(options: ResetOptions = {}): [obs: Obs, info: Info] {
    const [obs, info] = this.env.reset(options);
    return [obs, this.#masked(obs, info)];
  }

  override step(action: number): StepResult<Obs> {
    const result = this.env.step(action);
    result[4] = this.#masked(result[0], result[4]);
    return result;
  }

  #masked(obs: Obs, info: Info): Info {
    const mask = this.#maskOf(this.env, obs);
    if (mask.length !== this.#actions.n) {
      throw new UsageError(
        `ActionMask: the mask must have one number for each of ${this.#actions.n} actions of ${this.name}; got ${mask.length}. Change maskOf.`,
      );
    }
    return { ...info, actionMask: Int8Array.from(mask) };
  }
}
