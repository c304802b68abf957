/**
 * Convolution and its two adjoints, each a product of matrices one of which is never built: its element (r, k) stands at
 * x + rowTable[r] + innerTable[k]. What other libraries copy out first (im2col) is read in place.
 *
 *            rows           inner                  columns      other matrix
 *   y        windows        taps of all channels   outChannels  w
 *   gx       elements of x  taps of all channels   channels     w, its taps in the order of gx
 *   gw       taps           windows of images      outChannels  gy
 *
 * Results are stored with the columns outermost, which is how y, gx and gw lie in memory. A stride in gx splits its
 * elements into phases, each with taps of its own. Images are padded with zeros by a copy where the windows need it.
 */
import type { Families, MatmulSpec } from "../kernel/backend.ts";
import { type Expression, input, structureOf } from "../kernel/expression.ts";
import { type Convolution, reach, type Windows } from "../kernel/windows.ts";
import { FunctionBody } from "./assembler.ts";
import { ExpressionEmitter } from "./expressionEmitter.ts";
import { printCopyPlanes, printWindows } from "./families.ts";
import { type Repeat, tileCols, tileRows } from "./matmul.ts";
import { storeLanes } from "./matmulParts.ts";
import type { CpuMemory } from "./memory.ts";

interface Variant {
  readonly cols: number;
  /** How many of the last four rows exist. */
  readonly lastRows: number;
  readonly bias: boolean;
  readonly activation: Expression | null;
  readonly accumulate: boolean;
  readonly fma: boolean;
}

const panelRowBytes = 4 * tileCols;

/**
 * (rows, inner, x, rowTable, innerTable, panels, bias, y, yCol): y[c · yCol + 4 r] = or += activation(Σₖ x[rowTable[r] +
 * innerTable[k]] · b[k, c] + bias[c]). b is laid out in panels (cols / 8, inner, 8); rows are padded to a multiple of
 * four in the table.
 */
export function printIndexedMatmul(variant: Variant): FunctionBody {
  const { cols, lastRows, accumulate } = variant;
  const f = new FunctionBody(Array(9).fill("i32"));
  const [rows, inner, x, rowTable, innerTable, panels, bias, y, yCol] = [0, 1, 2, 3, 4, 5, 6, 7, 8];
  const i = f.local("i32");
  const panel = f.local("i32");
  const panelBytes = f.local("i32");
  const innerEnd = f.local("i32");
  const entry = f.local("i32");
  const offset = f.local("i32");
  const b = f.local("i32");
  const yPanel = f.local("i32");
  const yPointer = f.local("i32");
  const fullRows = f.local("i32");
  const rowPointers = Array.from({ length: tileRows }, () => f.local("i32"));
  const acc = Array.from({ length: tileRows }, () => [f.local("v128"), f.local("v128")] as const);
  const bValues = [f.local("v128"), f.local("v128")] as const;
  const value = f.local("v128");
  const turned = Array.from({ length: 4 }, () => f.local("v128"));

  /** Columns c … c + 3 of the tile: `vector` of the accumulators, turned so that rows are neighbours, and stored. */
  const finish = (vector: 0 | 1, columns: number, storedRows: number) => {
    const shuffled = (a: number, c: number, lanes: readonly [number, number, number, number], to: number) => {
      f.get(a);
      f.get(c);
      f.shuffle(lanes);
      f.set(to);
    };
    const [r0, r1, r2, r3] = acc.map((row) => row[vector]) as [number, number, number, number];
    const [t0, t1, t2, t3] = turned as [number, number, number, number];
    shuffled(r0, r1, [0, 4, 1, 5], t0);
    shuffled(r2, r3, [0, 4, 1, 5], t1);
    shuffled(r0, r1, [2, 6, 3, 7], t2);
    shuffled(r2, r3, [2, 6, 3, 7], t3);
    for (let c = 0; c < columns; c++) {
      const [low, high] = c < 2 ? [t0, t1] : [t2, t3];
      shuffled(low, high, c % 2 === 0 ? [0, 1, 4, 5] : [2, 3, 6, 7], value);
      if (accumulate) {
        f.get(value);
        f.get(yPointer);
        f.load();
        f.simd("f32x4.add");
        f.set(value);
      }
      if (variant.bias) {
        f.get(value);
        f.get(bias);
        f.loadSplat(4 * (4 * vector + c));
        f.simd("f32x4.add");
        f.set(value);
      }
      let result = value;
      if (variant.activation) {
        const emitter = new ExpressionEmitter(f, () => f.get(value));
        emitter.bind(input(0, "element"), value);
        result = emitter.evaluate([variant.activation])[0]!;
      }
      storeLanes(f, yPointer, result, storedRows, 0);
      f.get(yPointer);
      f.get(yCol);
      f.op("i32.add");
      f.set(yPointer);
    }
  };

  const tile = (lanes: number, storedRows: number) => {
    const vectors = lanes > 4 ? ([0, 1] as const) : ([0] as const);
    f.get(rowTable);
    f.get(i);
    f.i32(2);
    f.op("i32.shl");
    f.op("i32.add");
    f.set(entry);
    for (let r = 0; r < tileRows; r++) {
      f.get(x);
      f.get(entry);
      f.loadI32(4 * r);
      f.op("i32.add");
      f.set(rowPointers[r]!);
      for (const v of vectors) {
        f.splat(0);
        f.set(acc[r]![v]);
      }
    }
    f.get(innerTable);
    f.set(entry);
    f.get(panel);
    f.set(b);
    f.doWhile(
      () => {
        f.get(entry);
        f.loadI32();
        f.set(offset);
        for (const v of vectors) {
          f.get(b);
          f.load(16 * v);
          f.set(bValues[v]);
        }
        for (let r = 0; r < tileRows; r++) {
          f.get(rowPointers[r]!);
          f.get(offset);
          f.op("i32.add");
          f.loadSplat();
          f.set(value);
          for (const v of vectors) f.multiplyAdd(acc[r]![v], value, bValues[v], variant.fma);
        }
        f.add(b, panelRowBytes);
        f.get(entry);
        f.i32(4);
        f.op("i32.add");
        f.tee(entry);
        f.get(innerEnd);
        f.op("i32.lt_u");
      },
      () => {},
    );
    f.get(yPanel);
    f.get(i);
    f.i32(2);
    f.op("i32.shl");
    f.op("i32.add");
    f.set(yPointer);
    for (const v of vectors) finish(v, Math.min(4, lanes - 4 * v), storedRows);
  };

  f.get(innerTable);
  f.get(inner);
  f.i32(2);
  f.op("i32.shl");
  f.op("i32.add");
  f.set(innerEnd);
  f.get(inner);
  f.i32(panelRowBytes);
  f.op("i32.mul");
  f.set(panelBytes);
  f.get(panels);
  f.set(panel);
  f.get(y);
  f.set(yPanel);
  f.get(rows);
  f.i32(-tileRows);
  f.op("i32.and");
  f.set(fullRows);

  /** All rows of one panel. */
  const rowsOf = (lanes: number) => {
    f.i32(0);
    f.set(i);
    f.while(
      () => {
        f.get(i);
        f.get(fullRows);
        f.op("i32.lt_u");
      },
      () => {
        tile(lanes, tileRows);
        f.add(i, tileRows);
      },
    );
    if (lastRows > 0) tile(lanes, lastRows);
    f.get(panel);
    f.get(panelBytes);
    f.op("i32.add");
    f.set(panel);
    f.get(yPanel);
    f.get(yCol);
    f.i32(lanes);
    f.op("i32.mul");
    f.op("i32.add");
    f.set(yPanel);
    f.add(bias, 4 * lanes);
  };
  const whole = Math.floor(cols / tileCols);
  if (whole > 0) {
    const count = f.local("i32");
    f.i32(whole);
    f.set(count);
    f.while(
      () => f.get(count),
      () => {
        rowsOf(tileCols);
        f.add(count, -1);
      },
    );
  }
  if (cols % tileCols > 0) rowsOf(cols % tileCols);
  return f;
}

type Run = (...args: number[]) => void;

/** What the driver needs of the backend. */
export interface ConvolutionHost {
  compile(key: string, body: () => FunctionBody): Run;
  readonly fma: boolean;
  /** Temporary memory of at least the given bytes, valid until the slot is asked for again. */
  scratch(slot: number, bytes: number): number;
  readonly memory: CpuMemory;
  readonly repeat: Repeat;
  readonly threads: number;
  /** Lays the transpose of x (cols, inner), rows xRow bytes apart, out in panels `panelInner` rows apart. */
  packTransposed(inner: number, cols: number, x: number, xRow: number, panels: number, panelInner?: number): void;
}

/** Slots of temporary memory; the matmul has those before. */
const slots = { padded: 3, panels: 4, phase: 5 } as const;

/** Offsets in bytes, kept in memory: a table an axis of an indexed matrix. */
interface Table {
  readonly address: number;
  readonly count: number;
}

/** Windows over an image that is large enough for all of them. */
interface WindowPlan {
  readonly needsPadding: boolean;
  readonly height: number;
  readonly width: number;
  readonly windows: Table;
  readonly taps: Table;
}

/** Those elements of gx that see the same taps. */
interface Phase {
  /** The first element, and how many; they are a stride apart. */
  readonly first: readonly [number, number];
  readonly count: readonly [number, number];
  /** The taps, as elements of w's kernel, and gy's elements for each element of gx. */
  readonly taps: readonly number[];
  readonly rows: Table;
  readonly inner: Table;
}

interface InputPlan {
  /** gy with zeros around, so that every phase finds its elements. */
  readonly before: readonly [number, number];
  readonly height: number;
  readonly width: number;
  readonly phases: readonly Phase[];
}

interface Plan extends WindowPlan {
  /** Taps of all channels of a group. */
  readonly inner: Table;
  /** Windows of a block of images, and how many images that is. */
  readonly blocks: Table;
  readonly blockImages: number;
}

/** So many rows of a panel fit into the first-level cache. */
const innerBlock = 512;

/** The smallest part of the rows, at least an eighth of them, that divides them into whole tiles; all where none does. */
function partOf(rows: number): number {
  for (let parts = 8; parts > 1; parts--) if (rows % (parts * tileRows) === 0) return rows / parts;
  return rows;
}

export function makeConvolutions(
  host: ConvolutionHost,
): Pick<Families, "convolution" | "convolutionInput" | "convolutionWeight" | "windows" | "windowsAdjoint"> {
  const { memory } = host;

  /** Offsets, padded to a multiple of four by repeating the last. */
  const tableOf = (elements: readonly number[]): Table => {
    const count = elements.length;
    const padded = [...elements];
    while (padded.length % tileRows > 0) padded.push(elements[count - 1]!);
    const address = memory.reserve(4 * padded.length);
    const bytes = Int32Array.from(padded, (i) => 4 * i);
    new Int32Array(memory.memory.buffer).set(bytes, address >> 2);
    return { address, count };
  };

  const windowPlans = new WeakMap<Windows, WindowPlan>();
  const windowPlan = (of: Windows): WindowPlan => {
    let plan = windowPlans.get(of);
    if (!plan) {
      const { kernel, stride, padding, dilation } = of;
      const needed = (axis: 0 | 1, size: number, out: number) =>
        Math.max(size + padding[axis], (out - 1) * stride[axis] + reach(kernel[axis], dilation[axis]));
      const height = needed(0, of.height, of.outHeight);
      const width = needed(1, of.width, of.outWidth);
      const grid = (rows: number, cols: number, step: readonly [number, number]) =>
        Array.from({ length: rows * cols }, (_, i) => {
          const row = Math.floor(i / cols);
          return row * step[0] * width + (i - row * cols) * step[1];
        });
      plan = {
        needsPadding: height > of.height || width > of.width,
        height,
        width,
        windows: tableOf(grid(of.outHeight, of.outWidth, stride)),
        taps: tableOf(grid(kernel[0], kernel[1], dilation)),
      };
      windowPlans.set(of, plan);
    }
    return plan;
  };

  /** The elements that a table holds. */
  const elementsOf = ({ address, count }: Table): number[] =>
    Array.from(new Int32Array(memory.memory.buffer, address, count), (bytes) => bytes >> 2);

  const plans = new WeakMap<Convolution, Plan>();
  const planOf = (of: Convolution): Plan => {
    let plan = plans.get(of);
    if (!plan) {
      const windows = windowPlan(of);
      const plane = windows.height * windows.width;
      const repeat = (table: Table, times: number, step: number) => {
        const elements = elementsOf(table);
        return tableOf(Array.from({ length: times }, (_, k) => elements.map((at) => k * step + at)).flat());
      };
      const blockImages = Math.min(of.batch, Math.max(1, Math.floor(innerBlock / windows.windows.count)));
      plan = {
        ...windows,
        inner: repeat(windows.taps, of.channels / of.groups, plane),
        blocks: repeat(windows.windows, blockImages, of.channels * plane),
        blockImages,
      };
      plans.set(of, plan);
    }
    return plan;
  };

  const inputPlans = new WeakMap<Convolution, InputPlan>();
  const inputPlan = (of: Convolution): InputPlan => {
    let plan = inputPlans.get(of);
    if (!plan) {
      const { kernel, stride, padding, dilation, outHeight, outWidth } = of;
      const size = [of.height, of.width] as const;
      const out = [outHeight, outWidth] as const;
      const axes = [0, 1] as const;
      // element i of gx is q strides and a phase from the padded edge: tap k takes gy[q + (phase − k dilation) / stride]
      const before = axes.map((d) => Math.floor(((kernel[d] - 1) * dilation[d]) / stride[d])) as [number, number];
      const [height, width] = axes.map((d) => {
        const last = Math.floor((size[d] + padding[d] - 1) / stride[d]);
        return before[d] + Math.max(out[d] - 1, last) + 1;
      }) as [number, number];
      const alongAxis = (d: 0 | 1) =>
        Array.from({ length: stride[d] }, (_, phase) => {
          const begin = Math.max(0, Math.ceil((padding[d] - phase) / stride[d]));
          const end = Math.floor((size[d] + padding[d] - 1 - phase) / stride[d]);
          const taps = Array.from({ length: kernel[d] }, (_, k) => ({
            tap: k,
            offset: (phase - k * dilation[d]) / stride[d] + before[d],
          })).filter(({ offset }) => Number.isInteger(offset));
          return { first: begin * stride[d] + phase - padding[d], begin, count: end - begin + 1, taps };
        }).filter(({ count }) => count > 0);
      const phases = alongAxis(0).flatMap((v) =>
        alongAxis(1).flatMap((h) => {
          const taps = v.taps.flatMap((ky) => h.taps.map((kx) => ({ ky, kx })));
          if (taps.length === 0) return [];
          const rows = Array.from({ length: v.count * h.count }, (_, i) => {
            const row = Math.floor(i / h.count);
            return (v.begin + row) * width + h.begin + i - row * h.count;
          });
          const inner = Array.from({ length: of.outChannels / of.groups }, (_, o) =>
            taps.map(({ ky, kx }) => o * height * width + ky.offset * width + kx.offset),
          ).flat();
          return {
            first: [v.first, h.first] as const,
            count: [v.count, h.count] as const,
            taps: taps.map(({ ky, kx }) => ky.tap * kernel[1] + kx.tap),
            rows: tableOf(rows),
            inner: tableOf(inner),
          };
        }),
      );
      plan = { before, height, width, phases };
      inputPlans.set(of, plan);
    }
    return plan;
  };

  const copyPlanes: Run = (...args) => host.compile("copyPlanes", printCopyPlanes)(...args);

  const fill = (value: number, address: number, count: number) =>
    memory.floats.fill(value, address >> 2, (address >> 2) + count);

  /** Planes (rows, cols) in the middle of larger ones, `beyond` around. */
  const surround = (
    planes: number,
    [rows, cols]: readonly [number, number],
    x: number,
    [height, width]: readonly [number, number],
    before: readonly [number, number],
    beyond: number,
  ): number => {
    const out = host.scratch(slots.padded, 4 * planes * height * width);
    fill(beyond, out, planes * height * width);
    const inside = out + 4 * (before[0] * width + before[1]);
    copyPlanes(planes, rows, cols, x, 4 * rows * cols, 4 * cols, 4, inside, 4 * height * width, 4 * width, 4);
    return out;
  };

  /** The images where all windows lie within. */
  const padded = (of: Windows, plan: WindowPlan, planes: number, x: number, beyond: number): number =>
    plan.needsPadding ? surround(planes, [of.height, of.width], x, [plan.height, plan.width], of.padding, beyond) : x;

  const panelsFor = (cols: number, inner: number): number =>
    host.scratch(slots.panels, panelRowBytes * inner * Math.ceil(cols / tileCols));

  const product = (rows: number, cols: number, { bias, activation }: MatmulSpec, accumulate: boolean): Run => {
    const lastRows = rows % tileRows;
    const activationKey = activation ? structureOf(activation) : "none";
    const key = `indexedMatmul ${cols} ${lastRows} ${bias} ${activationKey} ${accumulate}`;
    return host.compile(key, () => printIndexedMatmul({ cols, lastRows, bias, activation, accumulate, fma: host.fma }));
  };
  const plain: MatmulSpec = { bias: false, activation: null };

  return {
    convolution: (spec) => (of, x, w, bias, y) => {
      const plan = planOf(of);
      const { batch, channels, outChannels, groups } = of;
      const plane = 4 * plan.height * plan.width;
      const rows = plan.windows.count;
      const inner = plan.inner.count;
      const cols = outChannels / groups;
      const images = padded(of, plan, batch * channels, x, 0);
      const panels = panelsFor(cols, inner);
      const run = product(rows, cols, spec, false);
      for (let g = 0; g < groups; g++) {
        host.packTransposed(inner, cols, w + 4 * g * cols * inner, 4 * inner, panels);
        const image = images + ((g * channels) / groups) * plane;
        const [out, added] = [y + 4 * g * cols * rows, bias + 4 * g * cols];
        const args = [rows, inner, image, plan.windows.address, plan.inner.address, panels, added, out, 4 * rows];
        const strides = [0, 0, channels * plane, 0, 0, 0, 0, 4 * outChannels * rows, 0];
        host.repeat(run, batch * rows * inner * cols, batch, args, strides);
      }
    },

    convolutionInput(of, gy, w, gx) {
      const plan = inputPlan(of);
      const { batch, channels, outChannels, groups, height, width, outHeight, outWidth, stride, kernel } = of;
      const taps = kernel[0] * kernel[1];
      const cols = channels / groups;
      const outEach = outChannels / groups;
      const needsPadding = plan.height > outHeight || plan.width > outWidth;
      const source = needsPadding
        ? surround(batch * outChannels, [outHeight, outWidth], gy, [plan.height, plan.width], plan.before, 0)
        : gy;
      const covered = plan.phases.reduce((sum, { count }) => sum + count[0] * count[1], 0);
      if (covered < height * width) fill(0, gx, batch * channels * height * width);
      for (const { first, count, taps: own, rows, inner } of plan.phases) {
        const run = product(rows.count, cols, plain, false);
        const isWhole = rows.count === height * width;
        const panels = panelsFor(cols, inner.count);
        const out = isWhole ? 0 : host.scratch(slots.phase, 4 * batch * cols * rows.count);
        for (let g = 0; g < groups; g++) {
          const weights = w + 4 * g * outEach * cols * taps;
          for (let from = 0; from < cols; from += tileCols) {
            const lanes = Math.min(tileCols, cols - from);
            const panel = panels + 4 * from * inner.count;
            own.forEach((tap, t) => {
              const [s, target] = [weights + 4 * (from * taps + tap), panel + panelRowBytes * t];
              copyPlanes(1, outEach, lanes, s, 0, 4 * cols * taps, 4 * taps, target, 0, panelRowBytes * own.length, 4);
            });
          }
          const image = source + 4 * g * outEach * plan.height * plan.width;
          const target = gx + 4 * g * cols * height * width;
          const y = isWhole ? target : out;
          const work = batch * rows.count * inner.count * cols;
          const imageStep = 4 * outChannels * plan.height * plan.width;
          const targetStep = 4 * channels * height * width;
          const yStep = isWhole ? targetStep : 4 * cols * rows.count;
          const args = [rows.count, inner.count, image, rows.address, inner.address, panels, 0, y, 4 * rows.count];
          host.repeat(run, work, batch, args, [0, 0, imageStep, 0, 0, 0, 0, yStep, 0]);
          if (isWhole) continue;
          const corner = target + 4 * (first[0] * width + first[1]);
          const [across, down, plane] = [4 * stride[1], 4 * stride[0] * width, 4 * height * width];
          const copy = [cols, count[0], count[1], out, 4 * rows.count, 4 * count[1], 4, corner, plane, down, across];
          host.repeat(copyPlanes, 0, batch, copy, [0, 0, 0, yStep, 0, 0, 0, targetStep]);
        }
      }
    },

    convolutionWeight(of, x, gy, gw, accumulate) {
      const plan = planOf(of);
      const { batch, channels, outChannels, groups } = of;
      const plane = plan.height * plan.width;
      const windows = plan.windows.count;
      const rows = plan.inner.count;
      const cols = outChannels / groups;
      const images = padded(of, plan, batch * channels, x, 0);
      const panels = panelsFor(cols, windows * plan.blockImages);
      for (let g = 0; g < groups; g++) {
        for (let n = 0; n < batch; n += plan.blockImages) {
          const count = Math.min(plan.blockImages, batch - n);
          const inner = windows * count;
          for (let k = 0; k < count; k++) {
            const source = gy + 4 * ((n + k) * outChannels + g * cols) * windows;
            host.packTransposed(windows, cols, source, 4 * windows, panels + panelRowBytes * windows * k, inner);
          }
          const image = images + 4 * (n * channels + (g * channels) / groups) * plane;
          const out = gw + 4 * g * cols * rows;
          // rows shared out to threads, in parts that end where a tile does
          const part = host.threads > 1 ? partOf(rows) : rows;
          const run = product(part, cols, plain, accumulate || n > 0);
          const args = [part, inner, image, plan.inner.address, plan.blocks.address, panels, 0, out, 4 * rows];
          host.repeat(run, rows * inner * cols, rows / part, args, [0, 0, 0, 4 * part, 0, 0, 0, 4 * part, 0]);
        }
      }
    },

    windows(of, planes, x, out, beyond) {
      const plan = windowPlan(of);
      const source = padded(of, plan, planes, x, beyond);
      const [windows, taps] = [plan.windows, plan.taps];
      const plane = 4 * plan.height * plan.width;
      const run = host.compile("windows", () => printWindows(false));
      run(planes, windows.count, taps.count, source, plane, windows.address, taps.address, out);
    },

    windowsAdjoint(of, planes, g, gx) {
      const plan = windowPlan(of);
      const [windows, taps] = [plan.windows, plan.taps];
      const size = plan.height * plan.width;
      const sums = plan.needsPadding ? host.scratch(slots.padded, 4 * planes * size) : gx;
      fill(0, sums, planes * size);
      const run = host.compile("windowsAdjoint", () => printWindows(true));
      run(planes, windows.count, taps.count, sums, 4 * size, windows.address, taps.address, g);
      if (!plan.needsPadding) return;
      const inside = sums + 4 * (of.padding[0] * plan.width + of.padding[1]);
      const { height, width } = of;
      copyPlanes(planes, height, width, inside, 4 * size, 4 * plan.width, 4, gx, 4 * height * width, 4 * width, 4);
    },
  };
}
