import { ShapeError } from "../../errors.ts";
import { backend, backendId, type MatmulLaunch } from "../../kernel/backend.ts";
import type { AnyOp } from "../defineOp.ts";
import { type Epilogue, epilogueOf } from "../epilogue.ts";
import { type Differentiable, type FunctionNode, isWatched, record } from "../functionNode.ts";
import { allocateVariable, assertAlive, formatShape, matrixShape, type Variable } from "../variable.ts";
import { matmulInto } from "./matmul.ts";
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
    const [x, w, b] = node.inputs as [Variable, Variable, Variable | undefined];
    const gz = this.epilogue ? this.epilogue.gradient(node.output, gy) : gy;
    if (node.wants(0)) matmulInto(x, gz, w, false, true);
    if (node.wants(1)) matmulInto(w, x, gz, true, false);
    if (b && node.wants(2)) columnSumInto(b, gz, gz.shape[0]!);
  }
}

const plain = new LinearFunction(null);
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
 * An activation whose gradient can be said in terms of its output (relu, tanh, sigmoid, exp) runs inside the matrix
 * product; any other is applied behind it.
 */
export function linear(x: Variable, w: Variable, b: Variable | null = null, activation: AnyOp | null = null): Variable {
  assertAlive(x, "linear");
  assertAlive(w, "linear");
  if (b) assertAlive(b, "linear");
  const rank = x.shape.length;
  if (w.shape.length !== 2 || rank < 1 || x.shape[rank - 1] !== w.shape[0]) {
    throw new ShapeError(
      `linear: x (…batch, inner) and w (inner, cols) must agree on inner; got x ${formatShape(x.shape)} and w ${formatShape(w.shape)}. Check the first layer against env.observationSpace.shape.`,
    );
  }
  const cols = w.shape[1]!;
  if (b && (b.shape.length !== 1 || b.shape[0] !== cols)) {
    throw new ShapeError(
      `linear: b must have the ${cols} columns of w ${formatShape(w.shape)}; got b ${formatShape(b.shape)}.`,
    );
  }
  if (rank !== 2) {
    const flat = linear(reshape(x, [-1, w.shape[0]!]), w, b, activation);
    return reshape(flat, [...x.shape.slice(0, -1), cols]);
  }
  const run = activation ? fusedFunction(activation) : plain;
  if (!run) return activation!(linear(x, w, b));
  const rows = x.shape[0]!;
  const y = allocateVariable(matrixShape(rows, cols));
  run.launch(b !== null)(
    rows,
    w.shape[0]!,
    cols,
    x.address,
    w.address,
    b ? b.address : 0,
    y.address,
    false,
    false,
    false,
  );
  if (isWatched()) record(run, b ? [x, w, b] : [x, w], y);
  return y;
}
