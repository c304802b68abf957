/** Sums, products and their like of tensors and numbers: what the methods of Variable call. */
import { installAdd } from "../backward.ts";
import { defineOp } from "../defineOp.ts";
import { installArithmetic, type Variable } from "../variable.ts";

/** y = a + b; one broadcasts to the shape of the other. */
export const add = defineOp({
  name: "add",
  inputs: ["a", "b"],
  forward: ({ a, b }) => a.add(b),
  sample: { a: [3, 4], b: [4] },
});

/** y = a − b; one broadcasts to the shape of the other. */
export const sub = defineOp({
  name: "sub",
  inputs: ["a", "b"],
  forward: ({ a, b }) => a.sub(b),
  sample: { a: [3, 4], b: [3, 1] },
});

/** y = a · b, element by element; one broadcasts to the shape of the other. */
export const mul = defineOp({
  name: "mul",
  inputs: ["a", "b"],
  forward: ({ a, b }) => a.mul(b),
  sample: { a: [3, 4], b: [3, 4] },
});

/** y = a / b, element by element; one broadcasts to the shape of the other. */
export const div = defineOp({
  name: "div",
  inputs: ["a", "b"],
  forward: ({ a, b }) => a.div(b),
  sample: { a: [3, 4], b: [1, 4] },
  sampleRange: [0.5, 2],
});

/** y = −x. */
export const neg = defineOp({ name: "neg", inputs: ["x"], forward: ({ x }) => x.neg(), sample: { x: [3, 4] } });

/** y = x + c for a number c. */
export const addConstant = defineOp({
  name: "addConstant",
  inputs: ["x"],
  scalars: ["c"],
  forward: ({ x, c }) => x.add(c),
  sample: { x: [3, 4], c: 0.7 },
});

/** y = c · x for a number c. */
export const mulConstant = defineOp({
  name: "mulConstant",
  inputs: ["x"],
  scalars: ["c"],
  forward: ({ x, c }) => x.mul(c),
  sample: { x: [3, 4], c: -1.3 },
});

installAdd(add as (a: Variable, b: Variable) => Variable);
installArithmetic({
  add: (a, b) => (typeof b === "number" ? addConstant(a, b) : add(a, b)),
  sub: (a, b) => (typeof b === "number" ? addConstant(a, -b) : sub(a, b)),
  mul: (a, b) => (typeof b === "number" ? mulConstant(a, b) : mul(a, b)),
  div: (a, b) => (typeof b === "number" ? mulConstant(a, 1 / b) : div(a, b)),
  neg: (a) => neg(a),
});
