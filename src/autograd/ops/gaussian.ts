import { defineOp } from "../defineOp.ts";
import type { RandomStream } from "../randomStream.ts";
import type { Variable } from "../variable.ts";
import { randomNormal } from "./random.ts";

const reparameterize = defineOp({
  name: "gaussian",
  inputs: ["mean", "lnVar", "noise"],
  forward: ({ mean, lnVar, noise }) => mean.add(lnVar.mul(0.5).exp().mul(noise)),
  sample: { mean: [3, 4], lnVar: [3, 4], noise: [3, 4] },
});

/** A sample of N(mean, e^lnVar), elementwise, that gradients flow through. Source: Kingma & Welling 2014. */
export const gaussian = (mean: Variable, lnVar: Variable, random: RandomStream): Variable =>
  reparameterize(mean, lnVar, randomNormal(mean.shape, random));

export { reparameterize };
