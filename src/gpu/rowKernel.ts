/**
 * Prints a kernel of the scalar language as WGSL. A flat kernel is an element an invocation; otherwise a workgroup walks
 * each row once for each level of nested reductions and once more for the element outputs.
 */
import { isFlat, type Kernel } from "../kernel/backend.ts";
import { type Expression, topological } from "../kernel/expression.ts";
import { functionsOf, launchHeader, literal, number, WgslPrinter, word } from "./wgsl.ts";

/** Invocations of a workgroup. */
export const workgroupSize = 64;

const isReduction = (x: Expression) => x.kind === "rowSum" || x.kind === "rowMax";

const indented = (lines: readonly string[], by: string) => lines.map((line) => `${by}${line}\n`).join("");

export function printRowKernel(kernel: Kernel): string {
  const { inputs, outputs, inPlace } = kernel;
  const nodes = topological(outputs);
  const flat = isFlat(kernel);
  const inputAddress = (i: number) => word(inPlace ? i : outputs.length + i);
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

  let body: string;
  let shared = "";
  if (flat) {
    body = `  for (var c = id.x; c < l.cols; c += groups.x * ${workgroupSize}u) {\n${indented(storeElements(), "    ")}  }\n`;
  } else {
    const lines: string[] = [];
    const phase = new Map<Expression, number>();
    for (const x of nodes) {
      const below = Math.max(0, ...x.args.map((a) => phase.get(a)!));
      phase.set(x, isReduction(x) ? below + 1 : below);
    }
    const lastPhase = Math.max(...outputs.map((y) => phase.get(y)!));
    for (let p = 1; p <= lastPhase; p++) {
      const reductions = nodes.filter((x) => isReduction(x) && phase.get(x) === p);
      const accumulators = reductions.map(() => printer.fresh("a"));
      reductions.forEach((x, k) => {
        const first = x.kind === "rowSum" ? "0f" : literal(Number.NEGATIVE_INFINITY);
        lines.push(`var ${accumulators[k]} = ${first};`);
      });
      const { lines: inner, values } = printer.evaluate(reductions.map((x) => x.args[0]!));
      lines.push(`for (var c = lane; c < l.cols; c += ${workgroupSize}u) {`);
      lines.push(...inner.map((line) => `  ${line}`));
      reductions.forEach((x, k) => {
        const [acc, value] = [accumulators[k], values[k]];
        lines.push(x.kind === "rowSum" ? `  ${acc} = ${acc} + ${value};` : `  ${acc} = max(${acc}, ${value});`);
      });
      lines.push("}");
      reductions.forEach((x, k) => {
        const result = printer.fresh("v");
        lines.push(`let ${result} = ${x.kind === "rowSum" ? "sumOfLanes" : "maxOfLanes"}(lane, ${accumulators[k]});`);
        printer.bind(x, result);
      });
    }
    if (lastPhase > 0) {
      for (const [name, combine] of [
        ["sumOfLanes", "lanes[lane] + lanes[lane + half]"],
        ["maxOfLanes", "max(lanes[lane], lanes[lane + half])"],
      ] as const) {
        if (!lines.some((line) => line.includes(`${name}(`))) continue;
        shared += `fn ${name}(lane: u32, x: f32) -> f32 {
  lanes[lane] = x;
  workgroupBarrier();
  for (var half = ${workgroupSize / 2}u; half > 0u; half = half / 2u) {
    if (lane < half) { lanes[lane] = ${combine}; }
    workgroupBarrier();
  }
  let y = lanes[0];
  workgroupBarrier();
  return y;
}
`;
      }
      shared = `var<workgroup> lanes: array<f32, ${workgroupSize}>;\n${shared}`;
    }
    if (elementOutputs.length > 0) {
      lines.push(`for (var c = lane; c < l.cols; c += ${workgroupSize}u) {`);
      lines.push(...storeElements().map((line) => `  ${line}`));
      lines.push("}");
    }
    const rowOutputs = outputs.flatMap((y, i) => (y.level === "row" ? [{ y, i }] : []));
    if (rowOutputs.length > 0) {
      const { lines: inner, values } = printer.evaluate(rowOutputs.map(({ y }) => y));
      lines.push("if (lane == 0u) {");
      lines.push(...inner.map((line) => `  ${line}`));
      lines.push(...rowOutputs.map(({ i }, k) => `  m[${word(i)} + r] = ${values[k]};`));
      lines.push("}");
    }
    body = `  for (var r = group.x; r < l.rows; r += groups.x) {\n${indented(lines, "    ")}  }\n`;
  }
  const main = `@compute @workgroup_size(${workgroupSize})
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(workgroup_id) group: vec3<u32>,
        @builtin(local_invocation_index) lane: u32, @builtin(num_workgroups) groups: vec3<u32>) {
${body}}
`;
  return `${launchHeader}${functionsOf(shared + main)}${shared}${main}`;
}
