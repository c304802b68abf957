/** Fully connected layers as a network's options ask for them. */
import {
  type AnyOp,
  fanInUniform,
  type Initializer,
  Linear,
  Link,
  NoisyLinear,
  type Recurrent,
  type Variable,
} from "../autograd/index.ts";
import type { Random } from "../random.ts";
import { type ConvolutionHead, type Convolutions, convolutionsOf } from "./convolutionHead.ts";
import { type ActivationName, activations, seen } from "./mlp.ts";
import { type RecurrentName, recurrentLayer } from "./recurrentLayer.ts";

/** Layers with noise in their weights. */
export interface Noise {
  /** The stream that noise is drawn from, another one for each network. */
  readonly random: Random;
  /** Deviation at first, times 1 / √fan-in. */
  readonly sigma: number;
}

export interface DenseOptions {
  /** Between layers. Rectifiers unless given. */
  readonly activation?: ActivationName | AnyOp;
  /** The stream that initial weights are drawn from. */
  readonly random: Random;
  /** Weights and biases are uniform in ±1 / √fan-in unless this is given (then biases are zero). */
  readonly initialW?: Initializer;
  /** Makes noisy layers; their weights begin uniform in ±1 / √fan-in. */
  readonly noise?: Noise | null;
  /** A layer with a memory behind a body, as wide as the last of them. None unless given. */
  readonly recurrent?: RecurrentName;
  /** In front of a body, for observations that are pictures. None unless given. */
  readonly convolutions?: Convolutions | null;
}

const operation = (activation: ActivationName | AnyOp): AnyOp =>
  typeof activation === "string" ? activations[activation] : activation;

/** A layer (…batch, inSize) → (…batch, outSize), with the activation of the options or none behind it. */
export function dense(
  inSize: number,
  outSize: number,
  isActivated: boolean,
  { activation = "relu", random, initialW, noise }: DenseOptions,
): Linear | NoisyLinear {
  const behind = isActivated ? operation(activation) : null;
  if (noise)
    return new NoisyLinear(inSize, outSize, { random, activation: behind, noise: noise.random, sigma: noise.sigma });
  return new Linear(inSize, outSize, {
    random,
    activation: behind,
    initialW: initialW ?? fanInUniform(),
    ...(initialW ? {} : { initialB: fanInUniform(inSize) }),
  });
}

/** Layers with an activation behind each of them: what stands below the heads of a q-function. */
export class DenseBody extends Link {
  readonly convolutions: ConvolutionHead | null;
  readonly layers: readonly (Linear | NoisyLinear)[];
  readonly recurrent: Recurrent | null;
  readonly outSize: number;

  constructor(inSize: number, hiddenSizes: readonly number[], options: DenseOptions) {
    super();
    this.convolutions = convolutionsOf(options.convolutions, options.random);
    const sizes = [this.convolutions?.outSize ?? inSize, ...hiddenSizes];
    this.layers = hiddenSizes.map((size, i) => dense(sizes[i]!, size, true, options));
    this.outSize = sizes.at(-1)!;
    this.recurrent = recurrentLayer(options.recurrent ?? "none", this.outSize, options.random);
  }

  /** (batch, …in) → (batch, out). */
  forward(x: Variable): Variable {
    let y = seen(x, this.convolutions);
    for (const layer of this.layers) y = layer.forward(y);
    return this.recurrent ? this.recurrent.forward(y) : y;
  }
}

/** A body and a linear layer behind it. */
export class DenseStack extends Link {
  readonly body: DenseBody;
  readonly head: Linear | NoisyLinear;

  constructor(inSize: number, hiddenSizes: readonly number[], outSize: number, options: DenseOptions) {
    super();
    this.body = new DenseBody(inSize, hiddenSizes, options);
    this.head = dense(this.body.outSize, outSize, false, options);
  }

  /** (batch, …in) → (batch, out). */
  forward(x: Variable): Variable {
    return this.head.forward(this.body.forward(x));
  }
}
