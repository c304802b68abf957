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
  const leaf = (x: Variable): string =>
    ids.get(x) ?? add(x, `${x.name ?? (x.requiresGrad ? "leaf" : "data")} ${formatShape(x.shape)}`, false);

  const visit = (node: FunctionNode): string => {
    const known = ids.get(node);
    if (known) return known;
    const from = node.inputs.map((x) => (x.creator ? visit(x.creator) : leaf(x)));
    const id = add(node, `${node.name} ${formatShape(node.output.shape)}`, true);
    for (const source of from) edges.push([source, id]);
    return id;
  };
  if (y.creator) visit(y.creator);
  else leaf(y);

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
