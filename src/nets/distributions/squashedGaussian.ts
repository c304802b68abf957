/**
 * tanh of a normal distribution: actions within (−1, 1).
 * Source: Haarnoja et al. 2018, "Soft actor-critic", appendix C.
 */
import { clip, defineOp, type RandomStream, rowSum, tanh, type Variable } from "../../autograd/index.ts";
import { UsageError } from "../../errors.ts";
import type { Distribution } from "./distribution.ts";
import { Gaussian } from "./gaussian.ts";

/** Σ over rows of ln(1 − tanh² u), as 2 (ln 2 − u − ln(1 + e^(−2u))), which is finite for every u. */
export const logTanhSlope = defineOp({
  name: "logTanhSlope",
  inputs: ["u"],
  // u + ln(1 + e^(−2u)) is even in u
  forward: ({ u }) => {
    const a = u.abs();
    return rowSum(a.add(a.mul(-2).exp().log1p()).neg().add(Math.LN2).mul(2));
  },
  backward: ({ u, gy }) => ({ u: gy.mul(u.tanh()).mul(-2) }),
  sample: { u: [3, 4] },
});

/** artanh y = ln((1 + y) / (1 − y)) / 2. */
export const artanh = defineOp({
  name: "artanh",
  inputs: ["y"],
  forward: ({ y }) => y.add(1).div(y.neg().add(1)).log().mul(0.5),
  sample: { y: [3, 4] },
  sampleRange: [-0.9, 0.9],
});

/** center + halfWidth · tanh x, a row of numbers each. */
export const squash = defineOp({
  name: "squash",
  inputs: ["x", "center", "halfWidth"],
  forward: ({ x, center, halfWidth }) => center.add(halfWidth.mul(x.tanh())),
  sample: { x: [3, 4], center: [4], halfWidth: [4] },
});

/** The largest float32 below 1 that is far enough from it for artanh. */
const largest = 1 - 2 ** -20;

/** The box that tanh is stretched to: center + halfWidth · tanh, a number each component. */
export interface Stretching {
  /** (actions) */
  readonly center: Variable;
  /** (actions) */
  readonly halfWidth: Variable;
  /** Σ ln halfWidth */
  readonly lnVolume: number;
}

export class SquashedGaussian implements Distribution {
  readonly isReparametrized = true;
  /** The distribution of artanh of the action, before it is stretched. */
  readonly inner: Gaussian;
  readonly #stretching: Stretching | null;

  /**
   * @param mean (batch, actions)
   * @param lnVar (batch, actions)
   * @param stretching null for actions in (−1, 1)
   */
  constructor(mean: Variable, lnVar: Variable, stretching: Stretching | null = null) {
    this.inner = new Gaussian(mean, lnVar);
    this.#stretching = stretching;
  }

  #squash(u: Variable): Variable {
    return this.#stretching ? squash(u, this.#stretching.center, this.#stretching.halfWidth) : tanh(u);
  }

  /** The density at tanh u, stretched. */
  #logProbAt(u: Variable): Variable {
    const logProb = this.inner.logProb(u).sub(logTanhSlope(u));
    return this.#stretching ? logProb.sub(this.#stretching.lnVolume) : logProb;
  }

  sample(random: RandomStream): Variable {
    return this.#squash(this.inner.sample(random));
  }

  /** A sample (batch, actions) with its log-probability (batch), exact where tanh rounds to ±1. */
  sampleWithLogProb(random: RandomStream): { action: Variable; logProb: Variable } {
    const u = this.inner.sample(random);
    return { action: this.#squash(u), logProb: this.#logProbAt(u) };
  }

  /** tanh of the mean: the median of each component. */
  get mode(): Variable {
    return this.#squash(this.inner.mean);
  }

  logProb(action: Variable): Variable {
    const unit = this.#stretching ? action.sub(this.#stretching.center).div(this.#stretching.halfWidth) : action;
    return this.#logProbAt(artanh(clip(unit, -largest, largest)));
  }

  /** @throws UsageError: there is no closed form */
  get entropy(): Variable {
    throw new UsageError(
      "SquashedGaussian: the entropy must be estimated from samples; got no closed form. Average −logProb of sampleWithLogProb.",
    );
  }

  /** That of the distributions inside: the squashing is the same one-to-one map on both sides. */
  kl(other: SquashedGaussian): Variable {
    return this.inner.kl(other.inner);
  }

  get statistics(): readonly Variable[] {
    return [this.inner.mean, this.inner.lnVar];
  }

  withStatistics([mean, lnVar]: readonly Variable[]): SquashedGaussian {
    return new SquashedGaussian(mean!, lnVar!, this.#stretching);
  }

  detach(): SquashedGaussian {
    return this.withStatistics(this.statistics.map((x) => x.detach()));
  }
}
