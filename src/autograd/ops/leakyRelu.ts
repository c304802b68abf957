import { select } from "../../kernel/expression.ts";
import { defineOp } from "../defineOp.ts";

/** y = x for x > 0, slope · x else, elementwise. */
export const leakyRelu = defineOp({
  name: "leakyRelu",
  inputs: ["x"],
  scalars: ["slope"],
  forward: ({ x, slope }) => select(x.gt(0), x, x.mul(slope)),
  sample: { x: [3, 4], slope: 0.2 },
});
