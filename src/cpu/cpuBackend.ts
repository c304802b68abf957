/** The CPU backend: kernels printed as WebAssembly SIMD, run at once in this thread. */

import { isEnabled, note } from "../debug.ts";
import { DeviceError } from "../errors.ts";
import type { Backend, Families, Kernel, Launch, MatmulSpec } from "../kernel/backend.ts";
import { structureOf } from "../kernel/expression.ts";
import { loopNest } from "../kernel/strides.ts";
import { assemble, FunctionBody } from "./assembler.ts";
import { makeConvolutions } from "./convolution.ts";
import * as bodies from "./families.ts";
import { moduleOf } from "./kernelModules.ts";
import { type MatmulHost, makeMatmul, type Repeat, tileCols } from "./matmul.ts";
import { CpuMemory } from "./memory.ts";
import { printRowKernel } from "./rowKernel.ts";
import { leastWork, makeTeam, wantedThreads } from "./team.ts";

type WasmFunction = (...args: number[]) => void;

/** Whether this engine runs a fused multiply-add, a third faster in matrix products. */
function hasRelaxedSimd(): boolean {
  const f = new FunctionBody([]);
  f.splat(0);
  f.splat(0);
  f.splat(0);
  f.simd("f32x4.relaxed_madd");
  f.set(f.local("v128"));
  return WebAssembly.validate(assemble(f, { initial: 1, maximum: 1, shared: false }));
}

function requireSimd(): void {
  const f = new FunctionBody([]);
  f.splat(0);
  f.set(f.local("v128"));
  if (!WebAssembly.validate(assemble(f, { initial: 1, maximum: 1, shared: false }))) {
    throw new DeviceError(
      "cpu: WebAssembly SIMD is needed; got an engine without it. Use Node 20, Deno or a browser of 2021 or newer.",
    );
  }
}

/** The identity of a kernel in every thread. */
const keyOf = ({ inputs, outputs, inPlace }: Kernel): string =>
  `${inputs.join()}${inPlace ? "=" : ">"}${outputs.map(structureOf).join("|")}`;

/**
 * Makes the backend of this thread: one memory, kernels compiled on first use and kept.
 * @param options.fma whether products use fused multiply-add: where the engine has it, unless given
 * @param options.threads that share large products and convolutions, where the platform has threads: KUSARI_THREADS or 1
 */
export function createCpuBackend({
  fma = hasRelaxedSimd(),
  threads = wantedThreads(),
}: {
  readonly fma?: boolean;
  readonly threads?: number;
} = {}): Backend {
  requireSimd();
  const memory = new CpuMemory();
  const compiled = new Map<string, WasmFunction>();
  const team = makeTeam(threads, memory.memory);
  /** What kernels of the same key may differ in. */
  const variant = `${fma ? "fma" : "mul-add"} ${JSON.stringify(memory.limits)}`;

  const compileBody = (key: string, print: () => FunctionBody): WasmFunction => {
    let run = compiled.get(key);
    if (!run) {
      const module = moduleOf(`${variant} ${key}`, () => {
        const bytes = assemble(print(), memory.limits);
        if (isEnabled(3)) note(3, `wasm ${key}: ${bytes.length} bytes`);
        return bytes;
      });
      const instance = new WebAssembly.Instance(module, { env: { memory: memory.memory } });
      run = instance.exports.f as WasmFunction;
      compiled.set(key, run);
      team?.know(run, module);
    }
    return run;
  };

  const repeat: Repeat = (run, work, count, args, strides) => {
    if (team && count > 1 && work >= leastWork) {
      team.run(run, count, args, strides);
      return;
    }
    const next = [...args];
    for (let call = 0; call < count; call++) {
      run(...next);
      for (let i = 0; i < next.length; i++) next[i]! += strides[i] ?? 0;
    }
  };

  // temporary memory of the matmul driver, one block a purpose, grown and kept
  const scratchBlocks: { address: number; bytes: number }[] = [];
  const scratch = (slot: number, bytes: number): number => {
    const known = scratchBlocks[slot];
    if (known && known.bytes >= bytes) return known.address;
    if (known) memory.release(known.address, known.bytes);
    const size = Math.max(bytes, 65536);
    const address = memory.reserve(size);
    scratchBlocks[slot] = { address, bytes: size };
    return address;
  };

  const copyRows = (rows: number, cols: number, x: number, xRow: number, out: number, outRow: number) =>
    compileBody("copyRows", () => bodies.printCopyRows(false))(rows, cols, x, xRow, out, outRow);
  const stridedCopy2 = (accumulate: boolean) =>
    compileBody(accumulate ? "stridedAdd" : "stridedCopy", () => bodies.printStridedCopy(accumulate));

  const transpose = (rows: number, cols: number, x: number, out: number) => {
    const wholeRows = rows & -4;
    const wholeCols = cols & -4;
    compileBody("transpose", bodies.printTranspose)(wholeRows, wholeCols, x, out, 4 * cols, 4 * rows);
    const rest = stridedCopy2(false);
    if (wholeCols < cols) {
      rest(rows, cols - wholeCols, x + 4 * wholeCols, 4 * cols, 4, out + 4 * rows * wholeCols, 4, 4 * rows);
    }
    if (wholeRows < rows) {
      rest(rows - wholeRows, wholeCols, x + 4 * wholeRows * cols, 4 * cols, 4, out + 4 * wholeRows, 4, 4 * rows);
    }
  };

  const packTransposed = (inner: number, cols: number, x: number, xRow: number, out: number, panelInner = inner) => {
    const turn = compileBody("transpose", bodies.printTranspose);
    const rest = stridedCopy2(false);
    const wholeInner = inner & -4;
    const row = 4 * tileCols;
    for (let from = 0, panel = out; from < cols; from += tileCols, panel += row * panelInner) {
      const lanes = Math.min(tileCols, cols - from);
      const wholeLanes = lanes & -4;
      const source = x + from * xRow;
      turn(wholeLanes, wholeInner, source, panel, xRow, row);
      if (wholeInner < inner) {
        rest(wholeLanes, inner - wholeInner, source + 4 * wholeInner, xRow, 4, panel + row * wholeInner, 4, row);
      }
      if (wholeLanes < lanes) {
        rest(lanes - wholeLanes, inner, source + wholeLanes * xRow, xRow, 4, panel + 4 * wholeLanes, 4, row);
      }
    }
  };

  /** Panels that are packed at once. */
  const packedPanels = 4;
  const host: MatmulHost = {
    compile: compileBody,
    fma,
    scratch,
    transpose,
    pack(inner, cols, b, bRow, out) {
      const panelBytes = 4 * tileCols * inner;
      const packMany = compileBody("pack", () => bodies.printPack(packedPanels));
      let from = 0;
      let panel = out;
      for (
        ;
        from + packedPanels * tileCols <= cols;
        from += packedPanels * tileCols, panel += packedPanels * panelBytes
      ) {
        packMany(inner, b + 4 * from, bRow, panel, panelBytes);
      }
      for (; from < cols; from += tileCols, panel += panelBytes) {
        copyRows(inner, Math.min(tileCols, cols - from), b + 4 * from, bRow, panel, 4 * tileCols);
      }
    },
    packTransposed,
    repeat,
    threads: team ? threads : 1,
  };

  const families: Families = {
    matmul: (spec: MatmulSpec) => makeMatmul(host, spec),
    ...makeConvolutions({ compile: compileBody, fma, scratch, memory, packTransposed, repeat, threads: host.threads }),
    columnSum(rows, cols, x, out, accumulate) {
      compileBody(accumulate ? "addColumnSum" : "columnSum", () => bodies.printColumnSum(accumulate))(
        rows,
        cols,
        x,
        out,
      );
    },
    stridedCopy(shape, source, sourceStrides, target, targetStrides, accumulate) {
      const nest = loopNest(shape, sourceStrides, targetStrides);
      const contiguous = nest.sourceCol === 1 && nest.targetCol === 1 && !accumulate;
      const turned = nest.sourceRow === 1 && nest.targetCol === 1 && nest.rows >= 4 && nest.cols >= 4 && !accumulate;
      nest.forEach((s, t) => {
        const from = source + 4 * s;
        const to = target + 4 * t;
        if (contiguous) copyRows(nest.rows, nest.cols, from, 4 * nest.sourceRow, to, 4 * nest.targetRow);
        else if (turned && nest.sourceCol === nest.rows && nest.targetRow === nest.cols) {
          transpose(nest.cols, nest.rows, from, to);
        } else {
          stridedCopy2(accumulate)(
            nest.rows,
            nest.cols,
            from,
            4 * nest.sourceRow,
            4 * nest.sourceCol,
            to,
            4 * nest.targetRow,
            4 * nest.targetCol,
          );
        }
      });
    },
    gatherRows(count, cols, _tableRows, table, index, out) {
      compileBody("gatherRows", () => bodies.printIndexedRows(false))(count, cols, table, index, out);
    },
    scatterAddRows(count, cols, _tableRows, x, index, table) {
      compileBody("scatterAddRows", () => bodies.printIndexedRows(true))(count, cols, table, index, x);
    },
    copy(count, source, target, accumulate) {
      if (!accumulate) copyRows(1, count, source, 0, target, 0);
      else compileBody("addRows", () => bodies.printCopyRows(true))(1, count, source, 0, target, 0);
    },
    fill(count, out, value) {
      memory.floats.fill(value, out >> 2, (out >> 2) + count);
    },
    randomUniform(count, out, key0, key1, block) {
      // whole blocks of four: a tensor owns its padding
      compileBody("randomUniform", bodies.printRandomUniform)(Math.ceil(count / 4), out, key0, key1, block);
    },
  };

  return {
    name: "cpu",
    variant: fma ? "relaxed-fma" : "mul-add",
    memory,
    families,
    compile: (kernel: Kernel): Launch => compileBody(keyOf(kernel), () => printRowKernel(kernel)) as Launch,
    adapter: null,
    turn: async () => {},
  };
}
