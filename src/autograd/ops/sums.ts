/** Sums that finish gradients: over rows, over everything, down to a shape that was broadcast. */
import { backend } from "../../kernel/backend.ts";
import { input, rowSum } from "../../kernel/expression.ts";
import { sizeOf } from "../../kernel/strides.ts";
import { accumulate, slotOf } from "../backward.ts";
import { type Differentiable, record } from "../functionNode.ts";
import { flatDomain, installSums, KernelFunction } from "../kernelFunction.ts";
import { allocateVariable, assertAlive, internShape, type Shape, type Variable } from "../variable.ts";
import { reshapeTo } from "./reshape.ts";
import { transpose } from "./transpose.ts";

const repeatRows: Differentiable = {
  name: "repeatRows",
  backward(node, gy) {
    const rows = node.context as number;
    accumulate(node.inputs[0]!, columnSum(gy, rows, node.inputs[0]!.shape));
  },
};

/** x (cols, in any shape) repeated as each of the rows of `shape`. */
function repeatTo(x: Variable, rows: number, shape: Shape): Variable {
  assertAlive(x, "repeatRows");
  const y = allocateVariable(shape);
  backend().families.stridedCopy([rows, x.size], x.address, [0, 1], y.address, [x.size, 1], false);
  record(repeatRows, [x], y, rows);
  return y;
}

const operation: Differentiable = {
  name: "columnSum",
  backward(node, gy) {
    accumulate(node.inputs[0]!, repeatTo(gy, node.context as number, node.inputs[0]!.shape));
  },
};

/** The sum over the rows of x, seen as (rows, cols); the result has the given shape of cols numbers. */
export function columnSum(x: Variable, rows: number, shape: Shape): Variable {
  assertAlive(x, "columnSum");
  const y = allocateVariable(shape);
  backend().families.columnSum(rows, sizeOf(shape), x.address, y.address, false);
  record(operation, [x], y, rows);
  return y;
}

const totalFunction = new KernelFunction("sum", ["element"], rowSum(input(0, "element")), null);

/** The sum of all elements, (). */
export function total(x: Variable): Variable {
  return totalFunction.apply([x], flatDomain(x.shape));
}

/** The adjoint of broadcastTo: x summed down to a shape that broadcasts to its own. */
export function sumTo(x: Variable, shape: Shape): Variable {
  if (x.shape === shape) return x;
  const offset = x.shape.length - shape.length;
  const isSummed = x.shape.map((n, axis) => axis < offset || (shape[axis - offset] === 1 && n !== 1));
  const summed = x.shape.flatMap((_, axis) => (isSummed[axis] ? [axis] : []));
  const kept = x.shape.flatMap((_, axis) => (isSummed[axis] ? [] : [axis]));
  const rows = sizeOf(summed.map((axis) => x.shape[axis]!));
  const isLeading = summed.every((axis, i) => axis === i);
  const ordered = isLeading ? x : transpose(x, [...summed, ...kept]);
  return columnSum(ordered, rows, internShape(shape));
}

/** Gives x the column sums of gx (rows, cols) as gradient, straight into its slot where it is a parameter. */
export function columnSumInto(x: Variable, gx: Variable, rows: number): void {
  const slot = slotOf(x);
  if (!slot) {
    accumulate(x, columnSum(gx, rows, x.shape));
    return;
  }
  backend().families.columnSum(rows, x.size, gx.address, slot.gradAddress, slot.hasGrad);
  slot.hasGrad = true;
}

installSums({
  columnSumInto: (x, gx, domain) => columnSumInto(x, gx, domain.rows),
  total,
  reshape: reshapeTo,
});
