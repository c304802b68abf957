import { Optimizer, type UpdateRule } from "./optimizer.ts";

export interface AdamOptions {
  /** Step size. */
  alpha?: number;
  /** Decay of the mean of gradients. */
  beta1?: number;
  /** Decay of the mean of squared gradients. */
  beta2?: number;
  eps?: number;
}

const rule: UpdateRule<Required<AdamOptions>, "m" | "v", "step" | "rest1" | "rest2" | "eps"> = {
  name: "Adam",
  statistics: ["m", "v"],
  numberNames: ["step", "rest1", "rest2", "eps"],
  decays: ["beta1", "beta2"],
  numbers: ({ alpha, beta1, beta2, eps }, t) => ({
    step: (alpha * Math.sqrt(1 - beta2 ** t)) / (1 - beta1 ** t),
    rest1: 1 - beta1,
    rest2: 1 - beta2,
    eps,
  }),
  update: ({ p, g, m, v, step, rest1, rest2, eps }) => {
    const nextM = m.add(g.sub(m).mul(rest1));
    const nextV = v.add(g.square().sub(v).mul(rest2));
    return { p: p.sub(nextM.mul(step).div(nextV.sqrt().add(eps))), m: nextM, v: nextV };
  },
};

/** Source: Kingma & Ba 2015, with the two bias corrections in the step size (end of section 2). */
export class Adam extends Optimizer<Required<AdamOptions>> {
  constructor(options: AdamOptions = {}) {
    super(rule, { alpha: 0.001, beta1: 0.9, beta2: 0.999, eps: 1e-8 }, options);
  }
}
