import { ShapeError } from "../../errors.ts";
import { formatShape, type Variable } from "../variable.ts";
import { mul } from "./arithmetic.ts";
import { reshape } from "./reshape.ts";

/** x multiplied by y, whose axes lie on those of x from the given one on (1 unless given, as in Chainer). */
export function scale(x: Variable, y: Variable, axis = 1): Variable {
  const behind = x.shape.length - axis - y.shape.length;
  if (behind < 0 || y.shape.some((n, i) => n !== x.shape[axis + i])) {
    throw new ShapeError(
      `scale: y must have the axes of x from axis ${axis} on; got x ${formatShape(x.shape)} and y ${formatShape(y.shape)}.`,
    );
  }
  return mul(x, reshape(y, [...y.shape, ...Array<number>(behind).fill(1)]));
}
