/** Random kernels of the scalar language, launched on two backends and compared. */
import { expect } from "vitest";
import { type Backend, type InputKind, isFlat, type Kernel } from "../../src/kernel/backend.ts";
import {
  colIndex,
  constant,
  type Expression,
  input,
  rowLen,
  rowMax,
  rowSum,
  scalar,
  select,
  spread,
  stop,
  topological,
} from "../../src/kernel/expression.ts";
import type { Random } from "../../src/random.ts";

export const kinds: readonly InputKind[] = ["element", "column", "row", "scalar"];
export const levelOf = (kind: InputKind) => (kind === "element" || kind === "column" ? "element" : "row");

/** A random number of unary, binary, comparing and reducing nodes; ranges are kept tame by bounded functions. */
export class Generator {
  readonly #random: Random;
  readonly #pool: Expression[];
  /** Leaves out what jumps or has kinks. */
  readonly #smooth: boolean;

  constructor(random: Random, inputs: readonly InputKind[], smooth: boolean) {
    this.#random = random;
    this.#smooth = smooth;
    this.#pool = inputs.map((kind, i) => input(i, levelOf(kind)));
    this.#pool.push(scalar(0), constant(0.5), constant(-1.25), colIndex().mul(0.137), rowLen().mul(0.0931));
  }

  pick<T>(from: readonly T[]): T {
    return from[this.#random.integer(from.length)]!;
  }

  /** Recent expressions are picked more often, so that graphs get deep and share parts. */
  #any(): Expression {
    const n = this.#pool.length;
    return this.#random.random() < 0.5
      ? this.#pool[n - 1 - this.#random.integer(Math.min(4, n))]!
      : this.pick(this.#pool);
  }

  #next(): Expression {
    const a = this.#any();
    const b = this.#any();
    const c = this.#any();
    const smooth: (() => Expression)[] = [
      () => a.add(b),
      () => a.sub(b),
      () => a.mul(b.tanh()),
      () => a.div(b.square().add(1.5)),
      () => a.neg(),
      () => a.square().add(0.5).sqrt(),
      () => a.sin().exp(),
      () => a.square().add(0.5).log(),
      () => a.tanh(),
      () => a.sigmoid(),
      () => a.tanh().mul(3).sin(),
      () => a.tanh().mul(3).cos(),
      () => spread(a),
      () => rowSum(a).tanh(),
      () => rowSum(a.mul(b)).div(rowLen()),
      () => rowSum(a).div(rowLen().add(2)),
    ];
    const rough: (() => Expression)[] = [
      () => a.abs(),
      () => a.min(b),
      () => a.max(b),
      () => a.max(0.1173),
      () => constant(0.2219).min(a),
      () => a.mul(1.71).sub(0.2137).floor(),
      () => a.clip(-1, 1),
      () => select(a.lt(b), c, a),
      () => select(a.le(b), b, c),
      () => select(a.eq(b), a, c),
      () => select(a.gt(0.3217), a, 0),
      () => select(select(a.lt(b), 1, 0), c, b),
      () => a.sub(0.0713).sign(),
      () => rowMax(a),
      () => a.sub(rowMax(a)).exp(),
      () => stop(a),
    ];
    return this.pick(this.#smooth ? smooth : [...smooth, ...rough])();
  }

  expressions(nodes: number, outputs: number): Expression[] {
    for (let i = 0; i < nodes; i++) this.#pool.push(this.#next());
    const made = this.#pool.slice(-nodes);
    return Array.from({ length: outputs }, (_, i) => (i === 0 ? made.at(-1)! : this.pick(made)));
  }
}

export const guard = 16;
const untouched = 54321;

interface Launched {
  /** Each output with its guard zones. */
  readonly written: number[][];
}

export const sizeOfInput = (kind: InputKind, rows: number, cols: number) =>
  kind === "element" ? rows * cols : kind === "column" ? cols : kind === "row" ? rows : 1;

export async function launch(
  backend: Backend,
  kernel: Kernel,
  rows: number,
  cols: number,
  values: readonly (readonly number[])[],
  number: number,
  inPlace: number,
): Promise<Launched> {
  const { memory } = backend;
  const blocks: { address: number; bytes: number }[] = [];
  const place = (numbers: readonly number[]): number => {
    const bytes = 4 * (numbers.length + 2 * guard);
    const address = memory.reserve(bytes);
    blocks.push({ address, bytes });
    const zone = Array<number>(guard).fill(untouched);
    memory.write(address, [...zone, ...numbers, ...zone]);
    return address + 4 * guard;
  };
  const flat = isFlat(kernel);
  const inputs = values.map(place);
  const sizes = kernel.outputs.map((y) => (y.level === "element" || flat ? rows * cols : rows));
  const outputs = sizes.map((size, i) => (i === 0 && inPlace >= 0 ? inputs[inPlace]! : place(Array(size).fill(0))));
  const p = [...outputs, ...inputs, ...Array<number>(8).fill(0)].slice(0, 8) as [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const [r, c] = flat ? [1, rows * cols] : [rows, cols];
  backend.compile(kernel)(r, c, ...p, number, 0, 0, 0, 0, 0, 0, 0);
  const written: number[][] = [];
  for (const [i, at] of outputs.entries()) {
    written.push(Array.from(await memory.read(at - 4 * guard, sizes[i]! + 2 * guard)));
  }
  for (const { address, bytes } of blocks) memory.release(address, bytes);
  return { written };
}

/** What stands in a guard zone, the padding of a flat kernel left out. */
function touchedGuard(written: readonly number[], size: number, padding: number): number {
  return written.findIndex((x, i) => (i < guard || i >= guard + size + padding) && x !== untouched);
}

/**
 * Launches random kernels on a backend and on the reference, and compares what they write.
 * @returns how many numbers were compared, and the kinds of nodes that took part
 */
export async function compareRandomKernels(
  backend: Backend,
  reference: Backend,
  random: Random,
  trials: number,
): Promise<{ compared: number; seen: ReadonlySet<string> }> {
  let compared = 0;
  const seen = new Set<string>();
  for (let trial = 0; trial < trials; trial++) {
    const inputs = Array.from({ length: 1 + random.integer(4) }, () => kinds[random.integer(4)]!);
    const outputs = new Generator(random, inputs, false).expressions(2 + random.integer(12), 1 + random.integer(3));
    const kernel: Kernel = { name: `fuzz${trial}`, inputs, outputs };
    for (const node of topological(outputs)) seen.add(node.kind);
    for (let run = 0; run < 3; run++) {
      // beyond 32 columns a GPU gives each row a workgroup
      const cols = run === 1 && trial % 3 === 0 ? 33 + random.integer(60) : 1 + random.integer(13);
      const rows = 1 + random.integer(4);
      const values = inputs.map((kind) =>
        Array.from({ length: sizeOfInput(kind, rows, cols) }, () => Math.fround(random.uniform(-2, 2))),
      );
      const number = Math.fround(random.uniform(-1, 1));
      const flat = isFlat(kernel);
      // an element output may stand in the place of an element input
      const target = outputs[0]!.level === "element" && run === 2 ? inputs.indexOf("element") : -1;
      const found = await launch(backend, kernel, rows, cols, values, number, target);
      const expected = await launch(reference, kernel, rows, cols, values, number, target);
      // what a small change of the inputs makes of the results tells how much rounding may matter
      const shifted: Launched[] = [];
      for (let k = 0; k < 4; k++) {
        const moved = values.map((list) => list.map((x) => x + 1e-6 * random.uniform(-1, 1)));
        const shift = 1e-6 * random.uniform(-1, 1);
        shifted.push(await launch(reference, kernel, rows, cols, moved, number + shift, target));
      }
      found.written.forEach((list, k) => {
        const size = list.length - 2 * guard;
        expect(touchedGuard(list, size, flat ? -size & 3 : 0), `${kernel.name} ${rows}×${cols}`).toBe(-1);
        for (let i = guard; i < guard + size; i++) {
          const wanted = expected.written[k]![i]!;
          const change = Math.max(...shifted.map(({ written }) => Math.abs(written[k]![i]! - wanted)));
          if (change > 1e-3 * (1 + Math.abs(wanted))) continue; // at a jump
          compared++;
          const allowed = 2e-5 * (1 + Math.abs(wanted)) + 30 * change;
          if (!(Math.abs(list[i]! - wanted) <= allowed) && !(Number.isNaN(wanted) && Number.isNaN(list[i]!))) {
            expect.fail(
              `${kernel.name} ${inputs} ${rows}×${cols}: ${outputs[k]} must be ${wanted} at ${i - guard}, got ${list[i]}`,
            );
          }
        }
      });
    }
  }
  return { compared, seen };
}
