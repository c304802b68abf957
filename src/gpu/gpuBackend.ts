/** The GPU backend: kernels printed as WGSL, launches written on a tape that runs when something is read or it is full. */
import { UsageError } from "../errors.ts";
import {
  type Backend,
  type Families,
  isFlat,
  type Kernel,
  kernelKey,
  type Launch,
  type MatmulSpec,
} from "../kernel/backend.ts";
import { Memory } from "../kernel/memory.ts";
import { loopNest } from "../kernel/strides.ts";
import { openGpu } from "./adapter.ts";
import * as convolutions from "./convolution.ts";
import * as bodies from "./families.ts";
import { firstNumber, firstWord } from "./program.ts";
import { narrowCols, rowKernelShader } from "./rowKernel.ts";
import { mostGroups, type Shader, workgroupSize } from "./shader.ts";
import { Tape, type TapeKernel } from "./tape.ts";
import {
  type ProductShape,
  type TileTable,
  type TunedShape,
  TunedTiles,
  tiles,
  tune,
  tuneChannels,
  tunedShapes,
} from "./tiles.ts";

class GpuMemory extends Memory {
  override readonly isOnHost = false;
  readonly #tape: Tape;
  readonly #fill: (count: number, address: number, value: number) => void;
  /** A copy of all numbers, as they were at a version of the tape. */
  #snapshot: Float32Array = new Float32Array(0);
  #snapshotOf = -1;

  constructor(tape: Tape, fill: (count: number, address: number, value: number) => void) {
    super();
    this.#tape = tape;
    this.#fill = fill;
  }

  override get floats(): Float32Array {
    if (this.#snapshotOf !== this.#tape.version) {
      throw new UsageError(
        "gpu: numbers must be read when they are computed; got a look at them at once. Write await x.read(), or " +
          "await device.sync() before.",
      );
    }
    return this.#snapshot;
  }

  override async sync(): Promise<void> {
    const { version } = this.#tape;
    if (this.#snapshotOf === version) return;
    this.#snapshot = await this.#tape.read(0, this.reservedBytes >> 2);
    this.#snapshotOf = version;
  }

  override grow(bytes: number): void {
    const needed = bytes + 64;
    if (needed > this.#tape.memoryBytes) this.#tape.grow(Math.max(needed, 2 * this.#tape.memoryBytes));
  }

  override write(address: number, values: ArrayLike<number>): void {
    this.#tape.write(address, values);
  }

  override read(address: number, count: number): Promise<Float32Array> {
    return this.#tape.read(address, count);
  }

  protected override clear(address: number, bytes: number): void {
    this.#fill(bytes >> 2, address, 0);
  }
}

export interface GpuBackend extends Backend {
  /** Waits until every program that is hot has its own pipelines. */
  settle(): Promise<void>;
  /** Measures which tile of a product is the fastest for which shape, and uses what came out. */
  tune(
    onShape: (tuned: TunedShape, done: number, total: number) => void,
    shapes?: readonly ProductShape[],
  ): Promise<TileTable>;
  useTiles(table: TileTable): void;
  /** False once the device is lost or a command was refused. */
  readonly isFine: boolean;
  destroy(): void;
}

const initialBytes = 16 << 20;

const shownLimits = [
  "maxBufferSize",
  "maxStorageBufferBindingSize",
  "maxComputeInvocationsPerWorkgroup",
  "maxComputeWorkgroupStorageSize",
  "maxComputeWorkgroupsPerDimension",
] as const;

/** Groups of 64 invocations for so many elements; kernels stride over what is beyond the most groups. */
const groupsFor = (count: number) => Math.max(1, Math.min(mostGroups, Math.ceil(count / workgroupSize)));

/**
 * Makes the backend of this thread.
 * @param options for Dawn alone, such as `backend=null`
 * @param hotAfter how often a program must come before it gets pipelines of its own, which take seconds to compile where
 *   there is no hardware
 * @throws DeviceError where there is no adapter
 */
export async function createGpuBackend(options: readonly string[] = [], hotAfter = 32): Promise<GpuBackend> {
  const { adapter, device } = await openGpu(options);
  const tape = new Tape(device, initialBytes, hotAfter);
  const { words, numbers } = tape;

  /** Launches a family's kernel over (rows, cols) with whole numbers that the body names. */
  const run = (kernel: TapeKernel, count: number, rows: number, cols: number, whole: readonly number[]) => {
    const at = tape.launch(kernel, groupsFor(count), 1);
    words[at] = rows;
    words[at + 1] = cols;
    for (let i = 0; i < whole.length; i++) words[at + firstWord + i] = whole[i]!;
    return at;
  };

  const kernelOf = (shader: Shader) => tape.kernel(shader.name, () => shader);
  const both = (make: (accumulate: boolean) => Shader) => [kernelOf(make(false)), kernelOf(make(true))] as const;
  const columnSum = both(bodies.columnSumShader);
  const stridedCopy = both(bodies.stridedCopyShader);
  const copy = both(bodies.copyShader);
  const gatherRows = kernelOf(bodies.gatherRowsShader);
  const scatterAddRows = kernelOf(bodies.scatterAddRowsShader);
  /** By the channels that one invocation computes. */
  const convolutionInput: (TapeKernel | undefined)[] = [];
  const convolutionWeight = both(convolutions.convolutionWeightShader);
  const windows = kernelOf(convolutions.windowsShader);
  const windowsAdjoint = kernelOf(convolutions.windowsAdjointShader);
  const fillKernel = kernelOf(bodies.fillShader);
  const randomUniform = kernelOf(bodies.randomUniformShader);

  const fill = (count: number, out: number, value: number) => {
    if (count === 0) return;
    const at = run(fillKernel, count, 1, count, [out >> 2]);
    numbers[at + firstNumber] = value;
  };

  const tuned = new TunedTiles();

  /** Launches a product whose result is computed in tiles of a number, or in those for its shape. */
  const launcher = ({ bias, activation }: MatmulSpec) => {
    const variants: (TapeKernel | undefined)[] = [];
    return (
      rows: number,
      inner: number,
      cols: number,
      a: number,
      b: number,
      biasAddress: number,
      y: number,
      transposeA: boolean,
      transposeB: boolean,
      accumulate: boolean,
      tile?: number,
    ): void => {
      if (rows === 0 || cols === 0) return;
      const chosen = tile ?? tuned.of(rows, inner, cols);
      const [tileRows, tileCols] = tiles[chosen]!;
      const index = 8 * chosen + (transposeA ? 4 : 0) + (transposeB ? 2 : 0) + (accumulate ? 1 : 0);
      let found = variants[index];
      if (!found) {
        const variant = { bias, activation, transposeA, transposeB, accumulate, tileRows, tileCols };
        found = kernelOf(bodies.matmulShader(variant));
        variants[index] = found;
      }
      const groupsX = Math.ceil(cols / (tileCols * bodies.matmulGroup));
      const at = tape.launch(found, groupsX, Math.ceil(rows / (tileRows * bodies.matmulGroup)));
      words[at] = rows;
      words[at + 1] = cols;
      const first = at + firstWord;
      words[first] = inner;
      words[first + 1] = a >> 2;
      words[first + 2] = b >> 2;
      words[first + 3] = biasAddress >> 2;
      words[first + 4] = y >> 2;
    };
  };

  const families: Families = {
    matmul: launcher,
    convolution(spec) {
      const variants: (TapeKernel | undefined)[] = [];
      return (of, x, w, bias, y) => {
        const each = of.outChannels / of.groups;
        const tile = tuned.ofChannels(each);
        const kernel = (variants[tile] ??= kernelOf(convolutions.convolutionShader(spec, tile)));
        const count = of.batch * of.groups * Math.ceil(each / tile) * of.outHeight * of.outWidth;
        const whole = convolutions.convolutionNumbers([x >> 2, w >> 2, bias >> 2, y >> 2], of);
        run(kernel, count, count, 1, whole);
      };
    },
    convolutionInput(of, gy, w, gx) {
      const each = of.channels / of.groups;
      const tile = tuned.ofChannels(each);
      const kernel = (convolutionInput[tile] ??= kernelOf(convolutions.convolutionInputShader(tile)));
      const count = of.batch * of.groups * Math.ceil(each / tile) * of.height * of.width;
      run(kernel, count, count, 1, convolutions.convolutionNumbers([gy >> 2, w >> 2, gx >> 2], of));
    },
    convolutionWeight(of, x, gy, gw, accumulate) {
      const count = (of.outChannels * of.channels * of.kernel[0] * of.kernel[1]) / of.groups;
      const whole = convolutions.convolutionNumbers([x >> 2, gy >> 2, gw >> 2], of);
      // a workgroup for each weight
      run(convolutionWeight[+accumulate]!, count * workgroupSize, count, of.batch, whole);
    },
    windows(of, planes, x, out, beyond) {
      const count = planes * of.outHeight * of.outWidth * of.kernel[0] * of.kernel[1];
      const at = run(windows, count, count, 1, convolutions.windowNumbers([x >> 2, out >> 2], of));
      numbers[at + firstNumber] = beyond;
    },
    windowsAdjoint(of, planes, g, gx) {
      const count = planes * of.height * of.width;
      run(windowsAdjoint, count, count, 1, convolutions.windowNumbers([g >> 2, gx >> 2], of));
    },
    columnSum(rows, cols, x, out, accumulate) {
      if (cols > 0) run(columnSum[+accumulate]!, cols, rows, cols, [x >> 2, out >> 2]);
    },
    stridedCopy(shape, source, sourceStrides, target, targetStrides, accumulate) {
      const nest = loopNest(shape, sourceStrides, targetStrides);
      const { rows, cols } = nest;
      const kernel = stridedCopy[+accumulate]!;
      nest.forEach((s, t) => {
        const lengths = [1, 1, rows, cols];
        const strides = [0, 0, nest.sourceRow, nest.sourceCol, 0, 0, nest.targetRow, nest.targetCol];
        const whole = [(source >> 2) + s, (target >> 2) + t, ...lengths, ...strides];
        run(kernel, rows * cols, rows * cols, 1, whole);
      });
    },
    gatherRows(count, cols, tableRows, table, index, out) {
      if (count * cols === 0) return;
      run(gatherRows, count * cols, count, cols, [tableRows, table >> 2, index >> 2, out >> 2]);
    },
    scatterAddRows(count, cols, tableRows, x, index, table) {
      if (tableRows * cols === 0) return;
      run(scatterAddRows, tableRows * cols, tableRows, cols, [count, x >> 2, index >> 2, table >> 2]);
    },
    copy(count, source, target, accumulate) {
      if (count > 0) run(copy[+accumulate]!, count, 1, count, [source >> 2, target >> 2]);
    },
    fill,
    randomUniform(count, out, key0, key1, block) {
      // whole blocks of four: a tensor owns its padding
      const blocks = Math.ceil(count / 4);
      if (blocks > 0) run(randomUniform, blocks, 1, blocks, [out >> 2, key0, key1, block]);
    },
  };

  function compile(kernel: Kernel): Launch {
    const wide = tape.kernel(kernelKey(kernel), () => rowKernelShader(kernel, false));
    const flat = isFlat(kernel);
    let narrow: TapeKernel | undefined;
    return (rows, cols, p0, p1, p2, p3, p4, p5, p6, p7, s0, s1, s2, s3, s4, s5, s6, s7) => {
      if (flat ? cols === 0 : rows === 0) return;
      const isNarrow = !flat && cols <= narrowCols;
      if (isNarrow) narrow ??= tape.kernel(`${kernelKey(kernel)} narrow`, () => rowKernelShader(kernel, true));
      const groups = flat ? groupsFor(cols) : isNarrow ? groupsFor(rows) : Math.min(rows, mostGroups);
      const at = tape.launch(isNarrow ? narrow! : wide, groups, 1);
      words[at] = rows;
      words[at + 1] = cols;
      const p = at + firstWord;
      words[p] = p0 >> 2;
      words[p + 1] = p1 >> 2;
      words[p + 2] = p2 >> 2;
      words[p + 3] = p3 >> 2;
      words[p + 4] = p4 >> 2;
      words[p + 5] = p5 >> 2;
      words[p + 6] = p6 >> 2;
      words[p + 7] = p7 >> 2;
      const s = at + firstNumber;
      numbers[s] = s0;
      numbers[s + 1] = s1;
      numbers[s + 2] = s2;
      numbers[s + 3] = s3;
      numbers[s + 4] = s4;
      numbers[s + 5] = s5;
      numbers[s + 6] = s6;
      numbers[s + 7] = s7;
    };
  }

  const { vendor, architecture, description } = adapter.info;
  const limits = Object.fromEntries(shownLimits.map((name) => [name, adapter.limits[name]]));
  const backend: GpuBackend = {
    adapter: { vendor, architecture, description, features: [...adapter.features].sort(), limits },
    name: "gpu",
    variant: ["webgpu", vendor, architecture].filter(Boolean).join(" "),
    memory: new GpuMemory(tape, fill),
    families,
    compile,
    turn: () => tape.turn(),
    settle: () => tape.settle(),
    get isFine() {
      return tape.isFine;
    },
    destroy: () => tape.close(),
    async tune(onShape, shapes = tunedShapes) {
      const launch = launcher({ bias: false, activation: null });
      const table = await tune(
        backend,
        (tile, [rows, inner, cols], a, b, y) => launch(rows, inner, cols, a, b, 0, y, false, false, false, tile),
        onShape,
        shapes,
      );
      Object.assign(table, await tuneChannels(backend, tuned));
      tuned.use(table);
      return table;
    },
    useTiles: (table) => tuned.use(table),
  };
  return backend;
}
