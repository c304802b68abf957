/**
 * The tables of NumPy's ziggurats (Marsaglia and Tsang 2000, Doornik 2005), 256 layers each: `Generator.standard_normal`
 * and `Generator.standard_exponential` draw through them.
 *
 * The layers' edges x and heights f satisfy f[k] = v / x[k + 1] + f[k + 1]. In float64 that recurrence loses up to 60 units
 * in the last place, so it runs here in fixed point, once, when the first normal or exponential number is drawn.
 * NumPy's exponential tables (numpy/random/src/distributions/ziggurat_constants.h) are these numbers, rounded. Its normal
 * tables came out of a float64 computation: what they differ by is in the three lists of corrections below, without which
 * about one draw in three would differ in its last bits.
 */
export interface Ziggurat {
  /** The width of a layer divided by the number of integers drawn (2^52 for the normal, 2^53 for the exponential). */
  readonly width: Float64Array;
  /** The density at a layer's edge. */
  readonly height: Float64Array;
  /** An integer below this one lies inside the layer, whatever the height. */
  readonly inside: Float64Array;
  /** Where the tail begins. */
  readonly tail: number;
}

const layers = 256;
const fractionBits = 160n;
const one = 1n << fractionBits;

/** A decimal fraction of the form "0.123" or "3.141" in fixed point. */
function fixed(decimal: string): bigint {
  const [whole, fraction] = decimal.split(".") as [string, string];
  return (BigInt(whole + fraction) << fractionBits) / 10n ** BigInt(fraction.length);
}

const multiply = (a: bigint, b: bigint): bigint => (a * b) >> fractionBits;
const divide = (a: bigint, b: bigint): bigint => (a << fractionBits) / b;

/** The nearest float64 to x / 2^bits. */
const toNumber = (x: bigint, bits: number): number => Number(x) * 2 ** -(Number(fractionBits) + bits);

/** -ln(y) for 1/2 <= y <= 1: 2 artanh((1 - y) / (1 + y)). */
function negativeLogNearOne(y: bigint): bigint {
  const z = divide(one - y, one + y);
  const square = multiply(z, z);
  let sum = 0n;
  for (let power = z, n = 1n; power > 0n; power = multiply(power, square), n += 2n) sum += power / n;
  return 2n * sum;
}

const log2 = negativeLogNearOne(one / 2n);

/** -ln(y) for 0 < y < 1. */
function negativeLog(y: bigint): bigint {
  let halvings = 0n;
  while (y < one / 2n) {
    y <<= 1n;
    halvings++;
  }
  return negativeLogNearOne(y) + halvings * log2;
}

/** Newton's method from the float64 root: 53, 106, 212 bits. */
function squareRoot(x: bigint): bigint {
  const square = x << fractionBits;
  let root = BigInt(Math.floor(Math.sqrt(Number(square))));
  for (let i = 0; i < 2; i++) root = (root + square / root) >> 1n;
  return root;
}

interface Shape {
  /** Where the tail begins: the r for which the recurrence ends at density 1. */
  readonly tail: string;
  /** The density there. */
  readonly density: string;
  /** The area of one layer. */
  readonly area: string;
  readonly inverse: (density: bigint) => bigint;
  readonly bits: number;
}

function build({ tail, density, area, inverse, bits }: Shape) {
  const x: bigint[] = [];
  const f: bigint[] = [];
  const v = fixed(area);
  x[layers] = divide(v, fixed(density));
  x[layers - 1] = fixed(tail);
  f[layers - 1] = fixed(density);
  for (let k = layers - 2; k > 0; k--) {
    f[k] = divide(v, x[k + 1]!) + f[k + 1]!;
    x[k] = inverse(f[k]!);
  }
  const width = new Float64Array(layers);
  const height = new Float64Array(layers);
  const inside = new Float64Array(layers);
  const scale = BigInt(2 ** 52);
  for (let k = 1; k < layers; k++) {
    width[k] = toNumber(x[k]!, bits);
    height[k] = toNumber(f[k]!, 0);
    // layer 1 lies under no other: nothing in it is inside for sure
    if (k > 1) inside[k] = Number((scale * x[k - 1]!) / x[k]!);
  }
  width[0] = toNumber(x[layers]!, bits);
  height[0] = 1;
  inside[0] = Number((scale * x[layers - 1]!) / x[layers]!);
  return { width, height, inside, tail: Number(tail) };
}

/** Adds to each float64 a number of units in its last place. */
function nudge(table: Float64Array, units: readonly number[]): void {
  const bits = new BigInt64Array(table.buffer);
  for (let k = 0; k < layers; k++) bits[k] = bits[k]! + BigInt(units[k]!);
}

/** NumPy's normal widths, in units in the last place from the exact ones. */
// biome-ignore format: one block of numbers
const normalWidthUnits = [
  -9, -60, -18, -16, -14, -15, -16, -13, -13, -7, -7, -6, -5, -5, -5, -5, -5, -6, -5, -6, -7, -7, -6, -7, -7, -6, -6, -5, -6, -6, -7, -5,
  -6, -6, -6, -6, -6, -7, -5, -5, -4, -3, -4, -5, -3, -4, -4, -4, -4, -4, -4, -5, -2, -3, -3, -4, -4, -3, -4, -4, -3, -3, -2, -2,
  -3, -3, -4, -3, -4, -3, -3, -3, -2, -2, -1, -2, -2, -3, -3, -3, -2, -2, -3, -3, -3, -2, -2, -2, -2, -1, -2, -1, -1, -1, -1, -1,
  -2, -1, -1, -1, -1, -1, -2, -1, -1, -2, -2, -2, -2, -2, -2, -2, -2, -2, -1, -1, -1, -1, -1, -1, -1, -1, 0, 0, -1, -1, -1, -2,
  -1, -1, -1, -1, -2, -2, -2, -1, -1, -2, -2, -2, -3, -3, -4, -3, -3, -3, -2, -2, -1, -2, -1, -1, -1, -1, -1, -1, 0, 0, 1, 0,
  0, -1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 2, 3, 3, 3, 2, 2, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
  0, 0, 0, -1, -1, -1, -1, -1, -2, -1, -2, -2, -2, -2, -2, -2, -1, -1, -1, -1, 0, 0, -1, -1, 0, 0, 0, 0, -1, 0, 0, 0,
  0, 0, 0, 0, 0, 0, 0, -1, 0, -1, -1, -1, -1, -1, -1, -1, 0, 0, 1, 0, 1, 1, 1, 1, 1, 1, 0, 0, 1, 1, 1, 0,
];

/** The same of the heights. */
// biome-ignore format: one block of numbers
const normalHeightUnits = [
  0, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 2, 2, 2, 3, 3, 3, 3, 3, 4, 4, 4, 4, 4, 3, 3, 3, 3, 4, 4, 3,
  3, 4, 3, 3, 4, 4, 4, 3, 2, 2, 2, 2, 2, 3, 3, 3, 3, 2, 3, 3, 3, 3, 4, 4, 5, 4, 4, 4, 4, 3, 3, 3,
  3, 4, 4, 4, 4, 4, 3, 4, 3, 3, 2, 2, 6, 6, 7, 7, 5, 6, 7, 6, 6, 6, 5, 4, 5, 4, 3, 3, 2, 2, 2, 2,
  4, 3, 2, 3, 3, 3, 4, 4, 2, 3, 4, 4, 4, 4, 5, 5, 4, 4, 3, 3, 2, 2, 3, 2, 3, 3, 1, 0, 0, 2, 1, 3,
  2, 3, 2, 2, 2, 3, 3, 3, 2, 3, 4, 3, 4, 6, 7, 6, 5, 5, 4, 9, 6, 6, 6, 4, 3, 4, 3, 2, 1, 1, -1, -1,
  0, 2, 2, 1, 0, 0, 1, 1, 0, 1, 0, -2, -3, -5, -8, -7, -8, -6, -5, -3, -1, -1, 0, -1, 0, -1, 1, 0, 0, 1, 1, 1,
  1, 1, 1, 6, 5, 4, 9, 6, 11, 11, 12, 11, 14, 12, 12, 10, 9, 6, 8, 7, 3, 1, 5, 7, 4, 2, -1, 0, 3, 1, 2, -4,
  0, 0, 1, 2, 2, 2, 2, 3, 1, 4, 2, 6, 8, 15, 12, 8, 4, -1, -5, -3, -7, -8, -10, -7, -6, -7, -3, -5, -7, -8, -9, 2,
];

/** NumPy's normal counts less the exact ones, rounded down. */
// biome-ignore format: one block of numbers
const normalInsideUnits = [
  5, 0, -14, -4, -2, 0, 1, -1, 1, 1, 0, 0, -1, 1, 1, 0, 1, 2, 0, 1, 1, 1, 0, 2, 0, 0, 0, 0, 1, 0, 0, 0,
  0, 0, 0, 1, 0, 0, -1, 1, 0, 0, 0, 1, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 2, 1, 0, 1, 1, 1, 0, 0, 0, 0,
  1, 0, 1, 0, 1, 0, 0, 1, 0, 0, 0, 1, 0, 1, 1, 0, -1, 0, 0, 0, 1, 0, 1, 1, 0, 1, 0, 0, 1, 1, 1, 0,
  1, 0, 0, 1, 1, 0, 1, 1, 0, 1, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 1, 1, 0, 1, 0, 0, 1, 0, 0, 1,
  1, 1, 0, 0, 1, 0, 1, 0, 1, 0, 0, 1, 1, 0, 1, 1, 0, 1, 0, 0, -1, 1, 1, 0, 1, 0, 1, 0, 0, 1, 1, 1,
  0, 1, 1, 0, 0, 1, 1, 1, 1, 1, 1, 0, 0, -1, 0, 1, 1, 1, 1, 1, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 1,
  0, 1, 1, 1, 0, 0, 1, 0, 1, 1, 1, 0, 1, 0, 0, 0, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 1, 1, 0, 1,
  0, 1, 0, 0, 1, 0, 1, 1, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 1, 0, 1, 1, 1, 1, 1, 1, 0, 1,
];

let normal: Ziggurat | undefined;
let exponential: Ziggurat | undefined;

/** The table of the standard normal distribution, for integers of 52 bits. */
export function normalZiggurat(): Ziggurat {
  if (normal === undefined) {
    normal = build({
      tail: "3.6541528853610087716454297203995157629748546",
      density: "0.001260285930498597564133462215543753408890700518",
      area: "0.004928673233974655347361775402336028069135384703",
      inverse: (density) => squareRoot(2n * negativeLog(density)),
      bits: 52,
    });
    nudge(normal.width, normalWidthUnits);
    nudge(normal.height, normalHeightUnits);
    for (let k = 0; k < layers; k++) normal.inside[k]! += normalInsideUnits[k]!;
  }
  return normal;
}

/** The table of the exponential distribution of scale 1, for integers of 53 bits. */
export function exponentialZiggurat(): Ziggurat {
  if (exponential === undefined) {
    exponential = build({
      tail: "7.69711747013104971404462804801521549911396864",
      density: "0.0004541343538414967554495733258082196955413861423",
      area: "0.003949659822581557219977571956814861091912812371",
      inverse: negativeLog,
      bits: 53,
    });
    // NumPy's counts are of 52 bits here, doubled
    for (let k = 0; k < layers; k++) exponential.inside[k]! *= 2;
  }
  return exponential;
}
