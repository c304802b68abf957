import { Optimizer, type UpdateRule } from "./optimizer.ts";

export interface AMSGradOptions {
  /** Step size. */
  alpha?: number;
  /** Decay of the mean of gradients. */
  beta1?: number;
  /** Decay of the mean of squared gradients. */
  beta2?: number;
  eps?: number;
}

const rule: UpdateRule<Required<AMSGradOptions>, "m" | "v" | "vhat", "step" | "rest1" | "rest2" | "eps"> = {
  name: "AMSGrad",
  statistics: ["m", "v", "vhat"],
  numberNames: ["step", "rest1", "rest2", "eps"],
  decays: ["beta1", "beta2"],
  numbers: ({ alpha, beta1, beta2, eps }, t) => ({
    step: (alpha * Math.sqrt(1 - beta2 ** t)) / (1 - beta1 ** t),
    rest1: 1 - beta1,
    rest2: 1 - beta2,
    eps,
  }),
  update: ({ p, g, m, v, vhat, step, rest1, rest2, eps }) => {
    const nextM = m.add(g.sub(m).mul(rest1));
    const nextV = v.add(g.square().sub(v).mul(rest2));
    const nextVhat = vhat.max(nextV);
    return { p: p.sub(nextM.mul(step).div(nextVhat.sqrt().add(eps))), m: nextM, v: nextV, vhat: nextVhat };
  },
};

/** Adam with the maximum of the second moments so far. Source: Reddi, Kale, Kumar 2018. */
export class AMSGrad extends Optimizer<Required<AMSGradOptions>> {
  constructor(options: AMSGradOptions = {}) {
    super(rule, { alpha: 0.001, beta1: 0.9, beta2: 0.999, eps: 1e-8 }, options);
  }
}
