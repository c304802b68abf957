/** Operations that are no formula: gradients, second gradients, parity and values. */
import { beforeAll, describe, expect, it } from "vitest";
import {
  argMax,
  broadcastTo,
  concat,
  doubleGradientCheck,
  elu,
  embedId,
  expandDims,
  getItem,
  grad,
  gradientCheck,
  linear,
  matmul,
  max,
  mean,
  min,
  pad,
  reshape,
  scale,
  softmax,
  splitAxis,
  squeeze,
  stack,
  sum,
  tanh,
  transpose,
  type Variable,
  variable,
} from "../../src/autograd/index.ts";
import { openDevice } from "../../src/device.ts";
import { familyCases } from "./familyCases.ts";
import { expectParity } from "./opCases.ts";

describe.each(Object.entries(familyCases))("%s", (_name, cases) => {
  it("has its gradient", async () => {
    await openDevice("reference");
    for (const { f, inputs, which } of cases) gradientCheck(f, inputs, { which });
  });

  it("has its second gradient", async () => {
    await openDevice("reference");
    for (const { f, inputs, which } of cases) doubleGradientCheck(f, inputs, { which, tolerance: 1e-5 });
  });

  it("is the same on cpu and reference", () => expectParity(cases));
});

describe("values", () => {
  beforeAll(async () => {
    await openDevice("cpu");
  });
  const matrix = () =>
    variable([
      [1, 2, 3, 4],
      [5, 6, 7, 8],
      [9, 10, 11, 12],
    ]);

  it("getItem slices as NumPy does, beyond the ends too", () => {
    const row = variable([0, 1, 2, 3, 4]);
    const slices = [
      { start: -3 },
      { stop: -10 },
      { start: 10 },
      { start: 7, step: -2 },
      { start: -10, step: -1 },
      { stop: -10, step: -3 },
      { start: 1, stop: 4, step: 2 },
      { start: 3, stop: 1 },
      { stop: 99 },
      { start: -1, stop: 0, step: -1 },
    ];
    expect(slices.map((slice) => getItem(row, slice).toArray().join(" "))).toEqual([
      "2 3 4",
      "",
      "",
      "4 2 0",
      "",
      "4 1",
      "1 3",
      "",
      "0 1 2 3 4",
      "4 3 2 1",
    ]);
  });

  it("reductions, slices and stacks", () => {
    const x = matrix();
    expect(sum(x, 0).toArray()).toEqual([15, 18, 21, 24]);
    expect(mean(x, [0, 1]).item()).toBe(6.5);
    expect(max(x, 1).toArray()).toEqual([4, 8, 12]);
    expect(min(x, 0, true).toNested()).toEqual([[1, 2, 3, 4]]);
    expect(
      argMax(
        variable([
          [1, 3, 3],
          [0, -1, 0],
        ]),
      ).toArray(),
    ).toEqual([1, 0]);
    expect(argMax(x, 0).toArray()).toEqual([2, 2, 2, 2]);
    expect(getItem(x, { step: -2 }, { start: 1, stop: 3 }).toNested()).toEqual([
      [10, 11],
      [2, 3],
    ]);
    expect(pad(variable([1, 2]), [1], [2]).toArray()).toEqual([0, 1, 2, 0, 0]);
    expect(concat([x, variable([[0], [0], [1]])]).toNested()).toEqual([
      [1, 2, 3, 4, 0],
      [5, 6, 7, 8, 0],
      [9, 10, 11, 12, 1],
    ]);
    expect(stack([variable([1, 2]), variable([3, 4])], 1).toNested()).toEqual([
      [1, 3],
      [2, 4],
    ]);
    expect(transpose(x).toNested()).toEqual([
      [1, 5, 9],
      [2, 6, 10],
      [3, 7, 11],
      [4, 8, 12],
    ]);
    expect(splitAxis(x, [1, 1, 3], 1).map((part) => part.shape)).toEqual([
      [3, 1],
      [3, 0],
      [3, 2],
      [3, 1],
    ]);
    expect(matmul(variable([1, 2]), variable([3, 4])).item()).toBe(11);
    expect(embedId(variable([2, 0]), x).toNested()).toEqual([
      [9, 10, 11, 12],
      [1, 2, 3, 4],
    ]);
  });

  it("the gradient of max goes to every element that attains it", () => {
    const x = variable([1, 3, 3], { requiresGrad: true });
    max(x).backward();
    expect(x.grad!.toArray()).toEqual([0, 1, 1]);
  });

  it("takes tensors without elements", () => {
    const empty = variable([], { shape: [0, 3] });
    expect(sum(empty, 0).toArray()).toEqual([0, 0, 0]);
    expect(tanh(empty).shape).toEqual([0, 3]);
    expect(matmul(empty, variable([[1], [2], [3]])).shape).toEqual([0, 1]);
    expect(matmul(variable([], { shape: [2, 0] }), variable([], { shape: [0, 2] })).toNested()).toEqual([
      [0, 0],
      [0, 0],
    ]);
    expect(concat([empty, variable([[1, 2, 3]])], 0).toNested()).toEqual([[1, 2, 3]]);
    expect(transpose(empty).shape).toEqual([3, 0]);
    expect(reshape(empty, [0]).shape).toEqual([0]);
  });

  it("concat of many inputs gives each its own gradient", () => {
    const xs = Array.from({ length: 70 }, (_, i) => variable([i, 2 * i], { requiresGrad: i % 3 === 0 }));
    const weights = variable(Float32Array.from({ length: 140 }, (_, i) => i));
    const loss = sum(concat(xs, 0).mul(weights));
    expect(grad([loss], [xs[33]!, xs[3]!]).map((gx) => gx.toArray())).toEqual([
      [66, 67],
      [6, 7],
    ]);
    loss.backward();
    xs.forEach((x, i) => {
      expect(x.pending).toBe(null);
      expect(x.grad?.toArray()).toEqual(i % 3 === 0 ? [2 * i, 2 * i + 1] : undefined);
    });
  });
});

describe("wrong shapes", () => {
  beforeAll(async () => {
    await openDevice("cpu");
  });
  const x = (...shape: number[]) => variable(new Float32Array(shape.reduce((a, b) => a * b, 1)), { shape });

  it.each<[string, () => unknown]>([
    ["add", () => x(3, 4).add(x(3))],
    ["add of columns and rows", () => x(3, 1).add(x(1, 4))],
    ["matmul", () => matmul(x(2, 3), x(2, 3))],
    ["matmul of stacks", () => matmul(x(2, 2, 3), x(3, 3, 2))],
    ["matmul of stacks transposed", () => matmul(x(2, 3), x(3, 2), { transposeA: true })],
    ["matmul of a number", () => matmul(x(), x(2))],
    ["matmul of a vector", () => matmul(x(3), x(2, 2))],
    ["linear", () => linear(x(32, 4), x(8, 64))],
    ["linear's bias", () => linear(x(32, 4), x(4, 64), x(4))],
    ["linear of parts", () => linear([x(32, 4), x(32, 3)], x(8, 64))],
    ["linear of parts of several batches", () => linear([x(32, 4), x(16, 4)], x(8, 64))],
    ["linear of nothing", () => linear([], x(8, 64))],
    ["reshape", () => reshape(x(2, 3), [4, 2])],
    ["reshape with -1", () => reshape(x(2, 3), [4, -1])],
    ["transpose", () => transpose(x(2, 3), [0, 0])],
    ["broadcastTo", () => broadcastTo(x(2, 3), [2, 4])],
    ["getItem index", () => getItem(x(2, 3), 2)],
    ["getItem slices", () => getItem(x(2), 0, 0)],
    ["getItem step", () => getItem(x(2), { step: 0 })],
    ["pad", () => pad(x(2, 3), [1], [1])],
    ["splitAxis", () => splitAxis(x(2, 3), 2, 1)],
    ["concat", () => concat([x(2, 3), x(3, 3)])],
    ["concat of nothing", () => concat([])],
    ["embedId", () => embedId(variable([4]), x(4, 2))],
    ["embedId of fractions", () => embedId(variable([0.5]), x(4, 2))],
    ["scale", () => scale(x(2, 3), x(2))],
    ["sum's axis", () => sum(x(2, 3), 2)],
    ["softmax's axis", () => softmax(x(), 0)],
    ["squeeze", () => squeeze(x(2, 3), 1)],
    ["expandDims", () => expandDims(x(2, 3), 4)],
    ["nested arrays", () => variable([[1, 2], [3]])],
    ["variable's shape", () => variable([1, 2, 3], { shape: [2, 2] })],
    ["negative dimension", () => x(2).backward(variable([1], { shape: [-1, -1] }))],
    ["item", () => x(2).item()],
    ["a missing input", () => (tanh as () => void)()],
    ["a missing number", () => (elu as unknown as (a: Variable) => void)(x(2))],
    ["backward of a tensor", () => variable([1, 2], { requiresGrad: true }).mul(2).backward()],
    ["backward's gy", () => variable([1, 2], { requiresGrad: true }).mul(2).backward(x(3))],
  ])("%s", (_name, run) => {
    expect(run).toThrowErrorMatchingSnapshot();
  });
});
