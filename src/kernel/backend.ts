/**
 * What a kernel is, and what a backend must offer to run one. A backend is a table of launch functions of few
 * signatures over one memory; the autograd engine above does not know which backend runs.
 *
 * Addresses are bytes from the start of the backend's memory, always multiples of 4; a tensor starts at a multiple of
 * 64 and owns its bytes up to the next multiple of 16, so kernels may process a tensor in groups of four numbers.
 */
import { UsageError } from "../errors.ts";
import type { Expression } from "./expression.ts";
import type { Memory } from "./memory.ts";
import type { Convolution, Windows } from "./windows.ts";

/**
 * How an input is laid out over the (rows, cols) domain:
 * element (rows, cols), column (cols) the same for every row, row (rows) one per row, scalar one number.
 */
export type InputKind = "element" | "column" | "row" | "scalar";

/** An elementwise or row kernel: outputs are expressions of the inputs; at row level one value per row. */
export interface Kernel {
  readonly name: string;
  readonly inputs: readonly InputKind[];
  readonly outputs: readonly Expression[];
  /** Output i overwrites input i, and the pointers are the inputs' alone. */
  readonly inPlace?: boolean;
}

/** How many pointers a kernel takes. */
export const pointerCount = ({ inputs, outputs, inPlace }: Kernel): number =>
  inPlace ? inputs.length : outputs.length + inputs.length;

export const maxPointers = 8;
export const maxScalars = 8;

/**
 * Runs a kernel. Pointers are the outputs' addresses, then the inputs' (an output may be an input's address: a kernel
 * reads a group of elements before it writes it); of a kernel in place the inputs' alone. Unused pointers and scalars
 * are 0.
 */
export type Launch = (
  rows: number,
  cols: number,
  p0: number,
  p1: number,
  p2: number,
  p3: number,
  p4: number,
  p5: number,
  p6: number,
  p7: number,
  s0: number,
  s1: number,
  s2: number,
  s3: number,
  s4: number,
  s5: number,
  s6: number,
  s7: number,
) => void;

/** What is applied to a matmul's result: `epilogue(x·w + b)`, an expression of input 0; null for nothing. */
export interface MatmulSpec {
  readonly bias: boolean;
  readonly activation: Expression | null;
}

/**
 * y (rows, cols) = activation(a (rows, inner) · b (inner, cols) + bias (cols)); with `accumulate` y as it was joins the sum.
 * `transposeA` reads a as (inner, rows), `transposeB` reads b as (cols, inner).
 */
export type MatmulLaunch = (
  rows: number,
  inner: number,
  cols: number,
  a: number,
  b: number,
  bias: number,
  y: number,
  transposeA: boolean,
  transposeB: boolean,
  accumulate: boolean,
) => void;

/** y = activation(convolution of x with w, plus bias (outChannels)); see Convolution for the shapes. */
export type ConvolutionLaunch = (of: Convolution, x: number, w: number, bias: number, y: number) => void;

/** The families whose bodies are written by hand for each backend. Equal geometries are the same object. */
export interface Families {
  /** A matmul with a given epilogue. */
  matmul(spec: MatmulSpec): MatmulLaunch;
  /** A convolution with a given epilogue. */
  convolution(spec: MatmulSpec): ConvolutionLaunch;
  /** The adjoint of the convolution with respect to x: gx from gy and w. */
  convolutionInput(of: Convolution, gy: number, w: number, gx: number): void;
  /** The adjoint with respect to w: gw = or += from x and gy. */
  convolutionWeight(of: Convolution, x: number, gy: number, gw: number, accumulate: boolean): void;
  /** out (planes, windows, taps): the elements of every window of x (planes, height, width), `beyond` outside of it. */
  windows(of: Windows, planes: number, x: number, out: number, beyond: number): void;
  /** The adjoint of `windows`: gx, the sums of what belongs to each element. */
  windowsAdjoint(of: Windows, planes: number, g: number, gx: number): void;
  /** out (cols) = or += column sums of x (rows, cols). */
  columnSum(rows: number, cols: number, x: number, out: number, accumulate: boolean): void;
  /**
   * A strided copy over up to any number of dimensions; strides in elements, source strides may be 0 or negative.
   * `accumulate` adds to the destination.
   */
  stridedCopy(
    shape: readonly number[],
    source: number,
    sourceStrides: readonly number[],
    target: number,
    targetStrides: readonly number[],
    accumulate: boolean,
  ): void;
  /** out[i] = table[index[i]] for rows of `cols` numbers; indices are whole float32 numbers below tableRows. */
  gatherRows(count: number, cols: number, tableRows: number, table: number, index: number, out: number): void;
  /** table[index[i]] += x[i] for rows of `cols` numbers. */
  scatterAddRows(count: number, cols: number, tableRows: number, x: number, index: number, table: number): void;
  /** target = or += source, count contiguous numbers. */
  copy(count: number, source: number, target: number, accumulate: boolean): void;
  /** count numbers set to value. */
  fill(count: number, out: number, value: number): void;
  /** count uniform numbers in [0, 1), the counter-based stream Philox4x32-10 of the key from the given block on. */
  randomUniform(count: number, out: number, key0: number, key1: number, block: number): void;
}

/** What a GPU says of itself. */
export interface AdapterInfo {
  readonly vendor: string;
  readonly architecture: string;
  readonly description: string;
  /** Those of the WebGPU features that the adapter offers. */
  readonly features: readonly string[];
  /** In bytes or counts, by their WebGPU names. */
  readonly limits: Readonly<Record<string, number>>;
}

export interface Backend {
  readonly name: string;
  /** Which variant of the kernels runs, such as "relaxed-fma": results may differ in the last bit between variants. */
  readonly variant: string;
  readonly memory: Memory;
  readonly families: Families;
  /** Compiles a kernel; equal kernels give the same launch function. */
  compile(kernel: Kernel): Launch;
  /** Null for what is no GPU. */
  readonly adapter: AdapterInfo | null;
  /** Sends what waits to be run, and waits where too much is under way. */
  turn(): Promise<void>;
}

let current: Backend | undefined;
let fallback: (() => Backend) | undefined;
/** The number of the backend that runs; inline caches and Variables compare it. */
export let backendId = 0;
const ids = new WeakMap<Backend, number>();
let nextBackendId = 1;

/** The backend that runs kernels in this thread. */
export function backend(): Backend {
  if (!current) {
    if (!fallback) {
      throw new UsageError(
        "kernel: no backend is installed; got an operation. Import kusari (or kusari/device) first.",
      );
    }
    useBackend(fallback());
  }
  return current!;
}

/** Makes a backend the one that runs; Variables of the one before must not be used any more. */
export function useBackend(next: Backend): void {
  current = next;
  let id = ids.get(next);
  if (id === undefined) {
    id = nextBackendId++;
    ids.set(next, id);
  }
  backendId = id;
}

/** The backend made when an operation runs before any device was opened. */
export function setDefaultBackend(make: () => Backend): void {
  fallback = make;
}

/** The identity of a kernel: equal keys compute the same. */
export function kernelKey({ inputs, outputs, inPlace }: Kernel): string {
  return `${inputs.join()}${inPlace ? "=" : ">"}${outputs.map((y) => y.id).join()}`;
}

/** Whether a kernel sees its domain as one flat run of elements: nothing in it depends on rows. */
export function isFlat({ inputs, outputs }: Kernel): boolean {
  if (inputs.some((kind) => kind === "column" || kind === "row")) return false;
  const dependsOnRows = (x: Expression): boolean =>
    x.kind === "colIndex" || x.kind === "rowLen" || x.kind === "rowSum" || x.kind === "rowMax";
  const seen = new Set<Expression>();
  const visit = (x: Expression): boolean => {
    if (seen.has(x)) return false;
    seen.add(x);
    return dependsOnRows(x) || x.args.some(visit);
  };
  return !outputs.some((y) => y.level === "row" || visit(y));
}
