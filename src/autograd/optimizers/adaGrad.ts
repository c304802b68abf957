import { Optimizer, type UpdateRule } from "./optimizer.ts";

export interface AdaGradOptions {
  lr?: number;
  eps?: number;
}

const rule: UpdateRule<Required<AdaGradOptions>, "h", "lr" | "eps"> = {
  name: "AdaGrad",
  statistics: ["h"],
  numberNames: ["lr", "eps"],
  numbers: ({ lr, eps }) => ({ lr, eps }),
  update: ({ p, g, h, lr, eps }) => {
    const next = h.add(g.square());
    return { p: p.sub(g.mul(lr).div(next.sqrt().add(eps))), h: next };
  },
};

/** h ← h + g²; p ← p − lr g / (√h + eps). Source: Duchi, Hazan, Singer 2011. */
export class AdaGrad extends Optimizer<Required<AdaGradOptions>> {
  constructor(options: AdaGradOptions = {}) {
    super(rule, { lr: 0.001, eps: 1e-8 }, options);
  }
}
