/**
 * exp, log, tanh, sigmoid, sin and cos on four float32 numbers, written into a function's body: the argument is taken
 * from a local, the result is left on the stack.
 *
 * Polynomials and range reductions are those of the Cephes library's single-precision functions (S. Moshier); tanh is
 * a rational function fitted for this file.
 * `pmin`/`pmax` with the constant second keep NaN and are a single machine instruction, unlike `min`/`max`.
 * Beyond its range exp is +∞ above 88.72 and 0 below −87.33 (results would be denormal); log is −∞ at ±0 and NaN below.
 */
import type { FunctionBody } from "./assembler.ts";

/** 1.5 · 2²³: added and subtracted it rounds to a whole number, which also stands in the low bits of the sum. */
const roundingMagic = 12582912;

/** c[0] zⁿ + c[1] zⁿ⁻¹ + … by Horner's rule; z in a local, result on the stack. */
function polynomial(f: FunctionBody, z: number, coefficients: readonly number[]): void {
  coefficients.forEach((c, i) => {
    if (i > 0) {
      f.get(z);
      f.simd("f32x4.mul");
    }
    f.splat(c);
    if (i > 0) f.simd("f32x4.add");
  });
}

interface Reduced {
  /** The whole number n in the low bits. */
  readonly bits: number;
  /** x − n · unit. */
  readonly rest: number;
}

/** x = n · unit + rest with n whole; the unit is given as the sum of parts whose products with n are exact. */
function reduce(f: FunctionBody, x: number, perUnit: number, unit: readonly number[]): Reduced {
  const bits = f.local("v128");
  const n = f.local("v128");
  const rest = f.local("v128");
  f.get(x);
  f.splat(perUnit);
  f.simd("f32x4.mul");
  f.splat(roundingMagic);
  f.simd("f32x4.add");
  f.tee(bits);
  f.splat(roundingMagic);
  f.simd("f32x4.sub");
  f.set(n);
  f.get(x);
  for (const part of unit) {
    f.get(n);
    f.splat(part);
    f.simd("f32x4.mul");
    f.simd("f32x4.sub");
  }
  f.set(rest);
  return { bits, rest };
}

/** exp of the local's value, which must lie within [−87.33, 88.72] or be NaN. */
function expInRange(f: FunctionBody, x: number): void {
  const z = f.local("v128");
  const { bits, rest: r } = reduce(f, x, Math.LOG2E, [0.693359375, -2.1219444e-4]);
  f.get(r);
  f.get(r);
  f.simd("f32x4.mul");
  f.set(z);
  polynomial(
    f,
    r,
    [1.98756915e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1],
  );
  f.get(z);
  f.simd("f32x4.mul");
  f.get(r);
  f.simd("f32x4.add");
  f.splat(1);
  f.simd("f32x4.add");
  // times 2ⁿ: n into the exponent's bits; 0 for NaN, whose low bits may be anything
  f.get(bits);
  f.get(x);
  f.get(x);
  f.simd("f32x4.eq");
  f.simd("v128.and");
  f.i32(23);
  f.simd("i32x4.shl");
  f.simd("i32x4.add");
}

function clampInto(f: FunctionBody, x: number, low: number, high: number): number {
  const clamped = f.local("v128");
  f.get(x);
  f.splat(high);
  f.simd("f32x4.pmin");
  f.splat(low);
  f.simd("f32x4.pmax");
  f.set(clamped);
  return clamped;
}

const expLow = -87.3365447;
const expHigh = 88.7228317;

export function exp(f: FunctionBody, x: number): void {
  const y = f.local("v128");
  expInRange(f, clampInto(f, x, expLow, expHigh));
  f.set(y);
  f.splat(Number.POSITIVE_INFINITY);
  f.get(y);
  f.get(x);
  f.splat(expHigh);
  f.simd("f32x4.gt");
  f.simd("v128.bitselect");
  f.get(x);
  f.splat(expLow);
  f.simd("f32x4.lt");
  f.simd("v128.andnot");
}

export function log(f: FunctionBody, x: number): void {
  const scaled = f.local("v128");
  const tiny = f.local("v128");
  const e = f.local("v128");
  const m = f.local("v128");
  const small = f.local("v128");
  const z = f.local("v128");
  const y = f.local("v128");
  // denormal numbers are scaled by 2²⁴ first
  f.get(x);
  f.splat(16777216);
  f.simd("f32x4.mul");
  f.get(x);
  f.get(x);
  f.splat(1.17549435e-38);
  f.simd("f32x4.lt");
  f.tee(tiny);
  f.simd("v128.bitselect");
  f.set(scaled);
  // x = m 2ᵉ with m in [0.5, 1)
  f.get(scaled);
  f.i32(23);
  f.simd("i32x4.shr_u");
  f.simd("f32x4.convert_i32x4_s");
  f.splat(126);
  f.simd("f32x4.sub");
  f.splat(24);
  f.get(tiny);
  f.simd("v128.and");
  f.simd("f32x4.sub");
  f.set(e);
  f.get(scaled);
  f.splatInt(0x007fffff);
  f.simd("v128.and");
  f.splatInt(0x3f000000);
  f.simd("v128.or");
  f.set(m);
  // to [√½ − 1, √2 − 1]
  f.get(m);
  f.splat(Math.SQRT1_2);
  f.simd("f32x4.lt");
  f.set(small);
  f.get(e);
  f.splat(1);
  f.get(small);
  f.simd("v128.and");
  f.simd("f32x4.sub");
  f.set(e);
  f.get(m);
  f.splat(1);
  f.simd("f32x4.sub");
  f.get(m);
  f.get(small);
  f.simd("v128.and");
  f.simd("f32x4.add");
  f.tee(m);
  f.get(m);
  f.simd("f32x4.mul");
  f.set(z);
  polynomial(
    f,
    m,
    [
      7.0376836292e-2, -1.151461031e-1, 1.167699874e-1, -1.2420140846e-1, 1.4249322787e-1, -1.6668057665e-1,
      2.0000714765e-1, -2.4999993993e-1, 3.3333331174e-1,
    ],
  ); // prettier-ignore
  f.get(m);
  f.simd("f32x4.mul");
  f.get(z);
  f.simd("f32x4.mul");
  f.get(e);
  f.splat(-2.1219444e-4);
  f.simd("f32x4.mul");
  f.simd("f32x4.add");
  f.get(z);
  f.splat(0.5);
  f.simd("f32x4.mul");
  f.simd("f32x4.sub");
  f.get(m);
  f.simd("f32x4.add");
  f.get(e);
  f.splat(0.693359375);
  f.simd("f32x4.mul");
  f.simd("f32x4.add");
  f.set(y);
  // ∞ and NaN stay (x + x has them), 0 gives −∞, what is below 0 gives NaN
  f.get(y);
  f.get(x);
  f.get(x);
  f.simd("f32x4.add");
  f.get(x);
  f.splat(3.40282347e38);
  f.simd("f32x4.le");
  f.simd("v128.bitselect");
  f.set(y);
  f.splat(Number.NEGATIVE_INFINITY);
  f.get(y);
  f.get(x);
  f.splat(0);
  f.simd("f32x4.eq");
  f.simd("v128.bitselect");
  // below 0: all bits set are a NaN
  f.get(x);
  f.splat(0);
  f.simd("f32x4.lt");
  f.simd("v128.or");
}

/**
 * x P(x²) / Q(x²), fitted to tanh on [−9.02, 9.02] with the least largest relative error, 6·10⁻⁸; at ±9.05 and beyond it is ±1 in
 * float32. Rounding makes that 6.4 ulp at most, near ±8; half the work of going through exp.
 */
export function tanh(f: FunctionBody, x: number): void {
  const z = f.local("v128");
  const clamped = clampInto(f, x, -9.05, 9.05);
  f.get(clamped);
  f.get(clamped);
  f.simd("f32x4.mul");
  f.set(z);
  polynomial(f, z, [1.816269e-11, -1.2743917e-8, 9.255163e-6, 2.9194152e-3, 1.2917975e-1, 1]);
  f.get(clamped);
  f.simd("f32x4.mul");
  polynomial(f, z, [2.2791424e-4, 2.3757653e-2, 4.6251258e-1, 1]);
  f.simd("f32x4.div");
  // the last bits may lie beyond 1
  f.splat(1);
  f.simd("f32x4.pmin");
  f.splat(-1);
  f.simd("f32x4.pmax");
}

export function sigmoid(f: FunctionBody, x: number): void {
  const minus = f.local("v128");
  f.get(x);
  f.simd("f32x4.neg");
  f.set(minus);
  f.splat(1);
  expInRange(f, clampInto(f, minus, expLow, expHigh));
  f.splat(1);
  f.simd("f32x4.add");
  f.simd("f32x4.div");
}

/** sin (quarter turns offset 0) or cos (offset 1); loses accuracy beyond |x| of some thousands. */
function sinusoid(f: FunctionBody, x: number, offset: 0 | 1): void {
  const z = f.local("v128");
  const { bits, rest: r } = reduce(f, x, 2 / Math.PI, [1.5703125, 4.837512969970703e-4, 7.549789954891882e-8]);
  f.get(r);
  f.get(r);
  f.simd("f32x4.mul");
  f.set(z);
  if (offset === 1) {
    f.get(bits);
    f.splatInt(1);
    f.simd("i32x4.add");
    f.set(bits);
  }
  // odd quarter: cos r, even quarter: sin r
  polynomial(f, z, [2.443315711809948e-5, -1.388731625493765e-3, 4.166664568298827e-2]);
  f.get(z);
  f.simd("f32x4.mul");
  f.get(z);
  f.simd("f32x4.mul");
  f.get(z);
  f.splat(0.5);
  f.simd("f32x4.mul");
  f.simd("f32x4.sub");
  f.splat(1);
  f.simd("f32x4.add");
  polynomial(f, z, [-1.9515295891e-4, 8.3321608736e-3, -1.6666654611e-1]);
  f.get(z);
  f.simd("f32x4.mul");
  f.get(r);
  f.simd("f32x4.mul");
  f.get(r);
  f.simd("f32x4.add");
  f.get(bits);
  f.i32(31);
  f.simd("i32x4.shl");
  f.i32(31);
  f.simd("i32x4.shr_s");
  f.simd("v128.bitselect");
  // quarters 2 and 3: minus
  f.get(bits);
  f.i32(30);
  f.simd("i32x4.shl");
  f.splatInt(0x80000000 | 0);
  f.simd("v128.and");
  f.simd("v128.xor");
}

export const sin = (f: FunctionBody, x: number): void => sinusoid(f, x, 0);
export const cos = (f: FunctionBody, x: number): void => sinusoid(f, x, 1);
