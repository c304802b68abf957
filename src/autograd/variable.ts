/** Variable: a tensor of float32 numbers (float64 on the reference backend) that remembers how it was computed. */
import { ShapeError, UsageError } from "../errors.ts";
import { backend, backendId } from "../kernel/backend.ts";
import { sizeOf } from "../kernel/strides.ts";
import type { FunctionNode } from "./functionNode.ts";
import { allocate, installScopeReturn, scopeEpochs, scopeLevel } from "./scope.ts";

/** A tensor's dimensions; equal shapes are the same frozen array. */
export type Shape = readonly number[];

const shapes = new Map<string, Shape>();
// small whole numbers make the fastest keys: texts are built for tensors of three axes and more alone
const vectorShapes = new Map<number, Shape>();
const matrixShapes = new Map<number, Shape>();

/** The one array for these dimensions. @throws ShapeError when a dimension is not a whole number ≥ 0. */
export function internShape(dims: readonly number[]): Shape {
  const [first, second] = dims;
  if (dims.length === 1 && isCount(first!)) return vectorShape(first);
  if (dims.length === 2 && isCount(first!) && isCount(second!)) return matrixShape(first, second);
  return shapeByText(dims);
}

const isCount = (n: number): boolean => n >>> 0 === n;

function shapeByText(dims: readonly number[]): Shape {
  const key = dims.join();
  let shape = shapes.get(key);
  if (!shape) {
    if (!dims.every((n) => Number.isInteger(n) && n >= 0)) {
      throw new ShapeError(`shape: dimensions must be whole numbers of at least 0; got (${dims.join(", ")}).`);
    }
    shape = Object.freeze([...dims]);
    shapes.set(key, shape);
  }
  return shape;
}

function vectorShape(n: number): Shape {
  let shape = vectorShapes.get(n);
  if (!shape) {
    shape = shapeByText([n]);
    vectorShapes.set(n, shape);
  }
  return shape;
}

/** The shape (rows, cols). */
export function matrixShape(rows: number, cols: number): Shape {
  const key = rows < 1 << 15 && cols < 1 << 15 ? rows * (1 << 15) + cols : rows * 2 ** 26 + cols + 0.5;
  let shape = matrixShapes.get(key);
  if (!shape) {
    shape = shapeByText([rows, cols]);
    matrixShapes.set(key, shape);
  }
  return shape;
}

/** A shape as errors print it: `(32, 4)`. */
export const formatShape = (shape: Shape): string => `(${shape.join(", ")})`;

/** Counts overwrites of memory that Variables read in place: parameters, staging rows. */
export interface Version {
  version: number;
}

/** Nested arrays of numbers, as deep as the shape. */
export type NestedNumbers = number | readonly NestedNumbers[];

export interface Arithmetic {
  add(a: Variable, b: Variable | number): Variable;
  sub(a: Variable, b: Variable | number): Variable;
  mul(a: Variable, b: Variable | number): Variable;
  div(a: Variable, b: Variable | number): Variable;
  neg(a: Variable): Variable;
  backward(y: Variable, gy?: Variable): void;
}
let arithmetic: Arithmetic;

/** Called once by ops/arithmetic.ts and backward.ts, which know how; Variable itself knows no operation. */
export function installArithmetic(part: Partial<Arithmetic>): void {
  arithmetic = { ...arithmetic, ...part };
}

export class Variable {
  readonly shape: Shape;
  /** Where the numbers stand in the backend's memory, in bytes. */
  address: number;
  readonly level: number;
  readonly epoch: number;
  readonly backendId: number;
  /** Whether gradients flow to this Variable or through it. */
  requiresGrad: boolean;
  /** The operation that computed it; null for data and for what was computed without recording. */
  creator: FunctionNode | null;
  /** What `backward` left here; only on leaves that require a gradient. */
  grad: Variable | null = null;
  /** The gradient gathered so far by the backward pass that runs. */
  pending: Variable | null = null;
  /** The count of overwrites, for memory that is overwritten in place; null elsewhere. */
  source: Version | null = null;
  /** For error messages, graphs and hooks. */
  name: string | null = null;

  /** Use `variable(…)` or an operation. */
  constructor(shape: Shape, address: number, level: number) {
    this.shape = shape;
    this.address = address;
    this.level = level;
    this.epoch = scopeEpochs[level]!;
    this.backendId = backendId;
    this.requiresGrad = false;
    this.creator = null;
  }

  get size(): number {
    return sizeOf(this.shape);
  }

  /** Whether its memory is still its own. */
  get isAlive(): boolean {
    return scopeEpochs[this.level] === this.epoch && this.backendId === backendId;
  }

  /**
   * The numbers in place, row-major. The view is good until the scope ends or memory grows: copy what you keep
   * (`toArray`). Writing to it changes the Variable.
   */
  get data(): Float32Array | Float64Array {
    assertAlive(this, "data");
    const { floats } = backend().memory;
    return floats.subarray(this.address >> 2, (this.address >> 2) + this.size);
  }

  /** A copy of the numbers, row-major, once they are computed: the way to read on a GPU, where `data` is not to be had. */
  read(): Promise<Float32Array | Float64Array> {
    assertAlive(this, "read");
    return backend().memory.read(this.address, this.size);
  }

  /** A copy of the numbers, row-major. */
  toArray(): number[] {
    return Array.from(this.data);
  }

  /** The numbers as nested arrays, as deep as the shape. */
  toNested(): NestedNumbers {
    const flat = this.data;
    const build = (dim: number, offset: number, stride: number): NestedNumbers => {
      if (dim === this.shape.length) return flat[offset]!;
      const inner = this.shape[dim]! === 0 ? 0 : stride / this.shape[dim]!;
      return Array.from({ length: this.shape[dim]! }, (_, i) => build(dim + 1, offset + i * inner, inner));
    };
    return build(0, 0, this.size);
  }

  /** The only number of a Variable of one element. @throws ShapeError when there are more. */
  item(): number {
    assertAlive(this, "item");
    if (this.size !== 1) {
      throw new ShapeError(
        `item: the Variable must have one element; got shape ${formatShape(this.shape)}. Use toArray().`,
      );
    }
    return backend().memory.floats[this.address >> 2]!;
  }

  /** The i-th number, row-major, without making a view. */
  at(i: number): number {
    assertAlive(this, "at");
    return backend().memory.floats[(this.address >> 2) + i]!;
  }

  /** Overwrites the numbers in place, row-major; a graph that has read them can no longer be differentiated. */
  write(values: ArrayLike<number>): void {
    assertAlive(this, "write");
    const size = this.size;
    if (values.length !== size) {
      throw new ShapeError(
        `write: a Variable of shape ${formatShape(this.shape)} must be given ${size} numbers; got ${values.length}.`,
      );
    }
    const { memory } = backend();
    if (size > 32 || !memory.isOnHost) {
      memory.write(this.address, values);
    } else {
      const { floats } = memory;
      const start = this.address >> 2;
      for (let i = 0; i < size; i++) floats[start + i] = values[i]!;
    }
    this.source ??= { version: 0 };
    this.source.version++;
  }

  /** The same numbers without their history: no gradient flows through. */
  detach(): Variable {
    assertAlive(this, "detach");
    const y = new Variable(this.shape, this.address, this.level);
    y.source = this.source;
    return y;
  }

  /** Forgets a leaf's gradient. */
  clearGrad(): void {
    this.grad = null;
  }

  /**
   * Gradients of this Variable with respect to every leaf that requires one: into parameters' slots (added to what is
   * there since `clearGrads`), into other leaves' `grad`. Builds no graph; see `grad()` for that.
   *
   * @param gy gradient of this Variable, its shape; may be left out for one element (then 1)
   */
  backward(gy?: Variable): void {
    arithmetic.backward(this, gy);
  }

  add(other: Variable | number): Variable {
    return arithmetic.add(this, other);
  }
  sub(other: Variable | number): Variable {
    return arithmetic.sub(this, other);
  }
  mul(other: Variable | number): Variable {
    return arithmetic.mul(this, other);
  }
  div(other: Variable | number): Variable {
    return arithmetic.div(this, other);
  }
  neg(): Variable {
    return arithmetic.neg(this);
  }

  /** What `console.log` shows in Node and Deno. */
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }
  [Symbol.for("Deno.customInspect")](): string {
    return this.toString();
  }

  toString(): string {
    const what = this.name ? `${this.name} ` : "";
    if (!this.isAlive) return `Variable(${what}${formatShape(this.shape)}, its scope has ended)`;
    if (!backend().memory.isOnHost) return `Variable(${what}${formatShape(this.shape)}, read it with await x.read())`;
    const shown = Array.from(this.data.subarray(0, 6), (x) => Number(x.toPrecision(6)));
    return `Variable(${what}${formatShape(this.shape)} [${shown.join(", ")}${this.size > 6 ? ", …" : ""}])`;
  }
}

/** @throws UsageError when the Variable's scope has ended or its backend was replaced. */
export function assertAlive(x: Variable, where: string): void {
  if (scopeEpochs[x.level] === x.epoch && x.backendId === backendId) return;
  const what = x.name ?? `a Variable of shape ${formatShape(x.shape)}`;
  throw new UsageError(
    scopeEpochs[x.level] !== x.epoch
      ? `${where}: a Variable may be used only inside its scope; got ${what} after its scope ended. Return it from the scope, or keep its numbers with toArray().`
      : `${where}: a Variable may be used only on the device it was made on; got ${what} after another device was opened. Make it anew.`,
  );
}

/** An uninitialised Variable of the running scope. */
export function allocateVariable(shape: Shape): Variable {
  return new Variable(shape, allocate(4 * sizeOf(shape)), scopeLevel);
}

function shapeOfNested(values: NestedNumbers): number[] {
  const shape: number[] = [];
  let level: NestedNumbers = values;
  while (typeof level !== "number") {
    shape.push(level.length);
    if (level.length === 0) break;
    level = level[0]!;
  }
  return shape;
}

function writeNested(
  values: NestedNumbers,
  shape: readonly number[],
  out: { [i: number]: number },
  offset: number,
): number {
  if (typeof values === "number") {
    if (shape.length > 0)
      throw new ShapeError(`variable: nested arrays must be equally deep; got a number beside arrays.`);
    out[offset] = values;
    return offset + 1;
  }
  if (values.length !== shape[0]) {
    throw new ShapeError(
      `variable: nested arrays of one depth must be equally long; got lengths ${shape[0] ?? "none"} and ${values.length}.`,
    );
  }
  let at = offset;
  for (const inner of values) at = writeNested(inner, shape.slice(1), out, at);
  return at;
}

/**
 * A Variable with the given numbers, copied.
 *
 * @param values a number, nested arrays, or flat numbers together with `shape`
 * @param options.requiresGrad makes it a leaf that backward fills
 */
export function variable(
  values: NestedNumbers | ArrayLike<number>,
  options: { shape?: readonly number[]; requiresGrad?: boolean; name?: string } = {},
): Variable {
  backend();
  const nested = typeof values === "number" || Array.isArray(values);
  const found = nested ? shapeOfNested(values as NestedNumbers) : [(values as ArrayLike<number>).length];
  const shape = internShape(options.shape ?? found);
  if (sizeOf(shape) !== sizeOf(found)) {
    throw new ShapeError(
      `variable: shape ${formatShape(shape)} must hold as many numbers as given; got ${sizeOf(found)}. Check the shape.`,
    );
  }
  const x = allocateVariable(shape);
  const { memory } = backend();
  if (!nested) {
    memory.write(x.address, values as ArrayLike<number>);
  } else if (memory.isOnHost) {
    writeNested(values as NestedNumbers, found, memory.floats.subarray(x.address >> 2), 0);
  } else {
    const flat = new Float32Array(x.size);
    writeNested(values as NestedNumbers, found, flat, 0);
    memory.write(x.address, flat);
  }
  x.requiresGrad = options.requiresGrad ?? false;
  x.name = options.name ?? null;
  return x;
}

/** A Variable filled with one number. */
export function full(shape: readonly number[], value: number): Variable {
  const y = allocateVariable(internShape(shape));
  backend().families.fill(y.size, y.address, value);
  return y;
}
export const zeros = (shape: readonly number[]): Variable => full(shape, 0);
export const ones = (shape: readonly number[]): Variable => full(shape, 1);

/** Counts the times memory has grown: views of Variables' numbers may be out of date afterwards. */
export const memoryGeneration = (): number => backend().memory.generation;

/** A Variable in memory of its own that no scope recycles, filled with zeros. */
export function persistent(shape: readonly number[]): Variable {
  const interned = internShape(shape);
  return new Variable(interned, backend().memory.reserve(4 * sizeOf(interned)), 0);
}

/** Persistent Variables side by side: `all` is a vector over them and the gaps between. */
export function persistentParts(shapes: readonly (readonly number[])[]): { all: Variable; parts: Variable[] } {
  const interned = shapes.map(internShape);
  // each begins at a multiple of 64 bytes and owns its memory up to the next
  const room = (shape: Shape) => (sizeOf(shape) + 15) & -16;
  const all = persistent([interned.reduce((sum, shape) => sum + room(shape), 0)]);
  let { address } = all;
  const parts = interned.map((shape) => {
    const part = new Variable(shape, address, 0);
    address += 4 * room(shape);
    return part;
  });
  return { all, parts };
}

/** A returned Variable on its way out, its numbers in memory that no scope recycles. */
class Carried {
  readonly original: Variable;
  readonly #address: number;

  constructor(original: Variable) {
    this.original = original;
    const { memory, families } = backend();
    this.#address = memory.reserve(4 * original.size);
    families.copy(original.size, original.address, this.#address, false);
  }

  /** Puts the numbers where they belong. */
  moveTo(address: number): void {
    const { memory, families } = backend();
    const { size } = this.original;
    families.copy(size, this.#address, address, false);
    memory.release(this.#address, 4 * size);
  }
}

function mapReturned(value: unknown, map: (x: unknown) => unknown): unknown {
  if (Array.isArray(value)) return value.map(map);
  if (value !== null && typeof value === "object" && Object.getPrototypeOf(value) === Object.prototype) {
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, map(inner)]));
  }
  return map(value);
}

installScopeReturn(
  (value, level) => {
    let found = false;
    const prepared = mapReturned(value, (x) => {
      if (!(x instanceof Variable) || x.level !== level) return x;
      if (x.creator) {
        throw new UsageError(
          `scope: a recorded Variable may not leave its scope; got ${x.creator.name} ${formatShape(x.shape)}. Return y.detach(), or compute the gradient inside.`,
        );
      }
      found = true;
      return new Carried(x);
    });
    return found ? prepared : undefined;
  },
  (prepared) =>
    mapReturned(prepared, (x) => {
      if (!(x instanceof Carried)) return x;
      const { shape, requiresGrad, name } = x.original;
      const y = allocateVariable(shape);
      x.moveTo(y.address);
      y.requiresGrad = requiresGrad;
      y.name = name;
      return y;
    }),
);
