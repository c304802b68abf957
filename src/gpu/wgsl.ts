/** Prints expressions of the scalar language as WGSL: one float32 number a node, a `let` for each. */
import { InternalError } from "../errors.ts";
import type { Expression } from "../kernel/expression.ts";

/**
 * What every module begins with: all memory, and a launch as a kernel sees it: its domain, 16 whole numbers (addresses
 * count elements), 8 numbers.
 */
export const moduleScope = `struct Launch { rows: u32, cols: u32, p: array<vec4<u32>, 4>, s: array<vec4<f32>, 2> }
@group(0) @binding(0) var<storage, read_write> m: array<f32>;
`;

const lanes = "xyzw";
/** The i-th whole number of the launch. */
export const word = (i: number): string => `l.p[${i >> 2}].${lanes[i & 3]}`;
/** The i-th number of the launch. */
export const number = (i: number): string => `l.s[${i >> 2}].${lanes[i & 3]}`;

/** A float32 literal; WGSL has none for what is not finite. */
export function literal(value: number): string {
  const rounded = Math.fround(value);
  if (Number.isNaN(rounded)) return "k_bits(0x7fc00000u)";
  if (!Number.isFinite(rounded)) return rounded > 0 ? "k_bits(0x7f800000u)" : "k_bits(0xff800000u)";
  if (Object.is(rounded, -0)) return "k_bits(0x80000000u)";
  // the shortest text of the float64 value is exact after rounding
  return `${rounded}f`;
}

const reductionOfLanes = (name: string, combine: string) => `fn ${name}(lane: u32, x: f32) -> f32 {
  lanes[lane] = x;
  workgroupBarrier();
  for (var half = 32u; half > 0u; half = half / 2u) {
    if (lane < half) { lanes[lane] = ${combine}; }
    workgroupBarrier();
  }
  let y = lanes[0];
  workgroupBarrier();
  return y;
}`;

/**
 * Functions that WGSL lacks or leaves too much freedom (its sin may be off by 2⁻¹¹, its log near 1 by 2⁻²¹): the same
 * formulas as the cpu's, see simdMath.ts. Each may use those before it.
 */
const functions: Readonly<Record<string, string>> = {
  // what is not finite may not stand in a constant expression, hence the variable
  k_bits: "fn k_bits(bits: u32) -> f32 { var b = bits; return bitcast<f32>(b); }",
  k_exp: `fn k_exp(x: f32) -> f32 {
  let c = clamp(x, -87.33654f, 88.72283f);
  let n = round(c * 1.4426950408889634f);
  let r = (c - n * 0.693359375f) - n * -2.1219444e-4f;
  var y = 1.98756915e-4f;
  y = y * r + 1.3981999507e-3f;
  y = y * r + 8.3334519073e-3f;
  y = y * r + 4.1665795894e-2f;
  y = y * r + 1.6666665459e-1f;
  y = y * r + 5.0000001201e-1f;
  y = y * (r * r) + r + 1f;
  y = bitcast<f32>(bitcast<i32>(y) + (i32(n) << 23u));
  return select(select(y, 0f, x < -87.33654f), k_bits(0x7f800000u), x > 88.72283f);
}`,
  k_log: `fn k_log(x: f32) -> f32 {
  let parts = frexp(x);
  let low = parts.fract < 0.7071067811865476f;
  let e = f32(parts.exp) - select(0f, 1f, low);
  let r = select(parts.fract, parts.fract + parts.fract, low) - 1f;
  let z = r * r;
  var y = 7.0376836292e-2f;
  y = y * r - 1.1514610310e-1f;
  y = y * r + 1.1676998740e-1f;
  y = y * r - 1.2420140846e-1f;
  y = y * r + 1.4249322787e-1f;
  y = y * r - 1.6668057665e-1f;
  y = y * r + 2.0000714765e-1f;
  y = y * r - 2.4999993993e-1f;
  y = y * r + 3.3333331174e-1f;
  y = y * r * z - 2.1219444e-4f * e - 0.5f * z;
  y = r + y + 0.693359375f * e;
  y = select(y, x, x > 3.4e38f);
  y = select(y, k_bits(0xff800000u), x == 0f);
  return select(y, k_bits(0x7fc00000u), x < 0f);
}`,
  k_tanh: `fn k_tanh(x: f32) -> f32 {
  let c = clamp(x, -9.05f, 9.05f);
  let z = c * c;
  var p = 1.816269e-11f;
  p = p * z - 1.2743917e-8f;
  p = p * z + 9.255163e-6f;
  p = p * z + 2.9194152e-3f;
  p = p * z + 1.2917975e-1f;
  p = p * z + 1f;
  var q = 2.2791424e-4f;
  q = q * z + 2.3757653e-2f;
  q = q * z + 4.6251258e-1f;
  q = q * z + 1f;
  return clamp(c * p / q, -1f, 1f);
}`,
  k_sigmoid: "fn k_sigmoid(x: f32) -> f32 { return 1f / (1f + k_exp(-x)); }",
  k_sinusoid: `fn k_sinusoid(x: f32, quarter: i32) -> f32 {
  let n = round(x * 0.6366197723675814f);
  let r = ((x - n * 1.5703125f) - n * 4.837512969970703e-4f) - n * 7.549789954891882e-8f;
  let z = r * r;
  let q = i32(n) + quarter;
  var c = 2.443315711809948e-5f;
  c = c * z - 1.388731625493765e-3f;
  c = c * z + 4.166664568298827e-2f;
  c = c * z * z - 0.5f * z + 1f;
  var s = -1.9515295891e-4f;
  s = s * z + 8.3321608736e-3f;
  s = s * z - 1.6666654611e-1f;
  s = s * z * r + r;
  let y = select(s, c, (q & 1) == 1);
  return select(y, -y, (q & 2) == 2);
}`,
  multiplyHigh: `fn multiplyHigh(a: u32, b: u32) -> u32 {
  let middle = (a >> 16u) * (b & 0xffffu) + (((a & 0xffffu) * (b & 0xffffu)) >> 16u);
  let carry = (a & 0xffffu) * (b >> 16u) + (middle & 0xffffu);
  return (a >> 16u) * (b >> 16u) + (middle >> 16u) + (carry >> 16u);
}`,
  unpack: "fn unpack(x: u32) -> vec2<u32> { return vec2<u32>(x & 0xffffu, x >> 16u); }",
  sumOfLanes: reductionOfLanes("sumOfLanes", "lanes[lane] + lanes[lane + half]"),
  maxOfLanes: reductionOfLanes("maxOfLanes", "max(lanes[lane], lanes[lane + half])"),
};

/** The functions that a body calls, and theirs. */
export function functionsOf(body: string): string {
  const names = Object.keys(functions).reverse();
  let text = body;
  for (const name of names) if (text.includes(`${name}(`)) text = `${functions[name]}\n${text}`;
  if (text.includes("lanes[")) text = `var<workgroup> lanes: array<f32, 64>;\n${text}`;
  return text.slice(0, text.length - body.length);
}

const infix = { add: "+", sub: "-", mul: "*", div: "/", eq: "==", lt: "<", le: "<=" } as const;
const calls = {
  abs: "abs",
  sqrt: "sqrt",
  floor: "floor",
  exp: "k_exp",
  log: "k_log",
  tanh: "k_tanh",
  sigmoid: "k_sigmoid",
  min: "min",
  max: "max",
} as const;

export class WgslPrinter {
  readonly #leaf: (x: Expression) => string;
  readonly #names = new Map<Expression, string>();
  #count = 0;

  /** @param leaf the text of an input, scalar, colIndex or rowLen */
  constructor(leaf: (x: Expression) => string) {
    this.#leaf = leaf;
  }

  /** From here on `x` is read by this name. */
  bind(x: Expression, name: string): void {
    this.#names.set(x, name);
  }

  isBound(x: Expression): boolean {
    return this.#names.has(x);
  }

  /** A name that no other line declares. */
  fresh(prefix = "t"): string {
    return `${prefix}${this.#count++}`;
  }

  /**
   * The lines that compute the roots, and the names of their values. Names given here are forgotten afterwards: the next
   * call is for other elements.
   */
  evaluate(roots: readonly Expression[]): { lines: string[]; values: string[] } {
    const names = new Map<Expression, string>();
    const lines: string[] = [];
    const nameOf = (x: Expression): string => {
      const known = this.#names.get(x) ?? names.get(x);
      if (known !== undefined) return known;
      if (x.kind === "const") return literal(x.value);
      const args = x.args.map(nameOf);
      const name = this.fresh();
      lines.push(`let ${name} = ${this.#text(x, args)};`);
      names.set(x, name);
      return name;
    };
    return { lines, values: roots.map(nameOf) };
  }

  #text(x: Expression, [a, b, c]: readonly string[]): string {
    switch (x.kind) {
      case "add":
      case "sub":
      case "mul":
      case "div":
      case "eq":
      case "lt":
      case "le":
        return `${a} ${infix[x.kind]} ${b}`;
      case "min":
      case "max":
        return `${calls[x.kind]}(${a}, ${b})`;
      case "neg":
        return `-${a}`;
      case "abs":
      case "sqrt":
      case "floor":
      case "exp":
      case "log":
      case "tanh":
      case "sigmoid":
        return `${calls[x.kind]}(${a})`;
      case "sin":
        return `k_sinusoid(${a}, 0)`;
      case "cos":
        return `k_sinusoid(${a}, 1)`;
      case "select":
        return `select(${c}, ${b}, ${a})`;
      case "stop":
      case "spread":
        return a!;
      case "rowSum":
      case "rowMax":
        throw new InternalError(`gpu: a reduction must be bound before it is read; got ${x}.`);
      default:
        return this.#leaf(x);
    }
  }
}
