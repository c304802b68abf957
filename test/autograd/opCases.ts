/** Seeded inputs for the tests of operations, and the three values a test compares: y, its gradients, and theirs. */
import { expect } from "vitest";
import type { AnyOp } from "../../src/autograd/defineOp.ts";
import { grad, scope, sum, type Variable, variable } from "../../src/autograd/index.ts";
import { openDevice } from "../../src/device.ts";
import { type Expression, input, scalar, topological } from "../../src/kernel/expression.ts";
import { sizeOf } from "../../src/kernel/strides.ts";
import type { Random } from "../../src/random.ts";

export interface Tensor {
  readonly shape: readonly number[];
  readonly values: readonly number[];
}

export type TensorFunction = (...xs: Variable[]) => Variable;

/** Different float32 numbers in the range, in random order and not close to 0 or to each other. */
export function draw(random: Random, shape: readonly number[], [low, high]: readonly [number, number]): Tensor {
  const n = sizeOf(shape);
  const step = (high - low) / n;
  const values = Array.from({ length: n }, (_, i) => low + step * (i + random.uniform(0.1, 0.9)));
  for (let i = n - 1; i > 0; i--) {
    const j = random.integer(i + 1);
    [values[i], values[j]] = [values[j]!, values[i]!];
  }
  return { shape, values: values.map((x) => Math.fround(Math.abs(x) < 0.01 ? x + 0.02 : x)) };
}

/** The operations of src/autograd/ops that are one formula, by their exported names. */
export function definedOps(modules: Record<string, Record<string, unknown>>): [string, AnyOp][] {
  const found = Object.values(modules).flatMap((module) =>
    Object.entries(module).filter((entry): entry is [string, AnyOp] => {
      const [, value] = entry;
      return typeof value === "function" && "definition" in value;
    }),
  );
  return [...new Map(found)].sort(([a], [b]) => (a < b ? -1 : 1));
}

/** Whether the formula depends on how the axes are split into rows and columns. */
export function usesRows({ definition }: AnyOp): boolean {
  const leaves: Record<string, Expression> = {};
  definition.inputs.forEach((name, i) => {
    leaves[name] = input(i, "element");
  });
  definition.scalars?.forEach((name, i) => {
    leaves[name] = scalar(i);
  });
  const kinds = topological([definition.forward(leaves)]).map(({ kind }) => kind);
  return kinds.some((kind) => ["rowSum", "rowMax", "colIndex", "rowLen"].includes(kind));
}

/** Inputs that say which, not how much: a small change of them means nothing. */
const choosing: Record<string, readonly string[]> = { where: ["condition"], selectItem: ["t"], dropout: ["u"] };

/** The indices of the inputs that have a gradient. */
export function smoothInputs({ definition }: AnyOp): number[] {
  return definition.inputs.flatMap((name, i) => (choosing[definition.name]?.includes(name) ? [] : [i]));
}

export function drawInputs({ definition }: AnyOp, shapes: readonly (readonly number[])[], random: Random): Tensor[] {
  return definition.inputs.map((name, i) => {
    const shape = shapes[i]!;
    const pick = (below: number) => ({
      shape,
      values: Array.from({ length: sizeOf(shape) }, () => random.integer(below)),
    });
    if (name === "condition") return pick(2);
    if (definition.name === "selectItem" && name === "t") return pick(shapes[0]!.at(-1)!);
    return draw(random, shape, definition.sampleRange ?? [-2, 2]);
  });
}

/** The operation as a function of its tensors, its numbers as in the sample. */
export function bound(op: AnyOp): TensorFunction {
  const { scalars = [], sample } = op.definition;
  const numbers = scalars.map((name) => (sample as Record<string, number>)[name]!);
  return (...xs) => (op as unknown as (...args: unknown[]) => Variable)(...xs, ...numbers);
}

const weights = (n: number, phase: number) => Float32Array.from({ length: n }, (_, i) => Math.sin(phase + 1.7 * i));

/** y, the gradients of Σ gy·y, and the gradients of Σ w·gradients with respect to inputs and gy, as one list a part. */
export function evaluate(
  f: TensorFunction,
  tensors: readonly Tensor[],
  which: readonly number[] = tensors.map((_, i) => i),
) {
  return scope(() => {
    const xs = tensors.map(({ shape, values }, i) =>
      variable(Float32Array.from(values), { shape, requiresGrad: which.includes(i) }),
    );
    const wanted = which.map((i) => xs[i]!);
    const y = f(...xs);
    const gy = variable(weights(y.size, 0.5), { shape: y.shape, requiresGrad: true });
    const gradients = grad([y], wanted, { gradOutputs: [gy], createGraph: true });
    const total = gradients
      .map((gx, i) => sum(gx.mul(variable(weights(gx.size, i), { shape: gx.shape }))))
      .reduce((a, b) => a.add(b));
    const second = grad([total], [...wanted, gy]);
    return {
      shape: y.shape,
      y: y.toArray(),
      gradients: gradients.map((gx) => gx.toArray()),
      second: second.map((gx) => gx.toArray()),
    };
  });
}

const sizes = (tensors: readonly Tensor[]) => tensors.map(({ shape }) => `(${shape.join(", ")})`).join(" ");

function expectClose(actual: readonly number[], expected: readonly number[], tolerance: number, what: string): void {
  expect(actual.length, what).toBe(expected.length);
  const scale = 1 + Math.max(0, ...expected.map(Math.abs));
  actual.forEach((x, i) => {
    if (!(Math.abs(x - expected[i]!) <= tolerance * scale)) {
      expect.fail(`${what}: element ${i} must be ${expected[i]} within ${tolerance * scale}, got ${x}`);
    }
  });
}

/** Relative to the largest number of each result. */
const tolerances = { y: 2e-6, gradients: 4e-6, second: 2e-5 };

export interface Case {
  readonly f: TensorFunction;
  readonly inputs: readonly Tensor[];
  /** Inputs that have a gradient; all unless given. */
  readonly which?: readonly number[];
}

/** Compares value, gradients and second gradients of the cpu with those of the reference. */
export async function expectParity(cases: readonly Case[]): Promise<void> {
  await openDevice("reference");
  const expected = cases.map(({ f, inputs, which }) => evaluate(f, inputs, which));
  await openDevice("cpu");
  cases.forEach(({ f, inputs, which }, k) => {
    const found = evaluate(f, inputs, which);
    const wanted = expected[k]!;
    expect(found.shape).toEqual(wanted.shape);
    expectClose(found.y, wanted.y, tolerances.y, `y of ${sizes(inputs)}`);
    found.gradients.forEach((gx, i) => {
      expectClose(gx, wanted.gradients[i]!, tolerances.gradients, `gradient ${i} of ${sizes(inputs)}`);
    });
    found.second.forEach((gx, i) => {
      expectClose(gx, wanted.second[i]!, tolerances.second, `second gradient ${i} of ${sizes(inputs)}`);
    });
  });
}
