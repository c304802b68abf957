import { select } from "../../kernel/expression.ts";
import type { Random } from "../../random.ts";
import { type AnyOp, defineOp } from "../defineOp.ts";
import { constant } from "../initializers/constant.ts";
import { fanInUniform } from "../initializers/varianceScaling.ts";
import { linear } from "../ops/linear.ts";
import { randomNormal } from "../ops/random.ts";
import type { Parameter } from "../parameter.ts";
import { RandomStream } from "../randomStream.ts";
import { noBackprop } from "../scope.ts";
import type { Variable } from "../variable.ts";
import { Link, makeParameter } from "./link.ts";

/** sgn(x) √|x|: the noise of an input or output from a normal number. */
const spreadNoise = defineOp({
  name: "noise",
  inputs: ["x"],
  forward: ({ x }) => select(x.lt(0), x.neg().sqrt().neg(), x.sqrt()),
  sample: { x: [3, 4] },
});

export interface NoisyLinearOptions {
  /** The stream that initial weights and the seed of the noise are drawn from. */
  readonly random: Random;
  readonly activation?: AnyOp | null;
  /** σ₀: sigma begins at σ₀ / √inSize. */
  readonly sigma0?: number;
}

/**
 * A linear layer with factorised Gaussian noise on its weights: w = μ + σ f(ε) f(ε′)ᵀ with ε, ε′ drawn anew each time it
 * runs, the same for the whole batch, in training and in evaluation mode. Source: Fortunato et al. 2018, section 3(b);
 * their σ₀ = 0.5.
 *
 * The weights are never built: x·w = x·μ + ((x f(ε)) · σ) f(ε′).
 */
export class NoisyLinear extends Link {
  readonly w: Parameter;
  readonly b: Parameter;
  readonly sigmaW: Parameter;
  readonly sigmaB: Parameter;
  readonly stream: RandomStream;
  readonly #activation: AnyOp | null;

  constructor(inSize: number, outSize: number, { random, activation = null, sigma0 = 0.5 }: NoisyLinearOptions) {
    super();
    const sigma = constant(sigma0 / Math.sqrt(inSize));
    this.w = makeParameter([inSize, outSize], fanInUniform(), random, "w");
    this.b = makeParameter([outSize], fanInUniform(inSize), random, "b");
    this.sigmaW = makeParameter([inSize, outSize], sigma, random, "sigmaW");
    this.sigmaB = makeParameter([outSize], sigma, random, "sigmaB");
    this.stream = new RandomStream(random);
    this.#activation = activation;
  }

  forward(x: Variable): Variable {
    const [inSize, outSize] = this.w.shape as readonly [number, number];
    const noise = (size: number) => noBackprop(() => spreadNoise(randomNormal([size], this.stream)));
    const noisy = linear(x.mul(noise(inSize)), this.sigmaW, this.sigmaB).mul(noise(outSize));
    const y = linear(x, this.w, this.b).add(noisy);
    return this.#activation ? this.#activation(y) : y;
  }
}
