import { ShapeError } from "../../errors.ts";
import { backend } from "../../kernel/backend.ts";
import { contiguousStrides } from "../../kernel/strides.ts";
import { accumulate } from "../backward.ts";
import { type Differentiable, record } from "../functionNode.ts";
import { allocateVariable, assertAlive, formatShape, internShape, type Variable } from "../variable.ts";
import { splitAxis } from "./getItem.ts";
import { expandDims } from "./shapes.ts";

const operation: Differentiable = {
  name: "concat",
  backward(node, gy) {
    const axis = node.context as number;
    let at = 0;
    const cuts = node.inputs.slice(0, -1).map((x) => (at += x.shape[axis]!));
    splitAxis(gy, cuts, axis).forEach((gx, i) => {
      if (node.wants(i)) accumulate(node.inputs[i]!, gx);
    });
  },
};

/** The inputs one behind the other along an axis (1 unless given, as in Chainer); the other axes must agree. */
export function concat(inputs: readonly Variable[], axis = 1): Variable {
  const first = inputs[0];
  const at = axis < 0 && first ? axis + first.shape.length : axis;
  for (const x of inputs) {
    assertAlive(x, "concat");
    const agrees = x.shape.length === first!.shape.length && x.shape.every((n, i) => i === at || n === first!.shape[i]);
    if (!agrees || at >= x.shape.length || at < 0) {
      throw new ShapeError(
        `concat: inputs must agree on all axes but axis ${axis}; got ${formatShape(first!.shape)} and ${formatShape(x.shape)}.`,
      );
    }
  }
  if (!first) throw new ShapeError("concat: at least one input is needed; got 0.");
  const whole = internShape(
    first.shape.map((n, i) => (i === at ? inputs.reduce((sum, x) => sum + x.shape[i]!, 0) : n)),
  );
  const y = allocateVariable(whole);
  const strides = contiguousStrides(whole);
  let offset = 0;
  for (const x of inputs) {
    const target = y.address + 4 * offset * strides[at]!;
    backend().families.stridedCopy(x.shape, x.address, contiguousStrides(x.shape), target, strides, false);
    offset += x.shape[at]!;
  }
  record(operation, [...inputs], y, at);
  return y;
}

/** The inputs, all of one shape, along a new axis (the first unless given). */
export const stack = (inputs: readonly Variable[], axis = 0): Variable =>
  concat(
    inputs.map((x) => expandDims(x, axis)),
    axis,
  );
