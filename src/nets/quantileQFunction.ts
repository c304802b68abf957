/** Implicit quantile networks. Dabney, Ostrovski, Silver, Munos 2018, "Implicit quantile networks for distributional RL". */
import {
  broadcastTo,
  colIndex,
  defineOp,
  isTraining,
  type Linear,
  Link,
  type NoisyLinear,
  RandomStream,
  randomUniform,
  reshape,
  type Variable,
  zeros,
} from "../autograd/index.ts";
import type { Random } from "../random.ts";
import { DenseBody, DenseStack, dense } from "./dense.ts";
import type { QFunctionOptions } from "./discreteQFunction.ts";
import { QuantileActionValue } from "./quantileActionValue.ts";

/** cos(π i τ) for i = 0 … n − 1 along rows of x (…, n), whose numbers are all τ: equation 4. */
const cosineBasis = defineOp({
  name: "cosineBasis",
  inputs: ["x"],
  forward: ({ x }) => x.mul(colIndex()).mul(Math.PI).cos(),
  sample: { x: [3, 4] },
});

/** (i + ½) / n along rows: thresholds that stand for the whole distribution without being drawn. */
const midpoints = defineOp({
  name: "midpoints",
  inputs: ["x"],
  scalars: ["n"],
  forward: ({ x, n }) => x.sub(x).add(colIndex().add(0.5).div(n)),
  sample: { x: [3, 4], n: 4 },
  hasNoGradient: true,
});

/** What the network makes of observations: quantiles at any thresholds, at any time. */
export class ImplicitQuantiles {
  /** (batch, features) */
  readonly features: Variable;
  readonly #network: QuantileQFunction;

  constructor(network: QuantileQFunction, features: Variable) {
    this.#network = network;
    this.features = features;
  }

  /** The quantiles at thresholds τ (batch, samples), each between 0 and 1. */
  at(tau: Variable): QuantileActionValue {
    return this.#network.quantilesAt(this.features, tau);
  }
}

export interface QuantileQFunctionOptions extends QFunctionOptions {
  /** Cosines that a threshold is embedded by. Default 64, as in the paper. */
  readonly basis?: number;
  /** Thresholds drawn where actions are chosen, K. Default 32, as in the paper. */
  readonly policySamples?: number;
  /** The stream that thresholds are drawn from, another one for each network. */
  readonly thresholds: Random;
}

/** Z_τ(x, a) = f(ψ(x) ⊙ φ(τ)): ψ is the hidden layers but the last, f the last one and a linear layer. */
export class QuantileQFunction extends Link {
  readonly body: DenseBody;
  readonly embedding: Linear | NoisyLinear;
  readonly head: DenseStack;
  readonly stream: RandomStream;
  readonly #basis: number;
  readonly #samples: number;
  readonly #actions: number;

  constructor(
    obsSize: number,
    actions: number,
    { hiddenSizes, basis = 64, policySamples = 32, thresholds, ...options }: QuantileQFunctionOptions,
  ) {
    super();
    const { recurrent: _, convolutions: __, ...layers } = options;
    this.body = new DenseBody(obsSize, hiddenSizes.length > 1 ? hiddenSizes.slice(0, -1) : hiddenSizes, options);
    this.embedding = dense(basis, this.body.outSize, true, { ...options, activation: "relu" });
    this.head = new DenseStack(this.body.outSize, hiddenSizes.length > 1 ? hiddenSizes.slice(-1) : [], actions, layers);
    this.stream = new RandomStream(thresholds);
    this.#basis = basis;
    this.#samples = policySamples;
    this.#actions = actions;
  }

  /** Observations (batch, …obs) as features. */
  observed(obs: Variable): ImplicitQuantiles {
    return new ImplicitQuantiles(this, this.body.forward(obs));
  }

  /** (batch, n) thresholds, uniform in [0, 1). */
  drawThresholds(batch: number, n: number): Variable {
    return randomUniform([batch, n], this.stream);
  }

  quantilesAt(features: Variable, tau: Variable): QuantileActionValue {
    const [batch, samples] = tau.shape as [number, number];
    const width = features.shape[1]!;
    const angles = broadcastTo(reshape(tau, [batch, samples, 1]), [batch, samples, this.#basis]);
    const phi = this.embedding.forward(cosineBasis(angles)); // (batch, samples, width)
    const psi = reshape(features, [batch, 1, width]);
    const quantiles = this.head.forward(reshape(phi.mul(psi), [batch * samples, width]));
    return new QuantileActionValue(reshape(quantiles, [batch, samples, this.#actions]));
  }

  /** Quantiles to act by: at K drawn thresholds, in evaluation mode at K equally spaced ones. */
  forward(obs: Variable): QuantileActionValue {
    const observed = this.observed(obs);
    const drawn = isTraining ? this.drawThresholds(obs.shape[0]!, this.#samples) : this.#equallySpaced(obs.shape[0]!);
    return observed.at(drawn);
  }

  #equallySpaced(batch: number): Variable {
    return midpoints(zeros([batch, this.#samples]), this.#samples);
  }
}
