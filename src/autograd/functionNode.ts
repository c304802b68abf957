/** What an operation leaves behind for the backward pass, and hooks that watch operations run. */

import { UsageError } from "../errors.ts";
import { backend } from "../kernel/backend.ts";
import { isRecording } from "./scope.ts";
import { formatShape, type Variable } from "./variable.ts";

/** How an operation takes part in differentiation. */
export interface Differentiable {
  readonly name: string;
  /**
   * Gives each input i with `node.wants(i)` its part of the gradient by `accumulate(node.inputs[i], gx)`, computed by
   * operations, so that it can itself be differentiated.
   */
  backward(node: FunctionNode, gy: Variable): void;
}

let nextNodeId = 0;
const noScalars: readonly number[] = [];

/** One operation that ran: a vertex of the graph. */
export class FunctionNode {
  readonly id = nextNodeId++;
  readonly operation: Differentiable;
  readonly inputs: readonly Variable[];
  readonly output: Variable;
  /** Whatever else the operation's backward needs: shapes, axes, numbers. */
  readonly context: unknown;
  readonly scalars: readonly number[];
  readonly #versions: number;
  /** Bit i below 31: whether the running backward pass wants the gradient of input i; bit 31: of any further input. */
  wanted = 0;
  /** Which inputs from the 31st on are wanted: only `concat` and `stack` have so many. */
  wantedFurther: Set<number> | null = null;
  /** The backward pass that last visited this node. */
  visit = -1;

  constructor(
    operation: Differentiable,
    inputs: readonly Variable[],
    output: Variable,
    context: unknown,
    scalars: readonly number[],
  ) {
    this.operation = operation;
    this.inputs = inputs;
    this.output = output;
    this.context = context;
    this.scalars = scalars;
    this.#versions = versionsOf(inputs) + (output.source?.version ?? 0);
  }

  get name(): string {
    return this.operation.name;
  }

  wants(i: number): boolean {
    return i < 31 ? (this.wanted & (1 << i)) !== 0 : (this.wantedFurther?.has(i) ?? false);
  }

  /** Forgets what an earlier pass wanted. */
  wantNothing(): void {
    this.wanted = 0;
    this.wantedFurther = null;
  }

  want(i: number): void {
    this.wanted |= 1 << Math.min(i, 31);
    if (i >= 31) {
      this.wantedFurther ??= new Set();
      this.wantedFurther.add(i);
    }
  }

  /** @throws UsageError when an input's memory was overwritten since the operation ran. */
  assertUnchanged(): void {
    if (versionsOf(this.inputs) + (this.output.source?.version ?? 0) === this.#versions) return;
    const which = this.inputs.find((x) => x.source)!;
    throw new UsageError(
      `backward: what ${this.name} read must stand unchanged until backward; got ${which.name ?? "an input"} ` +
        `${formatShape(which.shape)} overwritten in between. Call backward before the optimizer's update or the next batch.`,
    );
  }
}

function versionsOf(inputs: readonly Variable[]): number {
  let sum = 0;
  for (let i = 0; i < inputs.length; i++) {
    const { source } = inputs[i]!;
    if (source !== null) sum += source.version;
  }
  return sum;
}

/** Ties an output to the operation that computed it, if anything upstream wants a gradient. */
export function record(
  operation: Differentiable,
  inputs: readonly Variable[],
  output: Variable,
  context: unknown = null,
  scalars: readonly number[] = noScalars,
): void {
  if (observer !== null) observe(inputs, output, { operation, context, scalars });
  if (!isRecording) return;
  for (let i = 0; i < inputs.length; i++) {
    if (inputs[i]!.requiresGrad) {
      output.requiresGrad = true;
      output.creator = new FunctionNode(operation, inputs, output, context, scalars);
      return;
    }
  }
}

/** One call of an operation, as `FunctionNode` keeps it. */
export interface OperationCall {
  readonly operation: Differentiable;
  readonly context: unknown;
  readonly scalars: readonly number[];
}

/** Watches operations: `after` sees each one when it has run. */
export interface FunctionHook {
  /** Called when `withHook` begins. */
  begin?(): void;
  /** Called behind each operation. */
  after(name: string, inputs: readonly Variable[], output: Variable, call: OperationCall): void;
}

let observer: FunctionHook[] | null = null;

/** Whether `record` has anything to do; spares hot operations the list of their inputs. */
export const isWatched = (): boolean => isRecording || observer !== null;

function observe(inputs: readonly Variable[], output: Variable, call: OperationCall): void {
  for (const hook of observer!) hook.after(call.operation.name, inputs, output, call);
}

/** Runs `body` with the hook watching every operation, forward and backward. */
export function withHook<T>(hook: FunctionHook, body: () => T): T {
  const before = observer;
  observer = [...(before ?? []), hook];
  hook.begin?.();
  try {
    return body();
  } finally {
    observer = before;
  }
}

/** Raises at the first operation whose result is not finite, naming it. */
export const finiteCheck: FunctionHook = {
  after(name, inputs, output) {
    const data = backend().memory.floats.subarray(output.address >> 2, (output.address >> 2) + output.size);
    const bad = data.findIndex((x) => !Number.isFinite(x));
    if (bad < 0) return;
    throw new UsageError(
      `${name}: the result must be finite; got ${data[bad]} at element ${bad} of ${formatShape(output.shape)} from ` +
        `inputs ${inputs.map((x) => formatShape(x.shape)).join(" and ")}. Look at the inputs of this operation first.`,
    );
  },
};
