/** The GPU backend: kernels printed as WGSL, launches written on a tape that runs when something is read or it is full. */
import { isEnabled, note } from "../debug.ts";
import { UsageError } from "../errors.ts";
import {
  type Backend,
  type Families,
  isFlat,
  type Kernel,
  kernelKey,
  type Launch,
  type MatmulLaunch,
  type MatmulSpec,
} from "../kernel/backend.ts";
import { topological } from "../kernel/expression.ts";
import { Memory } from "../kernel/memory.ts";
import { loopNest } from "../kernel/strides.ts";
import { openGpu } from "./adapter.ts";
import * as convolutions from "./convolution.ts";
import * as bodies from "./families.ts";
import { printRowKernel, workgroupSize } from "./rowKernel.ts";
import { firstNumber, firstWord, mostGroups, Tape } from "./tape.ts";

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
 * @throws DeviceError where there is no adapter
 */
export async function createGpuBackend(options: readonly string[] = []): Promise<GpuBackend> {
  const { adapter, device } = await openGpu(options);
  const tape = new Tape(device, initialBytes);
  const { words, numbers } = tape;
  const pipelines = new Map<string, GPUComputePipeline>();

  const pipeline = (key: string, print: () => string): GPUComputePipeline => {
    let found = pipelines.get(key);
    if (!found) {
      const code = print();
      if (isEnabled(3)) note(3, `wgsl ${key}\n${code}`);
      found = tape.pipeline(key, code);
      pipelines.set(key, found);
    }
    return found;
  };

  /** Launches a family's kernel over (rows, cols) with whole numbers that the body names. */
  const run = (
    key: string,
    print: () => string,
    groups: number,
    rows: number,
    cols: number,
    whole: readonly number[],
  ) => {
    const at = tape.launch(pipeline(key, print), groups, 1);
    words[at] = rows;
    words[at + 1] = cols;
    for (let i = 0; i < whole.length; i++) words[at + firstWord + i] = whole[i]!;
    return at;
  };

  const fill = (count: number, out: number, value: number) => {
    if (count === 0) return;
    const at = run("fill", bodies.printFill, groupsFor(count), 1, count, [out >> 2]);
    numbers[at + firstNumber] = value;
  };

  /** Rows and columns that one invocation computes. */
  const tiles = [
    [1, 1],
    [2, 4],
    [4, 4],
  ] as const;
  /** The tile for a product: a larger one where there is enough for all invocations. */
  const tileFor = (elements: number): number => (elements >= 1 << 18 ? 2 : elements >= 1 << 14 ? 1 : 0);

  const matmul = ({ bias, activation }: MatmulSpec): MatmulLaunch => {
    const activationKey = activation ? topological([activation]).at(-1)!.id : -1;
    const variants: (GPUComputePipeline | undefined)[] = [];
    return (rows, inner, cols, a, b, biasAddress, y, transposeA, transposeB, accumulate) => {
      if (rows === 0 || cols === 0) return;
      const tile = tileFor(rows * cols);
      const [tileRows, tileCols] = tiles[tile]!;
      const index = 8 * tile + (transposeA ? 4 : 0) + (transposeB ? 2 : 0) + (accumulate ? 1 : 0);
      let found = variants[index];
      if (!found) {
        const variant = { bias, activation, transposeA, transposeB, accumulate, tileRows, tileCols };
        const flags = `${bias} ${activationKey} ${transposeA} ${transposeB} ${accumulate}`;
        found = pipeline(`matmul ${flags} ${tileRows}×${tileCols}`, () => bodies.printMatmul(variant));
        variants[index] = found;
      }
      const groups = (count: number, tile: number) => Math.ceil(count / (tile * bodies.matmulGroup));
      const at = tape.launch(found, groups(cols, tileCols), groups(rows, tileRows));
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
    matmul,
    convolution({ bias, activation }) {
      const key = `convolution ${bias} ${activation ? topological([activation]).at(-1)!.id : -1}`;
      const print = () => convolutions.printConvolution(bias, activation);
      return (of, x, w, biasAddress, y) => {
        const perImage = of.groups * convolutions.tilesOf(of.outChannels / of.groups) * of.outHeight * of.outWidth;
        const whole = convolutions.convolutionNumbers([x >> 2, w >> 2, biasAddress >> 2, y >> 2], of);
        run(key, print, groupsFor(of.batch * perImage), of.batch * perImage, 1, whole);
      };
    },
    convolutionInput(of, gy, w, gx) {
      const perImage = of.groups * convolutions.tilesOf(of.channels / of.groups) * of.height * of.width;
      const whole = convolutions.convolutionNumbers([gy >> 2, w >> 2, gx >> 2], of);
      const count = of.batch * perImage;
      run("convolutionInput", convolutions.printConvolutionInput, groupsFor(count), count, 1, whole);
    },
    convolutionWeight(of, x, gy, gw, accumulate) {
      const count = (of.outChannels * of.channels * of.kernel[0] * of.kernel[1]) / of.groups;
      const whole = convolutions.convolutionNumbers([x >> 2, gy >> 2, gw >> 2], of);
      const print = () => convolutions.printConvolutionWeight(accumulate);
      run(`convolutionWeight ${accumulate}`, print, Math.min(count, mostGroups), count, of.batch, whole);
    },
    windows(of, planes, x, out, beyond) {
      const count = planes * of.outHeight * of.outWidth * of.kernel[0] * of.kernel[1];
      const whole = convolutions.windowNumbers([x >> 2, out >> 2], of);
      const at = run("windows", convolutions.printWindows, groupsFor(count), count, 1, whole);
      numbers[at + firstNumber] = beyond;
    },
    windowsAdjoint(of, planes, g, gx) {
      const count = planes * of.height * of.width;
      const whole = convolutions.windowNumbers([g >> 2, gx >> 2], of);
      run("windowsAdjoint", convolutions.printWindowsAdjoint, groupsFor(count), count, 1, whole);
    },
    columnSum(rows, cols, x, out, accumulate) {
      if (cols === 0) return;
      const print = () => bodies.printColumnSum(accumulate);
      run(`columnSum ${accumulate}`, print, groupsFor(cols), rows, cols, [x >> 2, out >> 2]);
    },
    stridedCopy(shape, source, sourceStrides, target, targetStrides, accumulate) {
      const nest = loopNest(shape, sourceStrides, targetStrides);
      const { rows, cols } = nest;
      const print = () => bodies.printStridedCopy(accumulate);
      nest.forEach((s, t) => {
        const lengths = [1, 1, rows, cols];
        const strides = [0, 0, nest.sourceRow, nest.sourceCol, 0, 0, nest.targetRow, nest.targetCol];
        const whole = [(source >> 2) + s, (target >> 2) + t, ...lengths, ...strides];
        run(`stridedCopy ${accumulate}`, print, groupsFor(rows * cols), rows * cols, 1, whole);
      });
    },
    gatherRows(count, cols, tableRows, table, index, out) {
      if (count * cols === 0) return;
      const whole = [tableRows, table >> 2, index >> 2, out >> 2];
      run("gatherRows", bodies.printGatherRows, groupsFor(count * cols), count, cols, whole);
    },
    scatterAddRows(count, cols, tableRows, x, index, table) {
      if (tableRows * cols === 0) return;
      const whole = [count, x >> 2, index >> 2, table >> 2];
      run("scatterAddRows", bodies.printScatterAddRows, groupsFor(tableRows * cols), tableRows, cols, whole);
    },
    copy(count, source, target, accumulate) {
      if (count === 0) return;
      const print = () => bodies.printCopy(accumulate);
      run(`copy ${accumulate}`, print, groupsFor(count), 1, count, [source >> 2, target >> 2]);
    },
    fill,
    randomUniform(count, out, key0, key1, block) {
      // whole blocks of four: a tensor owns its padding
      const blocks = Math.ceil(count / 4);
      if (blocks === 0) return;
      run("randomUniform", bodies.printRandomUniform, groupsFor(blocks), 1, blocks, [out >> 2, key0, key1, block]);
    },
  };

  function compile(kernel: Kernel): Launch {
    const found = pipeline(`${kernel.name} ${kernelKey(kernel)}`, () => printRowKernel(kernel));
    const flat = isFlat(kernel);
    return (rows, cols, p0, p1, p2, p3, p4, p5, p6, p7, s0, s1, s2, s3, s4, s5, s6, s7) => {
      if (flat ? cols === 0 : rows === 0) return;
      const at = tape.launch(found, flat ? groupsFor(cols) : Math.min(rows, mostGroups), 1);
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
  return {
    adapter: { vendor, architecture, description, features: [...adapter.features].sort(), limits },
    name: "gpu",
    variant: ["webgpu", vendor, architecture].filter(Boolean).join(" "),
    memory: new GpuMemory(tape, fill),
    families,
    compile,
    turn: () => tape.turn(),
    destroy: () => device.destroy(),
  };
}
