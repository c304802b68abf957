import { ObservationWrapper } from "../env.ts";
import { type AnyArray, type AnyBox, observationBox, requireNumber, type WrappableEnv } from "./requireBox.ts";

export interface FlickerFrameOptions {
  /** How probable it is that an observation is blank; 0.5 unless given. */
  readonly probability?: number;
}

/**
 * Observations are blank now and then, so that an agent has to remember; as ChainerRL's FlickerFrame.
 * Source: Hausknecht and Stone 2015, "Deep recurrent Q-learning for partially observable MDPs". Draws from the
 * environment's stream.
 */
export class FlickerFrame<Act> extends ObservationWrapper<AnyArray, Act, AnyArray> {
  readonly #box: AnyBox;
  readonly #probability: number;

  /** @throws UsageError where observations are no Box */
  constructor(env: WrappableEnv, { probability = 0.5 }: FlickerFrameOptions = {}) {
    super(env);
    this.#box = observationBox("FlickerFrame", env);
    requireNumber("FlickerFrame", "probability", probability, { low: 0, high: 1 });
    this.#probability = probability;
  }

  observation(obs: AnyArray): AnyArray {
    return this.random.random() < this.#probability ? this.#box.arrayOf() : obs;
  }
}
