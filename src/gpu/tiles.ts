/** Which tile of a product an invocation computes: by measurement where this adapter was tuned, else by a rule. */
import type { Backend } from "../kernel/backend.ts";
import { secondsOf } from "../kernel/secondsOf.ts";

/** Rows and columns of the result that one invocation computes. All give the same numbers, to the last bit. */
export const tiles = [
  [1, 1],
  [1, 4],
  [2, 4],
  [4, 4],
  [8, 8],
] as const;

/** The number of a tile by the class of a product's shape, see `shapeClass`. */
export type TileTable = Readonly<Record<string, number>>;

/** Orders of magnitude: up to 8, 32, 128, 512, more. */
const magnitude = (n: number): number => (n <= 8 ? 0 : n <= 32 ? 1 : n <= 128 ? 2 : n <= 512 ? 3 : 4);

/** Products of one class get one tile: rows, inner and columns, each by its order of magnitude. */
const shapeClass = (rows: number, inner: number, cols: number): number =>
  25 * magnitude(rows) + 5 * magnitude(inner) + magnitude(cols);

/** Without measurement: a larger tile where there is enough for all invocations. */
const tileByRule = (rows: number, cols: number): number =>
  rows * cols >= 1 << 18 ? 3 : rows * cols >= 1 << 14 ? 2 : 0;

/** The tile for a shape. */
export class TunedTiles {
  readonly #measured = new Int8Array(125).fill(-1);

  use(table: TileTable): void {
    this.#measured.fill(-1);
    for (const [key, tile] of Object.entries(table)) if (tiles[tile]) this.#measured[Number(key)] = tile;
  }

  of(rows: number, inner: number, cols: number): number {
    const measured = this.#measured[shapeClass(rows, inner, cols)]!;
    return measured >= 0 ? measured : tileByRule(rows, cols);
  }
}

export type ProductShape = readonly [rows: number, inner: number, cols: number];

/** Products of an update, as (rows, inner, cols): perceptrons, MinAtar's and Nature's networks. */
export const tunedShapes: readonly ProductShape[] = [
  ...[32, 128, 512].flatMap((batch) =>
    [64, 256, 512].flatMap((units): ProductShape[] => [
      [batch, units, units],
      [units, batch, units],
    ]),
  ),
  [32 * 64, 36, 16],
  [36, 32 * 64, 16],
  [32, 1024, 128],
  [32 * 400, 256, 32],
  [256, 32 * 400, 32],
  [32 * 81, 512, 64],
  [512, 32 * 81, 64],
  [32 * 49, 576, 64],
  [576, 32 * 49, 64],
  [32, 3136, 512],
  [3136, 32, 512],
];

export interface TunedShape {
  readonly shape: ProductShape;
  /** Those that fit the result, as rows and columns an invocation. */
  readonly tried: readonly { readonly tile: readonly [number, number]; readonly gigaflops: number }[];
  readonly best: readonly [number, number];
}

/**
 * Measures every tile on the products of usual networks.
 * @param launchWith launches a product of this shape with this tile on the given addresses
 * @param onShape is told after each shape
 */
export async function tune(
  backend: Backend,
  launchWith: (tile: number, shape: ProductShape, a: number, b: number, y: number) => void,
  onShape: (tuned: TunedShape, done: number, total: number) => void,
  shapes: readonly ProductShape[],
): Promise<TileTable> {
  const table: Record<string, number> = {};
  const bytes = 4 * Math.max(...shapes.map(([rows, inner, cols]) => Math.max(rows * inner, inner * cols, rows * cols)));
  const addresses = [0, 1, 2].map(() => backend.memory.reserve(bytes));
  const [a, b, y] = addresses as [number, number, number];
  for (const [done, shape] of shapes.entries()) {
    const [rows, inner, cols] = shape;
    const flops = 2 * rows * inner * cols;
    const tried: { index: number; tile: readonly [number, number]; gigaflops: number }[] = [];
    for (const [index, tile] of tiles.entries()) {
      // a tile larger than the result only computes numbers that nobody wants
      if (tile[0] > rows || tile[1] > cols) continue;
      const seconds = await secondsOf(backend, () => launchWith(index, shape, a, b, y), 0.05);
      tried.push({ index, tile, gigaflops: flops / seconds / 1e9 });
    }
    const best = tried.reduce((x, y) => (y.gigaflops > x.gigaflops ? y : x));
    table[shapeClass(rows, inner, cols)] = best.index;
    onShape({ shape, tried, best: best.tile }, done + 1, shapes.length);
  }
  for (const address of addresses) backend.memory.release(address, bytes);
  return table;
}
