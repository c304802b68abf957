import { ShapeError } from "../../errors.ts";
import { backend, backendId, type ConvolutionLaunch } from "../../kernel/backend.ts";
import { input, rowSum } from "../../kernel/expression.ts";
import { type Convolution, reach } from "../../kernel/windows.ts";
import { accumulate, slotOf } from "../backward.ts";
import type { AnyOp } from "../defineOp.ts";
import { type Epilogue, epilogueOf } from "../epilogue.ts";
import { type Differentiable, type FunctionNode, record } from "../functionNode.ts";
import { domainOf, KernelFunction } from "../kernelFunction.ts";
import { allocateVariable, assertAlive, formatShape, internShape, type Variable } from "../variable.ts";
import { reshapeTo } from "./reshape.ts";
import { columnSumInto } from "./sums.ts";
import { type ConvolutionOptions, convolutionGeometry, internGeometry, type Pair, pairOf } from "./windowGeometry.ts";

const planeSum = new KernelFunction("planeSum", ["element"], rowSum(input(0, "element")), null);

/** Gives b the sums of gz (batch, channels, height, width) over everything but the channels. */
function channelSumInto(b: Variable, gz: Variable): void {
  columnSumInto(b, planeSum.apply([gz], domainOf(gz.shape, 2)), gz.shape[0]!);
}

/** conv2d with a certain activation: its kernel and its gradient. */
class ConvolutionFunction implements Differentiable {
  readonly name: string;
  readonly epilogue: Epilogue | null;
  readonly #launches: (ConvolutionLaunch | undefined)[] = [];
  #epoch = -1;

  constructor(epilogue: Epilogue | null) {
    this.name = epilogue ? `conv2d+${epilogue.name}` : "conv2d";
    this.epilogue = epilogue;
  }

  apply(of: Convolution, x: Variable, w: Variable, b: Variable | null): Variable {
    if (this.#epoch !== backendId) {
      this.#launches.length = 0;
      this.#epoch = backendId;
    }
    const index = b ? 1 : 0;
    let launch = this.#launches[index];
    if (!launch) {
      launch = backend().families.convolution({
        bias: b !== null,
        activation: this.epilogue?.expression ?? null,
      });
      this.#launches[index] = launch;
    }
    const y = allocateVariable(internShape([of.batch, of.outChannels, of.outHeight, of.outWidth]));
    if (y.size > 0) launch(of, x.address, w.address, b ? b.address : 0, y.address);
    record(this, b ? [x, w, b] : [x, w], y, of);
    return y;
  }

  backward(node: FunctionNode, gy: Variable): void {
    const [x, w, b] = node.inputs as [Variable, Variable, Variable | undefined];
    const of = node.context as Convolution;
    const gz = this.epilogue ? this.epilogue.gradient(node.output, gy) : gy;
    if (node.wants(0)) accumulate(x, inputGradient(of, gz, w));
    if (node.wants(1)) weightGradientInto(w, of, x, gz);
    if (b && node.wants(2)) channelSumInto(b, gz);
  }
}

const plain = new ConvolutionFunction(null);
const fused = new Map<AnyOp, ConvolutionFunction | null>();

/** The fused function for an activation whose gradient reads only its output; null for others. */
function fusedFunction(activation: AnyOp): ConvolutionFunction | null {
  let found = fused.get(activation);
  if (found === undefined) {
    const epilogue = epilogueOf(activation);
    found = epilogue && new ConvolutionFunction(epilogue);
    fused.set(activation, found);
  }
  return found;
}

const transposed: Differentiable = {
  name: "deconv2d",
  backward(node, ggx) {
    const [gy, w] = node.inputs as [Variable, Variable];
    const of = node.context as Convolution;
    if (node.wants(0)) accumulate(gy, plain.apply(of, ggx, w, null));
    if (node.wants(1)) weightGradientInto(w, of, ggx, gy);
  },
};

/** The gradient of x from that of y: the transposed convolution. */
function inputGradient(of: Convolution, gy: Variable, w: Variable): Variable {
  const gx = allocateVariable(internShape([of.batch, of.channels, of.height, of.width]));
  if (gx.size > 0) backend().families.convolutionInput(of, gy.address, w.address, gx.address);
  record(transposed, [gy, w], gx, of);
  return gx;
}

const weighing: Differentiable = {
  name: "conv2dWeight",
  backward(node, ggw) {
    const [x, gy] = node.inputs as [Variable, Variable];
    const of = node.context as Convolution;
    if (node.wants(0)) accumulate(x, inputGradient(of, gy, ggw));
    if (node.wants(1)) accumulate(gy, plain.apply(of, x, ggw, null));
  },
};

/** Gives w its gradient, straight into its slot where it is a parameter. */
function weightGradientInto(w: Variable, of: Convolution, x: Variable, gy: Variable): void {
  const slot = slotOf(w);
  if (slot && gy.size > 0) {
    backend().families.convolutionWeight(of, x.address, gy.address, slot.gradAddress, slot.hasGrad);
    slot.hasGrad = true;
    return;
  }
  const gw = allocateVariable(w.shape);
  if (gy.size > 0) backend().families.convolutionWeight(of, x.address, gy.address, gw.address, false);
  else backend().families.fill(gw.size, gw.address, 0);
  record(weighing, [x, gy], gw, of);
  accumulate(w, gw);
}

function requireBias(where: string, b: Variable, channels: number): void {
  assertAlive(b, where);
  if (b.shape.length === 1 && b.shape[0] === channels) return;
  throw new ShapeError(`${where}: b must have the ${channels} channels of the result; got b ${formatShape(b.shape)}.`);
}

export interface Conv2dOptions extends ConvolutionOptions {
  /** Runs inside the convolution where its gradient needs only the output (relu, tanh, sigmoid), else behind it. */
  readonly activation?: AnyOp | null;
}

const noOptions: Conv2dOptions = {};

/**
 * y (batch, outChannels, outHeight, outWidth) = activation(x ∗ w + b): the cross-correlation of x (batch, channels,
 * height, width) with w (outChannels, channels / groups, kernelHeight, kernelWidth); b (outChannels).
 * outHeight = ⌊(height + 2 padding − dilation (kernelHeight − 1) − 1) / stride⌋ + 1.
 *
 * @throws ShapeError where channels do not agree or no window fits
 */
export function conv2d(
  x: Variable,
  w: Variable,
  b: Variable | null = null,
  options: Conv2dOptions = noOptions,
): Variable {
  assertAlive(x, "conv2d");
  assertAlive(w, "conv2d");
  const of = convolutionGeometry("conv2d", x.shape, w.shape, options);
  if (b) requireBias("conv2d", b, of.outChannels);
  const { activation } = options;
  if (!activation) return plain.apply(of, x, w, b);
  const run = fusedFunction(activation);
  return run ? run.apply(of, x, w, b) : activation(plain.apply(of, x, w, b));
}

export interface Deconv2dOptions extends ConvolutionOptions {
  /** (height, width) of the result where a stride leaves it open; the smallest unless given. */
  readonly outSize?: Pair;
}

/**
 * The transposed convolution, the adjoint of conv2d with the same w: y (batch, outChannels, outHeight, outWidth) from
 * x (batch, channels, height, width), w (channels, outChannels / groups, kernelHeight, kernelWidth), b (outChannels).
 * outHeight = stride (height − 1) + dilation (kernelHeight − 1) + 1 − 2 padding unless `outSize` is given.
 *
 * @throws ShapeError where channels do not agree
 */
export function deconv2d(
  x: Variable,
  w: Variable,
  b: Variable | null = null,
  options: Deconv2dOptions = noOptions,
): Variable {
  assertAlive(x, "deconv2d");
  assertAlive(w, "deconv2d");
  const stride = pairOf("deconv2d", "stride", options.stride ?? 1, 1);
  const padding = pairOf("deconv2d", "padding", options.padding ?? 0, 0);
  const dilation = pairOf("deconv2d", "dilation", options.dilation ?? 1, 1);
  const { groups = 1 } = options;
  if (x.shape.length !== 4 || w.shape.length !== 4 || x.shape[1] !== w.shape[0] || w.shape[0]! % groups !== 0) {
    throw new ShapeError(
      `deconv2d: x (batch, channels, height, width) and w (channels, outChannels / groups, height, width) must agree on channels; got x ${formatShape(x.shape)} and w ${formatShape(w.shape)}.`,
    );
  }
  const [batch, outChannels, outHeight, outWidth] = x.shape as readonly [number, number, number, number];
  const kernel = [w.shape[2]!, w.shape[3]!] as const;
  const smallest = ([outHeight, outWidth] as const).map(
    (n, d) => stride[d]! * (n - 1) + reach(kernel[d]!, dilation[d]!) - 2 * padding[d]!,
  ) as [number, number];
  const [height, width] = options.outSize ? pairOf("deconv2d", "outSize", options.outSize, 1) : smallest;
  const excess = [height - smallest[0], width - smallest[1]];
  if (height < 1 || width < 1 || excess.some((n, d) => n < 0 || n >= stride[d]!)) {
    throw new ShapeError(
      `deconv2d: the result must be one that conv2d brings to x ${formatShape(x.shape)}; got (${height}, ${width}), beside the smallest (${smallest.join(", ")}).`,
    );
  }
  const channels = w.shape[1]! * groups;
  const of = internGeometry<Convolution>({
    ...{ batch, channels, outChannels, groups, height, width },
    ...{ kernel, stride, padding, dilation, outHeight, outWidth },
  });
  const y = inputGradient(of, x, w);
  if (!b) return y;
  requireBias("deconv2d", b, channels);
  return y.add(reshapeTo(b, internShape([channels, 1, 1])));
}
