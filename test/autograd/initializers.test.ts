/** Initializers: bounds and moments of what they draw, against their papers' formulas. */
import { describe, expect, it } from "vitest";
import {
  constant,
  fanInUniform,
  glorotNormal,
  glorotUniform,
  heNormal,
  heUniform,
  type Initializer,
  identity,
  leCunNormal,
  leCunUniform,
  normal,
  orthogonal,
  uniform,
  varianceScaling,
} from "../../src/autograd/index.ts";
import { Random } from "../../src/random.ts";

function draw(initializer: Initializer, shape: readonly number[], seed = 0): Float64Array {
  const values = new Float64Array(shape.reduce((a, b) => a * b, 1));
  initializer(values, shape, new Random(seed));
  return values;
}

const shape = [200, 300]; // (in, out)
const count = 60_000;

/** Mean, variance and fourth moment over the square of the variance (3 for the normal, 1.8 for the uniform). */
function moments(values: Float64Array) {
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  const variance = values.reduce((total, x) => total + (x - mean) ** 2, 0) / values.length;
  const fourth = values.reduce((total, x) => total + (x - mean) ** 4, 0) / values.length;
  return { mean, variance, kurtosis: fourth / variance ** 2 };
}

describe.each<[string, Initializer, number, "normal" | "uniform"]>([
  ["normal", normal(0.2), 0.04, "normal"],
  ["uniform", uniform(0.3), 0.03, "uniform"],
  ["leCunNormal", leCunNormal(), 1 / 200, "normal"],
  ["leCunUniform", leCunUniform(), 1 / 200, "uniform"],
  ["leCunNormal, scaled", leCunNormal(3), 9 / 200, "normal"],
  ["glorotNormal", glorotNormal(), 2 / 500, "normal"],
  ["glorotUniform", glorotUniform(), 2 / 500, "uniform"],
  ["heNormal", heNormal(), 2 / 200, "normal"],
  ["heUniform", heUniform(), 2 / 200, "uniform"],
  ["normal, as Chainer's unless given", normal(), 0.05 ** 2, "normal"],
  ["uniform, as Chainer's unless given", uniform(), 0.05 ** 2 / 3, "uniform"],
  ["leCunUniform, scaled", leCunUniform(3), 9 / 200, "uniform"],
  ["glorotNormal, scaled", glorotNormal(3), (9 * 2) / 500, "normal"],
  ["glorotUniform, scaled", glorotUniform(3), (9 * 2) / 500, "uniform"],
  ["heNormal, scaled", heNormal(3), (9 * 2) / 200, "normal"],
  ["heUniform, scaled", heUniform(3), (9 * 2) / 200, "uniform"],
  ["varianceScaling by fan out", varianceScaling(0.5, "fanOut", "uniform"), 0.5 / 300, "uniform"],
  ["fanInUniform", fanInUniform(), 1 / 600, "uniform"],
  ["fanInUniform of a given fan", fanInUniform(12), 1 / 36, "uniform"],
])("%s", (_name, initializer, variance, distribution) => {
  const values = draw(initializer, shape);
  const found = moments(values);
  const kurtosis = distribution === "normal" ? 3 : 1.8;

  it("has mean 0 and its variance, within five standard errors", () => {
    expect(Math.abs(found.mean)).toBeLessThan(5 * Math.sqrt(variance / count));
    expect(Math.abs(found.variance / variance - 1)).toBeLessThan(5 * Math.sqrt((kurtosis - 1) / count));
  });

  it(`is ${distribution}`, () => {
    // a standard error of the kurtosis of normal numbers is √(24 / count); of uniform ones it is smaller
    expect(Math.abs(found.kurtosis - kurtosis)).toBeLessThan(5 * Math.sqrt(24 / count));
    const highest = values.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
    const bound = Math.sqrt(3 * variance);
    if (distribution === "uniform") {
      expect(highest).toBeLessThanOrEqual(bound);
      expect(highest).toBeGreaterThan(0.999 * bound);
    } else {
      expect(highest).toBeGreaterThan(3.5 * Math.sqrt(variance));
    }
  });

  it("is the seed's", () => {
    expect(draw(initializer, [7, 3], 1)).toEqual(draw(initializer, [7, 3], 1));
    expect(draw(initializer, [7, 3], 1)).not.toEqual(draw(initializer, [7, 3], 2));
  });
});

it("fans of a vector are its length", () => {
  const { variance } = moments(draw(heNormal(), [4000]));
  expect(Math.abs((variance * 4000) / 2 - 1)).toBeLessThan(5 * Math.sqrt(2 / 4000));
});

it("fans of a convolution's weights (out, in, …kernel) count the window", () => {
  const { variance } = moments(draw(heNormal(), [64, 16, 3, 3]));
  expect(Math.abs((variance * 16 * 9) / 2 - 1)).toBeLessThan(5 * Math.sqrt(2 / (64 * 16 * 9)));
  const out = moments(draw(varianceScaling(1, "fanOut"), [64, 16, 3, 3]));
  expect(Math.abs(out.variance * 64 * 9 - 1)).toBeLessThan(5 * Math.sqrt(2 / (64 * 16 * 9)));
});

describe("orthogonal", () => {
  it.each([
    [4, 9],
    [9, 4],
    [6, 6],
  ])("(%i, %i): the shorter side is orthonormal, times scale", (rows, cols) => {
    const w = draw(orthogonal(2), [rows, cols]);
    const [n, at] =
      rows <= cols
        ? [rows, (i: number, k: number) => w[i * cols + k]!]
        : [cols, (i: number, k: number) => w[k * cols + i]!];
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < n; j++) {
        let product = 0;
        for (let k = 0; k < Math.max(rows, cols); k++) product += at(i, k) * at(j, k);
        expect(product).toBeCloseTo(i === j ? 4 : 0, 12);
      }
    }
  });

  it("is the seed's, and has no preferred sign", () => {
    expect(draw(orthogonal(), [5, 3], 1)).toEqual(draw(orthogonal(), [5, 3], 1));
    expect(draw(orthogonal(), [5, 3], 1)).not.toEqual(draw(orthogonal(), [5, 3], 2));
    const firsts = Array.from({ length: 400 }, (_, seed) => draw(orthogonal(), [2, 2], seed)[0]!);
    // the first number of a rotation by a uniform angle: mean 0, variance 1/2
    const mean = firsts.reduce((a, b) => a + b) / firsts.length;
    expect(Math.abs(mean)).toBeLessThan(5 * Math.sqrt(0.5 / firsts.length));
    const square = firsts.reduce((total, x) => total + x * x, 0) / firsts.length;
    expect(Math.abs(square - 0.5)).toBeLessThan(5 * Math.sqrt(0.125 / firsts.length));
  });

  it("takes a convolution's weights as one row an output", () => {
    const w = draw(orthogonal(), [3, 2, 2, 2]);
    const row = (i: number) => w.subarray(8 * i, 8 * i + 8);
    const product = (i: number, j: number) => row(i).reduce((total, x, k) => total + x * row(j)[k]!, 0);
    for (let i = 0; i < 3; i++) for (let j = 0; j < 3; j++) expect(product(i, j)).toBeCloseTo(i === j ? 1 : 0, 12);
  });

  it("refuses a vector", () => {
    expect(() => draw(orthogonal(), [3])).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: orthogonal: the weights must have at least two axes; got shape (3).]`,
    );
  });
});

it("constant and identity", () => {
  expect([...draw(constant(2.5), [2, 2])]).toEqual([2.5, 2.5, 2.5, 2.5]);
  expect([...draw(identity(3), [2, 2])]).toEqual([3, 0, 0, 3]);
  expect(() => draw(identity(), [2, 3])).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: identity: the weights must be a square matrix; got shape (2, 3).]`,
  );
});
