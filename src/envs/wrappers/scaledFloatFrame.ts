import { ObservationWrapper } from "../env.ts";
import { Box } from "../spaces/index.ts";
import { imageBox, type WrappableEnv } from "./requireBox.ts";

/** Images as numbers from 0 to 1 instead of bytes, as ChainerRL's ScaledFloatFrame. */
export class ScaledFloatFrame<Act> extends ObservationWrapper<Float32Array, Act, Uint8Array> {
  readonly #space: Box;

  /** @throws UsageError where observations are no images */
  constructor(env: WrappableEnv) {
    super(env);
    this.#space = new Box(0, 1, { shape: imageBox("ScaledFloatFrame", env, "any").shape });
  }

  override get observationSpace(): Box {
    return this.#space;
  }

  observation(obs: Uint8Array): Float32Array {
    return Float32Array.from(obs, (x) => x / 255);
  }
}
