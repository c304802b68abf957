/** An agent's greedy actions as an ONNX model. */
import type { Agent, GreedyForward } from "../agents/index.ts";
import { evalMode } from "../autograd/index.ts";
import { onHost } from "../device.ts";
import { UsageError } from "../errors.ts";
import { GraphBuilder, type Value } from "./graphBuilder.ts";
import { encodeModel, type GraphTensor, opset } from "./model.ts";
import { operationNodes } from "./operationNodes.ts";
import { constantShape, traceForward } from "./trace.ts";

/** What is said about a model. */
export interface OnnxTensor {
  readonly name: string;
  readonly type: string;
  /** "batch" for any number of observations. */
  readonly shape: readonly (number | string)[];
}
export interface OnnxModel {
  /** The .onnx file. */
  readonly bytes: Uint8Array;
  readonly opset: number;
  readonly inputs: readonly OnnxTensor[];
  readonly outputs: readonly OnnxTensor[];
}

const obsName = "obs";
const actionName = "action";

/**
 * The network by which an agent acts in evaluation, with everything around it: input `obs` (batch, …obs) as the
 * environment returns observations, output `action` as the environment takes them: (batch) whole numbers, or (batch,
 * actions) within bounds. Further outputs tell what the actions were chosen by: `values` or `logits` (batch, actions), or
 * `mean` (batch, actions).
 *
 * @param metadata anything else to be read in the file
 * @throws UsageError for an agent whose network cannot be written
 */
export function exportOnnx(agent: Agent, metadata: Readonly<Record<string, string>> = {}): OnnxModel {
  if (!agent.greedyForward) {
    throw new UsageError(
      `onnx: the agent must tell how it acts on many observations; got ${agent.name}, which does not. Give it a greedyForward.`,
    );
  }
  const greedy = agent.greedyForward();
  const { obsShape, obsType } = greedy;
  const trace = onHost(() => evalMode(() => agent.evalMode(() => traceForward(obsShape, greedy.forward))));
  const graph = new GraphBuilder(obsName);
  const values = new Map<number, Value>();
  const input: GraphTensor = { name: obsName, type: obsType, shape: ["batch", ...obsShape] };
  const tensor = (id: number): Value => {
    let value = values.get(id);
    if (value === undefined) {
      // what no operation has given is a constant
      const { dims, constant } = trace.tensors[id]!;
      value = graph.constant(constant!, constantShape(dims));
      values.set(id, value);
    }
    return value;
  };
  values.set(0, graph.cast({ name: obsName, dims: trace.tensors[0]!.dims, type: obsType }, "float32"));
  for (const operation of trace.operations) {
    const inputs = operation.inputs.map(tensor);
    const inputDims = operation.inputs.map((id) => trace.tensors[id]!.dims);
    const { dims } = trace.tensors[operation.output]!;
    values.set(operation.output, operationNodes({ graph, operation, inputs, inputDims, dims }));
  }
  const outputs = Object.entries(trace.outputs).map(([name, id]): GraphTensor => {
    const { dims } = trace.tensors[id]!;
    const value = graph.expand(tensor(id), dims);
    const type = name === actionName ? writeAction(graph, value, greedy) : writeOutput(graph, value, name);
    return { name, type, shape: dims.map((dim) => (dim === -1 ? "batch" : dim)) };
  });
  const { nodes, initializers } = graph;
  const about = { agent: agent.name, ...metadata };
  const bytes = encodeModel({
    name: agent.name,
    nodes,
    initializers,
    inputs: [input],
    outputs,
    metadata: about,
  });
  return { bytes, opset, inputs: [input], outputs };
}

function writeOutput(graph: GraphBuilder, value: Value, name: string): "float32" {
  graph.node("Identity", [graph.cast(value, "float32")], value.dims, { name });
  return "float32";
}

/** The last steps from what the network says to what the environment takes. */
function writeAction(graph: GraphBuilder, value: Value, { firstAction, bounds }: GreedyForward): "float32" | "int64" {
  const { dims } = value;
  if (firstAction !== null) {
    const number = graph.cast(value, "int64");
    graph.node("Add", [number, graph.integers([firstAction])], dims, { type: "int64", name: actionName });
    return "int64";
  }
  let action = graph.cast(value, "float32");
  if (bounds !== null) {
    const row = (numbers: ArrayLike<number>) => graph.constant(Float32Array.from(numbers), [numbers.length]);
    action = graph.elementwise("Min", [action, row(bounds.high)]);
    action = graph.elementwise("Max", [action, row(bounds.low)]);
  }
  return writeOutput(graph, action, actionName);
}
