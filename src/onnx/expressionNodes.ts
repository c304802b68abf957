/** Prints the formula of a kernel as ONNX nodes: the printer beside those for WebAssembly, WGSL and float64. */
import { InternalError } from "../errors.ts";
import type { Expression, NodeKind } from "../kernel/expression.ts";
import { sizeOf } from "../kernel/strides.ts";
import type { GraphBuilder, Value } from "./graphBuilder.ts";
import type { Dims } from "./trace.ts";

const operators: Partial<Record<NodeKind, string>> = {
  neg: "Neg",
  abs: "Abs",
  sqrt: "Sqrt",
  exp: "Exp",
  log: "Log",
  tanh: "Tanh",
  sigmoid: "Sigmoid",
  sin: "Sin",
  cos: "Cos",
  floor: "Floor",
  add: "Add",
  sub: "Sub",
  mul: "Mul",
  div: "Div",
  min: "Min",
  max: "Max",
  select: "Where",
};
const comparisons: Partial<Record<NodeKind, string>> = { eq: "Equal", lt: "Less", le: "LessOrEqual" };
const reductions: Partial<Record<NodeKind, string>> = { rowSum: "ReduceSum", rowMax: "ReduceMax" };

/** What a kernel runs over: its rows' axes, then those within a row. */
export interface DomainDims {
  readonly rows: Dims;
  readonly cols: Dims;
}

/**
 * The nodes of an expression. Values at row level have axes of length 1 in the place of those within a row.
 * @param inputs broadcast to the domain
 */
export function expressionNodes(
  graph: GraphBuilder,
  root: Expression,
  inputs: readonly Value[],
  scalars: readonly number[],
  { rows, cols }: DomainDims,
): Value {
  const colCount = (): number => {
    if (cols.every((dim) => dim >= 0)) return sizeOf(cols);
    throw new InternalError(`onnx: a row must not depend on the batch; got (${cols}).`);
  };
  const rowOnes = rows.map(() => 1);
  const colAxes = cols.map((_, i) => i - cols.length);
  const reduced = (operator: string, x: Value): Value => {
    if (cols.length === 0) return x;
    const whole = graph.expand(x, wholeRows(x.dims, rowOnes, cols));
    const dims = whole.dims.map((dim, i) => (i < rows.length ? dim : 1));
    return graph.node(operator, [whole, graph.integers(colAxes)], dims, { attributes: { keepdims: 1 } });
  };
  const done = new Map<Expression, Value>();
  const printed = (x: Expression): Value => {
    const value = done.get(x) ?? print(x);
    done.set(x, value);
    return value;
  };
  const print = (x: Expression): Value => {
    const reduction = reductions[x.kind];
    if (reduction) return reduced(reduction, printed(x.args[0]!));
    const comparison = comparisons[x.kind];
    if (comparison) return graph.elementwise(comparison, x.args.map(printed), "bool");
    if (x.kind === "max" && x.args[1]!.isConstant(0)) return graph.elementwise("Relu", [printed(x.args[0]!)]);
    const operator = operators[x.kind];
    if (operator) return graph.elementwise(operator, x.args.map(printed));
    switch (x.kind) {
      case "const":
        return graph.number(x.value);
      case "scalar":
        return graph.number(scalars[x.value]!);
      case "input":
        return inputs[x.value]!;
      case "rowLen":
        return graph.number(colCount());
      case "colIndex":
        return graph.constant(
          Float32Array.from({ length: colCount() }, (_, i) => i),
          cols,
        );
      case "stop":
      case "spread":
        return printed(x.args[0]!);
      default:
        throw new InternalError(`onnx: there is no operator for ${x.kind}.`);
    }
  };
  return printed(root);
}

/** Dims with whole rows: a reduction must see every element, also those that are the same. */
function wholeRows(dims: Dims, rowOnes: Dims, cols: Dims): Dims {
  const whole = [...rowOnes, ...cols];
  const offset = whole.length - dims.length;
  return whole.map((dim, i) => (i < rowOnes.length ? (dims[i - offset] ?? 1) : dim));
}
