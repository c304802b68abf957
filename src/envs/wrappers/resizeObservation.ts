import { UsageError } from "../../errors.ts";
import { ObservationWrapper } from "../env.ts";
import { Box } from "../spaces/index.ts";
import { imageBox, requireNumber, type WrappableEnv } from "./requireBox.ts";

export interface ResizeOptions {
  /** The new height and width. */
  readonly shape: readonly [height: number, width: number];
}

/** Along one side: for every new pixel the old ones under it, and how much of it each covers. */
function coverage(from: number, to: number): { first: number; parts: number[] }[] {
  const ratio = from / to;
  return Array.from({ length: to }, (_, i) => {
    const [start, end] = [i * ratio, Math.min(from, (i + 1) * ratio)];
    const first = Math.floor(start);
    const parts: number[] = [];
    for (let at = first; at < end; at++) parts.push((Math.min(end, at + 1) - Math.max(start, at)) / ratio);
    return { first, parts };
  });
}

/** Images of another size: a new pixel is the mean over the area it covers. */
export class ResizeObservation<Act> extends ObservationWrapper<Uint8Array, Act, Uint8Array> {
  readonly #space: Box<"uint8">;
  readonly #width: number;
  readonly #channels: number;
  readonly #rows: ReturnType<typeof coverage>;
  readonly #columns: ReturnType<typeof coverage>;

  /** @throws UsageError where observations are no images */
  constructor(env: WrappableEnv, { shape }: ResizeOptions) {
    super(env);
    const [oldHeight, oldWidth, ...channels] = imageBox("ResizeObservation", env, "any").shape as [
      number,
      number,
      ...number[],
    ];
    if (shape?.length !== 2) {
      throw new UsageError(
        `ResizeObservation: shape must be a height and a width; got ${JSON.stringify(shape)}. Pass shape: [84, 84].`,
      );
    }
    const [height, width] = shape;
    requireNumber("ResizeObservation", "shape", height, { low: 1, whole: true });
    requireNumber("ResizeObservation", "shape", width, { low: 1, whole: true });
    this.#width = oldWidth;
    this.#channels = channels[0] ?? 1;
    this.#rows = coverage(oldHeight, height);
    this.#columns = coverage(oldWidth, width);
    this.#space = new Box(0, 255, { shape: [height, width, ...channels], dtype: "uint8" });
  }

  override get observationSpace(): Box<"uint8"> {
    return this.#space;
  }

  observation(obs: Uint8Array): Uint8Array {
    const channels = this.#channels;
    const image = new Uint8Array(this.#space.flatDim);
    let at = 0;
    for (const row of this.#rows) {
      for (const column of this.#columns) {
        for (let channel = 0; channel < channels; channel++) {
          let sum = 0;
          for (const [i, high] of row.parts.entries()) {
            const line = (row.first + i) * this.#width + column.first;
            for (const [j, wide] of column.parts.entries()) sum += high * wide * obs[(line + j) * channels + channel]!;
          }
          image[at++] = Math.round(sum);
        }
      }
    }
    return image;
  }
}
