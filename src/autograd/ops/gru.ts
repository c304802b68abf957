import { defineOp } from "../defineOp.ts";

/** σ(r) h: what the candidate sees of the state. */
export const gruReset = defineOp({
  name: "gruReset",
  inputs: ["r", "h"],
  forward: ({ r, h }) => r.sigmoid().mul(h),
  sample: { r: [3, 4], h: [3, 4] },
});

/** (1 − σ(z)) h + σ(z) tanh a. */
export const gruOutput = defineOp({
  name: "gruOutput",
  inputs: ["z", "a", "h"],
  forward: ({ z, a, h }) => h.add(z.sigmoid().mul(a.tanh().sub(h))),
  sample: { z: [3, 4], a: [3, 4], h: [3, 4] },
});
