/** What all bodies of matrix products end with: bias, activation, and the columns of a last tile. */
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
