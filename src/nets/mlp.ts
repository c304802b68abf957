import {
  type AnyOp,
  fanInUniform,
  type Initializer,
  Linear,
  Link,
  type Recurrent,
  relu,
  reshape,
  sigmoid,
  tanh,
  type Variable,
} from "../autograd/index.ts";
import type { Random } from "../random.ts";
import { type ConvolutionHead, type Convolutions, convolutionsOf } from "./convolutionHead.ts";
import { type RecurrentName, recurrentLayer } from "./recurrentLayer.ts";

/** The hidden activations that can be named in a configuration. */
export const activations = { relu, tanh, sigmoid } as const;
export type ActivationName = keyof typeof activations;
export const activationNames = ["relu", "tanh", "sigmoid"] as const satisfies readonly ActivationName[];

export interface MlpOptions {
  readonly hiddenSizes: readonly number[];
  /** Between layers; none behind the last. Rectifiers unless given. */
  readonly activation?: ActivationName | AnyOp;
  /** The stream that initial weights are drawn from. */
  readonly random: Random;
  /** Weights and biases are uniform in ±1 / √fan-in unless this is given (then biases are zero). */
  readonly initialW?: Initializer;
  /** A layer with a memory behind the hidden layers, as wide as the last of them. None unless given. */
  readonly recurrent?: RecurrentName;
  /** In front of the hidden layers, for observations that are pictures. None unless given. */
  readonly convolutions?: Convolutions | null;
}

/** Observations (batch, …obs) as rows (batch, numbers): what convolutions make of them, or they themselves flattened. */
export function seen(obs: Variable, convolutions: ConvolutionHead | null): Variable {
  if (convolutions !== null) return convolutions.forward(obs);
  return obs.shape.length > 2 ? reshape(obs, [obs.shape[0]!, -1]) : obs;
}

/** A multi-layer perceptron: linear layers with an activation between them. Observations of any rank are flattened. */
export class Mlp extends Link {
  readonly convolutions: ConvolutionHead | null;
  readonly layers: readonly Linear[];
  readonly recurrent: Recurrent | null;

  constructor(inSize: number, outSize: number, options: MlpOptions) {
    super();
    const { hiddenSizes, activation = "relu", random, initialW, recurrent = "none" } = options;
    const between: AnyOp = typeof activation === "string" ? activations[activation] : activation;
    this.convolutions = convolutionsOf(options.convolutions, random);
    const sizes = [this.convolutions?.outSize ?? inSize, ...hiddenSizes, outSize];
    this.layers = sizes.slice(1).map((size, i) => {
      const fanIn = sizes[i]!;
      return new Linear(fanIn, size, {
        random,
        activation: i < hiddenSizes.length ? between : null,
        initialW: initialW ?? fanInUniform(),
        ...(initialW ? {} : { initialB: fanInUniform(fanIn) }),
      });
    });
    this.recurrent = recurrentLayer(recurrent, sizes.at(-2)!, random);
  }

  /** (batch, …in) → (batch, out). */
  forward(x: Variable): Variable {
    let y = seen(x, this.convolutions);
    const last = this.layers.length - 1;
    for (let i = 0; i < last; i++) y = this.layers[i]!.forward(y);
    if (this.recurrent) y = this.recurrent.forward(y);
    return this.layers[last]!.forward(y);
  }
}
