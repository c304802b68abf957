import { select } from "../../kernel/expression.ts";
import { defineOp } from "../defineOp.ts";

/** y = x for x > 0, α (eˣ − 1) else, elementwise. Source: Clevert, Unterthiner, Hochreiter 2016. */
export const elu = defineOp({
  name: "elu",
  inputs: ["x"],
  scalars: ["alpha"],
  forward: ({ x, alpha }) => select(x.gt(0), x, alpha.mul(x.min(0).exp().sub(1))),
  // in terms of the output, so that only y is kept: y + α where x ≤ 0
  backward: ({ y, gy, alpha }) => ({ x: select(y.gt(0), gy, gy.mul(y.add(alpha))) }),
  sample: { x: [3, 4], alpha: 0.8 },
});
