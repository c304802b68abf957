/**
 * The families on the GPU: the WGSL body of each beside what it reads and writes. Whole numbers of a launch in the order
 * its comment gives; addresses and strides count elements.
 */
import type { Expression } from "../kernel/expression.ts";
import { input, topological } from "../kernel/expression.ts";
import { type Access, type RecordedLaunch, type Shader, workgroupSize } from "./shader.ts";
import { number, WgslPrinter, word } from "./wgsl.ts";

export const reads = (first: number, count: number, part: Access["part"] = "any"): Access => ({
  first,
  count,
  writes: false,
  part,
});
export const writes = (first: number, count: number, part: Access["part"] = "any"): Access => ({
  ...reads(first, count, part),
  writes: true,
});

/** Iterations of an invocation that strides over so many elements. */
const strides = (count: number, { groupsX }: RecordedLaunch) => Math.ceil(count / (workgroupSize * groupsX));

interface Elementwise {
  readonly name: string;
  /** How many elements, in WGSL and of a launch. */
  readonly count: readonly [text: string, of: (launch: RecordedLaunch) => number];
  /** Computes element `i`. */
  readonly body: string;
  readonly accesses: (launch: RecordedLaunch) => readonly Access[];
  /** Iterations within an element; 1 unless given. */
  readonly inner?: (launch: RecordedLaunch) => number;
  readonly changing?: readonly number[];
}

/** A kernel whose invocations stride over elements. */
export function elementwise({ name, count, body, accesses, inner, changing = [] }: Elementwise): Shader {
  return {
    name,
    body: `  for (var i = group.x * ${workgroupSize}u + lane; i < ${count[0]}; i += groups.x * ${workgroupSize}u) {
${body}
  }
`,
    form: "elements",
    changing,
    accesses,
    cost: (launch) => strides(count[1](launch), launch) * (inner?.(launch) ?? 1),
  };
}

const ofCols = ["l.cols", ({ cols }: RecordedLaunch) => cols] as const;
export const ofRows = ["l.rows", ({ rows }: RecordedLaunch) => rows] as const;
const ofBoth = ["l.rows * l.cols", ({ rows, cols }: RecordedLaunch) => rows * cols] as const;

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
export function matmulShader(variant: MatmulVariant): Shader {
  const { bias, activation, transposeA, transposeB, accumulate, tileRows, tileCols } = variant;
  const lines = [
    `let inner = ${word(0)};`,
    `let x0 = (group.x * ${matmulGroup}u + lane % ${matmulGroup}u) * ${tileCols}u;`,
    `let y0 = (group.y * ${matmulGroup}u + lane / ${matmulGroup}u) * ${tileRows}u;`,
  ];
  const rows = Array.from({ length: tileRows }, (_, i) => i);
  const cols = Array.from({ length: tileCols }, (_, j) => j);
  for (const i of rows) lines.push(`let r${i} = min(y0 + ${i}u, l.rows - 1u);`);
  for (const j of cols) lines.push(`let c${j} = min(x0 + ${j}u, l.cols - 1u);`);
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
      const inside = `y0 + ${i}u < l.rows && x0 + ${j}u < l.cols`;
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
  const flags = [bias, activation ? topological([activation]).at(-1)!.id : -1, transposeA, transposeB, accumulate];
  return {
    name: `matmul ${flags.join(" ")} ${tileRows}×${tileCols}`,
    body: lines.map((line) => `  ${line}\n`).join(""),
    form: "other",
    changing: [],
    accesses: ({ rows, cols, whole: [inner, a, b, biasAt, y] }) => [
      reads(a!, rows * inner!),
      reads(b!, inner! * cols),
      ...(bias ? [reads(biasAt!, cols)] : []),
      writes(y!, rows * cols),
    ],
    cost: ({ whole }) => whole[0]! * Math.ceil((tileRows * tileCols) / 4),
  };
}

/** out (cols) = or += column sums of x (rows, cols); numbers: x, out. */
export const columnSumShader = (accumulate: boolean): Shader =>
  elementwise({
    name: `columnSum ${accumulate}`,
    count: ofCols,
    body: `    var sum = ${accumulate ? `m[${word(1)} + i]` : "0f"};
    for (var r = 0u; r < l.rows; r++) { sum += m[${word(0)} + r * l.cols + i]; }
    m[${word(1)} + i] = sum;`,
    accesses: ({ rows, cols, whole: [x, out] }) => [reads(x!, rows * cols), writes(out!, cols, "element")],
    inner: ({ rows }) => rows,
  });

/** The range that strides reach from an address. */
function reach(first: number, lengths: readonly number[], by: readonly number[]): { first: number; count: number } {
  let [low, high] = [first, first];
  lengths.forEach((n, d) => {
    const end = (n - 1) * (by[d]! | 0);
    if (end < 0) low += end;
    else high += end;
  });
  return { first: low, count: high - low + 1 };
}

/**
 * A strided copy of `rows` elements over four dimensions; numbers: source, target, four lengths, four source strides,
 * four target strides (strides as signed numbers).
 */
export const stridedCopyShader = (accumulate: boolean): Shader => {
  const dims = [3, 2, 1, 0];
  const lines = dims.flatMap((d) => [
    `    let i${d} = i32(rest % ${word(2 + d)}); rest = rest / ${word(2 + d)};`,
    `    s += i${d} * bitcast<i32>(${word(6 + d)}); t += i${d} * bitcast<i32>(${word(10 + d)});`,
  ]);
  return elementwise({
    name: `stridedCopy ${accumulate}`,
    count: ofRows,
    body: `    var rest = i;
    var s = i32(${word(0)});
    var t = i32(${word(1)});
${lines.join("\n")}
    m[t] = ${accumulate ? "m[t] + " : ""}m[s];`,
    accesses({ whole }) {
      const lengths = whole.slice(2, 6);
      const source = reach(whole[0]!, lengths, whole.slice(6, 10));
      const target = reach(whole[1]!, lengths, whole.slice(10, 14));
      return [reads(source.first, source.count), writes(target.first, target.count)];
    },
  });
};

/** out[i] = table[index[i]], `rows` rows of `cols` numbers; numbers: rows of the table, table, index, out. */
export const gatherRowsShader: Shader = elementwise({
  name: "gatherRows",
  count: ofBoth,
  body: `    let row = min(u32(m[${word(2)} + i / l.cols]), ${word(0)} - 1u);
    m[${word(3)} + i] = m[${word(1)} + row * l.cols + i % l.cols];`,
  accesses: ({ rows, cols, whole: [tableRows, table, index, out] }) => [
    reads(table!, tableRows! * cols),
    reads(index!, rows),
    writes(out!, rows * cols, "element"),
  ],
});

/**
 * table[index[i]] += x[i] over a table of `rows` rows of `cols` numbers; numbers: count of indices, x, index, table.
 * Each element of the table gathers what is meant for it, always in the same order: there are no atomic sums of floats.
 */
export const scatterAddRowsShader: Shader = elementwise({
  name: "scatterAddRows",
  count: ofBoth,
  body: `    var sum = m[${word(3)} + i];
    for (var k = 0u; k < ${word(0)}; k++) {
      if (u32(m[${word(2)} + k]) == i / l.cols) { sum += m[${word(1)} + k * l.cols + i % l.cols]; }
    }
    m[${word(3)} + i] = sum;`,
  accesses: ({ rows, cols, whole: [count, x, index, table] }) => [
    reads(x!, count! * cols),
    reads(index!, count!),
    writes(table!, rows * cols, "element"),
  ],
  inner: ({ whole }) => whole[0]!,
});

/** target = or += source, `cols` numbers; numbers: source, target. */
export const copyShader = (accumulate: boolean): Shader =>
  elementwise({
    name: `copy ${accumulate}`,
    count: ofCols,
    body: `    m[${word(1)} + i] = ${accumulate ? `m[${word(1)} + i] + ` : ""}m[${word(0)} + i];`,
    accesses: ({ cols, whole: [source, target] }) => [
      reads(source!, cols, "element"),
      writes(target!, cols, "element"),
    ],
  });

/** `cols` numbers from word 0 on set to number 0. */
export const fillShader: Shader = elementwise({
  name: "fill",
  count: ofCols,
  body: `    m[${word(0)} + i] = ${number(0)};`,
  accesses: ({ cols, whole: [out] }) => [writes(out!, cols, "element")],
});

/** `cols` blocks of four uniform numbers; numbers: out, two words of the key, first block. See kernel/philox.ts. */
export const randomUniformShader: Shader = elementwise({
  name: "randomUniform",
  count: ofCols,
  body: `    var c = vec4<u32>(${word(3)} + i, 0u, 0u, 0u);
    var k = vec2<u32>(${word(1)}, ${word(2)});
    for (var round = 0; round < 10; round++) {
      if (round > 0) { k += vec2<u32>(0x9e3779b9u, 0xbb67ae85u); }
      c = vec4<u32>(multiplyHigh(0xcd9e8d57u, c.z) ^ c.y ^ k.x, c.z * 0xcd9e8d57u,
                    multiplyHigh(0xd2511f53u, c.x) ^ c.w ^ k.y, c.x * 0xd2511f53u);
    }
    let out = ${word(0)} + 4u * i;
    for (var n = 0u; n < 4u; n++) { m[out + n] = f32(c[n] >> 8u) * 0x1p-24f; }`,
  accesses: ({ cols, whole: [out] }) => [writes(out!, 4 * cols)],
  inner: () => 8,
  changing: [1, 2, 3],
});
