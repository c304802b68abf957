/**
 * Seeded inputs for the tests of operations, and the three values a test compares: y, its gradients, and theirs. Nothing
 * here needs Node: the same checks run in a browser and in Deno.
 */
import type { AnyOp } from "../../src/autograd/defineOp.ts";
import { grad, scope, sum, type Variable, variable } from "../../src/autograd/index.ts";
import { type Device, openDevice } from "../../src/device.ts";
import { type Expression, input, scalar, topological } from "../../src/kernel/expression.ts";
import { sizeOf } from "../../src/kernel/strides.ts";
import { Random } from "../../src/random.ts";

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
  if (definition.perRow?.length) return true;
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

/** y, the gradients of Σ gy·y, and the gradients of Σ w·gradients with respect to inputs and gy. */
export function differentiate(f: TensorFunction, tensors: readonly Tensor[], which: readonly number[]) {
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
  return { y, gradients, second: grad([total], [...wanted, gy]) };
}

/** What `differentiate` gives, in numbers. */
export interface Evaluated {
  readonly shape: readonly number[];
  readonly y: readonly number[];
  readonly gradients: readonly (readonly number[])[];
  readonly second: readonly (readonly number[])[];
}

export function evaluate(
  f: TensorFunction,
  tensors: readonly Tensor[],
  which: readonly number[] = tensors.map((_, i) => i),
): Evaluated {
  return scope(() => {
    const { y, gradients, second } = differentiate(f, tensors, which);
    return {
      shape: y.shape,
      y: y.toArray(),
      gradients: gradients.map((gx) => gx.toArray()),
      second: second.map((gx) => gx.toArray()),
    };
  });
}

/** The same where numbers have to be waited for, of many cases at once: where reading is slow, one read is enough. */
async function evaluateAll(cases: readonly Case[], device: Device): Promise<Evaluated[]> {
  const kept = cases.map(({ f, inputs, which = inputs.map((_, i) => i) }) =>
    scope(() => {
      const { y, gradients, second } = differentiate(f, inputs, which);
      return [y, ...gradients, ...second].map((x) => x.detach());
    }),
  );
  await device.sync();
  return kept.map(([y, ...rest], k) => {
    const lists = rest.map((x) => x.toArray());
    const count = (cases[k]!.which ?? cases[k]!.inputs).length;
    return { shape: y!.shape, y: y!.toArray(), gradients: lists.slice(0, count), second: lists.slice(count) };
  });
}

const sizes = (tensors: readonly Tensor[]) => tensors.map(({ shape }) => `(${shape.join(", ")})`).join(" ");

/** @param tolerance relative to the largest number expected, and absolute below 1 */
export function expectClose(
  actual: readonly number[],
  expected: readonly number[],
  tolerance: number,
  what: string,
): void {
  if (actual.length !== expected.length) {
    throw new Error(`${what}: there must be ${expected.length} numbers, got ${actual.length}`);
  }
  const scale = 1 + Math.max(0, ...expected.map(Math.abs));
  actual.forEach((x, i) => {
    if (!(Math.abs(x - expected[i]!) <= tolerance * scale)) {
      throw new Error(`${what}: element ${i} must be ${expected[i]} within ${tolerance * scale}, got ${x}`);
    }
  });
}

/** Relative to the largest number of each result; a GPU may contract and reorder. */
const tolerances = {
  cpu: { y: 2e-6, gradients: 4e-6, second: 2e-5 },
  gpu: { y: 4e-6, gradients: 8e-6, second: 4e-5 },
} as const;

export interface Case {
  readonly f: TensorFunction;
  readonly inputs: readonly Tensor[];
  /** Inputs that have a gradient; all unless given. */
  readonly which?: readonly number[];
}

type Shapes = readonly (readonly number[])[];

/** The sample's shapes with its 3 rows and 4 columns replaced. */
function resized(sample: Record<string, unknown>, inputs: readonly string[], rows: number, cols: number): Shapes {
  return inputs.map((name) => (sample[name] as readonly number[]).map((n) => (n === 3 ? rows : n === 4 ? cols : n)));
}

// beyond 32 columns a GPU gives each row a workgroup
const columnCounts = [1, 2, 3, 4, 5, 6, 7, 8, 9, 15, 16, 17, 70];

/** What one input may look like beside others of shape (rows, cols) or (2, rows, cols). */
function layouts(rows: number, cols: number): readonly (readonly [readonly number[], readonly number[]])[] {
  return [
    [
      [rows, cols],
      [rows, cols],
    ],
    [[rows, cols], [cols]],
    [
      [rows, cols],
      [1, cols],
    ],
    [
      [rows, cols],
      [rows, 1],
    ],
    [[rows, cols], []],
    [[rows, cols], [1]],
    [
      [rows, cols],
      [1, 1],
    ],
    [
      [2, rows, cols],
      [rows, cols],
    ],
    [
      [2, rows, cols],
      [2, 1, 1],
    ],
    [
      [2, rows, cols],
      [2, rows, 1],
    ],
    [
      [2, rows, cols],
      [2, 1, cols],
    ], // fits no layout: expanded first
    [
      [2, rows, cols],
      [rows, 1],
    ],
  ];
}

/** All the shapes an operation is tried with, by number of inputs and kind of formula. */
function shapesFor(op: AnyOp): Shapes[] {
  const { inputs, sample } = op.definition;
  const all: Shapes[] = [resized(sample, inputs, 3, 4)];
  for (const cols of columnCounts) all.push(resized(sample, inputs, 1 + (cols % 5), cols));
  if (usesRows(op)) return all;
  for (const shape of [[], [1], [5], [2, 3, 5]]) all.push(inputs.map(() => shape));
  if (inputs.length < 2) return all;
  for (const [rows, cols] of [
    [3, 5],
    [1, 4],
    [4, 1],
  ] as const) {
    for (const [whole, part] of layouts(rows, cols)) {
      inputs.forEach((_, i) => {
        all.push(inputs.map((_, j) => (i === j ? part : whole)));
        all.push(inputs.map((_, j) => (i === j ? whole : part)));
      });
    }
  }
  return all;
}

/** All the cases of an operation that is one formula. */
export function casesOf(name: string, op: AnyOp): Case[] {
  const random = new Random(name);
  const which = smoothInputs(op);
  return shapesFor(op).map((shapes) => ({ f: bound(op), inputs: drawInputs(op, shapes, random), which }));
}

/** Compares value, gradients and second gradients of a device with those of the reference. */
export async function expectParity(cases: readonly Case[], name: "cpu" | "gpu" = "cpu"): Promise<void> {
  await openDevice("reference");
  const expected = cases.map(({ f, inputs, which }) => evaluate(f, inputs, which));
  const found = await evaluateAll(cases, await openDevice(name));
  const allowed = tolerances[name];
  cases.forEach(({ inputs }, k) => {
    const [got, wanted] = [found[k]!, expected[k]!];
    if (`${got.shape}` !== `${wanted.shape}`) {
      throw new Error(`the shape of ${sizes(inputs)} must be (${wanted.shape}), got (${got.shape})`);
    }
    expectClose(got.y, wanted.y, allowed.y, `y of ${sizes(inputs)}`);
    got.gradients.forEach((gx, i) => {
      expectClose(gx, wanted.gradients[i]!, allowed.gradients, `gradient ${i} of ${sizes(inputs)}`);
    });
    got.second.forEach((gx, i) => {
      expectClose(gx, wanted.second[i]!, allowed.second, `second gradient ${i} of ${sizes(inputs)}`);
    });
  });
}
