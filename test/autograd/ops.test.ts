/// <reference types="vite/types/importMeta.d.ts" />
import { beforeAll, describe, expect, it } from "vitest";
import { doubleGradientCheck, gradientCheck } from "../../src/autograd/index.ts";
import { openDevice } from "../../src/device.ts";
import { Random } from "../../src/random.ts";
import { bound, definedOps, drawInputs, evaluate, expectParity, smoothInputs, usesRows } from "./opCases.ts";

const modules = import.meta.glob<Record<string, unknown>>("../../src/autograd/ops/*.ts", { eager: true });
const ops = definedOps(modules);

type Shapes = readonly (readonly number[])[];

/** The sample's shapes with its 3 rows and 4 columns replaced. */
function resized(sample: Record<string, unknown>, inputs: readonly string[], rows: number, cols: number): Shapes {
  return inputs.map((name) => (sample[name] as readonly number[]).map((n) => (n === 3 ? rows : n === 4 ? cols : n)));
}

const columnCounts = [1, 2, 3, 4, 5, 6, 7, 8, 9, 15, 16, 17];

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
function shapesFor(op: (typeof ops)[number][1]): Shapes[] {
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

describe.each(ops)("%s", (name, op) => {
  const random = new Random(name);
  const which = smoothInputs(op);
  const cases = shapesFor(op).map((shapes) => ({ f: bound(op), inputs: drawInputs(op, shapes, random), which }));
  // central differences cost two evaluations an element: the smaller shapes
  const small = cases.filter(({ inputs }) => inputs.every(({ values }) => values.length <= 12)).slice(0, 12);

  if (op.definition.hasNoGradient) {
    it("has zero gradient", async () => {
      await openDevice("reference");
      for (const { f, inputs } of small) {
        for (const gx of evaluate(f, inputs, which).gradients) expect(gx.every((x) => x === 0)).toBe(true);
      }
    });
  } else {
    it("has the gradient of its formula", async () => {
      await openDevice("reference");
      for (const { f, inputs } of small) gradientCheck(f, inputs, { which });
    });

    it("has the second gradient of its formula", async () => {
      await openDevice("reference");
      for (const { f, inputs } of small) doubleGradientCheck(f, inputs, { which, tolerance: 1e-5 });
    });
  }

  it("is the same on cpu and reference", () => expectParity(cases));
});

beforeAll(() => {
  expect(ops.length).toBeGreaterThan(40);
});
