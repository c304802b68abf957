import { Random } from "../../random.ts";
import { constant } from "../initializers/constant.ts";
import { batchNormalization, fixedBatchNormalization } from "../ops/batchNormalization.ts";
import type { Parameter } from "../parameter.ts";
import { PersistentValue } from "../persistentValue.ts";
import { isLearning } from "../scope.ts";
import type { Variable } from "../variable.ts";
import { follow, Link, makeParameter } from "./link.ts";

/**
 * Batch normalisation of x (batch, channels, …) a channel, with a learned scale and shift. In a pass to learn from
 * (`isLearning`) by the batch's mean and variance, which the running ones follow; else, as in evaluation mode or inside
 * `noBackprop`, by the running ones. Those are saved with the parameters and copied with them to target networks.
 * Source: Ioffe & Szegedy 2015; defaults as in Chainer.
 */
export class BatchNormalization extends Link {
  readonly gamma: Parameter;
  readonly beta: Parameter;
  /** Running mean and unbiased variance, (channels). */
  readonly mean: PersistentValue;
  readonly variance: PersistentValue;
  readonly decay: number;
  readonly eps: number;

  constructor(channels: number, { decay = 0.9, eps = 2e-5 }: { decay?: number; eps?: number } = {}) {
    super();
    const unused = new Random(0); // constants draw nothing
    this.gamma = makeParameter([channels], constant(1), unused, "gamma");
    this.beta = makeParameter([channels], constant(0), unused, "beta");
    this.mean = new PersistentValue([channels], "mean");
    this.variance = new PersistentValue([channels], "variance");
    this.variance.write(new Float32Array(channels).fill(1));
    this.decay = decay;
    this.eps = eps;
  }

  forward(x: Variable): Variable {
    if (!isLearning()) return fixedBatchNormalization(x, this.gamma, this.beta, this.mean, this.variance, this.eps);
    const { y, mean, variance } = batchNormalization(x, this.gamma, this.beta, this.eps);
    const count = x.size / mean.size;
    const rest = 1 - this.decay;
    follow(mean.size, [this.mean.address, mean.address], [rest, 1]);
    follow(mean.size, [this.variance.address, variance.address], [rest, count / Math.max(count - 1, 1)]);
    this.mean.touch();
    this.variance.touch();
    return y;
  }
}
