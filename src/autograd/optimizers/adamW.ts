import { Optimizer, type UpdateRule } from "./optimizer.ts";

export interface AdamWOptions {
  /** Step size. */
  alpha?: number;
  /** Decay of the mean of gradients. */
  beta1?: number;
  /** Decay of the mean of squared gradients. */
  beta2?: number;
  eps?: number;
  /** Multiplies the whole step, the schedule multiplier of the paper. */
  eta?: number;
  weightDecayRate?: number;
}

const rule: UpdateRule<Required<AdamWOptions>, "m" | "v", "step" | "rest1" | "rest2" | "eps" | "decay"> = {
  name: "AdamW",
  statistics: ["m", "v"],
  numberNames: ["step", "rest1", "rest2", "eps", "decay"],
  decays: ["beta1", "beta2"],
  numbers: ({ alpha, beta1, beta2, eps, eta, weightDecayRate }, t) => ({
    step: (eta * alpha * Math.sqrt(1 - beta2 ** t)) / (1 - beta1 ** t),
    rest1: 1 - beta1,
    rest2: 1 - beta2,
    eps,
    decay: eta * weightDecayRate,
  }),
  update: ({ p, g, m, v, step, rest1, rest2, eps, decay }) => {
    const nextM = m.add(g.sub(m).mul(rest1));
    const nextV = v.add(g.square().sub(v).mul(rest2));
    return { p: p.sub(nextM.mul(step).div(nextV.sqrt().add(eps))).sub(p.mul(decay)), m: nextM, v: nextV };
  },
};

/** Adam with decoupled weight decay, p ← p − eta (step + weightDecayRate p). Source: Loshchilov & Hutter 2019. */
export class AdamW extends Optimizer<Required<AdamWOptions>> {
  constructor(options: AdamWOptions = {}) {
    super(rule, { alpha: 0.001, beta1: 0.9, beta2: 0.999, eps: 1e-8, eta: 1, weightDecayRate: 0.01 }, options);
  }
}
