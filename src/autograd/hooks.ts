/** Ready hooks for `withHook`: time, memory and a printed line for every operation. */
import type { FunctionHook } from "./functionNode.ts";
import { formatShape, type Variable } from "./variable.ts";

/** Adds up the time between operations, by the operation that ended it. */
export class TimerHook implements FunctionHook {
  readonly totals = new Map<string, { calls: number; milliseconds: number }>();
  #last = 0;

  begin(): void {
    this.#last = performance.now();
  }

  after(name: string): void {
    const now = performance.now();
    const total = this.totals.get(name) ?? { calls: 0, milliseconds: 0 };
    total.calls++;
    total.milliseconds += now - this.#last;
    this.totals.set(name, total);
    this.#last = now;
  }

  toString(): string {
    return this.summary();
  }

  /** A table, the most expensive operation first. */
  summary(): string {
    const rows = [...this.totals].sort((a, b) => b[1].milliseconds - a[1].milliseconds);
    return rows
      .map(
        ([name, { calls, milliseconds }]) =>
          `${name.padEnd(24)} ${String(calls).padStart(8)} ${milliseconds.toFixed(3)} ms`,
      )
      .join("\n");
  }
}

/** Adds up the bytes of results, by operation. */
export class MemoryHook implements FunctionHook {
  readonly totals = new Map<string, { calls: number; bytes: number }>();

  after(name: string, _inputs: readonly Variable[], output: Variable): void {
    const total = this.totals.get(name) ?? { calls: 0, bytes: 0 };
    total.calls++;
    total.bytes += 4 * output.size;
    this.totals.set(name, total);
  }

  toString(): string {
    return this.summary();
  }

  /** A table, the largest first. */
  summary(): string {
    const rows = [...this.totals].sort((a, b) => b[1].bytes - a[1].bytes);
    return rows
      .map(
        ([name, { calls, bytes }]) =>
          `${name.padEnd(24)} ${String(calls).padStart(8)} ${(bytes / 1024).toFixed(1)} KiB`,
      )
      .join("\n");
  }
}

/** Prints a line an operation: name, shapes of inputs and result. */
export class PrintHook implements FunctionHook {
  readonly #print: (line: string) => void;

  constructor(print: (line: string) => void = console.log) {
    this.#print = print;
  }

  after(name: string, inputs: readonly Variable[], output: Variable): void {
    const from = inputs.map((x) => `${x.name ?? ""}${formatShape(x.shape)}`).join(" ");
    this.#print(`${name} ${from} → ${formatShape(output.shape)}`);
  }
}
