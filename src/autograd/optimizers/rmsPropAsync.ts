import { Optimizer, type UpdateRule } from "./optimizer.ts";

export interface RMSpropAsyncOptions {
  lr?: number;
  alpha?: number;
  eps?: number;
}

const rule: UpdateRule<Required<RMSpropAsyncOptions>, "ms", "lr" | "alpha" | "rest" | "eps"> = {
  name: "RMSpropAsync",
  statistics: ["ms"],
  numberNames: ["lr", "alpha", "rest", "eps"],
  decays: ["alpha"],
  numbers: ({ lr, alpha, eps }) => ({ lr, alpha, rest: 1 - alpha, eps }),
  update: ({ p, g, ms, lr, alpha, rest, eps }) => {
    const next = ms.mul(alpha).add(g.square().mul(rest));
    return { p: p.sub(g.mul(lr).div(next.add(eps).sqrt())), ms: next };
  },
};

/** RMSprop with eps inside the root, whose statistics asynchronous actors share. Source: Mnih et al. 2016, section 4. */
export class RMSpropAsync extends Optimizer<Required<RMSpropAsyncOptions>> {
  constructor(options: RMSpropAsyncOptions = {}) {
    super(rule, { lr: 0.01, alpha: 0.99, eps: 1e-8 }, options);
  }
}
