/**
 * Prints a kernel of the scalar language as WGSL. A flat kernel is an element an invocation; otherwise a workgroup (of
 * narrow rows an invocation) walks each row once for each level of nested reductions and once more for the element outputs.
 */
import { type InputKind, isFlat, type Kernel, kernelKey } from "../kernel/backend.ts";
import { type Expression, topological } from "../kernel/expression.ts";
import { type Access, type Shader, workgroupSize } from "./shader.ts";
import { literal, number, WgslPrinter, word } from "./wgsl.ts";

const isReduction = (x: Expression) => x.kind === "rowSum" || x.kind === "rowMax";

const indented = (lines: readonly string[], by: string) => lines.map((line) => `${by}${line}\n`).join("");

/** Rows of up to so many columns are an invocation's own work rather than a workgroup's. */
export const narrowCols = 32;

/** @param isNarrow whether each row is one invocation's; without meaning for a flat kernel */
export function rowKernelShader(kernel: Kernel, isNarrow: boolean): Shader {
  const { name, inputs, outputs, inPlace } = kernel;
  const nodes = topological(outputs);
  const flat = isFlat(kernel);
  const firstInput = inPlace ? 0 : outputs.length;
  const inputAddress = (i: number) => word(firstInput + i);
  const printer = new WgslPrinter((x) => {
    if (x.kind === "scalar") return number(x.value);
    if (x.kind === "rowLen") return "f32(l.cols)";
    if (x.kind === "colIndex") return "f32(c)";
    const at = { element: flat ? " + c" : " + r * l.cols + c", column: " + c", row: " + r", scalar: "" };
    return `m[${inputAddress(x.value)}${at[inputs[x.value]!]}]`;
  });
  const elementOutputs = outputs.flatMap((y, i) => (y.level === "element" || flat ? [{ y, i }] : []));

  /** The lines that store the element outputs of element c. */
  const storeElements = (): string[] => {
    const { lines, values } = printer.evaluate(elementOutputs.map(({ y }) => y));
    const at = flat ? "c" : "r * l.cols + c";
    return [...lines, ...elementOutputs.map(({ i }, k) => `m[${word(i)} + ${at}] = ${values[k]};`)];
  };

  const first = `group.x * ${workgroupSize}u + lane`;
  const stride = `groups.x * ${workgroupSize}u`;
  const columns = isNarrow
    ? "for (var c = 0u; c < l.cols; c++) {"
    : `for (var c = lane; c < l.cols; c += ${workgroupSize}u) {`;
  let body: string;
  let passes = 1;
  if (flat) {
    body = `  for (var c = ${first}; c < l.cols; c += ${stride}) {\n${indented(storeElements(), "    ")}  }\n`;
  } else {
    const lines: string[] = [];
    const phase = new Map<Expression, number>();
    for (const x of nodes) {
      const below = Math.max(0, ...x.args.map((a) => phase.get(a)!));
      phase.set(x, isReduction(x) ? below + 1 : below);
    }
    const lastPhase = Math.max(...outputs.map((y) => phase.get(y)!));
    passes += lastPhase;
    for (let p = 1; p <= lastPhase; p++) {
      const reductions = nodes.filter((x) => isReduction(x) && phase.get(x) === p);
      const accumulators = reductions.map(() => printer.fresh("a"));
      reductions.forEach((x, k) => {
        const first = x.kind === "rowSum" ? "0f" : literal(Number.NEGATIVE_INFINITY);
        lines.push(`var ${accumulators[k]} = ${first};`);
      });
      const { lines: inner, values } = printer.evaluate(reductions.map((x) => x.args[0]!));
      lines.push(columns);
      lines.push(...inner.map((line) => `  ${line}`));
      reductions.forEach((x, k) => {
        const [acc, value] = [accumulators[k], values[k]];
        lines.push(x.kind === "rowSum" ? `  ${acc} = ${acc} + ${value};` : `  ${acc} = max(${acc}, ${value});`);
      });
      lines.push("}");
      reductions.forEach((x, k) => {
        if (isNarrow) {
          printer.bind(x, accumulators[k]!);
          return;
        }
        const result = printer.fresh("v");
        lines.push(`let ${result} = ${x.kind === "rowSum" ? "sumOfLanes" : "maxOfLanes"}(lane, ${accumulators[k]});`);
        printer.bind(x, result);
      });
    }
    if (elementOutputs.length > 0) {
      lines.push(columns);
      lines.push(...storeElements().map((line) => `  ${line}`));
      lines.push("}");
    }
    const rowOutputs = outputs.flatMap((y, i) => (y.level === "row" ? [{ y, i }] : []));
    if (rowOutputs.length > 0) {
      const { lines: inner, values } = printer.evaluate(rowOutputs.map(({ y }) => y));
      lines.push(isNarrow ? "{" : "if (lane == 0u) {");
      lines.push(...inner.map((line) => `  ${line}`));
      lines.push(...rowOutputs.map(({ i }, k) => `  m[${word(i)} + r] = ${values[k]};`));
      lines.push("}");
    }
    const rows = isNarrow
      ? `var r = ${first}; r < l.rows; r += ${stride}`
      : "var r = group.x; r < l.rows; r += groups.x";
    body = `  for (${rows}) {\n${indented(lines, "    ")}  }\n`;
  }
  /** What a pointer of this kind reaches. */
  const access = (kind: InputKind, first: number, rows: number, cols: number, writes: boolean): Access => {
    const count = { element: flat ? cols : rows * cols, column: cols, row: rows, scalar: 1 }[kind];
    return { first, count, writes, part: kind === "element" || kind === "row" ? kind : "any" };
  };
  return {
    name: `${name} ${kernelKey(kernel)}${isNarrow ? " narrow" : ""}`,
    body,
    form: flat ? "elements" : isNarrow ? "narrowRows" : "rows",
    changing: [],
    accesses: ({ rows, cols, whole }) => [
      ...outputs.map((y, i) => access(flat ? "element" : y.level, whole[i]!, rows, cols, true)),
      ...inputs.map((kind, i) => access(kind, whole[firstInput + i]!, rows, cols, false)),
    ],
    cost({ rows, cols, groupsX }) {
      const strides = (count: number) => Math.ceil(count / (workgroupSize * groupsX));
      if (flat) return strides(cols);
      if (isNarrow) return strides(rows) * passes * cols;
      return Math.ceil(rows / groupsX) * passes * (Math.ceil(cols / workgroupSize) + 6);
    },
  };
}
