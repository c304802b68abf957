/** One of several actions, with probabilities given by a softmax. */
import {
  argMax,
  defineOp,
  logSoftmax,
  noBackprop,
  type RandomStream,
  randomUniform,
  rowSum,
  selectItem,
  softmax,
  type Variable,
} from "../../autograd/index.ts";
import type { Distribution } from "./distribution.ts";

/** ln p + Gumbel noise, −ln(−ln u): its largest element is a sample of p (Gumbel 1954; Maddison et al. 2014). */
export const perturbLogProbs = defineOp({
  name: "perturbLogProbs",
  inputs: ["logProbs", "u"],
  // u = 0 is possible, and would rule an action out
  forward: ({ logProbs, u }) => logProbs.sub(u.max(1e-8).log().neg().log()),
  sample: { logProbs: [3, 4], u: [3, 4] },
  sampleRange: [0.1, 0.9],
});

/** −Σ p ln p of the rows of ln p. */
export const categoricalEntropy = defineOp({
  name: "categoricalEntropy",
  inputs: ["logProbs"],
  forward: ({ logProbs }) => rowSum(logProbs.exp().mul(logProbs)).neg(),
  sample: { logProbs: [3, 4] },
  sampleRange: [-3, -0.1],
});

/** Σ p (ln p − ln q) of the rows of ln p and ln q. */
export const categoricalKl = defineOp({
  name: "categoricalKl",
  inputs: ["logP", "logQ"],
  forward: ({ logP, logQ }) => rowSum(logP.exp().mul(logP.sub(logQ))),
  sample: { logP: [3, 4], logQ: [3, 4] },
  sampleRange: [-3, -0.1],
});

export class Categorical implements Distribution {
  readonly isReparametrized = false;
  /** (batch, actions): logarithms of the probabilities up to a constant a row. */
  readonly logits: Variable;
  #logProbs: Variable | null = null;

  constructor(logits: Variable) {
    this.logits = logits;
  }

  /** (batch, actions) */
  get logProbs(): Variable {
    this.#logProbs ??= logSoftmax(this.logits);
    return this.#logProbs;
  }

  /** (batch, actions) */
  get probs(): Variable {
    return softmax(this.logits);
  }

  sample(random: RandomStream): Variable {
    return noBackprop(() => argMax(perturbLogProbs(this.logits, randomUniform(this.logits.shape, random))));
  }

  get mode(): Variable {
    return argMax(this.logits);
  }

  logProb(action: Variable): Variable {
    return selectItem(this.logProbs, action);
  }

  get entropy(): Variable {
    return categoricalEntropy(this.logProbs);
  }

  kl(other: Categorical): Variable {
    return categoricalKl(this.logProbs, other.logProbs);
  }

  get statistics(): readonly Variable[] {
    return [this.logits];
  }

  withStatistics([logits]: readonly Variable[]): Categorical {
    return new Categorical(logits!);
  }

  detach(): Categorical {
    return this.withStatistics(this.statistics.map((x) => x.detach()));
  }
}
