/** The cpu's matrix products against the reference's, with guard zones around everything written. */
import { expect } from "vitest";
import { createCpuBackend } from "../../src/cpu/cpuBackend.ts";
import type { Backend, MatmulSpec } from "../../src/kernel/backend.ts";
import { type Expression, input } from "../../src/kernel/expression.ts";
import { createReferenceBackend } from "../../src/kernel/reference.ts";
import type { Random } from "../../src/random.ts";

export interface MatmulCase {
  readonly rows: number;
  readonly inner: number;
  readonly cols: number;
  readonly transposeA: boolean;
  readonly transposeB: boolean;
  readonly accumulate: boolean;
  readonly bias: boolean;
  readonly activation: Expression | null;
}

const x = input(0, "element");
const activations = [null, x.max(0), x.tanh(), x.sigmoid()];
const guard = 20;
const untouched = 12345;

/** Cases drawn over the sizes that take different ways through the driver. */
export function drawCases(count: number, random: Random): MatmulCase[] {
  const size = (): [number, number, number] => {
    const one = () => 1 + random.integer(20);
    const kind = random.integer(10);
    if (kind < 6) return [one(), one(), one()];
    if (kind < 8) return [1 + random.integer(150), 1 + random.integer(150), 1 + random.integer(150)];
    if (kind < 9) return [30 + random.integer(6), 60 + random.integer(241), 30 + random.integer(271)]; // packed
    return [1 + random.integer(40), 500 + random.integer(600), 1 + random.integer(20)]; // several inner blocks
  };
  const flag = () => random.random() < 0.5;
  return Array.from({ length: count }, () => {
    const [rows, inner, cols] = size();
    const activation = activations[random.integer(activations.length)]!;
    return { rows, inner, cols, transposeA: flag(), transposeB: flag(), accumulate: flag(), bias: flag(), activation };
  });
}

export const fixedCases: readonly MatmulCase[] = [
  ...[
    [0, 3, 4],
    [3, 0, 4],
    [3, 4, 0],
  ],
  ...[
    [32, 256, 32],
    [33, 600, 17],
    [130, 1025, 9],
    [32, 1024, 8],
    [129, 512, 16],
    [300, 300, 300],
    [1, 2000, 1],
    [64, 65, 1],
    [27, 3, 1],
    [19, 12, 3],
    [64, 130, 63],
  ],
].flatMap(([rows, inner, cols]) =>
  [0, 1, 2, 3].map((k) => ({
    rows: rows!,
    inner: inner!,
    cols: cols!,
    transposeA: k >= 2,
    transposeB: k % 2 === 1,
    accumulate: k === 1,
    bias: k !== 2,
    activation: k === 3 ? activations[1]! : null,
  })),
);

function run(
  backend: Backend,
  { rows, inner, cols, ...flags }: MatmulCase,
  numbers: Record<string, number[]>,
): number[] {
  const { memory, families } = backend;
  const place = (values: number[]): { address: number; bytes: number } => {
    const bytes = 4 * (values.length + 2 * guard);
    const address = memory.reserve(bytes);
    memory.floats.set([...Array(guard).fill(untouched), ...values, ...Array(guard).fill(untouched)], address >> 2);
    return { address, bytes };
  };
  const blocks = ["a", "b", "bias", "y"].map((name) => place(numbers[name]!));
  // 20 numbers are 80 bytes: tensors start at a multiple of 16 bytes, not always of 64
  const [a, b, bias, y] = blocks.map(({ address }) => address + 4 * guard) as [number, number, number, number];
  const spec: MatmulSpec = { bias: flags.bias, activation: flags.activation };
  families.matmul(spec)(rows, inner, cols, a, b, bias, y, flags.transposeA, flags.transposeB, flags.accumulate);
  const written = memory.floats.slice((y >> 2) - guard, (y >> 2) + rows * cols + guard);
  for (const { address, bytes } of blocks) memory.release(address, bytes);
  return Array.from(written);
}

const describeCase = ({ rows, inner, cols, activation, ...flags }: MatmulCase): string =>
  `(${rows}, ${inner}) · (${inner}, ${cols}) ${JSON.stringify(flags)} ${activation ?? "plain"}`;

/** Runs all cases with fused multiply-add or without, and returns the variant of the cpu's kernels. */
export function checkMatmul(fma: boolean, cases: readonly MatmulCase[], random: Random): string {
  const cpu = createCpuBackend({ fma });
  const reference = createReferenceBackend();
  for (const oneCase of cases) {
    const { rows, inner, cols } = oneCase;
    const draw = (n: number) => Array.from({ length: n }, () => Math.fround(random.uniform(-1, 1)));
    const numbers = { a: draw(rows * inner), b: draw(inner * cols), bias: draw(cols), y: draw(rows * cols) };
    const found = run(cpu, oneCase, numbers);
    const expected = run(reference, oneCase, numbers);
    // n roundings of partial sums of size √n, adding up like a random walk: √n · √n
    const tolerance = 2 ** -24 * (8 + inner);
    found.forEach((value, i) => {
      const isGuard = i < guard || i >= guard + rows * cols;
      const allowed = isGuard ? 0 : tolerance * (1 + Math.abs(expected[i]!));
      if (!(Math.abs(value - expected[i]!) <= allowed)) {
        expect.fail(
          `${describeCase(oneCase)}: ${isGuard ? "guard" : "element"} ${i - guard} must be ${expected[i]}, got ${value}`,
        );
      }
    });
  }
  return cpu.variant;
}
