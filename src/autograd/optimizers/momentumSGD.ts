import { Optimizer, type UpdateRule } from "./optimizer.ts";

export interface MomentumSGDOptions {
  lr?: number;
  momentum?: number;
}

const rule: UpdateRule<Required<MomentumSGDOptions>, "v", "lr" | "momentum"> = {
  name: "MomentumSGD",
  statistics: ["v"],
  numberNames: ["lr", "momentum"],
  decays: ["momentum"],
  numbers: ({ lr, momentum }) => ({ lr, momentum }),
  update: ({ p, g, v, lr, momentum }) => {
    const next = v.mul(momentum).sub(g.mul(lr));
    return { p: p.add(next), v: next };
  },
};

/** v ← momentum v − lr g; p ← p + v. Source: Rumelhart, Hinton, Williams 1986. */
export class MomentumSGD extends Optimizer<Required<MomentumSGDOptions>> {
  constructor(options: MomentumSGDOptions = {}) {
    super(rule, { lr: 0.01, momentum: 0.9 }, options);
  }
}
