import type { Random } from "../../random.ts";
import type { AnyOp } from "../defineOp.ts";
import { constant } from "../initializers/constant.ts";
import type { Initializer } from "../initializers/initializer.ts";
import { leCunNormal } from "../initializers/varianceScaling.ts";
import { type Conv2dOptions, conv2d, type Deconv2dOptions, deconv2d } from "../ops/conv2d.ts";
import { type ConvolutionOptions, type Pair, pairOf } from "../ops/windowGeometry.ts";
import type { Parameter } from "../parameter.ts";
import type { Variable } from "../variable.ts";
import { Link, makeParameter } from "./link.ts";

interface ConvolutionLinkOptions extends ConvolutionOptions {
  /** The stream that initial weights are drawn from. */
  readonly random: Random;
  readonly noBias?: boolean;
  /** LeCun normal unless given, as in Chainer. */
  readonly initialW?: Initializer;
  /** Zeros unless given. */
  readonly initialB?: Initializer;
}

export interface Convolution2DOptions extends ConvolutionLinkOptions {
  /** Runs inside the convolution where its gradient needs only the output (relu, tanh, sigmoid). */
  readonly activation?: AnyOp | null;
  /** Multiplies x, by way of the weights: 1/255 for bytes costs no pass over them. */
  readonly inputScale?: number;
}

/**
 * A convolution, see `conv2d`; x (batch, inChannels, height, width). w is stored (outChannels, inChannels / groups,
 * kernelHeight, kernelWidth) as in Chainer and PyTorch; `dilation` makes it Chainer's DilatedConvolution2D.
 */
export class Convolution2D extends Link {
  readonly w: Parameter;
  readonly b: Parameter | null;
  readonly inputScale: number;
  readonly #options: Conv2dOptions;

  constructor(inChannels: number, outChannels: number, kernel: Pair, options: Convolution2DOptions) {
    super();
    this.inputScale = options.inputScale ?? 1;
    const { random, noBias = false, initialW = leCunNormal(), initialB = constant(0), groups = 1 } = options;
    const size = pairOf("Convolution2D", "kernel", kernel, 1);
    this.w = makeParameter([outChannels, inChannels / groups, ...size], initialW, random, "w");
    this.b = noBias ? null : makeParameter([outChannels], initialB, random, "b");
    this.#options = options;
  }

  forward(x: Variable): Variable {
    return conv2d(x, this.inputScale === 1 ? this.w : this.w.mul(this.inputScale), this.b, this.#options);
  }
}

export interface Deconvolution2DOptions extends ConvolutionLinkOptions {
  /** (height, width) of the result where a stride leaves it open; the smallest unless given. */
  readonly outSize?: Pair;
}

/**
 * A transposed convolution, see `deconv2d`; x (batch, inChannels, height, width). w is stored (inChannels, outChannels /
 * groups, kernelHeight, kernelWidth) as in Chainer and PyTorch.
 */
export class Deconvolution2D extends Link {
  readonly w: Parameter;
  readonly b: Parameter | null;
  readonly #options: Deconv2dOptions;

  constructor(inChannels: number, outChannels: number, kernel: Pair, options: Deconvolution2DOptions) {
    super();
    const { random, noBias = false, initialW = leCunNormal(), initialB = constant(0), groups = 1 } = options;
    const size = pairOf("Deconvolution2D", "kernel", kernel, 1);
    this.w = makeParameter([inChannels, outChannels / groups, ...size], initialW, random, "w");
    this.b = noBias ? null : makeParameter([outChannels], initialB, random, "b");
    this.#options = options;
  }

  forward(x: Variable): Variable {
    return deconv2d(x, this.w, this.b, this.#options);
  }
}
