/**
 * How far the functions of src/cpu/simdMath.ts are from the true values, in units in the last place of float32, over
 * dense ranges; and what they make of special values.
 */
import { describe, expect, it } from "vitest";
import { createCpuBackend } from "../../src/cpu/cpuBackend.ts";
import { type Expression, input } from "../../src/kernel/expression.ts";

const x = input(0, "element");
const backend = createCpuBackend();

/** f of each number by the cpu's kernel. */
function run(f: (x: Expression) => Expression, values: ArrayLike<number>): Float32Array {
  const { memory } = backend;
  const n = values.length;
  const bytes = 4 * (n + 16);
  const [from, to] = [memory.reserve(bytes), memory.reserve(bytes)];
  memory.floats.set(values, from >> 2);
  const launch = backend.compile({ name: "map", inputs: ["element"], outputs: [f(x)] });
  launch(1, n, to, from, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
  const result = memory.floats.slice(to >> 2, (to >> 2) + n) as Float32Array;
  memory.release(from, bytes);
  memory.release(to, bytes);
  return result;
}

const float = new Float32Array(1);
const bits = new Uint32Array(float.buffer);

/** The distance of neighbouring float32 numbers at the given size; below the normal numbers that of the smallest. */
function ulp(value: number): number {
  float[0] = Math.abs(value);
  const exponent = Math.max(1, bits[0]! >>> 23);
  return 2 ** (exponent - 150);
}

const n = 200_000;
/** Evenly spaced float32 numbers. */
const even = (low: number, high: number): Float32Array =>
  Float32Array.from({ length: n }, (_, i) => low + ((high - low) * (i + 0.5)) / n);
/** Positive float32 numbers, evenly spaced by their bits: every magnitude alike. */
function everyMagnitude(low: number, high: number): Float32Array {
  const bitsOf = (value: number) => {
    float[0] = value;
    return bits[0]!;
  };
  const [first, last] = [bitsOf(low), bitsOf(high)];
  const all = Uint32Array.from({ length: n }, (_, i) => first + Math.floor(((last - first) * i) / n));
  return new Float32Array(all.buffer);
}
const negated = (values: Float32Array): Float32Array => values.map((v) => -v);

function worst(f: (x: Expression) => Expression, exact: (x: number) => number, values: Float32Array): number {
  const found = run(f, values);
  let result = 0;
  for (let i = 0; i < values.length; i++) {
    const wanted = exact(values[i]!);
    const error = Math.abs(found[i]! - wanted) / ulp(wanted);
    if (!(error <= result)) result = error;
  }
  return result;
}

const sigmoid = (v: number) => 1 / (1 + Math.exp(-v));
const smallest = 2 ** -126;

describe("accuracy in ulp", () => {
  it.each<[string, (x: Expression) => Expression, (x: number) => number, Float32Array, number]>([
    ["exp over its range", (v) => v.exp(), Math.exp, even(-87.33, 88.72), 1],
    ["exp near 0", (v) => v.exp(), Math.exp, even(-1, 1), 1],
    ["exp of tiny numbers", (v) => v.exp(), Math.exp, everyMagnitude(smallest, 1), 1],
    ["log of every magnitude", (v) => v.log(), Math.log, everyMagnitude(smallest, 3.4e38), 1],
    ["log of denormal numbers", (v) => v.log(), Math.log, everyMagnitude(2 ** -149, smallest), 1],
    ["log near 1", (v) => v.log(), Math.log, even(0.5, 2), 1],
    ["tanh", (v) => v.tanh(), Math.tanh, even(-10, 10), 6.5],
    ["tanh of every magnitude", (v) => v.tanh(), Math.tanh, everyMagnitude(smallest, 100), 6.5],
    ["tanh of every magnitude below 0", (v) => v.tanh(), Math.tanh, negated(everyMagnitude(smallest, 100)), 6.5],
    ["sigmoid above 0", (v) => v.sigmoid(), sigmoid, even(0, 100), 1.5],
    ["sigmoid below 0", (v) => v.sigmoid(), sigmoid, even(-87, 0), 2.5],
  ])("%s", (_name, f, exact, values, bound) => {
    expect(worst(f, exact, values)).toBeLessThanOrEqual(bound);
  });

  it.each<[string, (x: Expression) => Expression, (x: number) => number, number, number]>([
    ["sin to ±π", (v) => v.sin(), Math.sin, Math.PI, 1.3],
    ["cos to ±π", (v) => v.cos(), Math.cos, Math.PI, 1.3],
    ["sin to ±1000", (v) => v.sin(), Math.sin, 1000, 1.3],
    ["cos to ±1000", (v) => v.cos(), Math.cos, 1000, 1.3],
    ["sin to ±8000", (v) => v.sin(), Math.sin, 8000, 1.3],
    ["cos to ±8000", (v) => v.cos(), Math.cos, 8000, 1.3],
  ])("%s, absolute in units of 2⁻²⁴", (_name, f, exact, limit, bound) => {
    const values = even(-limit, limit);
    const found = run(f, values);
    const error = values.reduce((max, v, i) => Math.max(max, Math.abs(found[i]! - exact(v))), 0);
    expect(error * 2 ** 24).toBeLessThanOrEqual(bound);
  });
});

/** NaNs as they come from files and from arithmetic: quiet ones with any sign and payload. */
const nans = new Float32Array(
  Uint32Array.of(0x7fc00000, 0xffc00000, 0xffffffff, 0x7fc00001, 0x7fffffff, 0xffc00123).buffer,
);

describe("special values", () => {
  const { POSITIVE_INFINITY: infinity } = Number;

  it("exp", () => {
    expect([...run((v) => v.exp(), [0, -0, infinity, -infinity, 1e-40, -1e-40, 88.73, -87.34, 1e30, -1e30])]).toEqual([
      1,
      1,
      infinity,
      0,
      1,
      1,
      infinity,
      0,
      infinity,
      0,
    ]);
    // the ends of the range are numbers still
    const [high, low] = run((v) => v.exp(), [88.72283, -87.33654]);
    expect(high! / Math.exp(Math.fround(88.72283))).toBeCloseTo(1, 6);
    expect(low! / Math.exp(Math.fround(-87.33654))).toBeCloseTo(1, 6);
  });

  it("log", () => {
    expect([...run((v) => v.log(), [1, 0, -0, infinity, -1, -infinity, -1e-40])]).toEqual([
      0,
      -infinity,
      -infinity,
      infinity,
      NaN,
      NaN,
      NaN,
    ]);
  });

  it("tanh", () => {
    expect([...run((v) => v.tanh(), [0, -0, infinity, -infinity, 1e-40, -1e-40, 50, -50])]).toEqual([
      0,
      -0,
      1,
      -1,
      Math.fround(1e-40),
      Math.fround(-1e-40),
      1,
      -1,
    ]);
  });

  it("sigmoid", () => {
    const found = [...run((v) => v.sigmoid(), [0, -0, infinity, -infinity, 1e-40, 100, -200])];
    expect(found.slice(0, 3)).toEqual([0.5, 0.5, 1]);
    expect(found.slice(4, 6)).toEqual([0.5, 1]);
    // the exponential is limited to the finite numbers, so what tends to 0 ends a little above it
    for (const tiny of [found[3]!, found[6]!]) {
      expect(tiny).toBeGreaterThanOrEqual(0);
      expect(tiny).toBeLessThan(1e-38);
    }
  });

  it("sin and cos", () => {
    expect([...run((v) => v.sin(), [0, infinity, -infinity, 1e-40])]).toEqual([0, NaN, NaN, Math.fround(1e-40)]);
    expect(Math.abs(run((v) => v.sin(), [-0])[0]!)).toBe(0); // the sign of 0 is lost
    expect([...run((v) => v.cos(), [0, -0, infinity, -infinity, 1e-40])]).toEqual([1, 1, NaN, NaN, 1]);
  });

  it.each<[string, (x: Expression) => Expression]>([
    ["exp", (v) => v.exp()],
    ["log", (v) => v.log()],
    ["tanh", (v) => v.tanh()],
    ["sigmoid", (v) => v.sigmoid()],
    ["sin", (v) => v.sin()],
    ["cos", (v) => v.cos()],
    ["relu", (v) => v.max(0)],
    ["clip", (v) => v.max(-1).min(1)],
    ["sqrt", (v) => v.sqrt()],
    ["exp of log", (v) => v.log().exp()],
  ])("%s keeps NaN, whatever its bits", (_name, f) => {
    expect([...run(f, nans)]).toEqual(Array(nans.length).fill(NaN));
  });

  it("a NaN that one function makes stays one in the next", () => {
    for (const next of ["exp", "tanh", "sigmoid", "sin", "cos"] as const) {
      expect([...run((v) => v.log()[next](), [-1, -2, -0.5, -1e30])], next).toEqual([NaN, NaN, NaN, NaN]);
      expect([...run((v) => v.sqrt()[next](), [-1, -2, -0.5, -1e30])], next).toEqual([NaN, NaN, NaN, NaN]);
    }
  });

  it("log1p is accurate near 0", () => {
    const values = everyMagnitude(smallest, 1);
    expect(worst((v) => v.log1p(), Math.log1p, values)).toBeLessThanOrEqual(2.5);
    expect(worst((v) => v.log1p(), Math.log1p, negated(everyMagnitude(smallest, 0.9)))).toBeLessThanOrEqual(2.5);
  });
});
