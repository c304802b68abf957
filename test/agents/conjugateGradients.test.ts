/** Conjugate gradients on systems of known solutions. */
import { expect, it } from "vitest";
import { addScaled, conjugateGradients, innerProduct } from "../../src/agents/conjugateGradients.ts";
import { matmul, reshape, scope, variable } from "../../src/autograd/index.ts";
import { Random } from "../../src/random.ts";

/** A = BᵀB + I for a random B (n, n), row-major. */
function positiveMatrix(n: number, random: Random): Float32Array {
  const b = Array.from({ length: n * n }, () => random.normal());
  return Float32Array.from({ length: n * n }, (_, at) => {
    const [i, j] = [Math.floor(at / n), at % n];
    let sum = i === j ? 1 : 0;
    for (let k = 0; k < n; k++) sum += b[k * n + i]! * b[k * n + j]!;
    return sum;
  });
}

it("solves a system in two parameters' shapes in as many steps as it has unknowns", () => {
  const random = new Random(0);
  const n = 7;
  const matrix = positiveMatrix(n, random);
  const solution = Array.from({ length: n }, () => random.normal());
  scope(() => {
    const a = variable(matrix, { shape: [n, n] });
    const parts = (v: readonly number[]) => [
      variable(v.slice(0, 6), { shape: [2, 3] }),
      variable(v.slice(6), { shape: [1] }),
    ];
    const whole = (v: readonly { toArray(): number[] }[]) => v.flatMap((x) => x.toArray());
    const product = (v: readonly { toArray(): number[] }[]) =>
      parts(reshape(matmul(a, variable(whole(v), { shape: [n, 1] })), [n]).toArray());
    const x = conjugateGradients(product, product(parts(solution)), n);
    expect(x.map(({ shape }) => [...shape])).toEqual([[2, 3], [1]]);
    whole(x).forEach((value, i) => void expect(value).toBeCloseTo(solution[i]!, 2));
    const few = whole(conjugateGradients(product, product(parts(solution)), 2));
    const error = (found: number[]) => Math.hypot(...found.map((value, i) => value - solution[i]!));
    expect(error(few)).toBeGreaterThan(10 * error(whole(x)));
  });
});

it("gives zero for zero, and goes on where it has arrived", () => {
  scope(() => {
    const zero = [variable([0, 0])];
    expect(conjugateGradients((v) => v, zero, 5)[0]!.toArray()).toEqual([0, 0]);
    const b = [variable([3, -4])];
    expect(conjugateGradients((v) => v, b, 5)[0]!.toArray()).toEqual([3, -4]);
    expect(innerProduct(b, b).item()).toBe(25);
    expect(addScaled(b, b, variable(-0.5))[0]!.toArray()).toEqual([1.5, -2]);
  });
});
