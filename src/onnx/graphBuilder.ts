/** Puts together the nodes of a graph; follows what is known of their shapes. */
import { InternalError } from "../errors.ts";
import type { Attributes, ElementType, GraphNode, Initializer } from "./model.ts";
import type { Dim, Dims } from "./trace.ts";

/** What a node gives. Its dims may be 1 where those of the traced tensor are larger: operators broadcast as NumPy does. */
export interface Value {
  readonly name: string;
  readonly dims: Dims;
  readonly type: ElementType;
}

/** The dims that two broadcast to. */
export function broadcastDims(a: Dims, b: Dims): Dims {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, i): Dim => {
    const [x, y] = [a[i - rank + a.length] ?? 1, b[i - rank + b.length] ?? 1];
    if (x === y || y === 1) return x;
    if (x === 1) return y;
    throw new InternalError(`onnx: shapes (${a}) and (${b}) do not broadcast.`);
  });
}

const same = (a: Dims, b: Dims) => a.length === b.length && a.every((dim, i) => dim === b[i]);

export class GraphBuilder {
  readonly nodes: GraphNode[] = [];
  readonly initializers: Initializer[] = [];
  readonly #obs: string;
  readonly #numbers = new Map<string, Value>();
  #count = 0;

  /** @param obs the input whose first axis is the batch */
  constructor(obs: string) {
    this.#obs = obs;
  }

  /** @param name its name where it is an output of the graph */
  node(
    operator: string,
    inputs: readonly Value[],
    dims: Dims,
    { attributes = {}, type = "float32", name }: { attributes?: Attributes; type?: ElementType; name?: string } = {},
  ): Value {
    const output = name ?? `${operator.toLowerCase()}_${this.#count++}`;
    this.nodes.push({ operator, inputs: inputs.map((x) => x.name), output, attributes });
    return { name: output, dims, type };
  }

  /** An operator that broadcasts. */
  elementwise(operator: string, inputs: readonly Value[], type: ElementType = "float32"): Value {
    const dims = inputs.map((x) => x.dims).reduce(broadcastDims);
    return this.node(operator, inputs, dims, { type });
  }

  /** A constant of its own name. */
  constant(data: Float32Array | BigInt64Array, shape: readonly number[]): Value {
    const name = `constant_${this.#count++}`;
    this.initializers.push({ name, shape, data });
    return { name, dims: shape, type: data instanceof Float32Array ? "float32" : "int64" };
  }

  /** A number; the same one is there once. */
  number(x: number): Value {
    return this.#once(`${Object.is(x, -0) ? "-0" : x}`, () => this.constant(Float32Array.of(x), []));
  }

  /** Whole numbers, such as axes; the same ones are there once. */
  integers(list: readonly number[]): Value {
    return this.#once(`[${list}]`, () => this.constant(BigInt64Array.from(list, BigInt), [list.length]));
  }

  #once(key: string, make: () => Value): Value {
    const value = this.#numbers.get(key) ?? make();
    this.#numbers.set(key, value);
    return value;
  }

  cast(x: Value, type: "float32" | "int64", name?: string): Value {
    if (x.type === type && name === undefined) return x;
    const to = type === "float32" ? 1 : 7;
    return this.node("Cast", [x], x.dims, { attributes: { to }, type, ...(name === undefined ? {} : { name }) });
  }

  /** x repeated to the given dims, which it broadcasts to. */
  expand(x: Value, dims: Dims): Value {
    if (same(x.dims, dims)) return x;
    // what is right already may be 1, which leaves it
    const offset = dims.length - x.dims.length;
    const wanted = dims.map((dim, i) => (x.dims[i - offset] === dim ? 1 : dim));
    const shape = wanted.some((dim) => dim < 0) ? this.#shape(wanted) : this.integers(wanted);
    return this.node("Expand", [x, shape], dims, { type: x.type });
  }

  /** Dims as a tensor, computed where they depend on the batch. */
  #shape(dims: Dims): Value {
    const batch = this.#once("batch", () => {
      const obs = { name: this.#obs, dims: [], type: "float32" } as const;
      return this.node("Shape", [obs], [1], { attributes: { start: 0, end: 1 }, type: "int64" });
    });
    const parts = dims.map((dim) => {
      if (dim >= 0) return this.integers([dim]);
      return dim === -1 ? batch : this.node("Mul", [batch, this.integers([-dim])], [1], { type: "int64" });
    });
    return this.node("Concat", parts, [dims.length], { attributes: { axis: 0 }, type: "int64" });
  }

  /** The same numbers in other dims, of which one may depend on the batch. */
  reshape(x: Value, dims: Dims): Value {
    if (same(x.dims, dims)) return x;
    const open = dims.filter((dim) => dim < 0).length;
    const shape = open > 1 ? this.#shape(dims) : this.integers(dims.map((dim) => (dim < 0 ? -1 : dim)));
    return this.node("Reshape", [x, shape], dims, { type: x.type });
  }
}
