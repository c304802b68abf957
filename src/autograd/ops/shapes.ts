/** Changes of shape that move no number: expandDims, squeeze, flatten. */
import { ShapeError } from "../../errors.ts";
import { formatShape, type Variable } from "../variable.ts";
import { reshape } from "./reshape.ts";

/** x with a new axis of length 1 before the given one; −1 puts it last. */
export function expandDims(x: Variable, axis: number): Variable {
  const at = axis < 0 ? axis + x.shape.length + 1 : axis;
  if (!Number.isInteger(at) || at < 0 || at > x.shape.length) {
    throw new ShapeError(
      `expandDims: axis must lie within 0 … ${x.shape.length} for x ${formatShape(x.shape)}; got ${axis}.`,
    );
  }
  return reshape(x, [...x.shape.slice(0, at), 1, ...x.shape.slice(at)]);
}

/** x without the given axis of length 1, or without all of them. */
export function squeeze(x: Variable, axis?: number): Variable {
  if (axis === undefined)
    return reshape(
      x,
      x.shape.filter((n) => n !== 1),
    );
  const at = axis < 0 ? axis + x.shape.length : axis;
  if (x.shape[at] !== 1) {
    throw new ShapeError(`squeeze: the axis must have length 1; got axis ${axis} of x ${formatShape(x.shape)}.`);
  }
  return reshape(
    x,
    x.shape.filter((_, i) => i !== at),
  );
}

/** All numbers of x in one axis. */
export const flatten = (x: Variable): Variable => reshape(x, [-1]);
