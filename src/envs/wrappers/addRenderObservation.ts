import { UsageError } from "../../errors.ts";
import { ObservationWrapper } from "../env.ts";
import { toRgb } from "../render/index.ts";
import { Box } from "../spaces/index.ts";
import { requireNumber, type WrappableEnv } from "./requireBox.ts";

export interface AddRenderOptions {
  /** Size of the image, as a part of the picture's; 1 unless given. */
  readonly scale?: number;
}

/** The environment's picture instead of its observations, `(height, width, 3)`. */
export class AddRenderObservation<Act> extends ObservationWrapper<Uint8Array, Act, unknown> {
  readonly #scale: number;
  readonly #space: Box<"uint8">;

  /** @throws UsageError where the environment has no picture */
  constructor(env: WrappableEnv, { scale = 1 }: AddRenderOptions = {}) {
    super(env);
    if (env.metadata.renderModes.length === 0) {
      throw new UsageError(
        `AddRenderObservation: ${env.name} must have a picture; got none. Add a draw method to the environment.`,
      );
    }
    requireNumber("AddRenderObservation", "scale", scale, { low: 1e-3 });
    this.#scale = scale;
    const { width, height } = toRgb({ ...env.draw(), shapes: [] }, scale);
    this.#space = new Box(0, 255, { shape: [height, width, 3], dtype: "uint8" });
  }

  override get observationSpace(): Box<"uint8"> {
    return this.#space;
  }

  observation(): Uint8Array {
    return toRgb(this.env.draw(), this.#scale).pixels;
  }
}
