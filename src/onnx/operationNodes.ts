/** Which nodes stand for an operation: expressions print themselves, each other family has a line here. */
import type { Epilogue } from "../autograd/epilogue.ts";
import { type Domain, KernelFunction } from "../autograd/kernelFunction.ts";
import type { Shape } from "../autograd/variable.ts";
import { UsageError } from "../errors.ts";
import { contiguousStrides } from "../kernel/strides.ts";
import type { Convolution } from "../kernel/windows.ts";
import { expressionNodes } from "./expressionNodes.ts";
import type { GraphBuilder, Value } from "./graphBuilder.ts";
import type { Dims, TracedOperation } from "./trace.ts";

interface Call {
  readonly graph: GraphBuilder;
  readonly operation: TracedOperation;
  readonly inputs: readonly Value[];
  /** Those that the inputs had when they were traced. */
  readonly inputDims: readonly Dims[];
  readonly dims: Dims;
}

/** The inputs with all the elements that they had. */
const wholeInputs = ({ graph, inputs, inputDims }: Call): Value[] =>
  inputs.map((x, i) => graph.expand(graph.cast(x, "float32"), inputDims[i]!));

function kernel(call: Call, run: KernelFunction): Value {
  const { graph, operation, inputDims, dims } = call;
  const whole = operation.dimsOf((context) => (context as Domain).shape);
  const rowAxes = (operation.call.context as Domain).rowShape.length;
  const [rows, cols] = [whole.slice(0, rowAxes), whole.slice(rowAxes)];
  if (run.name === "argMax" && cols.length === 1) {
    const x = graph.expand(graph.cast(call.inputs[0]!, "float32"), whole);
    return graph.node("ArgMax", [x], rows, { attributes: { axis: -1, keepdims: 0 }, type: "int64" });
  }
  const inputs = call.inputs.map((x, i) => {
    const value = graph.cast(x, "float32");
    const isPerRow = run.kinds[i] === "row" && cols.length > 0 && isSame(inputDims[i]!, rows);
    return isPerRow ? graph.reshape(graph.expand(value, rows), [...rows, ...cols.map(() => 1)]) : value;
  });
  const y = expressionNodes(graph, run.y, inputs, operation.call.scalars, { rows, cols });
  // at row level the axes within a row have length 1
  return y.dims.length > dims.length ? graph.reshape(graph.expand(y, [...rows, ...cols.map(() => 1)]), dims) : y;
}

const isSame = (a: Dims, b: Dims) => a.length === b.length && a.every((dim, i) => dim === b[i]);

/** The activation behind a matrix product or a convolution. */
const withEpilogue = ({ graph, operation, dims }: Call, y: Value): Value => {
  const { epilogue } = operation.call.operation as unknown as { readonly epilogue: Epilogue | null };
  return epilogue ? expressionNodes(graph, epilogue.expression, [y], [], { rows: [], cols: dims }) : y;
};

/** A matrix with its last two axes swapped. */
const swapped = (graph: GraphBuilder, x: Value): Value => {
  const order = [...x.dims.keys()];
  order.push(...order.splice(-2).reverse());
  return graph.node(
    "Transpose",
    [x],
    order.map((axis) => x.dims[axis]!),
    { attributes: { perm: order } },
  );
};

const families: Readonly<Record<string, (call: Call) => Value>> = {
  linear: (call) => {
    const { graph, operation, dims, inputDims } = call;
    const parts = operation.call.context as number;
    const inputs = wholeInputs(call);
    const inner = inputDims.slice(0, parts).reduce((sum, part) => sum + part[1]!, 0);
    const joined = () => graph.node("Concat", inputs.slice(0, parts), [dims[0]!, inner], { attributes: { axis: 1 } });
    const x = parts === 1 ? inputs[0]! : joined();
    return withEpilogue(call, graph.node("Gemm", [x, ...inputs.slice(parts)], dims));
  },

  conv2d: (call) => {
    const of = call.operation.call.context as Convolution;
    const [top, left] = of.padding;
    const attributes = {
      kernel_shape: of.kernel,
      strides: of.stride,
      pads: [top, left, top, left],
      dilations: of.dilation,
      group: of.groups,
    };
    return withEpilogue(call, call.graph.node("Conv", wholeInputs(call), call.dims, { attributes }));
  },

  matmul: (call) => {
    const { graph, operation, dims } = call;
    const { transposeA, transposeB } = operation.call.context as { transposeA: boolean; transposeB: boolean };
    const [a, b] = wholeInputs(call) as [Value, Value];
    return graph.node("MatMul", [transposeA ? swapped(graph, a) : a, transposeB ? swapped(graph, b) : b], dims);
  },

  reshape: (call) => call.graph.reshape(wholeInputs(call)[0]!, call.dims),

  // what reads it broadcasts, or asks for all elements
  broadcastTo: ({ inputs }) => inputs[0]!,

  transpose: (call) => {
    const perm = call.operation.call.context as readonly number[];
    return call.graph.node("Transpose", wholeInputs(call), call.dims, { attributes: { perm } });
  },

  concat: (call) => {
    const axis = call.operation.call.context as number;
    return call.graph.node("Concat", wholeInputs(call), call.dims, { attributes: { axis } });
  },

  getItem: (call) => {
    const { graph, operation, dims } = call;
    const { whole, offset, strides } = operation.call.context as {
      readonly whole: Shape;
      readonly offset: number;
      readonly strides: readonly number[];
    };
    const wholeStrides = contiguousStrides(whole);
    const inputDims = call.inputDims[0]!;
    // the axes that are cut; a whole one may be as long as the batch
    const cut = [...whole.keys()].filter(
      (axis) => dims[axis] !== inputDims[axis] || strides[axis] !== wholeStrides[axis],
    );
    const starts = cut.map((axis) => Math.floor(offset / wholeStrides[axis]!) % whole[axis]!);
    const steps = cut.map((axis) => Math.max(1, strides[axis]! / wholeStrides[axis]!));
    const ends = cut.map((axis, i) => starts[i]! + (dims[axis]! - 1) * steps[i]! + 1);
    if (cut.some((axis) => dims[axis]! < 0) || cut.some((axis) => strides[axis]! < 0))
      throw untranslated(operation.name);
    const lists = [starts, ends, cut, steps].map((list) => graph.integers(list));
    return graph.node("Slice", [...wholeInputs(call), ...lists], dims);
  },

  embedId: (call) => {
    const { graph, dims } = call;
    const [ids, table] = wholeInputs(call) as [Value, Value];
    return graph.node("Gather", [table, graph.cast(ids, "int64")], dims, { attributes: { axis: 0 } });
  },
};

const untranslated = (name: string) =>
  new UsageError(
    `onnx: every operation of the network must have a counterpart in ONNX; got ${name}, which has none yet. Known are expressions and ${Object.keys(families).join(", ")}.`,
  );

/** @throws UsageError for an operation without a counterpart */
export function operationNodes(call: Call): Value {
  const { name } = call.operation;
  const { operation } = call.operation.call;
  if (operation instanceof KernelFunction) return kernel(call, operation);
  // linear+relu is linear with an activation
  const family = families[name.split("+")[0]!];
  if (!family) throw untranslated(name);
  return family(call);
}
