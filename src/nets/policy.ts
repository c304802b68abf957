/** Policies: networks from observations to distributions over actions. A policy is a trunk and a head. */

import {
  broadcastTo,
  constant,
  defineOp,
  fanInUniform,
  type Initializer,
  Linear,
  Link,
  log,
  makeParameter,
  type Parameter,
  persistent,
  softplus,
  tanh,
  type Variable,
  varianceScaling,
} from "../autograd/index.ts";
import { ShapeError, UsageError } from "../errors.ts";
import type { Random } from "../random.ts";
import type { ActionBounds } from "./actionBounds.ts";
import {
  Categorical,
  Deterministic,
  type Distribution,
  Gaussian,
  Mellowmax,
  SquashedGaussian,
  type Stretching,
} from "./distributions/index.ts";
import { squash } from "./distributions/squashedGaussian.ts";
import { HiddenLayers, type Trunk } from "./hiddenLayers.ts";
import type { MlpOptions } from "./mlp.ts";

/** A network from observations (batch, …obs) to a distribution over actions. */
export type Policy = Link & { forward(obs: Variable): Distribution };

/** The last layer of a policy: features (batch, inSize) → a distribution. */
export type PolicyHead = Link & { forward(features: Variable): Distribution };

export interface HeadOptions {
  /** The stream that initial weights are drawn from. */
  readonly random: Random;
  /** Of the layer that says where the distribution stands; uniform in ±1 / √fan-in unless given. Biases are zero. */
  readonly initialW?: Initializer;
}

const headLayer = (inSize: number, outSize: number, { random, initialW = fanInUniform() }: HeadOptions): Linear =>
  new Linear(inSize, outSize, { random, initialW });

/** Logits of discrete actions. */
export class SoftmaxHead extends Link {
  readonly logits: Linear;

  constructor(inSize: number, actions: number, options: HeadOptions) {
    super();
    this.logits = headLayer(inSize, actions, options);
  }

  forward(features: Variable): Categorical {
    return new Categorical(this.logits.forward(features));
  }
}

/** Values of discrete actions, for the maximum-entropy mellowmax policy. */
export class MellowmaxHead extends Link {
  readonly values: Linear;
  readonly omega: number;

  constructor(inSize: number, actions: number, { omega = 8, ...options }: HeadOptions & { readonly omega?: number }) {
    super();
    this.values = headLayer(inSize, actions, options);
    this.omega = omega;
  }

  forward(features: Variable): Mellowmax {
    return new Mellowmax(this.values.forward(features), this.omega);
  }
}

/** (numbers): numbers that stay, outside of any scope. */
function constantRow(values: ArrayLike<number>): Variable {
  const row = persistent([values.length]);
  row.write(values);
  return row;
}

/** max(low, min(high, x)), a row of numbers each; the gradient passes where x lies between. */
export const clipToRows = defineOp({
  name: "clipToRows",
  inputs: ["x", "low", "high"],
  forward: ({ x, low, high }) => x.max(low).min(high),
  sample: { x: [3, 4], low: [4], high: [4] },
});

/** The box that actions lie in, on the device that runs. */
export class Bounds {
  readonly #low: Variable;
  readonly #high: Variable;
  /** (actions) */
  readonly halfWidth: Variable;

  constructor({ low, high }: ActionBounds) {
    this.halfWidth = constantRow(Array.from(low, (x, i) => (high[i]! - x) / 2));
    this.#low = constantRow(low);
    this.#high = constantRow(high);
  }

  /** (batch, actions), clipped into the box. */
  clip(action: Variable): Variable {
    return clipToRows(action, this.#low, this.#high);
  }
}

/** Maps numbers into the box. @throws UsageError where it is not bounded */
export class Squash {
  /** null where the box is (−1, 1). */
  readonly stretching: Stretching | null;

  constructor({ low, high }: ActionBounds) {
    const center = Array.from(low, (x, i) => (x + high[i]!) / 2);
    const halfWidth = Array.from(low, (x, i) => (high[i]! - x) / 2);
    if (![...center, ...halfWidth].every(Number.isFinite)) {
      throw new UsageError(
        `policy: actions to be bounded must have finite bounds; got low ${Array.from(low).join(", ")} and high ${Array.from(high).join(", ")}. Give the action space bounds.`,
      );
    }
    const isUnit = center.every((x) => x === 0) && halfWidth.every((x) => x === 1);
    const lnVolume = halfWidth.reduce((sum, x) => sum + Math.log(x), 0);
    this.stretching = isUnit ? null : { center: constantRow(center), halfWidth: constantRow(halfWidth), lnVolume };
  }

  apply(x: Variable): Variable {
    return this.stretching ? squash(x, this.stretching.center, this.stretching.halfWidth) : tanh(x);
  }
}

/**
 * What a Gaussian policy's variance depends on: the observation (softplus of a layer), nothing but a learned parameter
 * for each component, or nothing at all.
 */
export type Covariance = "dependent" | "independent" | "fixed";
export const covarianceNames = ["dependent", "independent", "fixed"] as const satisfies readonly Covariance[];

export interface GaussianHeadOptions extends HeadOptions {
  readonly covariance?: Covariance;
  /** The variance of "fixed", and what that of the others begins at; 1 unless given. */
  readonly variance?: number;
  /** Added to variances that are learned. */
  readonly minVariance?: number;
  /** Keeps the mean within a box. */
  readonly bounds?: ActionBounds | undefined;
}

/** The mean of continuous actions from a layer, and their variances. Source of the kinds: Mnih et al. 2016, section 9. */
export class GaussianHead extends Link {
  readonly mean: Linear;
  readonly variance: Linear | null;
  /** (actions): what softplus makes the variances of. */
  readonly rawVariance: Parameter | null;
  readonly #minVariance: number;
  /** (actions) */
  readonly #fixedLnVar: Variable | null;
  readonly #squash: Squash | null;

  constructor(inSize: number, actions: number, options: GaussianHeadOptions) {
    super();
    const { covariance = "dependent", variance = 1, minVariance = 0, bounds, random } = options;
    if (!(variance > 0) || !(minVariance >= 0) || !(variance > minVariance)) {
      throw new UsageError(
        `GaussianHead: variance > minVariance ≥ 0 must hold; got ${variance} and ${minVariance}. Raise variance.`,
      );
    }
    const raw = variance - minVariance;
    const start = raw + Math.log(-Math.expm1(-raw)); // the inverse of softplus
    this.mean = headLayer(inSize, actions, options);
    this.variance =
      covariance === "dependent"
        ? new Linear(inSize, actions, {
            random,
            initialW: options.initialW ?? fanInUniform(),
            initialB: constant(start),
          })
        : null;
    this.rawVariance =
      covariance === "independent" ? makeParameter([actions], constant(start), random, "rawVariance") : null;
    this.#minVariance = minVariance;
    this.#fixedLnVar = covariance === "fixed" ? constantRow(new Float32Array(actions).fill(Math.log(variance))) : null;
    this.#squash = bounds ? new Squash(bounds) : null;
  }

  forward(features: Variable): Gaussian {
    const x = this.mean.forward(features); // (batch, actions)
    const mean = this.#squash ? this.#squash.apply(x) : x;
    return new Gaussian(mean, broadcastTo(this.#lnVar(features), mean.shape));
  }

  /** (batch, actions) or (actions) */
  #lnVar(features: Variable): Variable {
    if (this.#fixedLnVar) return this.#fixedLnVar;
    const raw = this.variance ? this.variance.forward(features) : this.rawVariance!;
    return log(softplus(raw, 1).add(this.#minVariance + 1e-8));
  }
}

/** tanh of Gaussian actions: means and logarithms of standard deviations, limited as in the authors' program. */
export class SquashedGaussianHead extends Link {
  readonly mean: Linear;
  readonly lnDeviation: Linear;
  readonly #squash: Squash;

  constructor(
    inSize: number,
    actions: number,
    { bounds, ...options }: HeadOptions & { readonly bounds: ActionBounds },
  ) {
    super();
    this.#squash = new Squash(bounds);
    this.mean = headLayer(inSize, actions, options);
    this.lnDeviation = headLayer(inSize, actions, options);
  }

  forward(features: Variable): SquashedGaussian {
    const lnVar = lnVarFrom(this.lnDeviation.forward(features)); // (batch, actions)
    return new SquashedGaussian(this.mean.forward(features), lnVar, this.#squash.stretching);
  }
}

/** 2 ln σ with ln σ limited to [−20, 2]. Source: Haarnoja et al. 2018, the authors' program. */
export const lnVarFrom = defineOp({
  name: "lnVarFrom",
  inputs: ["lnDeviation"],
  forward: ({ lnDeviation }) => lnDeviation.max(-20).min(2).mul(2),
  sample: { lnDeviation: [3, 4] },
  sampleRange: [-1.9, 1.9],
});

/** One continuous action, within bounds where they are given. */
export class DeterministicHead extends Link {
  readonly action: Linear;
  readonly #squash: Squash | null;

  constructor(
    inSize: number,
    actions: number,
    { bounds, ...options }: HeadOptions & { readonly bounds?: ActionBounds | undefined },
  ) {
    super();
    this.action = headLayer(inSize, actions, options);
    this.#squash = bounds ? new Squash(bounds) : null;
  }

  forward(features: Variable): Deterministic {
    const x = this.action.forward(features);
    return new Deterministic(this.#squash ? this.#squash.apply(x) : x);
  }
}

/** A trunk and a head. */
export class TrunkPolicy<Head extends PolicyHead = PolicyHead> extends Link {
  readonly trunk: Trunk;
  readonly head: Head;

  constructor(trunk: Trunk, head: Head) {
    super();
    this.trunk = trunk;
    this.head = head;
  }

  forward(obs: Variable): ReturnType<Head["forward"]> {
    return this.head.forward(this.trunk.forward(obs)) as ReturnType<Head["forward"]>;
  }
}

/** Small weights of a policy's last layer begin it near uniform, or near the middle. Source: Schulman et al.'s programs. */
export const smallWeights = (scale = 0.01): Initializer => varianceScaling(scale * scale, "fanIn", "normal");

/** Hidden layers and a head made on them. */
export function mlpPolicy<Head extends PolicyHead>(
  inSize: number,
  options: MlpOptions,
  makeHead: (inSize: number) => Head,
): TrunkPolicy<Head> {
  const trunk = new HiddenLayers(inSize, options);
  return new TrunkPolicy(trunk, makeHead(trunk.outSize));
}

/** @throws ShapeError unless the action space is a box of one axis */
export function actionSizeOf(where: string, shape: readonly number[]): number {
  if (shape.length !== 1) {
    throw new ShapeError(
      `${where}: continuous actions must have one axis; got shape (${shape.join(", ")}). Flatten the action space.`,
    );
  }
  return shape[0]!;
}
