import { ShapeError } from "../../errors.ts";
import { sizeOf } from "../../kernel/strides.ts";
import { accumulate } from "../backward.ts";
import { type Differentiable, record } from "../functionNode.ts";
import { assertAlive, formatShape, internShape, type Shape, Variable } from "../variable.ts";

const operation: Differentiable = {
  name: "reshape",
  backward(node, gy) {
    accumulate(node.inputs[0]!, reshapeTo(gy, node.inputs[0]!.shape));
  },
};

/** The same numbers under an interned shape of the same size; no copy. */
export function reshapeTo(x: Variable, shape: Shape): Variable {
  if (x.shape === shape) return x;
  assertAlive(x, "reshape");
  const y = new Variable(shape, x.address, x.level);
  y.source = x.source;
  record(operation, [x], y);
  return y;
}

/** The same numbers in row-major order under another shape; one dimension may be −1, "what is left". No copy. */
export function reshape(x: Variable, shape: readonly number[]): Variable {
  const unknown = shape.indexOf(-1);
  const known = sizeOf(shape.filter((n) => n !== -1));
  const resolved = unknown < 0 ? shape : shape.map((n, i) => (i === unknown ? x.size / known : n));
  if (sizeOf(resolved) !== x.size || !resolved.every(Number.isInteger)) {
    throw new ShapeError(
      `reshape: the new shape must hold ${x.size} numbers; got x ${formatShape(x.shape)} and shape ${formatShape(shape)}. Check the product of the dimensions.`,
    );
  }
  return reshapeTo(x, internShape(resolved));
}
