/**
 * Matrix multiplication. One module a (cols, epilogue, accumulate, packed) combination: the columns' tiles and the
 * epilogue are fixed in the code, rows and the inner size are arguments.
 *
 * Tiles are 4 rows × 8 columns, 8 rows × 4 columns at a narrow right edge, and 1 row × 16 columns for the rows that
 * remain (and for a batch of one). The loop over the inner dimension is not unrolled: V8 would hoist all loads and spill.
 * Rows of b beyond its last column are read (and thrown away), so memory behind b must exist; what is stored is exact.
 */
import type { MatmulLaunch, MatmulSpec } from "../kernel/backend.ts";
import { structureOf } from "../kernel/expression.ts";
import { FunctionBody } from "./assembler.ts";
import { printMatmulColumn } from "./matmulColumn.ts";
import { emitEpilogue, emitRowPointers, emitTilesDown, type MatmulVariant, storeLanes } from "./matmulParts.ts";

/** (rows, inner, a, aRowStride, aInnerStride, b, bRowStride, bias, y, yRowStride), strides in bytes. */
export type MatmulKernel = (
  rows: number,
  inner: number,
  a: number,
  aRowStride: number,
  aInnerStride: number,
  b: number,
  bRowStride: number,
  bias: number,
  y: number,
  yRowStride: number,
) => void;

export const tileCols = 8;
export const tileRows = 4;
const rowTileCols = 16;
/** Rows of a tile that is one vector wide: fewer sums than this would wait for each other. */
const narrowTileRows = 8;

const P = { rows: 0, inner: 1, a: 2, aRow: 3, aInner: 4, b: 5, bRow: 6, bias: 7, y: 8, yRow: 9 } as const;

export function printMatmul(variant: MatmulVariant): FunctionBody {
  const { cols, packed } = variant;
  const f = new FunctionBody(Array(10).fill("i32"));
  const i = f.local("i32");
  const k = f.local("i32");
  const bPanel = f.local("i32");
  const yPanel = f.local("i32");
  const biasPanel = f.local("i32");
  const yRowPointer = f.local("i32");
  const aPointers = Array.from({ length: narrowTileRows }, () => f.local("i32"));
  const bPointer = f.local("i32");
  const aValue = f.local("v128");
  const panelBytes = f.local("i32");

  /** One tile: `rows` rows from row i on, `lanes` columns from the panel on. */
  const tile = (rows: number, lanes: number) => {
    const vectors = Math.ceil(lanes / 4);
    const acc = Array.from({ length: rows }, () => Array.from({ length: vectors }, () => f.local("v128")));
    const bValues = Array.from({ length: vectors }, () => f.local("v128"));
    for (const sum of acc.flat()) {
      f.splat(0);
      f.set(sum);
    }
    emitRowPointers(f, aPointers.slice(0, rows), { i, a: P.a, aRow: P.aRow });
    f.get(bPanel);
    f.set(bPointer);
    f.get(P.inner);
    f.set(k);
    f.while(
      () => f.get(k),
      () => {
        for (let v = 0; v < vectors; v++) {
          f.get(bPointer);
          f.load(16 * v);
          f.set(bValues[v]!);
        }
        for (let r = 0; r < rows; r++) {
          f.get(aPointers[r]!);
          f.loadSplat();
          f.set(aValue);
          for (let v = 0; v < vectors; v++) {
            f.multiplyAdd(acc[r]![v]!, aValue, bValues[v]!, variant.fma);
          }
        }
        for (let r = 0; r < rows; r++) {
          f.get(aPointers[r]!);
          f.get(P.aInner);
          f.op("i32.add");
          f.set(aPointers[r]!);
        }
        f.get(bPointer);
        if (packed) f.i32(4 * tileCols);
        else f.get(P.bRow);
        f.op("i32.add");
        f.set(bPointer);
        f.add(k, -1);
      },
    );
    // y + i · yRow + panel
    f.get(i);
    f.get(P.yRow);
    f.op("i32.mul");
    f.get(yPanel);
    f.op("i32.add");
    f.set(yRowPointer);
    for (let r = 0; r < rows; r++) {
      for (let v = 0; v < vectors; v++) {
        const result = emitEpilogue(f, variant, acc[r]![v]!, {
          y: () => {
            f.get(yRowPointer);
            f.load(16 * v);
          },
          bias: () => {
            f.get(biasPanel);
            f.load(16 * v);
          },
        });
        storeLanes(f, yRowPointer, result, Math.min(4, lanes - 4 * v), 16 * v);
      }
      if (r + 1 < rows) {
        f.get(yRowPointer);
        f.get(P.yRow);
        f.op("i32.add");
        f.set(yRowPointer);
      }
    }
  };

  const advancePanel = (lanes: number) => {
    f.get(bPanel);
    if (packed) {
      f.get(panelBytes);
    } else f.i32(4 * lanes);
    f.op("i32.add");
    f.set(bPanel);
    f.add(yPanel, 4 * lanes);
    f.add(biasPanel, 4 * lanes);
  };

  /** Runs `body(lanes)` for each panel of `width` columns and for the narrower last one. */
  const overPanels = (width: number, body: (lanes: number) => void) => {
    f.get(P.b);
    f.set(bPanel);
    f.get(P.y);
    f.set(yPanel);
    f.get(P.bias);
    f.set(biasPanel);
    const whole = Math.floor(cols / width);
    if (whole > 0) {
      const count = f.local("i32");
      f.i32(whole);
      f.set(count);
      f.doWhile(
        () => {
          body(width);
          advancePanel(width);
          f.get(count);
          f.i32(1);
          f.op("i32.sub");
          f.tee(count);
        },
        () => {},
      );
    }
    if (cols % width > 0) body(cols % width);
  };

  f.get(P.inner);
  f.i32(4 * tileCols);
  f.op("i32.mul");
  f.set(panelBytes);

  const downTiles = (rows: number, lanes: number) => emitTilesDown(f, i, P.rows, rows, () => tile(rows, lanes));

  overPanels(tileCols, (lanes) => {
    f.i32(0);
    f.set(i);
    if (lanes <= 4) downTiles(narrowTileRows, lanes);
    downTiles(tileRows, lanes);
  });
  // the one to three rows that remain; packed panels are too narrow for the wider tile
  f.get(P.rows);
  f.i32(tileRows - 1);
  f.op("i32.and");
  f.if(() =>
    overPanels(packed ? tileCols : rowTileCols, (lanes) => {
      f.get(P.rows);
      f.i32(-tileRows);
      f.op("i32.and");
      f.set(i);
      f.while(
        () => {
          f.get(i);
          f.get(P.rows);
          f.op("i32.lt_s");
        },
        () => {
          tile(1, lanes);
          f.add(i, 1);
        },
      );
    }),
  );
  return f;
}

/**
 * Calls `run` `count` times with args + i · strides, on several threads where `work`, the multiplications of all calls, is
 * large. No call may read what another writes.
 */
export type Repeat = (
  run: (...args: number[]) => void,
  work: number,
  count: number,
  args: readonly number[],
  strides: readonly number[],
) => void;

/** What the driver needs of the backend. */
export interface MatmulHost {
  compile(key: string, body: () => FunctionBody): (...args: number[]) => void;
  readonly fma: boolean;
  /** Temporary memory of at least the given bytes; valid until the next call. */
  scratch(slot: number, bytes: number): number;
  /** Writes the transpose of x (rows, cols) to out (cols, rows). */
  transpose(rows: number, cols: number, x: number, out: number): void;
  /** Lays b (inner, cols), rows bRow bytes apart, out in panels of `tileCols`, the last one padded. */
  pack(inner: number, cols: number, b: number, bRow: number, out: number): void;
  /** The same from the transpose: b (cols, inner). */
  packTransposed(inner: number, cols: number, b: number, bRow: number, out: number): void;
  readonly repeat: Repeat;
  readonly threads: number;
}

/** Beyond this inner size the product is accumulated in parts, so that a panel of b stays in the first-level cache. */
const innerBlock = 512;
/** Rows of a that are multiplied with all panels before the next: few, where the result is most of the traffic. */
const rowBlockFor = (inner: number) => (inner <= 64 ? 16 : 128);
/** Columns that are packed and used up at once where a has few rows: what was packed is still in the cache. */
const chunkCols = 32;
/** The same for several threads, which would wait for the packing too often otherwise. */
const sharedChunkCols = 128;
/** Rows that a thread takes at a time. */
const sharedRows = 8;

export function makeMatmul(host: MatmulHost, spec: MatmulSpec): MatmulLaunch {
  const activationKey = spec.activation ? structureOf(spec.activation) : "none";
  const kernels = new Map<number, MatmulKernel>();

  const kernel = (
    cols: number,
    last: boolean,
    accumulate: boolean,
    packed: boolean,
    isColumn = false,
  ): MatmulKernel => {
    const id = cols * 16 + (isColumn ? 8 : 0) + (last ? 4 : 0) + (accumulate ? 2 : 0) + (packed ? 1 : 0);
    let found = kernels.get(id);
    if (!found) {
      const bias = last && spec.bias;
      const activation = last ? spec.activation : null;
      const variant = { cols, bias, activation, accumulate, packed, fma: host.fma };
      const shape = isColumn ? "column" : cols;
      const key = `matmul ${shape} ${bias} ${activation ? activationKey : "none"} ${accumulate} ${packed}`;
      found = host.compile(key, () => (isColumn ? printMatmulColumn(variant) : printMatmul(variant))) as MatmulKernel;
      kernels.set(id, found);
    }
    return found;
  };

  return (rows, inner, cols, a, b, bias, y, transposeA, transposeB, accumulate) => {
    if (rows === 0 || cols === 0) return;
    let left = a;
    let aRow = transposeA ? 4 : 4 * inner;
    let aInner = transposeA ? 4 * rows : 4;
    if (transposeA && rows * inner >= 4096) {
      left = host.scratch(1, 4 * inner * rows);
      host.transpose(inner, rows, a, left);
      aRow = 4 * inner;
      aInner = 4;
    }
    const packed = rows >= 32 && inner * cols >= 8192 && cols >= tileCols;
    if (!packed) {
      let right = b;
      if (transposeB && cols > 1 && inner > 1) {
        right = host.scratch(0, 4 * inner * cols);
        host.transpose(cols, inner, b, right);
      }
      const isColumn = cols === 1 && aInner === 4;
      kernel(cols, true, accumulate, false, isColumn)(
        rows,
        inner,
        left,
        aRow,
        aInner,
        right,
        4 * cols,
        bias,
        y,
        4 * cols,
      );
      return;
    }
    const isShared = host.threads > 1;
    const chunk = rows <= rowBlockFor(inner) ? (isShared ? sharedChunkCols : chunkCols) : cols;
    const rowBlock = isShared && rows <= 128 ? sharedRows : rowBlockFor(inner);
    const wholeBlocks = Math.floor(rows / rowBlock);
    for (let from = 0; from < inner; from += innerBlock) {
      const size = Math.min(innerBlock, inner - from);
      const panels = host.scratch(2, 4 * size * Math.ceil(Math.min(chunk, cols) / tileCols) * tileCols);
      for (let col = 0; col < cols; col += chunk) {
        const width = Math.min(chunk, cols - col);
        if (transposeB) host.packTransposed(size, width, b + 4 * (col * inner + from), 4 * inner, panels);
        else host.pack(size, width, b + 4 * (from * cols + col), 4 * cols, panels);
        const run = kernel(width, from + size === inner, accumulate || from > 0, true);
        const aStart = left + from * aInner;
        const yStart = y + 4 * col;
        const [aStep, yStep] = [rowBlock * aRow, 4 * rowBlock * cols];
        const args = [rowBlock, size, aStart, aRow, aInner, panels, 0, bias + 4 * col, yStart, 4 * cols];
        host.repeat(run, rows * size * width, wholeBlocks, args, [0, 0, aStep, 0, 0, 0, 0, 0, yStep, 0]);
        const rest = rows - wholeBlocks * rowBlock;
        if (rest === 0) continue;
        const [aRest, yRest] = [aStart + wholeBlocks * aStep, yStart + wholeBlocks * yStep];
        run(rest, size, aRest, aRow, aInner, panels, 0, bias + 4 * col, yRest, 4 * cols);
      }
    }
  };
}
