import { ShapeError } from "../../errors.ts";
import { defineOp } from "../defineOp.ts";
import { formatShape, type Variable } from "../variable.ts";
import { splitAxis } from "./getItem.ts";

/** σ(f) c + σ(i) tanh a. */
export const lstmCell = defineOp({
  name: "lstmCell",
  inputs: ["a", "i", "f", "c"],
  forward: ({ a, i, f, c }) => f.sigmoid().mul(c).add(i.sigmoid().mul(a.tanh())),
  sample: { a: [3, 4], i: [3, 4], f: [3, 4], c: [3, 4] },
});

/** σ(o) tanh c. */
export const lstmOutput = defineOp({
  name: "lstmOutput",
  inputs: ["o", "c"],
  forward: ({ o, c }) => o.sigmoid().mul(c.tanh()),
  sample: { o: [3, 4], c: [3, 4] },
});

/**
 * One step of a long short-term memory: c′ = σ(f) c + σ(i) tanh a, h′ = σ(o) tanh c′, where x (batch, 4 units) holds
 * a, i, f and o side by side. Source: Gers, Schmidhuber, Cummins 2000.
 */
export function lstm(c: Variable, x: Variable): { readonly c: Variable; readonly h: Variable } {
  if (x.shape.length !== 2 || c.shape.length !== 2 || x.shape[1] !== 4 * c.shape[1]! || x.shape[0] !== c.shape[0]) {
    throw new ShapeError(
      `lstm: x must be (batch, 4 units) for c (batch, units); got x ${formatShape(x.shape)} and c ${formatShape(c.shape)}.`,
    );
  }
  const [a, i, f, o] = splitAxis(x, 4, 1) as [Variable, Variable, Variable, Variable];
  const next = lstmCell(a, i, f, c);
  return { c: next, h: lstmOutput(o, next) };
}
