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

/** Channels of a convolution that one invocation may compute; all give the same numbers. */
export const channelTiles: readonly number[] = [1, 2, 4, 8];
const usualChannels = 4;
const channelKey = "channels ";

/** The number of a tile by the class of a product's shape, see `shapeClass`; and channels an invocation by `channels` and their order of magnitude. */
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
  /** By the order of magnitude of a group's channels. */
  readonly #channels = new Int8Array(5).fill(usualChannels);

  use(table: TileTable): void {
    this.#measured.fill(-1);
    this.#channels.fill(usualChannels);
    for (const [key, tile] of Object.entries(table)) {
      if (key.startsWith(channelKey)) {
        if (channelTiles.includes(tile)) this.#channels[Number(key.slice(channelKey.length))] = tile;
      } else if (tiles[tile]) this.#measured[Number(key)] = tile;
    }
  }

  /** The channels of a convolution that one invocation computes, of so many in a group. */
  ofChannels(planes: number): number {
    return this.#channels[magnitude(planes)]!;
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

/** Layers of MinAtar's and Nature's networks, a batch of 32: one for each order of magnitude of channels. */
const tunedLayers = [
  { height: 10, width: 10, channels: 4, outChannels: 16, kernel: [3, 3], stride: [1, 1], outHeight: 8, outWidth: 8 },
  { height: 20, width: 20, channels: 32, outChannels: 64, kernel: [4, 4], stride: [2, 2], outHeight: 9, outWidth: 9 },
] as const;

/** Measures how many channels of a convolution an invocation should compute; `tiles` is used meanwhile. */
export async function tuneChannels(backend: Backend, tiles: TunedTiles): Promise<TileTable> {
  const table: Record<string, number> = {};
  const { memory, families } = backend;
  for (const layer of tunedLayers) {
    const of = { ...layer, batch: 32, groups: 1, padding: [0, 0], dilation: [1, 1] } as const;
    const sizes = [
      of.channels * of.height * of.width * of.batch,
      of.outChannels * of.outHeight * of.outWidth * of.batch,
    ];
    const weights = of.outChannels * of.channels * of.kernel[0] * of.kernel[1];
    const [x, y, w] = [...sizes, weights].map((count) => memory.reserve(4 * count)) as [number, number, number];
    const key = `${channelKey}${magnitude(of.outChannels)}`;
    let least = Number.POSITIVE_INFINITY;
    for (const tile of channelTiles) {
      tiles.use({ [key]: tile });
      const launch = families.convolution({ bias: false, activation: null });
      const seconds = await secondsOf(backend, () => launch(of, x, w, 0, y), 0.05);
      if (seconds < least) table[key] = tile;
      least = Math.min(least, seconds);
    }
    [x, y, w].forEach((address, i) => {
      memory.release(address, 4 * [...sizes, weights][i]!);
    });
  }
  return table;
}
