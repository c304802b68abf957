import { ShapeError } from "../../errors.ts";
import { backend } from "../../kernel/backend.ts";
import { contiguousStrides } from "../../kernel/strides.ts";
import { accumulate } from "../backward.ts";
import { type Differentiable, record } from "../functionNode.ts";
import { allocateVariable, assertAlive, formatShape, internShape, type Shape, type Variable } from "../variable.ts";
import { sumTo } from "./sums.ts";

const operation: Differentiable = {
  name: "broadcastTo",
  backward(node, gy) {
    accumulate(node.inputs[0]!, sumTo(gy, node.inputs[0]!.shape));
  },
};

/** x repeated along new leading axes and axes of length 1, as NumPy does, to the given shape. */
export function broadcastTo(x: Variable, shape: readonly number[]): Variable {
  assertAlive(x, "broadcastTo");
  const target: Shape = internShape(shape);
  if (target === x.shape) return x;
  const offset = target.length - x.shape.length;
  if (offset < 0 || !x.shape.every((n, i) => n === 1 || n === target[i + offset])) {
    throw new ShapeError(
      `broadcastTo: x must have axes of length 1 or as in the target; got x ${formatShape(x.shape)} and target ${formatShape(target)}.`,
    );
  }
  const strides = contiguousStrides(x.shape);
  const sourceStrides = target.map((n, i) => (i < offset || x.shape[i - offset] !== n ? 0 : strides[i - offset]!));
  const y = allocateVariable(target);
  backend().families.stridedCopy(target, x.address, sourceStrides, y.address, contiguousStrides(target), false);
  record(operation, [x], y);
  return y;
}

/** All inputs broadcast to their common shape. */
export function broadcast(...inputs: readonly Variable[]): Variable[] {
  const rank = Math.max(...inputs.map((x) => x.shape.length));
  const shape = Array.from({ length: rank }, (_, axis) =>
    Math.max(...inputs.map((x) => x.shape[axis - rank + x.shape.length] ?? 1)),
  );
  return inputs.map((x) => broadcastTo(x, shape));
}
