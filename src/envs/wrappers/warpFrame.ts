import { GrayscaleObservation } from "./grayscaleObservation.ts";
import type { WrappableEnv } from "./requireBox.ts";
import { ResizeObservation } from "./resizeObservation.ts";

export interface WarpFrameOptions {
  /** Height and width; 84 unless given, as in DQN's paper. */
  readonly size?: number;
}

/** Images in grey and square, as ChainerRL's WarpFrame: `(size, size)`. */
export class WarpFrame<Act> extends ResizeObservation<Act> {
  /** @throws UsageError where observations are no images in colour */
  constructor(env: WrappableEnv, { size = 84 }: WarpFrameOptions = {}) {
    super(new GrayscaleObservation(env), { shape: [size, size] });
  }
}
