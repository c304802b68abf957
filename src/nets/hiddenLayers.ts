/** Layers with an activation behind each: what heads of several kinds stand on. */
import { type AnyOp, concat, fanInUniform, Linear, Link, type Recurrent, type Variable } from "../autograd/index.ts";
import { type ConvolutionHead, convolutionsOf } from "./convolutionHead.ts";
import { activations, type MlpOptions, seen } from "./mlp.ts";
import { recurrentLayer } from "./recurrentLayer.ts";

/** A network from observations (batch, …obs) to features (batch, outSize). */
export type Trunk = Link & { forward(obs: Variable): Variable; readonly outSize: number };

/** Linear layers, each followed by the activation; without any, observations themselves, flattened. */
export class HiddenLayers extends Link {
  readonly convolutions: ConvolutionHead | null;
  readonly layers: readonly Linear[];
  readonly recurrent: Recurrent | null;
  readonly outSize: number;

  constructor(inSize: number, options: MlpOptions) {
    super();
    const { hiddenSizes, activation = "relu", random, initialW, recurrent = "none" } = options;
    const between: AnyOp = typeof activation === "string" ? activations[activation] : activation;
    this.convolutions = convolutionsOf(options.convolutions, random);
    const sizes = [this.convolutions?.outSize ?? inSize, ...hiddenSizes];
    this.outSize = sizes.at(-1)!;
    this.layers = hiddenSizes.map((size, i) => {
      const fanIn = sizes[i]!;
      return new Linear(fanIn, size, {
        random,
        activation: between,
        initialW: initialW ?? fanInUniform(),
        ...(initialW ? {} : { initialB: fanInUniform(fanIn) }),
      });
    });
    this.recurrent = recurrentLayer(recurrent, this.outSize, random);
  }

  /** (batch, …in) → (batch, outSize). */
  forward(x: Variable): Variable {
    return this.#behind(seen(x, this.convolutions), 0);
  }

  /** The same of several x (batch, inᵢ) side by side, without convolutions. */
  forwardJoined(xs: readonly Variable[]): Variable {
    const [first] = this.layers;
    return first ? this.#behind(first.forward(xs), 1) : this.#behind(concat(xs, 1), 0);
  }

  #behind(features: Variable, from: number): Variable {
    let y = features;
    for (let i = from; i < this.layers.length; i++) y = this.layers[i]!.forward(y);
    return this.recurrent ? this.recurrent.forward(y) : y;
  }
}
