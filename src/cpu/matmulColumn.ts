/**
 * A matrix times one column: what value functions and state-action values end with. The tiles of a product would use one
 * lane of four; here the lanes go along the inner dimension.
 */
import { FunctionBody } from "./assembler.ts";
import { emitEpilogue, emitRowPointers, emitTilesDown, type MatmulVariant, storeLanes } from "./matmulParts.ts";

/** Rows that are summed at once: sums of fewer would wait for each other. */
const group = 8;

/** The arguments of MatmulKernel, of which a's and b's numbers must stand side by side. */
const P = { rows: 0, inner: 1, a: 2, aRow: 3, b: 5, bias: 7, y: 8 } as const;

type Lanes = Parameters<FunctionBody["shuffle"]>[0];

export function printMatmulColumn(variant: MatmulVariant): FunctionBody {
  const f = new FunctionBody(Array(10).fill("i32"));
  const i = f.local("i32");
  const k = f.local("i32");
  const bPointer = f.local("i32");
  const y = f.local("i32");
  const aPointers = Array.from({ length: group }, () => f.local("i32"));
  const sums = Array.from({ length: group }, () => f.local("v128"));
  const [aValue, bValue, low, high] = Array.from({ length: 4 }, () => f.local("v128")) as [
    number,
    number,
    number,
    number,
  ];

  /** `count` steps along the inner dimension, of as many numbers as the loads take. */
  const along = (rows: number, step: number, loadA: () => void, loadB: () => void) => {
    f.while(
      () => f.get(k),
      () => {
        f.get(bPointer);
        loadB();
        f.set(bValue);
        for (let r = 0; r < rows; r++) {
          f.get(aPointers[r]!);
          loadA();
          f.set(aValue);
          f.multiplyAdd(sums[r]!, aValue, bValue, variant.fma);
          f.add(aPointers[r]!, 4 * step);
        }
        f.add(bPointer, 4 * step);
        f.add(k, -1);
      },
    );
  };

  /** Leaves the sum of two shuffles of a pair of locals on the stack. */
  const addShuffled = (a: number, b: number, first: Lanes, second: Lanes) => {
    for (const lanes of [first, second]) {
      f.get(a);
      f.get(b);
      f.shuffle(lanes);
    }
    f.simd("f32x4.add");
  };

  /** low ← the sums of the lanes of four sums, which may be the same. */
  const addLanes = ([p, q, r, s]: readonly number[]) => {
    addShuffled(p!, q!, [0, 4, 1, 5], [2, 6, 3, 7]);
    f.set(low);
    addShuffled(r!, s!, [0, 4, 1, 5], [2, 6, 3, 7]);
    f.set(high);
    addShuffled(low, high, [0, 1, 4, 5], [2, 3, 6, 7]);
    f.set(low);
  };

  /** So many rows from row i on. */
  const tile = (rows: number) => {
    for (const sum of sums.slice(0, rows)) {
      f.splat(0);
      f.set(sum);
    }
    emitRowPointers(f, aPointers.slice(0, rows), { i, a: P.a, aRow: P.aRow });
    f.get(P.b);
    f.set(bPointer);
    f.get(P.inner);
    f.i32(2);
    f.op("i32.shr_u");
    f.set(k);
    along(
      rows,
      4,
      () => f.load(),
      () => f.load(),
    );
    f.get(P.inner);
    f.i32(3);
    f.op("i32.and");
    f.set(k);
    const firstLane = () => {
      f.loadSplat();
      f.lanes([-1, 0, 0, 0]);
      f.simd("v128.and");
    };
    along(rows, 1, firstLane, () => f.loadSplat());
    f.get(i);
    f.i32(2);
    f.op("i32.shl");
    f.get(P.y);
    f.op("i32.add");
    f.set(y);
    for (let r = 0; r < rows; r += 4) {
      addLanes([0, 1, 2, 3].map((lane) => sums[Math.min(r + lane, rows - 1)]!));
      const result = emitEpilogue(f, variant, low, {
        y: () => {
          f.get(y);
          f.load(4 * r);
        },
        bias: () => {
          f.get(P.bias);
          f.loadSplat();
        },
      });
      storeLanes(f, y, result, Math.min(4, rows - r), 4 * r);
    }
  };

  for (const rows of [group, 1]) emitTilesDown(f, i, P.rows, rows, () => tile(rows));
  return f;
}
