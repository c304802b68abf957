import { ShapeError } from "../../errors.ts";
import { backend } from "../../kernel/backend.ts";
import { contiguousStrides } from "../../kernel/strides.ts";
import { accumulate } from "../backward.ts";
import { type Differentiable, record } from "../functionNode.ts";
import { allocateVariable, assertAlive, formatShape, internShape, type Variable } from "../variable.ts";

const operation: Differentiable = {
  name: "transpose",
  backward(node, gy) {
    const axes = node.context as readonly number[];
    const inverse = axes.map((_, i) => axes.indexOf(i));
    accumulate(node.inputs[0]!, transpose(gy, inverse));
  },
};

/** x with its axes in another order; reversed unless `axes` are given. */
export function transpose(x: Variable, axes?: readonly number[]): Variable {
  assertAlive(x, "transpose");
  const rank = x.shape.length;
  const order = (axes ?? x.shape.map((_, i) => rank - 1 - i)).map((axis) => (axis < 0 ? axis + rank : axis));
  if (order.length !== rank || [...order].sort((a, b) => a - b).some((axis, i) => axis !== i)) {
    throw new ShapeError(
      `transpose: axes must name each of the ${rank} axes of x ${formatShape(x.shape)} once; got (${(axes ?? []).join(", ")}).`,
    );
  }
  const y = allocateVariable(internShape(order.map((axis) => x.shape[axis]!)));
  const strides = contiguousStrides(x.shape);
  backend().families.stridedCopy(
    y.shape,
    x.address,
    order.map((axis) => strides[axis]!),
    y.address,
    contiguousStrides(y.shape),
    false,
  );
  record(operation, [x], y, order);
  return y;
}
