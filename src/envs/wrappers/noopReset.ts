import { type Info, type ResetOptions, Wrapper } from "../env.ts";
import { actionNamed } from "./atariEnv.ts";
import { requireNumber, type WrappableEnv } from "./requireBox.ts";

export interface NoopResetOptions {
  /** The largest number of steps; 30 unless given. */
  readonly noopMax?: number;
}

/** Begins every episode with 1 to `noopMax` steps that do nothing, drawn from the environment's stream. */
export class NoopReset<Obs> extends Wrapper<Obs, number> {
  readonly #noop: number;
  readonly #noopMax: number;

  /** @throws UsageError where there is no action NOOP */
  constructor(env: WrappableEnv, { noopMax = 30 }: NoopResetOptions = {}) {
    super(env);
    this.#noop = actionNamed("NoopReset", env, "NOOP");
    requireNumber("NoopReset", "noopMax", noopMax, { low: 1, whole: true });
    this.#noopMax = noopMax;
  }

  override reset(options: ResetOptions = {}): [obs: Obs, info: Info] {
    let [obs, info] = this.env.reset(options);
    const count = this.random.integers(1, this.#noopMax + 1);
    for (let i = 0; i < count; i++) {
      const [next, , terminated, truncated, nextInfo] = this.env.step(this.#noop);
      [obs, info] = terminated || truncated ? this.env.reset({ ...options, seed: undefined }) : [next, nextInfo];
    }
    return [obs, info];
  }
}
