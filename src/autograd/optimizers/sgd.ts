import { Optimizer, type UpdateRule } from "./optimizer.ts";

export interface SGDOptions {
  /** Learning rate. */
  lr?: number;
}

const rule: UpdateRule<Required<SGDOptions>, never, "lr"> = {
  name: "SGD",
  statistics: [],
  numberNames: ["lr"],
  numbers: ({ lr }) => ({ lr }),
  update: ({ p, g, lr }) => ({ p: p.sub(g.mul(lr)) }),
};

/** p ← p − lr g. */
export class SGD extends Optimizer<Required<SGDOptions>> {
  constructor(options: SGDOptions = {}) {
    super(rule, { lr: 0.01 }, options);
  }
}
