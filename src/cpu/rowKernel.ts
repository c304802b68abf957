/**
 * Prints a kernel of the scalar language as one WebAssembly function (rows, cols, p0 … p7, s0 … s7).
 *
 * A flat kernel is one loop over groups of four elements, rounded up (tensors own their padding). Otherwise every row
 * is walked once for each level of nested reductions and once more for the element outputs; the last columns of a row
 * that do not fill a group are computed on four lanes and masked.
 */
import { isFlat, type Kernel, maxPointers, maxScalars } from "../kernel/backend.ts";
import { type Expression, topological } from "../kernel/expression.ts";
import { FunctionBody, type ValueType } from "./assembler.ts";
import { ExpressionEmitter } from "./expressionEmitter.ts";

const rowsLocal = 0;
const colsLocal = 1;
const pointerLocal = (i: number) => 2 + i;
const scalarLocal = (i: number) => 2 + maxPointers + i;

export const kernelParameters: readonly ValueType[] = [
  "i32",
  "i32",
  ...Array<ValueType>(maxPointers).fill("i32"),
  ...Array<ValueType>(maxScalars).fill("f32"),
];

const isReduction = (x: Expression) => x.kind === "rowSum" || x.kind === "rowMax";

/** How many nested row reductions a node's value needs before it is known. */
function phases(nodes: readonly Expression[]): Map<Expression, number> {
  const phase = new Map<Expression, number>();
  for (const x of nodes) {
    const below = Math.max(0, ...x.args.map((a) => phase.get(a)!));
    phase.set(x, isReduction(x) ? below + 1 : below);
  }
  return phase;
}

export function printRowKernel(kernel: Kernel): FunctionBody {
  const f = new FunctionBody(kernelParameters);
  const { inputs, outputs, inPlace } = kernel;
  const inputPointer = (i: number) => pointerLocal(inPlace ? i : outputs.length + i);
  const flat = isFlat(kernel);
  const nodes = topological(outputs);
  const phase = phases(nodes);

  const c = f.local("i32"); // byte offset in the row
  const offset = f.local("i32"); // byte offset in a (rows, cols) tensor
  const rowOffset = f.local("i32"); // byte offset of the row in a (rows, cols) tensor
  const rowIndex = f.local("i32"); // byte offset of the row in a (rows) tensor
  const rowBytes = f.local("i32");
  const mask = f.local("v128");

  const emitter = new ExpressionEmitter(f, (x) => {
    if (x.kind === "colIndex") {
      f.get(c);
      f.i32(2);
      f.op("i32.shr_u");
      f.simd("i32x4.splat");
      f.lanes([0, 1, 2, 3]);
      f.simd("i32x4.add");
      f.simd("f32x4.convert_i32x4_s");
      return;
    }
    f.get(inputPointer(x.value));
    f.get(inputs[x.value] === "column" ? c : offset);
    f.op("i32.add");
    f.load();
  });

  /** Row-level values get a local of their own as soon as their phase is reached. */
  const computeRowNodes = (wanted: (x: Expression) => boolean) => {
    for (const x of nodes) {
      if (x.level !== "row" || x.kind === "const" || emitter.isBound(x) || isReduction(x) || !wanted(x)) continue;
      if (x.kind === "eq" || x.kind === "lt" || x.kind === "le") continue; // read once by their select
      emitter.bind(x, emitter.evaluate([x])[0]!);
    }
  };

  const dependsOnRow = new Set<Expression>();
  for (const x of nodes) {
    if (
      isReduction(x) ||
      (x.kind === "input" && inputs[x.value] === "row") ||
      x.args.some((a) => dependsOnRow.has(a))
    ) {
      dependsOnRow.add(x);
    }
  }

  // what is the same for the whole launch
  for (const x of nodes) {
    const load =
      x.kind === "scalar"
        ? () => {
            f.get(scalarLocal(x.value));
            f.simd("f32x4.splat");
          }
        : x.kind === "rowLen"
          ? () => {
              f.get(colsLocal);
              f.op("f32.convert_i32_u");
              f.simd("f32x4.splat");
            }
          : x.kind === "input" && inputs[x.value] === "scalar"
            ? () => {
                f.get(inputPointer(x.value));
                f.loadSplat();
              }
            : null;
    if (!load) continue;
    const local = f.local("v128");
    load();
    f.set(local);
    emitter.bind(x, local);
  }
  computeRowNodes((x) => !dependsOnRow.has(x));
  f.get(colsLocal);
  f.i32(2);
  f.op("i32.shl");
  f.set(rowBytes);

  const elementOutputs = outputs.flatMap((y, i) => (y.level === "element" || flat ? [{ y, i }] : []));

  const outputAddress = (i: number) => {
    f.get(pointerLocal(i));
    f.get(offset);
    f.op("i32.add");
  };

  if (flat) {
    f.while(
      () => {
        f.get(offset);
        f.get(rowBytes);
        f.op("i32.lt_u");
      },
      () => {
        const values = emitter.evaluate(elementOutputs.map(({ y }) => y));
        elementOutputs.forEach(({ i }, k) => {
          outputAddress(i);
          f.get(values[k]!);
          f.store();
        });
        f.add(offset, 16);
      },
    );
    return f;
  }

  /** Runs `group` for the whole groups of a row, then for the rest of it with `mask` set. */
  const overColumns = (group: (isTail: boolean) => void) => {
    f.i32(0);
    f.set(c);
    f.get(rowOffset);
    f.set(offset);
    f.while(
      () => {
        f.get(c);
        f.i32(16);
        f.op("i32.add");
        f.get(rowBytes);
        f.op("i32.le_s");
      },
      () => {
        group(false);
        f.add(c, 16);
        f.add(offset, 16);
      },
    );
    f.get(c);
    f.get(rowBytes);
    f.op("i32.lt_u");
    f.if(() => {
      f.get(rowBytes);
      f.get(c);
      f.op("i32.sub");
      f.i32(2);
      f.op("i32.shr_u");
      f.simd("i32x4.splat");
      f.lanes([0, 1, 2, 3]);
      f.simd("i32x4.gt_s");
      f.set(mask);
      group(true);
    });
  };

  const isRowDependent = (x: Expression) => dependsOnRow.has(x);
  const rowInputs = nodes.filter((x) => x.kind === "input" && inputs[x.value] === "row");
  // nodes bound inside the row loop are computed anew in every row by the same instructions
  const row = f.local("i32");
  f.repeat(row, rowsLocal, () => {
    for (const x of rowInputs) {
      const local = f.local("v128");
      f.get(inputPointer(x.value));
      f.get(rowIndex);
      f.op("i32.add");
      f.loadSplat();
      f.set(local);
      emitter.bind(x, local);
    }
    computeRowNodes((x) => phase.get(x) === 0 && isRowDependent(x));
    const lastPhase = Math.max(...outputs.map((y) => phase.get(y)!));
    for (let p = 1; p <= lastPhase; p++) {
      const reductions = nodes.filter((x) => isReduction(x) && phase.get(x) === p);
      const accumulators = reductions.map(() => f.local("v128"));
      reductions.forEach((x, k) => {
        f.splat(x.kind === "rowSum" ? 0 : Number.NEGATIVE_INFINITY);
        f.set(accumulators[k]!);
      });
      overColumns((isTail) => {
        const values = emitter.evaluate(reductions.map((x) => x.args[0]!));
        reductions.forEach((x, k) => {
          f.get(accumulators[k]!);
          f.get(values[k]!);
          if (isTail) {
            if (x.kind === "rowSum") {
              f.get(mask);
              f.simd("v128.and");
            } else {
              f.splat(Number.NEGATIVE_INFINITY);
              f.get(mask);
              f.simd("v128.bitselect");
            }
          }
          f.simd(x.kind === "rowSum" ? "f32x4.add" : "f32x4.max");
          f.set(accumulators[k]!);
        });
      });
      reductions.forEach((x, k) => {
        const acc = accumulators[k]!;
        for (const lanes of [
          [2, 3, 0, 1],
          [1, 0, 3, 2],
        ] as const) {
          f.get(acc);
          f.get(acc);
          f.get(acc);
          f.shuffle(lanes);
          f.simd(x.kind === "rowSum" ? "f32x4.add" : "f32x4.max");
          f.set(acc);
        }
        emitter.bind(x, acc);
      });
      computeRowNodes((x) => phase.get(x)! <= p && isRowDependent(x));
    }
    if (elementOutputs.length > 0) {
      overColumns((isTail) => {
        const values = emitter.evaluate(elementOutputs.map(({ y }) => y));
        elementOutputs.forEach(({ i }, k) => {
          const value = values[k]!;
          if (!isTail) {
            outputAddress(i);
            f.get(value);
            f.store();
            return;
          }
          storeRemainder(f, value, () => outputAddress(i), rowBytes, c);
        });
      });
    }
    outputs.forEach((y, i) => {
      if (y.level !== "row") return;
      const [value] = emitter.evaluate([y]);
      f.get(pointerLocal(i));
      f.get(rowIndex);
      f.op("i32.add");
      f.get(value!);
      f.storeLane(0);
    });
    f.add(rowIndex, 4);
    f.get(rowOffset);
    f.get(rowBytes);
    f.op("i32.add");
    f.set(rowOffset);
  });
  return f;
}

/** Stores the first (rowBytes − c) / 4 lanes, one to three of them, and touches nothing behind them. */
function storeRemainder(f: FunctionBody, value: number, address: () => void, rowBytes: number, c: number): void {
  const has = (bytes: number) => {
    f.get(rowBytes);
    f.get(c);
    f.op("i32.sub");
    f.i32(bytes);
    f.op("i32.and");
  };
  has(8);
  f.if(() => {
    address();
    f.get(value);
    f.storeHalf();
    f.get(value);
    f.get(value);
    f.shuffle([2, 3, 2, 3]);
    f.set(value);
  });
  has(4);
  f.if(() => {
    address();
    has(8);
    f.op("i32.add");
    f.get(value);
    f.storeLane(0);
  });
}
