/** Layers with an activation behind each: what heads of several kinds stand on. */
import { type AnyOp, fanInUniform, Linear, Link, type Recurrent, reshape, type Variable } from "../autograd/index.ts";
import { activations, type MlpOptions } from "./mlp.ts";
import { recurrentLayer } from "./recurrentLayer.ts";

/** A network from observations (batch, …obs) to features (batch, outSize). */
export type Trunk = Link & { forward(obs: Variable): Variable; readonly outSize: number };

/** Linear layers, each followed by the activation; without any, observations themselves, flattened. */
export class HiddenLayers extends Link {
  readonly layers: readonly Linear[];
  readonly recurrent: Recurrent | null;
  readonly outSize: number;

  constructor(inSize: number, options: MlpOptions) {
    super();
    const { hiddenSizes, activation = "relu", random, initialW, recurrent = "none" } = options;
    const between: AnyOp = typeof activation === "string" ? activations[activation] : activation;
    const sizes = [inSize, ...hiddenSizes];
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
    let y = x.shape.length > 2 ? reshape(x, [x.shape[0]!, -1]) : x;
    for (const layer of this.layers) y = layer.forward(y);
    return this.recurrent ? this.recurrent.forward(y) : y;
  }
}
