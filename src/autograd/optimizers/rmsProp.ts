import { Optimizer, type UpdateRule } from "./optimizer.ts";

export interface RMSpropOptions {
  lr?: number;
  alpha?: number;
  eps?: number;
}

const rule: UpdateRule<Required<RMSpropOptions>, "ms", "lr" | "alpha" | "rest" | "eps"> = {
  name: "RMSprop",
  statistics: ["ms"],
  numberNames: ["lr", "alpha", "rest", "eps"],
  decays: ["alpha"],
  numbers: ({ lr, alpha, eps }) => ({ lr, alpha, rest: 1 - alpha, eps }),
  update: ({ p, g, ms, lr, alpha, rest, eps }) => {
    const next = ms.mul(alpha).add(g.square().mul(rest));
    return { p: p.sub(g.mul(lr).div(next.sqrt().add(eps))), ms: next };
  },
};

/** ms ← α ms + (1 − α) g²; p ← p − lr g / (√ms + eps). Source: Tieleman & Hinton 2012. */
export class RMSprop extends Optimizer<Required<RMSpropOptions>> {
  constructor(options: RMSpropOptions = {}) {
    super(rule, { lr: 0.01, alpha: 0.99, eps: 1e-8 }, options);
  }
}
