/** The observations of many environments together: the space they form, and arrays of them a row an environment. */
import { UsageError } from "../../errors.ts";
import { Box, type BoxDtype, Dict, Discrete, MultiBinary, MultiDiscrete, type Space, Tuple } from "../spaces/index.ts";

type Numbers =
  | Float32Array
  | Float64Array
  | Int8Array
  | Int16Array
  | Int32Array
  | Uint8Array
  | Uint16Array
  | Uint32Array;

/** Elements of one space, a row each: `(n, …shape)` in one typed array, or such a batch for each part of Tuple and Dict. */
export type Batch = Numbers | readonly Batch[] | { readonly [name: string]: Batch };

/** What a batch is made of: makes room for `length` numbers of a type. */
export type Allocate = (type: NumbersConstructor, length: number) => Numbers;
export type NumbersConstructor = (new (
  buffer: ArrayBufferLike,
  offset: number,
  length: number,
) => Numbers) &
  (new (
    length: number,
  ) => Numbers) & { readonly BYTES_PER_ELEMENT: number };

const onHeap: Allocate = (type, length) => new type(length);

function unknownSpace(space: Space<unknown>): never {
  throw new UsageError(
    `VectorEnv: spaces must be Box, Discrete, MultiDiscrete, MultiBinary, or Tuple and Dict of them; got ${String(space)}. Wrap the environment.`,
  );
}

/** Numbers of one element in a batch: 1 for Discrete. */
export function rowSize(space: Space<unknown>): number {
  return (space.shape ?? unknownSpace(space)).reduce((a, b) => a * b, 1);
}

/** The space of n elements together, as Gymnasium's `batch_space`. */
export function batchSpace(space: Space<unknown>, n: number): Space<unknown> {
  if (space instanceof Box) {
    const tiled = (bound: ArrayLike<number>) =>
      Float64Array.from({ length: n * bound.length }, (_, i) => bound[i % bound.length]!);
    const { dtype, shape } = space as Box<BoxDtype>;
    return new Box(tiled(space.low), tiled(space.high), { dtype, shape: [n, ...shape] });
  }
  if (space instanceof Discrete) {
    return new MultiDiscrete(new Int32Array(n).fill(space.n), new Int32Array(n).fill(space.start));
  }
  if (space instanceof MultiDiscrete) {
    const high = space.nvec.map((count, i) => count + space.start[i]! - 1);
    return batchSpace(new Box(space.start, high, { dtype: "int32" }), n);
  }
  if (space instanceof MultiBinary) return batchSpace(new Box(0, 1, { dtype: "int8", shape: space.shape }), n);
  if (space instanceof Tuple) return new Tuple(space.spaces.map((part: Space<unknown>) => batchSpace(part, n)));
  if (space instanceof Dict) {
    const parts = Object.entries<Space<unknown>>(space.spaces);
    return new Dict(Object.fromEntries(parts.map(([name, part]) => [name, batchSpace(part, n)])));
  }
  return unknownSpace(space);
}

/** Room for n elements, zeros. */
export function createBatch(space: Space<unknown>, n: number, allocate: Allocate = onHeap): Batch {
  if (space instanceof Box) return allocate(space.low.constructor as NumbersConstructor, n * space.flatDim);
  if (space instanceof Discrete || space instanceof MultiDiscrete) return allocate(Int32Array, n * rowSize(space));
  if (space instanceof MultiBinary) return allocate(Int8Array, n * rowSize(space));
  if (space instanceof Tuple) return space.spaces.map((part: Space<unknown>) => createBatch(part, n, allocate));
  if (space instanceof Dict) {
    const parts = Object.entries<Space<unknown>>(space.spaces);
    return Object.fromEntries(parts.map(([name, part]) => [name, createBatch(part, n, allocate)]));
  }
  return unknownSpace(space);
}

/** Writes an element into a row. */
export function setRow(space: Space<unknown>, batch: Batch, row: number, element: unknown): void {
  if (ArrayBuffer.isView(batch)) {
    if (typeof element === "number") batch[row] = element;
    else batch.set(element as ArrayLike<number>, row * (element as ArrayLike<number>).length);
  } else if (space instanceof Tuple) {
    for (const [i, part] of space.spaces.entries()) {
      setRow(part, (batch as readonly Batch[])[i]!, row, (element as readonly unknown[])[i]);
    }
  } else {
    for (const [name, part] of Object.entries<Space<unknown>>((space as Dict).spaces)) {
      setRow(part, (batch as Record<string, Batch>)[name]!, row, (element as Record<string, unknown>)[name]);
    }
  }
}

/** The element in a row: a number, a view of the batch's numbers, or those of the parts. */
export function getRow(space: Space<unknown>, batch: Batch, row: number): unknown {
  if (ArrayBuffer.isView(batch)) {
    if (space instanceof Discrete) return batch[row];
    const size = rowSize(space);
    return batch.subarray(row * size, (row + 1) * size);
  }
  if (space instanceof Tuple) {
    return space.spaces.map((part: Space<unknown>, i: number) => getRow(part, (batch as readonly Batch[])[i]!, row));
  }
  const parts = Object.entries<Space<unknown>>((space as Dict).spaces);
  return Object.fromEntries(
    parts.map(([name, part]) => [name, getRow(part, (batch as Record<string, Batch>)[name]!, row)]),
  );
}

/** Writes a batch over another of the same space, from a row of it on. */
export function copyBatch(from: Batch, to: Batch): void {
  if (ArrayBuffer.isView(to)) to.set(from as Numbers);
  else for (const name of Object.keys(to)) copyBatch(from[name as never], to[name as never]);
}
