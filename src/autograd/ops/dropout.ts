import { UsageError } from "../../errors.ts";
import { select } from "../../kernel/expression.ts";
import { defineOp } from "../defineOp.ts";
import type { RandomStream } from "../randomStream.ts";
import { isLearning } from "../scope.ts";
import type { Variable } from "../variable.ts";
import { randomUniform } from "./random.ts";

export const dropWhere = defineOp({
  name: "dropout",
  inputs: ["x", "u"],
  scalars: ["ratio"],
  forward: ({ x, u, ratio }) => select(u.lt(ratio), 0, x.div(ratio.neg().add(1))),
  sample: { x: [3, 4], u: [3, 4], ratio: 0.3 },
});

/**
 * In a pass to learn from (`isLearning`) each element is set to 0 with probability `ratio` and scaled by 1 / (1 − ratio)
 * else; in others y = x. Source: Srivastava et al. 2014.
 */
export function dropout(x: Variable, ratio: number, random: RandomStream): Variable {
  if (!(ratio >= 0 && ratio < 1)) {
    throw new UsageError(`dropout: ratio must be at least 0 and below 1; got ${ratio}.`);
  }
  return ratio > 0 && isLearning() ? dropWhere(x, randomUniform(x.shape, random), ratio) : x;
}
