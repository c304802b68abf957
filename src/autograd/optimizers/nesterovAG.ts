import { Optimizer, type UpdateRule } from "./optimizer.ts";

export interface NesterovAGOptions {
  lr?: number;
  momentum?: number;
}

const rule: UpdateRule<Required<NesterovAGOptions>, "v", "lr" | "momentum"> = {
  name: "NesterovAG",
  statistics: ["v"],
  numberNames: ["lr", "momentum"],
  decays: ["momentum"],
  numbers: ({ lr, momentum }) => ({ lr, momentum }),
  update: ({ p, g, v, lr, momentum }) => {
    const next = v.mul(momentum).sub(g.mul(lr));
    return { p: p.add(next.mul(momentum)).sub(g.mul(lr)), v: next };
  },
};

/** v ← momentum v − lr g; p ← p + momentum v − lr g. Source: Bengio, Boulanger-Lewandowski, Pascanu 2013. */
export class NesterovAG extends Optimizer<Required<NesterovAGOptions>> {
  constructor(options: NesterovAGOptions = {}) {
    super(rule, { lr: 0.01, momentum: 0.9 }, options);
  }
}
