/** Comparisons, element by element: 1 where they hold, 0 elsewhere. Their gradient is zero. */
import { select } from "../../kernel/expression.ts";
import { defineOp } from "../defineOp.ts";

const sample = { a: [3, 4], b: [4] } as const;
const inputs = ["a", "b"] as const;

/** 1 where a = b. */
export const equal = defineOp({
  name: "equal",
  inputs,
  forward: ({ a, b }) => select(a.eq(b), 1, 0),
  sample,
  hasNoGradient: true,
});

/** 1 where a < b. */
export const less = defineOp({
  name: "less",
  inputs,
  forward: ({ a, b }) => select(a.lt(b), 1, 0),
  sample,
  hasNoGradient: true,
});

/** 1 where a ≤ b. */
export const lessEqual = defineOp({
  name: "lessEqual",
  inputs,
  forward: ({ a, b }) => select(a.le(b), 1, 0),
  sample,
  hasNoGradient: true,
});

/** 1 where a > b. */
export const greater = defineOp({
  name: "greater",
  inputs,
  forward: ({ a, b }) => select(a.gt(b), 1, 0),
  sample,
  hasNoGradient: true,
});

/** 1 where a ≥ b. */
export const greaterEqual = defineOp({
  name: "greaterEqual",
  inputs,
  forward: ({ a, b }) => select(a.ge(b), 1, 0),
  sample,
  hasNoGradient: true,
});
