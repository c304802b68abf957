/** Bodies of q-functions and policies that see pictures: convolutions, then one linear layer. */
import {
  type AnyOp,
  Convolution2D,
  fanInUniform,
  type Initializer,
  Linear,
  Link,
  relu,
  reshape,
  transpose,
  type Variable,
} from "../autograd/index.ts";
import { ShapeError } from "../errors.ts";
import type { Random } from "../random.ts";

/** A convolution of a head. */
export interface ConvolutionLayer {
  readonly channels: number;
  readonly kernel: number;
  readonly stride: number;
}

export interface ConvolutionHeadOptions {
  /** The stream that initial weights are drawn from. */
  readonly random: Random;
  /** Of one observation, batch aside: (channels, height, width), or (height, width, channels) with `channelsLast`. */
  readonly obsShape: readonly number[];
  readonly channelsLast?: boolean;
  /** Multiplies observations, without a pass over them; 1/255 makes bytes numbers from 0 to 1. */
  readonly inputScale?: number;
  /** Features that the head gives. */
  readonly outSize?: number;
  /** Behind every layer. Rectifiers unless given. */
  readonly activation?: AnyOp;
  /** Weights and biases are uniform in ±1 / √fan-in unless this is given (then biases are zero). */
  readonly initialW?: Initializer;
}

/** (batch, …obs) → (batch, outSize). */
export class ConvolutionHead extends Link {
  readonly convolutions: readonly Convolution2D[];
  readonly linear: Linear | null;
  readonly outSize: number;
  readonly #channelsLast: boolean;
  readonly #obsShape: readonly number[];

  /** @param outSize units of the linear layer behind the convolutions; null for none, so that their numbers are the features */
  constructor(layers: readonly ConvolutionLayer[], outSize: number | null, options: ConvolutionHeadOptions) {
    super();
    const { random, obsShape, channelsLast = false, inputScale = 1, activation = relu, initialW } = options;
    if (obsShape.length !== 3) {
      throw new ShapeError(
        `ConvolutionHead: obsShape must be (channels, height, width), or (height, width, channels) with channelsLast; got (${obsShape.join(", ")}).`,
      );
    }
    const [channels, height, width] = (channelsLast ? [2, 0, 1] : [0, 1, 2]).map((axis) => obsShape[axis]!) as [
      number,
      number,
      number,
    ];
    const initial = (fanIn: number) => ({
      random,
      activation,
      initialW: initialW ?? fanInUniform(),
      ...(initialW ? {} : { initialB: fanInUniform(fanIn) }),
    });
    let size = [height, width] as readonly [number, number];
    let inChannels = channels;
    this.convolutions = layers.map(({ channels: outChannels, kernel, stride }, i) => {
      const next = size.map((n) => Math.floor((n - kernel) / stride) + 1) as [number, number];
      if (next[0] < 1 || next[1] < 1) {
        throw new ShapeError(
          `ConvolutionHead: each kernel must fit into its input; got kernel ${kernel} for (${size.join(", ")}) from obsShape (${obsShape.join(", ")}).`,
        );
      }
      const scale = i === 0 ? inputScale : 1;
      const fanIn = inChannels * kernel * kernel;
      const layer = new Convolution2D(inChannels, outChannels, kernel, {
        ...initial(fanIn),
        stride,
        inputScale: scale,
      });
      [size, inChannels] = [next, outChannels];
      return layer;
    });
    const features = inChannels * size[0] * size[1];
    this.linear = outSize === null ? null : new Linear(features, outSize, initial(features));
    this.outSize = outSize ?? features;
    this.#channelsLast = channelsLast;
    this.#obsShape = obsShape;
  }

  forward(x: Variable): Variable {
    const { shape } = x;
    if (shape.length !== 4 || this.#obsShape.some((n, i) => n !== shape[i + 1])) {
      throw new ShapeError(
        `ConvolutionHead: x must be (batch, ${this.#obsShape.join(", ")}); got (${shape.join(", ")}). Build the head with obsShape of env.observationSpace.`,
      );
    }
    let y = this.#channelsLast ? transpose(x, [0, 3, 1, 2]) : x;
    for (const layer of this.convolutions) y = layer.forward(y);
    y = reshape(y, [shape[0]!, -1]);
    return this.linear === null ? y : this.linear.forward(y);
  }
}

/** The convolutions of networks that have a name. */
const convolutionLayers = {
  nature: [
    { channels: 32, kernel: 8, stride: 4 },
    { channels: 64, kernel: 4, stride: 2 },
    { channels: 64, kernel: 3, stride: 1 },
  ],
  nips: [
    { channels: 16, kernel: 8, stride: 4 },
    { channels: 32, kernel: 4, stride: 2 },
  ],
  minatar: [{ channels: 16, kernel: 3, stride: 1 }],
} as const;

/** The network of Mnih et al. 2015, "Human-level control through deep reinforcement learning", for (4, 84, 84) frames. */
export class NatureDQNHead extends ConvolutionHead {
  constructor({ outSize = 512, ...options }: ConvolutionHeadOptions) {
    super(convolutionLayers.nature, outSize, options);
  }
}

/** The network of Mnih et al. 2013, "Playing Atari with deep reinforcement learning", for (4, 84, 84) frames. */
export class NIPSDQNHead extends ConvolutionHead {
  constructor({ outSize = 256, ...options }: ConvolutionHeadOptions) {
    super(convolutionLayers.nips, outSize, options);
  }
}

/** The network of Young & Tian 2019, "MinAtar", for (10, 10, channels) boards, channels last unless said otherwise. */
export class MinAtarHead extends ConvolutionHead {
  constructor({ outSize = 128, channelsLast = true, ...options }: ConvolutionHeadOptions) {
    super(convolutionLayers.minatar, outSize, { channelsLast, ...options });
  }
}

/** Convolutions that can be named in a configuration. */
export const convolutionNames = ["auto", "none", "minatar", "nips", "nature"] as const;
export type ConvolutionName = (typeof convolutionNames)[number];

/** Which convolutions a network has in front of its hidden layers. */
export interface Convolutions {
  /**
   * "auto": MinAtar's for pictures of 3 to 35 points a side, those of DQN in Nature for larger ones, none for what has not
   * three axes.
   */
  readonly name: ConvolutionName;
  /** Of one observation: three axes where it is a picture, the channels last where that axis is no longer than the first. */
  readonly obsShape: readonly number[];
  /** What observations are multiplied with; 1 unless given. */
  readonly inputScale?: number;
}

/** The convolutions alone, without a linear layer behind them; null for none. */
export function convolutionsOf(wanted: Convolutions | null | undefined, random: Random): ConvolutionHead | null {
  if (!wanted) return null;
  const { name, obsShape, inputScale = 1 } = wanted;
  const channelsLast = obsShape[2]! <= obsShape[0]!;
  const side = Math.min(obsShape[1]!, channelsLast ? obsShape[0]! : obsShape[2]!);
  // without three axes the side is not a number
  if (name === "none" || (name === "auto" && !(side >= 3))) return null;
  const which = name === "auto" ? (side < 36 ? "minatar" : "nature") : name;
  return new ConvolutionHead(convolutionLayers[which], null, { random, obsShape, channelsLast, inputScale });
}
