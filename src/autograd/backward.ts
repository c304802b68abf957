/** Reverse-mode differentiation of what was recorded: `backward` into leaves, `grad` as values. */
import { InternalError, ShapeError, UsageError } from "../errors.ts";
import { backend } from "../kernel/backend.ts";
import type { FunctionNode } from "./functionNode.ts";
import { Parameter } from "./parameter.ts";
import { isRecording, scopeLevel, setRecording } from "./scope.ts";
import { assertAlive, formatShape, full, installArithmetic, ones, type Variable, zeros } from "./variable.ts";

let nextVisit = 0;
/** The Variables whose gradients `grad` was asked for; null while `backward` runs. */
let targets: Set<Variable> | null = null;

/** Nodes below `roots` on a way to a wanted leaf, inputs before their users. Iterative: graphs may be deep. */
function collect(roots: readonly Variable[]): FunctionNode[] {
  const visit = nextVisit++;
  const order: FunctionNode[] = [];
  const path: FunctionNode[] = [];
  const nextInput: number[] = [];
  const enter = (node: FunctionNode): void => {
    node.visit = visit;
    node.wantNothing();
    path.push(node);
    nextInput.push(0);
  };
  for (const { creator } of roots) {
    if (creator === null || creator.visit === visit) continue;
    enter(creator);
    while (path.length > 0) {
      const node = path[path.length - 1]!;
      const i = nextInput[nextInput.length - 1]!;
      if (i === node.inputs.length) {
        path.pop();
        nextInput.pop();
        if (node.wanted !== 0) order.push(node);
        continue;
      }
      const x = node.inputs[i]!;
      const below = x.requiresGrad ? x.creator : null;
      if (below !== null && below.visit !== visit) {
        enter(below); // this input is looked at again when everything below is known
        continue;
      }
      nextInput[nextInput.length - 1] = i + 1;
      const isWanted = x.requiresGrad && (targets === null || targets.has(x) || (below !== null && below.wanted !== 0));
      if (isWanted) node.want(i);
    }
  }
  return order;
}

let add: (a: Variable, b: Variable) => Variable;

/** Adds a part to an input's gradient; called by operations' `backward`. */
export function accumulate(x: Variable, gx: Variable): void {
  if (gx.shape !== x.shape) {
    throw new InternalError(
      `backward: a gradient must have its Variable's shape; got ${formatShape(gx.shape)} for ${formatShape(x.shape)}.`,
    );
  }
  if (x.creator === null && targets === null) {
    if (x instanceof Parameter) x.addGrad(gx);
    else x.grad = x.grad === null || !x.grad.isAlive ? gx : add(x.grad, gx);
    return;
  }
  x.pending = x.pending === null ? gx : add(x.pending, gx);
}

/** Gradients made by `accumulateInto`, which nobody else holds while parts are still added to them. */
const gathered = new WeakSet<Variable>();

/**
 * Adds a part to some places of an input's gradient without touching the others, as many slices of one Variable want it;
 * where the gradient's own graph is recorded, or the input is a leaf, `whole` makes the part a gradient of full shape.
 *
 * @param add adds the part to a gradient of full shape, in place
 */
export function accumulateInto(x: Variable, add: (gx: Variable) => void, whole: () => Variable): void {
  if (isRecording || (x.creator === null && targets === null)) {
    accumulate(x, whole());
    return;
  }
  let pending = x.pending;
  if (pending === null || !gathered.has(pending)) {
    pending = zeros(x.shape);
    gathered.add(pending);
    if (x.pending !== null) backend().families.copy(x.size, x.pending.address, pending.address, false);
    x.pending = pending;
  }
  add(pending);
}

/**
 * The parameter behind input i where the running pass fills parameters' slots, so that an operation can write its
 * gradient there without a detour; null elsewhere.
 */
export function slotOf(x: Variable): Parameter | null {
  return targets === null && x instanceof Parameter ? x : null;
}

function run(order: readonly FunctionNode[]): void {
  for (let i = order.length - 1; i >= 0; i--) {
    const node = order[i]!;
    const { output } = node;
    const gy = output.pending;
    if (gy === null) continue;
    if (targets === null || !targets.has(output)) output.pending = null;
    node.assertUnchanged();
    node.operation.backward(node, gy);
  }
}

function seedGradient(where: string, y: Variable, gy: Variable | undefined): Variable {
  assertAlive(y, where);
  if (gy) {
    if (gy.shape !== y.shape) {
      throw new ShapeError(
        `${where}: gy must have the shape of y, ${formatShape(y.shape)}; got ${formatShape(gy.shape)}.`,
      );
    }
    return gy;
  }
  if (y.size !== 1) {
    throw new ShapeError(
      `${where}: y must have one element unless its gradient is given; got shape ${formatShape(y.shape)}. Sum or average it first, or pass gy.`,
    );
  }
  return ones(y.shape);
}

function backward(y: Variable, gy?: Variable): void {
  const seed = seedGradient("backward", y, gy);
  if (!y.creator) {
    throw new UsageError(
      `backward: y must be computed from something that requires a gradient; got ${y.name ?? formatShape(y.shape)} without a graph.` +
        (scopeLevel === 0 || isRecording
          ? " Check requiresGrad of its leaves."
          : " It was computed inside noBackprop."),
    );
  }
  const before = setRecording(false);
  const order = collect([y]);
  try {
    y.pending = seed;
    run(order);
  } finally {
    setRecording(before);
    for (const node of order) node.output.pending = null;
  }
}

/**
 * Gradients of Σ outputs with respect to inputs, as Variables; leaves' own gradients stay untouched.
 *
 * @param options.gradOutputs gradients of the outputs, their shapes; may be left out for outputs of one element
 * @param options.createGraph records the computation, so that the gradients can be differentiated again
 * @returns one gradient an input, of its shape; zeros where outputs do not depend on it
 */
export function grad(
  outputs: readonly Variable[],
  inputs: readonly Variable[],
  options: { gradOutputs?: readonly (Variable | undefined)[]; createGraph?: boolean } = {},
): Variable[] {
  for (const x of inputs) {
    assertAlive(x, "grad");
    if (!x.requiresGrad) {
      throw new UsageError(
        `grad: inputs must require a gradient; got ${x.name ?? formatShape(x.shape)} without. Set requiresGrad before computing.`,
      );
    }
  }
  const seeds = outputs.map((y, i) => seedGradient("grad", y, options.gradOutputs?.[i]));
  const outer = targets;
  const before = setRecording(options.createGraph ?? false);
  targets = new Set(inputs);
  const order = collect(outputs);
  try {
    outputs.forEach((y, i) => {
      y.pending = y.pending === null ? seeds[i]! : add(y.pending, seeds[i]!);
    });
    run(order);
    return inputs.map((x) => x.pending ?? full(x.shape, 0));
  } finally {
    targets = outer;
    setRecording(before);
    for (const node of order) node.output.pending = null;
    for (const x of [...inputs, ...outputs]) x.pending = null;
  }
}

/** Called once by ops/arithmetic.ts. */
export function installAdd(sum: (a: Variable, b: Variable) => Variable): void {
  add = sum;
}

installArithmetic({ backward });
