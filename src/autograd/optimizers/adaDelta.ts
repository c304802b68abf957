import { Optimizer, type UpdateRule } from "./optimizer.ts";

export interface AdaDeltaOptions {
  rho?: number;
  eps?: number;
}

const rule: UpdateRule<Required<AdaDeltaOptions>, "msg" | "msdx", "rho" | "rest" | "eps"> = {
  name: "AdaDelta",
  statistics: ["msg", "msdx"],
  numberNames: ["rho", "rest", "eps"],
  decays: ["rho"],
  numbers: ({ rho, eps }) => ({ rho, rest: 1 - rho, eps }),
  update: ({ p, g, msg, msdx, rho, rest, eps }) => {
    const nextMsg = msg.mul(rho).add(g.square().mul(rest));
    const dx = msdx.add(eps).div(nextMsg.add(eps)).sqrt().mul(g);
    return { p: p.sub(dx), msg: nextMsg, msdx: msdx.mul(rho).add(dx.square().mul(rest)) };
  },
};

/** Steps scaled by the ratio of running root mean squares of steps and gradients. Source: Zeiler 2012. */
export class AdaDelta extends Optimizer<Required<AdaDeltaOptions>> {
  constructor(options: AdaDeltaOptions = {}) {
    super(rule, { rho: 0.95, eps: 1e-6 }, options);
  }
}
