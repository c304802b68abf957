import { Optimizer, type UpdateRule } from "./optimizer.ts";

export interface RMSpropGravesOptions {
  lr?: number;
  alpha?: number;
  momentum?: number;
  eps?: number;
}

const rule: UpdateRule<
  Required<RMSpropGravesOptions>,
  "n" | "mean" | "delta",
  "lr" | "alpha" | "rest" | "momentum" | "eps"
> = {
  name: "RMSpropGraves",
  statistics: ["n", "mean", "delta"],
  numberNames: ["lr", "alpha", "rest", "momentum", "eps"],
  decays: ["alpha", "momentum"],
  numbers: ({ lr, alpha, momentum, eps }) => ({ lr, alpha, rest: 1 - alpha, momentum, eps }),
  update: ({ p, g, n, mean, delta, lr, alpha, rest, momentum, eps }) => {
    const nextN = n.mul(alpha).add(g.square().mul(rest));
    const nextMean = mean.mul(alpha).add(g.mul(rest));
    const step = delta.mul(momentum).sub(g.mul(lr).div(nextN.sub(nextMean.square()).add(eps).sqrt()));
    return { p: p.add(step), n: nextN, mean: nextMean, delta: step };
  },
};

/** RMSprop centred by the running mean of gradients, with momentum. Source: Graves 2013, equations 38–45. */
export class RMSpropGraves extends Optimizer<Required<RMSpropGravesOptions>> {
  constructor(options: RMSpropGravesOptions = {}) {
    super(rule, { lr: 1e-4, alpha: 0.95, momentum: 0.9, eps: 1e-4 }, options);
  }
}
