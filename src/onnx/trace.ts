/**
 * A forward pass as a list of operations with dimensions that may depend on the size of the batch: it is run twice, with
 * two sizes, and what grew with them depends on it. What does not depend on the observations is a constant.
 */

import type { OperationCall } from "../autograd/functionNode.ts";
import { evalMode, noBackprop, type Shape, scope, type Variable, variable, withHook } from "../autograd/index.ts";
import { InternalError, UsageError } from "../errors.ts";
import { sizeOf } from "../kernel/strides.ts";

/** A dimension: a number, or −k for k times the size of the batch. */
export type Dim = number;
export type Dims = readonly Dim[];

export interface TracedTensor {
  readonly dims: Dims;
  /** The numbers of a tensor that does not depend on the observations; of the batch axis there is one row. */
  readonly constant: Float32Array | null;
}

export interface TracedOperation {
  readonly name: string;
  readonly call: OperationCall;
  readonly inputs: readonly number[];
  readonly output: number;
  /** The dimensions of shapes that stand in the call's context. */
  dimsOf(shape: (context: unknown) => Shape): Dims;
}

export interface Trace {
  /** The first is that of the observations. */
  readonly tensors: readonly TracedTensor[];
  readonly operations: readonly TracedOperation[];
  readonly outputs: Readonly<Record<string, number>>;
}

/** Two sizes that layers seldom have. */
const batches = [5, 7] as const;

interface RunTensor {
  readonly shape: Shape;
  readonly constant: Float32Array | null;
}
interface RunOperation {
  readonly call: OperationCall;
  readonly inputs: readonly number[];
  readonly output: number;
}
interface RunTrace {
  readonly tensors: RunTensor[];
  readonly operations: RunOperation[];
  readonly outputs: Record<string, number>;
}

type Forward = (obs: Variable) => Readonly<Record<string, Variable>>;

/** One pass with observations (batch, …obsShape) of zeros. */
function run(batch: number, obsShape: readonly number[], forward: Forward): RunTrace {
  const tensors: RunTensor[] = [];
  const operations: RunOperation[] = [];
  const known = new Map<Variable, number>();
  /** A detached Variable is another one over the same numbers. */
  const places = new Map<string, number>();
  const placeOf = (x: Variable) => `${x.address} ${x.shape}`;
  const enter = (x: Variable, constant: Float32Array | null): number => {
    const id = tensors.push({ shape: x.shape, constant }) - 1;
    known.set(x, id);
    places.set(placeOf(x), id);
    return id;
  };
  const numbersOf = (x: Variable) => Float32Array.from(x.data);
  const find = (x: Variable): number => known.get(x) ?? places.get(placeOf(x)) ?? enter(x, numbersOf(x));
  const hook = {
    after(_name: string, inputs: readonly Variable[], output: Variable, call: OperationCall) {
      const from = inputs.map(find);
      const isConstant = from.every((id) => tensors[id]!.constant !== null);
      const id = enter(output, isConstant ? numbersOf(output) : null);
      if (!isConstant) operations.push({ call, inputs: from, output: id });
    },
  };
  return scope(() => {
    const obs = variable(new Float32Array(batch * sizeOf(obsShape)), { shape: [batch, ...obsShape] });
    enter(obs, null);
    const results = evalMode(() => noBackprop(() => withHook(hook, () => forward(obs))));
    const outputs = Object.fromEntries(Object.entries(results).map(([name, y]) => [name, find(y)]));
    return { tensors, operations, outputs };
  });
}

const strange = (what: string) =>
  new UsageError(
    `onnx: ${what}. Only networks that treat each observation alike, and draw no random numbers in evaluation, can be written.`,
  );

function dimsOf(a: Shape, b: Shape): Dims {
  if (a.length !== b.length) throw strange(`shapes must not depend on the batch; got (${a}) and (${b})`);
  return a.map((n, axis) => {
    const [small, large] = [n, b[axis]!];
    if (small === large) return small;
    if (small % batches[0] === 0 && (small / batches[0]) * batches[1] === large) return -small / batches[0];
    throw strange(`dimensions must be multiples of the batch's size or independent of it; got (${a}) and (${b})`);
  });
}

/** The numbers of a constant, with one row where there was one for each observation. */
function constantOf(dims: Dims, a: RunTensor, b: RunTensor): Float32Array {
  const [first, second] = [a.constant!, b.constant!];
  const axis = dims.findIndex((dim) => dim < 0);
  const rowSize = axis < 0 ? first.length : sizeOf(a.shape.slice(axis + 1));
  const isRows = axis < 0 || (axis === 0 && dims[0] === -1) || sizeOf(a.shape.slice(0, axis)) === 1;
  if (!isRows || (axis >= 0 && dims[axis] !== -1) || dims.filter((dim) => dim < 0).length > 1) {
    throw strange(`constants may have one axis for the batch; got (${a.shape})`);
  }
  const row = first.slice(0, rowSize);
  for (const numbers of [first, second]) {
    for (let i = 0; i < numbers.length; i++) {
      if (!Object.is(numbers[i], row[i % rowSize])) {
        throw strange(
          `constants must be the same for every observation and each time; got ${row[i % rowSize]} and ${numbers[i]}`,
        );
      }
    }
  }
  return row;
}

/**
 * The operations behind the results of `forward`, which is given observations (batch, …obsShape).
 * @throws UsageError where the pass differs between batches by more than their size
 */
export function traceForward(obsShape: readonly number[], forward: Forward): Trace {
  const [a, b] = batches.map((batch) => run(batch, obsShape, forward)) as [RunTrace, RunTrace];
  const names = ({ operations }: RunTrace) => operations.map(({ call }) => call.operation.name).join();
  if (names(a) !== names(b) || a.tensors.length !== b.tensors.length) {
    throw strange("operations must not depend on the batch; got others for another size");
  }
  const needed = neededFor(a);
  const tensors = a.tensors.map((tensor, id): TracedTensor => {
    // whatever else is computed on the way need not fit
    if (!needed.has(id)) return { dims: [], constant: null };
    const other = b.tensors[id]!;
    const dims = dimsOf(tensor.shape, other.shape);
    return { dims, constant: tensor.constant && constantOf(dims, tensor, other) };
  });
  const operations = a.operations.flatMap(({ call, inputs, output }, i): TracedOperation[] => {
    if (!needed.has(output)) return [];
    const { context } = b.operations[i]!.call;
    const ofContexts = (shape: (context: unknown) => Shape) => dimsOf(shape(call.context), shape(context));
    return [{ name: call.operation.name, call, inputs, output, dimsOf: ofContexts }];
  });
  return { tensors, operations, outputs: a.outputs };
}

/** The tensors that the results depend on. */
function neededFor({ operations, outputs }: RunTrace): Set<number> {
  const needed = new Set(Object.values(outputs));
  for (const { inputs, output } of operations.toReversed()) {
    if (needed.has(output)) for (const id of inputs) needed.add(id);
  }
  return needed;
}

/** The dimensions that an array of a constant's numbers has. */
export const constantShape = (dims: Dims): number[] => {
  if (dims.some((dim) => dim < -1)) throw new InternalError(`onnx: constants have one row a batch; got ${dims}.`);
  return dims.map((dim) => Math.abs(dim));
};
