import { ShapeError } from "../../errors.ts";
import type { Initializer } from "./initializer.ts";

/**
 * The first axis as rows of a matrix with the others as columns: orthonormal rows (or columns, where there are more
 * rows), times scale. Source: Saxe, McClelland, Ganguli 2014.
 */
export const orthogonal =
  (scale = 1): Initializer =>
  (values, shape, random) => {
    if (shape.length < 2) {
      throw new ShapeError(`orthogonal: the weights must have at least two axes; got shape (${shape.join(", ")}).`);
    }
    const rows = shape[0]!;
    const cols = values.length / rows;
    // orthonormalise the shorter side: `count` vectors of `length` numbers
    const [count, length] = rows <= cols ? [rows, cols] : [cols, rows];
    const vectors: Float64Array[] = [];
    while (vectors.length < count) {
      const v = Float64Array.from({ length }, () => random.normal());
      // twice is enough (Giraud et al. 2005)
      for (let pass = 0; pass < 2; pass++) {
        for (const u of vectors) {
          const projection = u.reduce((sum, x, i) => sum + x * v[i]!, 0);
          for (let i = 0; i < length; i++) v[i]! -= projection * u[i]!;
        }
      }
      const norm = Math.sqrt(v.reduce((sum, x) => sum + x * x, 0));
      if (norm > 1e-6) vectors.push(v.map((x) => x / norm));
    }
    for (let r = 0; r < rows; r++) {
      for (let c = 0; c < cols; c++) values[r * cols + c] = scale * (rows <= cols ? vectors[r]![c]! : vectors[c]![r]!);
    }
  };
