import type { Random } from "../../random.ts";
import { type AnyOp, defineOp } from "../defineOp.ts";
import { constant } from "../initializers/constant.ts";
import { fanInUniform } from "../initializers/varianceScaling.ts";
import { linear } from "../ops/linear.ts";
import { randomNormal } from "../ops/random.ts";
import { reshape } from "../ops/reshape.ts";
import type { Parameter } from "../parameter.ts";
import { RandomStream } from "../randomStream.ts";
import { isTraining } from "../scope.ts";
import type { Variable } from "../variable.ts";
import { Link, makeParameter } from "./link.ts";

/** f(ε) = sgn(ε) √|ε|, by which the noise of a row and of a column make that of a weight. */
const factor = defineOp({
  name: "noiseFactor",
  inputs: ["x"],
  forward: ({ x }) => x.sign().mul(x.abs().sqrt()),
  sample: { x: [3, 4] },
  hasNoGradient: true,
});

/** w (inner, cols) = mean + deviation · fRow (inner, 1) · fCol (cols), equation 10. */
const noisyWeight = defineOp({
  name: "noisyWeight",
  inputs: ["mean", "deviation", "fRow", "fCol"],
  forward: ({ mean, deviation, fRow, fCol }) => mean.add(deviation.mul(fRow).mul(fCol)),
  sample: { mean: [3, 4], deviation: [3, 4], fRow: [3, 1], fCol: [4] },
});

/** b (cols) = mean + deviation · fCol, equation 11. */
const noisyBias = defineOp({
  name: "noisyBias",
  inputs: ["mean", "deviation", "fCol"],
  forward: ({ mean, deviation, fCol }) => mean.add(deviation.mul(fCol)),
  sample: { mean: [4], deviation: [4], fCol: [4] },
});

export interface NoisyLinearOptions {
  /** The stream that initial weights are drawn from. */
  readonly random: Random;
  /** The stream that noise is drawn from; branches off `random` unless given. */
  readonly noise?: Random;
  /** Deviation of the noise at first, times 1 / √inSize; 0.5 unless given, as in the paper. */
  readonly sigma?: number;
  readonly activation?: AnyOp | null;
}

/**
 * A linear layer with factorised Gaussian noise in weights and biases, new at each call; its deviations are learned. In
 * evaluation mode there is no noise.
 *
 * Source: Fortunato et al. 2018, "Noisy networks for exploration", section 3.1.1.
 */
export class NoisyLinear extends Link {
  readonly w: Parameter;
  readonly b: Parameter;
  readonly wSigma: Parameter;
  readonly bSigma: Parameter;
  readonly stream: RandomStream;
  readonly #activation: AnyOp | null;
  readonly #inSize: number;
  readonly #outSize: number;

  constructor(inSize: number, outSize: number, options: NoisyLinearOptions) {
    super();
    const { random, noise = random.stream("noise"), sigma = 0.5, activation = null } = options;
    const deviation = constant(sigma / Math.sqrt(inSize));
    this.w = makeParameter([inSize, outSize], fanInUniform(inSize), random, "w");
    this.b = makeParameter([outSize], fanInUniform(inSize), random, "b");
    this.wSigma = makeParameter([inSize, outSize], deviation, random, "wSigma");
    this.bSigma = makeParameter([outSize], deviation, random, "bSigma");
    this.stream = new RandomStream(noise);
    this.#activation = activation;
    this.#inSize = inSize;
    this.#outSize = outSize;
  }

  forward(x: Variable): Variable {
    if (!isTraining) return linear(x, this.w, this.b, this.#activation);
    const fRow = factor(randomNormal([this.#inSize], this.stream));
    const fCol = factor(randomNormal([this.#outSize], this.stream));
    const w = noisyWeight(this.w, this.wSigma, reshape(fRow, [this.#inSize, 1]), fCol);
    return linear(x, w, noisyBias(this.b, this.bSigma, fCol), this.#activation);
  }
}
