import { ShapeError } from "../../errors.ts";
import type { Initializer } from "./initializer.ts";

/** The given number on the diagonal of a square matrix, 0 elsewhere. */
export const identity =
  (scale = 1): Initializer =>
  (values, shape) => {
    const [n, cols] = shape;
    if (shape.length !== 2 || n !== cols) {
      throw new ShapeError(`identity: the weights must be a square matrix; got shape (${shape.join(", ")}).`);
    }
    values.fill(0);
    for (let i = 0; i < n!; i++) values[i * n! + i] = scale;
  };
