/** What calls of conv2d and of pooling say of their windows, checked once and kept. */
import { ShapeError, UsageError } from "../../errors.ts";
import { type Convolution, reach, type Windows } from "../../kernel/windows.ts";
import { formatShape, type Shape } from "../variable.ts";

/** One number for both axes, or (vertical, horizontal). */
export type Pair = number | readonly [number, number];

export interface WindowOptions {
  /** From one window to the next. */
  readonly stride?: Pair;
  /** Rows and columns of zeros around the image. */
  readonly padding?: Pair;
}

export interface ConvolutionOptions extends WindowOptions {
  /** From one element of the kernel to the next. */
  readonly dilation?: Pair;
  /** Channels are cut into so many groups, convolved apart. */
  readonly groups?: number;
}

export function pairOf(where: string, what: string, value: Pair, least: number): readonly [number, number] {
  const pair = typeof value === "number" ? ([value, value] as const) : value;
  if (pair.length !== 2 || !pair.every((n) => Number.isInteger(n) && n >= least)) {
    throw new UsageError(
      `${where}: ${what} must be a whole number of at least ${least}, or two of them; got ${JSON.stringify(value)}.`,
    );
  }
  return pair;
}

const interned = new Map<string, Windows>();

/** The one object for equal geometries. */
export function internGeometry<T extends Windows>(geometry: T): T {
  const key = JSON.stringify(geometry);
  let found = interned.get(key) as T | undefined;
  if (!found) {
    found = geometry;
    interned.set(key, found);
  }
  return found;
}

/** How many windows fit; `coverAll` counts a last one that only begins inside. */
export function outSize(
  size: number,
  kernel: number,
  stride: number,
  padding: number,
  dilation: number,
  coverAll: boolean,
): number {
  const room = size + 2 * padding - reach(kernel, dilation);
  return (coverAll ? Math.ceil(room / stride) : Math.floor(room / stride)) + 1;
}

/** The windows of a pooling over the last two axes of x. @throws ShapeError where none fits */
export function poolingGeometry(
  where: string,
  x: Shape,
  kernelSize: Pair,
  { stride = kernelSize, padding = 0 }: WindowOptions,
  coverAll: boolean,
): Windows {
  const kernel = pairOf(where, "kernel", kernelSize, 1);
  const [step, pad] = [pairOf(where, "stride", stride, 1), pairOf(where, "padding", padding, 0)];
  if (x.length !== 4) {
    throw new ShapeError(`${where}: x must be (batch, channels, height, width); got ${formatShape(x)}.`);
  }
  const [height, width] = [x[2]!, x[3]!];
  if (pad[0] >= kernel[0] || pad[1] >= kernel[1]) {
    throw new UsageError(
      `${where}: padding must be smaller than the kernel (${kernel.join(", ")}); got (${pad.join(", ")}).`,
    );
  }
  const outHeight = outSize(height, kernel[0], step[0], pad[0], 1, coverAll);
  const outWidth = outSize(width, kernel[1], step[1], pad[1], 1, coverAll);
  if (outHeight < 1 || outWidth < 1) {
    throw new ShapeError(
      `${where}: the kernel must fit into x with its padding; got kernel (${kernel.join(", ")}) and x ${formatShape(x)}.`,
    );
  }
  const dilation = [1, 1] as const;
  return internGeometry({ height, width, kernel, stride: step, padding: pad, dilation, outHeight, outWidth });
}

/** Of convolutions that differ in nothing but the batch, by what they are called with. */
const convolutions = new WeakMap<Shape, WeakMap<Shape, { options: ConvolutionOptions; geometry: Convolution }[]>>();

const sameOptions = (a: ConvolutionOptions, b: ConvolutionOptions) =>
  a === b || (a.stride === b.stride && a.padding === b.padding && a.dilation === b.dilation && a.groups === b.groups);

/**
 * The convolution of x (batch, channels, height, width) with w (outChannels, channels / groups, …kernel).
 * @throws ShapeError where they do not fit together
 */
export function convolutionGeometry(where: string, x: Shape, w: Shape, options: ConvolutionOptions): Convolution {
  let byWeights = convolutions.get(x);
  if (!byWeights) {
    byWeights = new WeakMap();
    convolutions.set(x, byWeights);
  }
  let list = byWeights.get(w);
  if (!list) {
    list = [];
    byWeights.set(w, list);
  }
  for (const known of list) if (sameOptions(known.options, options)) return known.geometry;
  const geometry = makeConvolution(where, x, w, options);
  list.push({ options, geometry });
  return geometry;
}

function makeConvolution(where: string, x: Shape, w: Shape, options: ConvolutionOptions): Convolution {
  const stride = pairOf(where, "stride", options.stride ?? 1, 1);
  const padding = pairOf(where, "padding", options.padding ?? 0, 0);
  const dilation = pairOf(where, "dilation", options.dilation ?? 1, 1);
  const { groups = 1 } = options;
  if (x.length !== 4 || w.length !== 4) {
    throw new ShapeError(
      `${where}: x must be (batch, channels, height, width) and w (outChannels, channels / groups, height, width); got x ${formatShape(x)} and w ${formatShape(w)}.`,
    );
  }
  const [batch, channels, height, width] = x as readonly [number, number, number, number];
  const [outChannels, perGroup] = w as readonly [number, number];
  const kernel = [w[2]!, w[3]!] as const;
  if (!Number.isInteger(groups) || groups < 1 || outChannels % groups !== 0 || perGroup * groups !== channels) {
    throw new ShapeError(
      `${where}: x and w must agree on channels in ${groups} group${groups === 1 ? "" : "s"}; got x ${formatShape(x)} and w ${formatShape(w)}. Check the first layer against env.observationSpace.shape: channels come first.`,
    );
  }
  const outHeight = outSize(height, kernel[0], stride[0], padding[0], dilation[0], false);
  const outWidth = outSize(width, kernel[1], stride[1], padding[1], dilation[1], false);
  if (outHeight < 1 || outWidth < 1 || kernel[0] < 1 || kernel[1] < 1) {
    throw new ShapeError(
      `${where}: the kernel must fit into x with its padding; got w ${formatShape(w)} and x ${formatShape(x)}.`,
    );
  }
  return internGeometry({
    ...{ batch, channels, outChannels, groups, height, width },
    ...{ kernel, stride, padding, dilation, outHeight, outWidth },
  });
}
