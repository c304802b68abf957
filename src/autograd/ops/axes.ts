/** Row operations along axes other than the last: the axes are moved behind the others, and back. */
import { ShapeError } from "../../errors.ts";
import { formatShape, type Variable } from "../variable.ts";
import { reshape } from "./reshape.ts";
import { transpose } from "./transpose.ts";

/** One axis, several, or all of them when left out; negative ones count from the end. */
export type Axes = number | readonly number[] | undefined;

function resolve(where: string, x: Variable, axes: Axes): number[] {
  const rank = x.shape.length;
  const given = axes === undefined ? x.shape.map((_, i) => i) : typeof axes === "number" ? [axes] : axes;
  const resolved = given.map((axis) => (axis < 0 ? axis + rank : axis));
  if (
    resolved.some((axis) => !Number.isInteger(axis) || axis < 0 || axis >= rank) ||
    new Set(resolved).size < resolved.length
  ) {
    throw new ShapeError(
      `${where}: axes must be different and within the ${rank} axes of x ${formatShape(x.shape)}; got (${given.join(", ")}).`,
    );
  }
  return resolved.sort((a, b) => a - b);
}

/** x with the given axes moved behind the others, and how to move them back. */
function toBack(x: Variable, axes: readonly number[]): { moved: Variable; inverse: number[] | null } {
  const rank = x.shape.length;
  if (axes.every((axis, i) => axis === rank - axes.length + i)) return { moved: x, inverse: null };
  const order = [...x.shape.keys()].filter((axis) => !axes.includes(axis)).concat(axes);
  return { moved: transpose(x, order), inverse: order.map((_, i) => order.indexOf(i)) };
}

/** Reduces axes by a row operation with one value per row. */
export function reduceAxes(
  where: string,
  x: Variable,
  axes: Axes,
  keepDims: boolean,
  rowOp: (x: Variable, rowAxes: number) => Variable,
): Variable {
  if (!keepDims && x.shape.length > 0) {
    // nothing has to move
    if (axes === undefined) return rowOp(x, x.shape.length);
    if (axes === -1 || axes === x.shape.length - 1) return rowOp(x, 1);
  }
  const resolved = resolve(where, x, axes);
  const y = resolved.length === 0 ? x : rowOp(toBack(x, resolved).moved, resolved.length);
  return keepDims
    ? reshape(
        y,
        x.shape.map((n, axis) => (resolved.includes(axis) ? 1 : n)),
      )
    : y;
}

/** Applies a row operation with one value per element along the given axes. */
export function alongAxes(
  where: string,
  x: Variable,
  axes: Axes,
  rowOp: (x: Variable, rowAxes: number) => Variable,
): Variable {
  if (axes === -1 && x.shape.length > 0) return rowOp(x, 1);
  const resolved = resolve(where, x, axes);
  const { moved, inverse } = toBack(x, resolved);
  const y = rowOp(moved, resolved.length);
  return inverse ? transpose(y, inverse) : y;
}
