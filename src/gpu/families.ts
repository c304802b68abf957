/**
 * The WGSL bodies of the families. Whole numbers of a launch, in the order its comment gives; addresses and strides
 * count elements.
 */
import type { Expression } from "../kernel/expression.ts";
import { input } from "../kernel/expression.ts";
import { functionsOf, launchHeader, number, WgslPrinter, word } from "./wgsl.ts";

/** A kernel of one invocation an element: `body` computes element `i` of `count`. */
export function elementwise(count: string, body: string, functions = ""): string {
  const main = `@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  for (var i = id.x; i < ${count}; i += groups.x * 64u) {
${body}
  }
}
`;
  return `${launchHeader}${functions}${functionsOf(functions + main)}${main}`;
}

export interface MatmulVariant {
  readonly bias: boolean;
  readonly activation: Expression | null;
  readonly transposeA: boolean;
  readonly transposeB: boolean;
  readonly accumulate: boolean;
  /** Rows and columns of the result that one invocation computes. */
  readonly tileRows: number;
  readonly tileCols: number;
}

/** A workgroup is 8 by 8 invocations. */
export const matmulGroup = 8;

/**
 * y (rows, cols); numbers: inner, a, b, bias, y. Each invocation computes a tile in registers straight from memory:
 * without barriers, the caches serve the neighbours. Rows and columns beyond the end read the last one and store
 * nothing.
 */
export function printMatmul(variant: MatmulVariant): string {
  const { bias, activation, transposeA, transposeB, accumulate, tileRows, tileCols } = variant;
  const lines: string[] = [];
  const rows = Array.from({ length: tileRows }, (_, i) => i);
  const cols = Array.from({ length: tileCols }, (_, j) => j);
  for (const i of rows) lines.push(`let r${i} = min(id.y * ${tileRows}u + ${i}u, l.rows - 1u);`);
  for (const j of cols) lines.push(`let c${j} = min(id.x * ${tileCols}u + ${j}u, l.cols - 1u);`);
  for (const i of rows) for (const j of cols) lines.push(`var y${i}_${j} = 0f;`);
  lines.push("for (var k = 0u; k < inner; k++) {");
  for (const i of rows)
    lines.push(`  let a${i} = m[${word(1)} + ${transposeA ? `k * l.rows + r${i}` : `r${i} * inner + k`}];`);
  for (const j of cols)
    lines.push(`  let b${j} = m[${word(2)} + ${transposeB ? `c${j} * inner + k` : `k * l.cols + c${j}`}];`);
  for (const i of rows) for (const j of cols) lines.push(`  y${i}_${j} = fma(a${i}, b${j}, y${i}_${j});`);
  lines.push("}");
  for (const i of rows) {
    for (const j of cols) {
      const inside = `id.y * ${tileRows}u + ${i}u < l.rows && id.x * ${tileCols}u + ${j}u < l.cols`;
      lines.push(`if (${inside}) {`, `  let at = ${word(4)} + r${i} * l.cols + c${j};`);
      let value = `y${i}_${j}`;
      if (accumulate) value = `${value} + m[at]`;
      if (bias) value = `${value} + m[${word(3)} + c${j}]`;
      lines.push(`  let x = ${value};`);
      const printer = new WgslPrinter(() => "x");
      printer.bind(input(0, "element"), "x");
      const result = activation ? printer.evaluate([activation]) : { lines: [], values: ["x"] };
      lines.push(...result.lines.map((line) => `  ${line}`), `  m[at] = ${result.values[0]};`, "}");
    }
  }
  const main = `@compute @workgroup_size(${matmulGroup}, ${matmulGroup})
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let inner = ${word(0)};
${lines.map((line) => `  ${line}\n`).join("")}}
`;
  return `${launchHeader}${functionsOf(main)}${main}`;
}

/** out (cols) = or += column sums of x (rows, cols); numbers: x, out. */
export const printColumnSum = (accumulate: boolean): string =>
  elementwise(
    "l.cols",
    `    var sum = ${accumulate ? `m[${word(1)} + i]` : "0f"};
    for (var r = 0u; r < l.rows; r++) { sum += m[${word(0)} + r * l.cols + i]; }
    m[${word(1)} + i] = sum;`,
  );

/**
 * A strided copy of `rows` elements over four dimensions; numbers: source, target, four lengths, four source strides,
 * four target strides (strides as signed numbers).
 */
export const printStridedCopy = (accumulate: boolean): string => {
  const dims = [3, 2, 1, 0];
  const lines = dims.flatMap((d) => [
    `    let i${d} = i32(rest % ${word(2 + d)}); rest = rest / ${word(2 + d)};`,
    `    s += i${d} * bitcast<i32>(${word(6 + d)}); t += i${d} * bitcast<i32>(${word(10 + d)});`,
  ]);
  return elementwise(
    "l.rows",
    `    var rest = i;
    var s = i32(${word(0)});
    var t = i32(${word(1)});
${lines.join("\n")}
    m[t] = ${accumulate ? "m[t] + " : ""}m[s];`,
  );
};

/** out[i] = table[index[i]], `rows` rows of `cols` numbers; numbers: rows of the table, table, index, out. */
export const printGatherRows = (): string =>
  elementwise(
    "l.rows * l.cols",
    `    let row = min(u32(m[${word(2)} + i / l.cols]), ${word(0)} - 1u);
    m[${word(3)} + i] = m[${word(1)} + row * l.cols + i % l.cols];`,
  );

/**
 * table[index[i]] += x[i] over a table of `rows` rows of `cols` numbers; numbers: count of indices, x, index, table.
 * Each element of the table gathers what is meant for it, always in the same order: there are no atomic sums of floats.
 */
export const printScatterAddRows = (): string =>
  elementwise(
    "l.rows * l.cols",
    `    var sum = m[${word(3)} + i];
    for (var k = 0u; k < ${word(0)}; k++) {
      if (u32(m[${word(2)} + k]) == i / l.cols) { sum += m[${word(1)} + k * l.cols + i % l.cols]; }
    }
    m[${word(3)} + i] = sum;`,
  );

/** target = or += source, `cols` numbers; numbers: source, target. */
export const printCopy = (accumulate: boolean): string =>
  elementwise("l.cols", `    m[${word(1)} + i] = ${accumulate ? `m[${word(1)} + i] + ` : ""}m[${word(0)} + i];`);

/** `cols` numbers from word 0 on set to number 0. */
export const printFill = (): string => elementwise("l.cols", `    m[${word(0)} + i] = ${number(0)};`);

/** `cols` blocks of four uniform numbers; numbers: out, two words of the key, first block. See kernel/philox.ts. */
export const printRandomUniform = (): string =>
  elementwise(
    "l.cols",
    `    var c = vec4<u32>(${word(3)} + i, 0u, 0u, 0u);
    var k = vec2<u32>(${word(1)}, ${word(2)});
    for (var round = 0; round < 10; round++) {
      if (round > 0) { k += vec2<u32>(0x9e3779b9u, 0xbb67ae85u); }
      c = vec4<u32>(multiplyHigh(0xcd9e8d57u, c.z) ^ c.y ^ k.x, c.z * 0xcd9e8d57u,
                    multiplyHigh(0xd2511f53u, c.x) ^ c.w ^ k.y, c.x * 0xd2511f53u);
    }
    let out = ${word(0)} + 4u * i;
    for (var n = 0u; n < 4u; n++) { m[out + n] = f32(c[n] >> 8u) * 0x1p-24f; }`,
    `fn multiplyHigh(a: u32, b: u32) -> u32 {
  let middle = (a >> 16u) * (b & 0xffffu) + (((a & 0xffffu) * (b & 0xffffu)) >> 16u);
  let carry = (a & 0xffffu) * (b >> 16u) + (middle & 0xffffu);
  return (a >> 16u) * (b >> 16u) + (middle >> 16u) + (carry >> 16u);
}
`,
  );
