import { type Info, type ResetOptions, Wrapper } from "../env.ts";
import { actionNamed } from "./atariEnv.ts";
import type { WrappableEnv } from "./requireBox.ts";

/** Begins every episode with the action FIRE, which games wait for. */
export class FireReset<Obs> extends Wrapper<Obs, number> {
  readonly #fire: number;

  /** @throws UsageError where there is no action FIRE */
  constructor(env: WrappableEnv) {
    super(env);
    this.#fire = actionNamed("FireReset", env, "FIRE");
  }

  override reset(options: ResetOptions = {}): [obs: Obs, info: Info] {
    this.env.reset(options);
    const [obs, , terminated, truncated, info] = this.env.step(this.#fire);
    return terminated || truncated ? this.env.reset({ ...options, seed: undefined }) : [obs, info];
  }
}
