/** Systems of equations in the shape of a network's parameters. */
import { mul, sum, type Variable, zeros } from "../autograd/index.ts";

/** Numbers in the shape of a network's parameters: one Variable each. */
export type ParameterVector = readonly Variable[];

/** (): the inner product. */
export function innerProduct(a: ParameterVector, b: ParameterVector): Variable {
  return a.map((x, i) => sum(mul(x, b[i]!))).reduce((total, part) => total.add(part));
}

/** a + k b, k (). */
export const addScaled = (a: ParameterVector, b: ParameterVector, k: Variable): Variable[] =>
  a.map((x, i) => x.add(b[i]!.mul(k)));

/** Keeps 0 / 0 from happening where there is nothing left to do. */
const tiny = 1e-30;

/**
 * x with A x = b for a symmetric positive definite A that is given by its products. Nothing is read back, so it runs on
 * any device.
 *
 * @param product A v
 * @param iterations each a product; as many as A has different eigenvalues solve the system
 *
 * Source: Hestenes & Stiefel 1952, "Methods of conjugate gradients for solving linear systems".
 */
export function conjugateGradients(
  product: (v: ParameterVector) => ParameterVector,
  b: ParameterVector,
  iterations: number,
): ParameterVector {
  let x: ParameterVector = b.map(({ shape }) => zeros(shape));
  let residual = b; // b − A x
  let direction = b;
  let squared = innerProduct(b, b); // (): ‖residual‖²
  for (let i = 0; i < iterations; i++) {
    const along = product(direction);
    const length = squared.div(innerProduct(direction, along).add(tiny)); // ()
    x = addScaled(x, direction, length);
    residual = addScaled(residual, along, length.neg());
    const next = innerProduct(residual, residual); // ()
    direction = addScaled(residual, direction, next.div(squared.add(tiny)));
    squared = next;
  }
  return x;
}
