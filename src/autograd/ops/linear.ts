import { ShapeError } from "../../errors.ts";
import { backend, backendId, type MatmulLaunch } from "../../kernel/backend.ts";
import { accumulate, slotOf } from "../backward.ts";
import type { AnyOp } from "../defineOp.ts";
import { type Epilogue, epilogueOf } from "../epilogue.ts";
import { type Differentiable, type FunctionNode, isWatched, record } from "../functionNode.ts";
import { allocateVariable, assertAlive, formatShape, matrixShape, type Variable } from "../variable.ts";
import { concat } from "./concat.ts";
import { getItem } from "./getItem.ts";
import { matmul, matmulInto } from "./matmul.ts";
import { reshape } from "./reshape.ts";
import { columnSumInto } from "./sums.ts";

/** linear with a certain activation: y = activation(x·w + b), its kernel and its gradient. */
class LinearFunction implements Differentiable {
  readonly name: string;
  readonly epilogue: Epilogue | null;
  readonly #launches: (MatmulLaunch | undefined)[] = [];
  #epoch = -1;

  constructor(epilogue: Epilogue | null) {
    this.name = epilogue ? `linear+${epilogue.name}` : "linear";
    this.epilogue = epilogue;
  }

  launch(hasBias: boolean): MatmulLaunch {
    if (this.#epoch !== backendId) {
      this.#launches.length = 0;
      this.#epoch = backendId;
    }
    const index = hasBias ? 1 : 0;
    let found = this.#launches[index];
    if (!found) {
      found = backend().families.matmul({ bias: hasBias, activation: this.epilogue?.expression ?? null });
      this.#launches[index] = found;
    }
    return found;
  }

  backward(node: FunctionNode, gy: Variable): void {
    const parts = node.context as number;
    const gz = this.epilogue ? this.epilogue.gradient(node.output, gy) : gy;
    if (parts === 1) {
      const [x, w] = node.inputs as [Variable, Variable];
      if (node.wants(0)) matmulInto(x, gz, w, false, true);
      if (node.wants(1)) matmulInto(w, x, gz, true, false);
    } else backwardOfParts(node, gz, node.inputs.slice(0, parts), node.inputs[parts]!);
    const b = node.inputs[parts + 1];
    if (b && node.wants(parts + 1)) columnSumInto(b, gz, gz.shape[0]!);
  }
}

const plain = new LinearFunction(null);

/** Gradients of the parts, each from its own rows of w alone, and of w. */
function backwardOfParts(node: FunctionNode, gz: Variable, xs: readonly Variable[], w: Variable): void {
  const [rows, cols] = gz.shape as [number, number];
  const launch = plain.launch(false);
  let at = 0;
  xs.forEach((x, i) => {
    const inner = x.shape[1]!;
    if (node.wants(i)) {
      if (isWatched()) {
        accumulate(x, matmul(gz, getItem(w, { start: at, stop: at + inner }), { transposeB: true }));
      } else {
        const gx = allocateVariable(x.shape);
        launch(rows, cols, inner, gz.address, w.address + 4 * at * cols, 0, gx.address, false, true, false);
        accumulate(x, gx);
      }
    }
    at += inner;
  });
  if (!node.wants(xs.length)) return;
  const slot = slotOf(w);
  if (!slot) {
    accumulate(
      w,
      concat(
        xs.map((x) => matmul(x, gz, { transposeA: true })),
        0,
      ),
    );
    return;
  }
  let address = slot.gradAddress;
  for (const x of xs) {
    const inner = x.shape[1]!;
    launch(inner, rows, cols, x.address, gz.address, 0, address, true, false, slot.hasGrad);
    address += 4 * inner * cols;
  }
  slot.hasGrad = true;
}

const fused = new Map<AnyOp, LinearFunction | null>();

/** The fused function for an activation whose gradient reads only its output; null for others. */
function fusedFunction(activation: AnyOp): LinearFunction | null {
  let found = fused.get(activation);
  if (found === undefined) {
    const epilogue = epilogueOf(activation);
    found = epilogue && new LinearFunction(epilogue);
    fused.set(activation, found);
  }
  return found;
}

/**
 * y (…batch, cols) = activation(x (…batch, inner) · w (inner, cols) + b (cols)).
 *
 * Several x (…batch, innerᵢ) are taken side by side, as `concat(x, -1)` would lay them out, without being copied; where the
 * gradient of one of them is wanted, no others are computed.
 *
 * An activation whose gradient can be said in terms of its output (relu, tanh, sigmoid, exp) runs inside the matrix
 * product; any other is applied behind it.
 */
export function linear(
  x: Variable | readonly Variable[],
  w: Variable,
  b: Variable | null = null,
  activation: AnyOp | null = null,
): Variable {
  if (areSeveral(x)) return linearOfParts(x, w, b, activation);
  const rank = x.shape.length;
  assertAlive(x, "linear");
  requireWeights(rank > 0 ? x.shape[rank - 1]! : -1, x, w, b);
  const cols = w.shape[1]!;
  if (rank !== 2) {
    const flat = linear(reshape(x, [-1, w.shape[0]!]), w, b, activation);
    return reshape(flat, [...x.shape.slice(0, -1), cols]);
  }
  const run = activation ? fusedFunction(activation) : plain;
  if (!run) return activation!(linear(x, w, b));
  const rows = x.shape[0]!;
  const y = allocateVariable(matrixShape(rows, cols));
  const [launch, bias] = [run.launch(b !== null), b ? b.address : 0];
  launch(rows, w.shape[0]!, cols, x.address, w.address, bias, y.address, false, false, false);
  if (isWatched()) record(run, b ? [x, w, b] : [x, w], y, 1);
  return y;
}

const areSeveral = (x: Variable | readonly Variable[]): x is readonly Variable[] => Array.isArray(x);

function linearOfParts(xs: readonly Variable[], w: Variable, b: Variable | null, activation: AnyOp | null): Variable {
  const [first] = xs;
  if (!first) throw new ShapeError("linear: at least one x is needed; got 0.");
  const axis = first.shape.length - 1;
  let inner = 0;
  for (const x of xs) {
    assertAlive(x, "linear");
    if (axis < 0 || x.shape.length !== axis + 1 || x.shape.some((n, i) => i < axis && n !== first.shape[i])) {
      throw new ShapeError(
        `linear: several x (…batch, inner) must agree on batch; got ${formatShape(first.shape)} and ${formatShape(x.shape)}.`,
      );
    }
    inner += x.shape[axis]!;
  }
  requireWeights(inner, xs, w, b);
  const cols = w.shape[1]!;
  if (axis !== 1) {
    const flat = xs.map((x) => reshape(x, [-1, x.shape[axis]!]));
    return reshape(linear(flat, w, b, activation), [...first.shape.slice(0, -1), cols]);
  }
  const run = activation ? fusedFunction(activation) : plain;
  if (!run) return activation!(linear(xs, w, b));
  const rows = first.shape[0]!;
  const y = allocateVariable(matrixShape(rows, cols));
  let wAddress = w.address;
  xs.forEach((x, i) => {
    const isLast = i === xs.length - 1; // which adds the bias and applies the activation
    const launch = isLast ? run.launch(b !== null) : plain.launch(false);
    const bias = isLast && b ? b.address : 0;
    launch(rows, x.shape[1]!, cols, x.address, wAddress, bias, y.address, false, false, i > 0);
    wAddress += 4 * x.shape[1]! * cols;
  });
  if (isWatched()) record(run, b ? [...xs, w, b] : [...xs, w], y, xs.length);
  return y;
}

function requireWeights(inner: number, x: Variable | readonly Variable[], w: Variable, b: Variable | null): void {
  assertAlive(w, "linear");
  if (b) assertAlive(b, "linear");
  if (w.shape.length !== 2 || inner !== w.shape[0]) {
    const shapes = (areSeveral(x) ? x : [x]).map((part) => formatShape(part.shape)).join(" and ");
    throw new ShapeError(
      `linear: x (…batch, inner) and w (inner, cols) must agree on inner; got x ${shapes} and w ${formatShape(w.shape)}. Check the first layer against env.observationSpace.shape.`,
    );
  }
  const cols = w.shape[1]!;
  if (b && (b.shape.length !== 1 || b.shape[0] !== cols)) {
    throw new ShapeError(
      `linear: b must have the ${cols} columns of w ${formatShape(w.shape)}; got b ${formatShape(b.shape)}.`,
    );
  }
}
