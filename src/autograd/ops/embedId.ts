import { ShapeError, UsageError } from "../../errors.ts";
import { backend } from "../../kernel/backend.ts";
import { sizeOf } from "../../kernel/strides.ts";
import { accumulate } from "../backward.ts";
import { type Differentiable, record } from "../functionNode.ts";
import {
  allocateVariable,
  assertAlive,
  formatShape,
  internShape,
  type Shape,
  type Variable,
  zeros,
} from "../variable.ts";

const operation: Differentiable = {
  name: "embedId",
  backward(node, gy) {
    const [ids, w] = node.inputs as [Variable, Variable];
    if (node.wants(1)) accumulate(w, scatterRows(gy, ids, w.shape));
  },
};

const scattering: Differentiable = {
  name: "scatterRows",
  backward(node, gy) {
    const [x, ids] = node.inputs as [Variable, Variable];
    if (node.wants(0)) accumulate(x, embedId(ids, gy));
  },
};

/** Zeros of the table's shape with the rows of x added at their ids. */
function scatterRows(x: Variable, ids: Variable, table: Shape): Variable {
  const y = zeros(table);
  backend().families.scatterAddRows(ids.size, sizeOf(table.slice(1)), table[0]!, x.address, ids.address, y.address);
  record(scattering, [x, ids], y);
  return y;
}

/** Elsewhere than on the host nothing can be looked at; there an id beyond the table counts as its last row. */
function assertIds(ids: Variable, rows: number): void {
  const { memory } = backend();
  if (!memory.isOnHost) return;
  for (let i = 0, at = ids.address >> 2; i < ids.size; i++, at++) {
    const id = memory.floats[at]!;
    if (Number.isInteger(id) && id >= 0 && id < rows) continue;
    throw new UsageError(`embedId: ids must be whole numbers below the ${rows} rows of w; got ${id} at element ${i}.`);
  }
}

/**
 * y (…ids, …row) = w[ids]: rows of the table w (rows, …row) by whole numbers.
 *
 * @throws UsageError for an id that is not a whole number below `rows`
 */
export function embedId(ids: Variable, w: Variable): Variable {
  assertAlive(ids, "embedId");
  assertAlive(w, "embedId");
  if (w.shape.length < 1) {
    throw new ShapeError(`embedId: w must have rows; got shape ${formatShape(w.shape)}.`);
  }
  const rows = w.shape[0]!;
  assertIds(ids, rows);
  const y = allocateVariable(internShape([...ids.shape, ...w.shape.slice(1)]));
  backend().families.gatherRows(ids.size, sizeOf(w.shape.slice(1)), rows, w.address, ids.address, y.address);
  record(operation, [ids, w], y);
  return y;
}
