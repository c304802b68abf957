/** What all bodies of matrix products have in common: where rows begin, tiles down the rows, bias and activation. */
import { type Expression, input } from "../kernel/expression.ts";
import type { FunctionBody } from "./assembler.ts";
import { ExpressionEmitter } from "./expressionEmitter.ts";

export interface MatmulVariant {
  readonly cols: number;
  readonly bias: boolean;
  readonly activation: Expression | null;
  /** Adds to y instead of setting it. */
  readonly accumulate: boolean;
  /** b is laid out in panels of `tileCols` columns, (cols / tileCols, inner, tileCols). */
  readonly packed: boolean;
  readonly fma: boolean;
}

/** Sets pointers to rows i, i + 1, … of a; all arguments are locals. */
export function emitRowPointers(
  f: FunctionBody,
  pointers: readonly number[],
  { i, a, aRow }: { readonly i: number; readonly a: number; readonly aRow: number },
): void {
  pointers.forEach((pointer, r) => {
    if (r === 0) {
      f.get(i);
      f.get(aRow);
      f.op("i32.mul");
      f.get(a);
    } else {
      f.get(pointers[r - 1]!);
      f.get(aRow);
    }
    f.op("i32.add");
    f.set(pointer);
  });
}

/** Tiles of `height` rows from row i on, as long as they fit into the rows; i and rows are locals. */
export function emitTilesDown(f: FunctionBody, i: number, rows: number, height: number, tile: () => void): void {
  f.while(
    () => {
      f.get(i);
      f.i32(height);
      f.op("i32.add");
      f.get(rows);
      f.op("i32.le_s");
    },
    () => {
      tile();
      f.add(i, height);
    },
  );
}

/** What becomes of four finished sums in a local: the local of the result. `load` puts what stood in y, and the biases, on the stack. */
export function emitEpilogue(
  f: FunctionBody,
  { accumulate, bias, activation }: MatmulVariant,
  sums: number,
  load: { readonly y: () => void; readonly bias: () => void },
): number {
  f.get(sums);
  if (accumulate) {
    load.y();
    f.simd("f32x4.add");
  }
  if (bias) {
    load.bias();
    f.simd("f32x4.add");
  }
  f.set(sums);
  if (!activation) return sums;
  const emitter = new ExpressionEmitter(f, () => f.get(sums));
  emitter.bind(input(0, "element"), sums);
  return emitter.evaluate([activation])[0]!;
}

/** Stores the first lanes of a vector. */
export function storeLanes(f: FunctionBody, pointer: number, value: number, lanes: number, offset: number): void {
  if (lanes === 4) {
    f.get(pointer);
    f.get(value);
    f.store(offset);
    return;
  }
  if (lanes >= 2) {
    f.get(pointer);
    f.get(value);
    f.storeHalf(offset);
  }
  if (lanes % 2 === 1) {
    f.get(pointer);
    f.get(value);
    f.storeLane(lanes - 1, offset + 4 * (lanes - 1));
  }
}
