/** Draws the computation behind a Variable. */
import type { FunctionNode } from "./functionNode.ts";
import { formatShape, type Variable } from "./variable.ts";

export interface GraphOptions {
  /** "dot" for Graphviz, "mermaid" for Markdown. */
  readonly format?: "dot" | "mermaid";
}

/** The graph that leads to y, as text: operations with their results' shapes, leaves with their names. */
export function graph(y: Variable, { format = "dot" }: GraphOptions = {}): string {
  const ids = new Map<object, string>();
  const vertices: { id: string; label: string; isOperation: boolean }[] = [];
  const edges: [string, string][] = [];

  const add = (what: object, label: string, isOperation: boolean): string => {
    const id = `n${ids.size}`;
    ids.set(what, id);
    vertices.push({ id, label, isOperation });
    return id;
  };
  const leaf = (x: Variable): void => {
    if (!ids.has(x)) add(x, `${x.name ?? (x.requiresGrad ? "leaf" : "data")} ${formatShape(x.shape)}`, false);
  };

  // depth first, inputs before their users; iterative, as graphs may be deep
  const path: FunctionNode[] = [];
  const enter = (x: Variable): void => {
    if (!x.creator) leaf(x);
    else if (!ids.has(x.creator)) path.push(x.creator);
  };
  const drawn = new Map<FunctionNode, number>();
  enter(y);
  while (path.length > 0) {
    const node = path.at(-1)!;
    const i = drawn.get(node) ?? 0;
    drawn.set(node, i + 1);
    if (i < node.inputs.length) {
      enter(node.inputs[i]!);
      continue;
    }
    path.pop();
    const id = add(node, `${node.name} ${formatShape(node.output.shape)}`, true);
    for (const x of node.inputs) edges.push([ids.get(x.creator ?? x)!, id]);
  }

  const quoted = (label: string) =>
    format === "mermaid"
      ? `"${label.replaceAll('"', "#quot;")}"`
      : `"${label.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
  if (format === "mermaid") {
    return [
      "flowchart TD",
      ...vertices.map(({ id, label, isOperation }) =>
        isOperation ? `  ${id}[${quoted(label)}]` : `  ${id}([${quoted(label)}])`,
      ),
      ...edges.map(([from, to]) => `  ${from} --> ${to}`),
    ].join("\n");
  }
  return [
    "digraph {",
    ...vertices.map(
      ({ id, label, isOperation }) => `  ${id} [label=${quoted(label)}, shape=${isOperation ? "box" : "ellipse"}];`,
    ),
    ...edges.map(([from, to]) => `  ${from} -> ${to};`),
    "}",
  ].join("\n");
}
