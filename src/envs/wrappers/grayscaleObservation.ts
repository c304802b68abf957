import { ObservationWrapper } from "../env.ts";
import { Box } from "../spaces/index.ts";
import { imageBox, type WrappableEnv } from "./requireBox.ts";

export interface GrayscaleOptions {
  /** `(height, width, 1)` instead of `(height, width)`. */
  readonly keepDim?: boolean;
}

/** Images in shades of grey, the weights of red, green and blue Gymnasium's; fractions are cut off as there. */
export class GrayscaleObservation<Act> extends ObservationWrapper<Uint8Array, Act, Uint8Array> {
  readonly #space: Box<"uint8">;

  /** @throws UsageError where observations are no images in colour */
  constructor(env: WrappableEnv, { keepDim = false }: GrayscaleOptions = {}) {
    super(env);
    const [height, width] = imageBox("GrayscaleObservation", env, "colour").shape as [number, number];
    this.#space = new Box(0, 255, { shape: keepDim ? [height, width, 1] : [height, width], dtype: "uint8" });
  }

  override get observationSpace(): Box<"uint8"> {
    return this.#space;
  }

  observation(obs: Uint8Array): Uint8Array {
    const grey = new Uint8Array(obs.length / 3);
    for (let i = 0; i < grey.length; i++) {
      grey[i] = 0.2125 * obs[3 * i]! + 0.7154 * obs[3 * i + 1]! + 0.0721 * obs[3 * i + 2]!;
    }
    return grey;
  }
}
