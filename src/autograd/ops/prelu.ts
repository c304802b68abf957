import { select } from "../../kernel/expression.ts";
import { defineOp } from "../defineOp.ts";

/** y = x where x ≥ 0, w x elsewhere; w broadcasts. Source: He, Zhang, Ren, Sun 2015. */
export const prelu = defineOp({
  name: "prelu",
  inputs: ["x", "w"],
  forward: ({ x, w }) => select(x.ge(0), x, x.mul(w)),
  sample: { x: [3, 4], w: [4] },
});
