/** A normal distribution with independent components. */
import { defineOp, type Expression, gaussian, type RandomStream, rowSum, type Variable } from "../../autograd/index.ts";
import type { Distribution } from "./distribution.ts";

const ln2Pi = Math.log(2 * Math.PI);

/** ln N(x; mean, e^lnVar) of one component. */
const logDensity = (mean: Expression, lnVar: Expression, x: Expression): Expression =>
  x.sub(mean).square().mul(lnVar.neg().exp()).add(lnVar).add(ln2Pi).mul(-0.5);

/** Σ over rows of −((x − μ)² / σ² + ln σ² + ln 2π) / 2. */
export const gaussianLogProb = defineOp({
  name: "gaussianLogProb",
  inputs: ["mean", "lnVar", "x"],
  forward: ({ mean, lnVar, x }) => rowSum(logDensity(mean, lnVar, x)),
  sample: { mean: [3, 4], lnVar: [3, 4], x: [3, 4] },
});

/** Σ over rows of (ln σ² + ln 2πe) / 2. */
export const gaussianEntropy = defineOp({
  name: "gaussianEntropy",
  inputs: ["lnVar"],
  forward: ({ lnVar }) => rowSum(lnVar.add(ln2Pi + 1).mul(0.5)),
  sample: { lnVar: [3, 4] },
});

/** Σ over rows of (ln σ₂² − ln σ₁² + (σ₁² + (μ₁ − μ₂)²) / σ₂² − 1) / 2. */
export const gaussianKl = defineOp({
  name: "gaussianKl",
  inputs: ["mean1", "lnVar1", "mean2", "lnVar2"],
  forward: ({ mean1, lnVar1, mean2, lnVar2 }) => {
    const difference = lnVar1.sub(lnVar2);
    const distance = mean1.sub(mean2).square().mul(lnVar2.neg().exp());
    return rowSum(difference.exp().sub(difference).add(distance).sub(1).mul(0.5));
  },
  sample: { mean1: [3, 4], lnVar1: [3, 4], mean2: [3, 4], lnVar2: [3, 4] },
});

export class Gaussian implements Distribution {
  readonly isReparametrized = true;
  /** (batch, actions) */
  readonly mean: Variable;
  /** (batch, actions): ln σ² */
  readonly lnVar: Variable;

  constructor(mean: Variable, lnVar: Variable) {
    this.mean = mean;
    this.lnVar = lnVar;
  }

  /** Source of the reparametrisation: Kingma & Welling 2014. */
  sample(random: RandomStream): Variable {
    return gaussian(this.mean, this.lnVar, random);
  }

  get mode(): Variable {
    return this.mean;
  }

  logProb(action: Variable): Variable {
    return gaussianLogProb(this.mean, this.lnVar, action);
  }

  get entropy(): Variable {
    return gaussianEntropy(this.lnVar);
  }

  kl(other: Gaussian): Variable {
    return gaussianKl(this.mean, this.lnVar, other.mean, other.lnVar);
  }

  get statistics(): readonly Variable[] {
    return [this.mean, this.lnVar];
  }

  withStatistics([mean, lnVar]: readonly Variable[]): Gaussian {
    return new Gaussian(mean!, lnVar!);
  }

  detach(): Gaussian {
    return this.withStatistics(this.statistics.map((x) => x.detach()));
  }
}
