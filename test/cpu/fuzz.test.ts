/** Random kernels of the scalar language: printed for the cpu against the reference, and their derivatives. */
import { describe, expect, it } from "vitest";
import { createCpuBackend } from "../../src/cpu/cpuBackend.ts";
import type { InputKind, Kernel } from "../../src/kernel/backend.ts";
import { gradients } from "../../src/kernel/derivative.ts";
import { type Expression, input, spread } from "../../src/kernel/expression.ts";
import { createReferenceBackend } from "../../src/kernel/reference.ts";
import { Random } from "../../src/random.ts";
import {
  compareRandomKernels,
  Generator,
  guard,
  kinds,
  launch,
  levelOf,
  sizeOfInput,
} from "../kernel/randomKernels.ts";

const random = new Random("fuzz");
const reference = createReferenceBackend();

describe("random kernels", () => {
  it("give on the cpu what they give on the reference, and write their outputs only", async () => {
    const { compared, seen } = await compareRandomKernels(createCpuBackend(), reference, random, 400);
    expect(compared).toBeGreaterThan(10_000);
    // every kind of node took part
    expect([...seen].sort()).toMatchInlineSnapshot(`
      [
        "abs",
        "add",
        "colIndex",
        "const",
        "cos",
        "div",
        "eq",
        "exp",
        "floor",
        "input",
        "le",
        "log",
        "lt",
        "max",
        "min",
        "mul",
        "neg",
        "rowLen",
        "rowMax",
        "rowSum",
        "scalar",
        "select",
        "sigmoid",
        "sin",
        "spread",
        "sqrt",
        "stop",
        "sub",
        "tanh",
      ]
    `);
  });
});

describe("derivatives of random expressions", () => {
  it("agree with central differences", async () => {
    for (let trial = 0; trial < 150; trial++) {
      const inputs = Array.from({ length: 1 + random.integer(3) }, () => kinds[random.integer(4)]!);
      const [y] = new Generator(random, inputs, true).expressions(2 + random.integer(8), 1) as [Expression];
      const leaves = inputs.map((kind, i) => input(i, levelOf(kind)));
      const gy = input(inputs.length, y.level);
      const [rows, cols] = [1 + random.integer(2), 1 + random.integer(4)];
      const values = inputs.map((kind) =>
        Array.from({ length: sizeOfInput(kind, rows, cols) }, () => random.uniform(-1, 1)),
      );
      const seeds = Array.from({ length: y.level === "element" ? rows * cols : rows }, () => random.uniform(-1, 1));
      const seedKind: InputKind = y.level === "element" ? "element" : "row";
      const value = async (at: number[][]): Promise<number> => {
        const kernel = { name: "y", inputs, outputs: [y] };
        const { written } = await launch(reference, kernel, rows, cols, at, 0.3, -1);
        const list = written[0]!.slice(guard, -guard);
        return list.reduce((sum, x, i) => sum + x * seeds[i]!, 0);
      };
      for (const [k, gx] of gradients(y, gy, leaves).entries()) {
        // an element-level gradient of what is the same for several elements is to be summed over them
        const element = levelOf(inputs[k]!) === "element";
        const output = element ? spread(gx) : gx;
        const kernel: Kernel = { name: "gx", inputs: [...inputs, seedKind], outputs: [output] };
        const { written } = await launch(reference, kernel, rows, cols, [...values, seeds], 0.3, -1);
        const list = written[0]!.slice(guard, -guard);
        for (const [j, x] of values[k]!.entries()) {
          const isOf = (i: number): boolean => {
            const kind = inputs[k]!;
            if (kind === "scalar") return true;
            return kind === "column" ? i % cols === j : i === j;
          };
          const analytic = list.reduce((sum, g, i) => (isOf(i) ? sum + g : sum), 0);
          const moved = (by: number) => value(values.map((v, i) => (i === k ? v.with(j, x + by) : v)));
          const numeric = ((await moved(1e-5)) - (await moved(-1e-5))) / 2e-5;
          expect(Math.abs(analytic - numeric), `${y} to input ${k}`).toBeLessThan(1e-6 * (1 + Math.abs(numeric)) * 10);
        }
      }
    }
  });
});
