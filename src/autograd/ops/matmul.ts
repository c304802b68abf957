import { ShapeError } from "../../errors.ts";
import { backend, backendId, type MatmulLaunch } from "../../kernel/backend.ts";
import { accumulate, slotOf } from "../backward.ts";
import { type Differentiable, record } from "../functionNode.ts";
import { allocateVariable, assertAlive, formatShape, internShape, matrixShape, type Variable } from "../variable.ts";
import { reshape } from "./reshape.ts";

interface Layout {
  readonly transposeA: boolean;
  readonly transposeB: boolean;
}

const layouts: readonly Layout[] = [0, 1, 2, 3].map((i) => ({ transposeA: i >= 2, transposeB: i % 2 === 1 }));

let launch: MatmulLaunch;
let launchEpoch = -1;

/** The matmul without epilogue of the running backend. */
function plain(): MatmulLaunch {
  if (launchEpoch !== backendId) {
    launch = backend().families.matmul({ bias: false, activation: null });
    launchEpoch = backendId;
  }
  return launch;
}

const operation: Differentiable = {
  name: "matmul",
  backward(node, gy) {
    const [a, b] = node.inputs as [Variable, Variable];
    const { transposeA, transposeB } = node.context as Layout;
    if (node.wants(0)) {
      if (transposeA) matmulInto(a, b, gy, transposeB, true);
      else matmulInto(a, gy, b, false, !transposeB);
    }
    if (node.wants(1)) {
      if (transposeB) matmulInto(b, gy, a, true, transposeA);
      else matmulInto(b, a, gy, !transposeA, false);
    }
  },
};

/** Gives x the gradient a·b, straight into its slot where it is a parameter. */
export function matmulInto(x: Variable, a: Variable, b: Variable, transposeA: boolean, transposeB: boolean): void {
  const slot = slotOf(x);
  if (!slot || a.shape.length !== 2) {
    accumulate(x, multiply(a, b, transposeA, transposeB));
    return;
  }
  const [rows, inner] = transposeA ? [a.shape[1]!, a.shape[0]!] : [a.shape[0]!, a.shape[1]!];
  const cols = transposeB ? b.shape[0]! : b.shape[1]!;
  plain()(rows, inner, cols, a.address, b.address, 0, slot.gradAddress, transposeA, transposeB, slot.hasGrad);
  slot.hasGrad = true;
}

function multiply(a: Variable, b: Variable, transposeA: boolean, transposeB: boolean): Variable {
  if (a.shape.length === 2 && b.shape.length === 2) {
    const rows = a.shape[transposeA ? 1 : 0]!;
    const inner = a.shape[transposeA ? 0 : 1]!;
    const cols = b.shape[transposeB ? 0 : 1]!;
    if (inner === b.shape[transposeB ? 1 : 0]) {
      const y = allocateVariable(matrixShape(rows, cols));
      plain()(rows, inner, cols, a.address, b.address, 0, y.address, transposeA, transposeB, false);
      record(operation, [a, b], y, layouts[(transposeA ? 2 : 0) + (transposeB ? 1 : 0)]);
      return y;
    }
  }
  return multiplyStacks(a, b, transposeA, transposeB);
}

/** The same for stacks of matrices; raises where shapes do not fit. */
function multiplyStacks(a: Variable, b: Variable, transposeA: boolean, transposeB: boolean): Variable {
  const rank = a.shape.length;
  const batch = a.shape.slice(0, rank - 2);
  const [aRows, aCols] = a.shape.slice(rank - 2) as [number, number];
  const [bRows, bCols] = b.shape.slice(b.shape.length - 2) as [number, number];
  const [rows, inner] = transposeA ? [aCols, aRows] : [aRows, aCols];
  const [bInner, cols] = transposeB ? [bCols, bRows] : [bRows, bCols];
  if (b.shape.length !== rank || batch.some((n, i) => n !== b.shape[i]) || inner !== bInner) {
    throw new ShapeError(
      `matmul: a (…batch, rows, inner) and b (…batch, inner, cols) must agree on batch and inner; got a ${formatShape(a.shape)}${
        transposeA ? " transposed" : ""
      } and b ${formatShape(b.shape)}${transposeB ? " transposed" : ""}.`,
    );
  }
  const y = allocateVariable(internShape([...batch, rows, cols]));
  const run = plain();
  const parts = batch.reduce((product, n) => product * n, 1);
  for (let i = 0; i < parts; i++) {
    const aAt = a.address + 4 * i * rows * inner;
    const bAt = b.address + 4 * i * inner * cols;
    run(rows, inner, cols, aAt, bAt, 0, y.address + 4 * i * rows * cols, transposeA, transposeB, false);
  }
  record(operation, [a, b], y, { transposeA, transposeB });
  return y;
}

/**
 * y = a·b for matrices, stacks of matrices with equal leading axes, and vectors (a as a row, b as a column, whose axis
 * is dropped again).
 *
 * @param options.transposeA takes a's last two axes the other way round; `transposeB` likewise
 */
export function matmul(
  a: Variable,
  b: Variable,
  { transposeA = false, transposeB = false }: { transposeA?: boolean; transposeB?: boolean } = {},
): Variable {
  assertAlive(a, "matmul");
  assertAlive(b, "matmul");
  if (a.shape.length === 0 || b.shape.length === 0) {
    throw new ShapeError(
      `matmul: a and b must have at least one axis; got ${formatShape(a.shape)} and ${formatShape(b.shape)}. Use mul for numbers.`,
    );
  }
  if (a.shape.length > 1 && b.shape.length > 1) return multiply(a, b, transposeA, transposeB);
  const left = a.shape.length === 1 ? reshape(a, [1, a.shape[0]!]) : a;
  const right = b.shape.length === 1 ? reshape(b, [b.shape[0]!, 1]) : b;
  const y = multiply(left, right, transposeA && left === a, transposeB && right === b);
  const shape = [...(left === a ? [y.shape[0]!] : []), ...(right === b ? [y.shape[1]!] : [])];
  return reshape(y, shape);
}
