/** Returns over two stretches: two steps that end without an end of the task, and three with one. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { doubleGradientCheck, gradientCheck, scope, type Variable, variable } from "../../src/autograd/index.ts";
import { openDevice } from "../../src/device.ts";
import {
  generalizedAdvantages,
  lambdaReturns,
  pathConsistency,
  retrace,
  type Trajectories,
} from "../../src/returns/index.ts";

const trajectories = (): Trajectories => ({
  reward: variable([1, 2, 0, 3, -1, 4, 0]),
  discount: variable([0.5, 0.5, 0, 0.5, 0.5, 0, 0]),
  isStep: variable([1, 1, 0, 1, 1, 1, 0]),
  span: 4,
});
const values = [10, 20, 40, -2, 6, 8, 1000]; // the last one is of a state after the task's end
const numbers = (f: () => Variable) =>
  scope(() =>
    f()
      .toArray()
      .map((x) => Number(x.toFixed(4))),
  );

describe("lambdaReturns", () => {
  it("are n-step returns with λ = 1", () => {
    // 2 + 0.5 · 40 = 22, 1 + 0.5 · 22 = 12; 4, −1 + 0.5 · 4 = 1, 3 + 0.5 · 1 = 3.5
    expect(numbers(() => lambdaReturns(trajectories(), variable(values), 1))).toEqual([12, 22, 40, 3.5, 1, 4, 1000]);
  });
  it("are one-step targets with λ = 0", () => {
    expect(numbers(() => lambdaReturns(trajectories(), variable(values), 0))).toEqual([11, 22, 40, 6, 3, 4, 1000]);
  });
  it("lie between with λ = 0.5", () => {
    // 1 + 0.5 (0.5 · 20 + 0.5 · 22) = 11.5; −1 + 0.5 (0.5 · 8 + 0.5 · 4) = 2, 3 + 0.5 (0.5 · 6 + 0.5 · 2) = 5
    expect(numbers(() => lambdaReturns(trajectories(), variable(values), 0.5))).toEqual([11.5, 22, 40, 5, 2, 4, 1000]);
  });
});

describe("generalizedAdvantages", () => {
  it("are λ-returns less the values", () => {
    expect(numbers(() => generalizedAdvantages(trajectories(), variable(values), 0.5))).toEqual([
      1.5, 2, 0, 7, -4, -4, 0,
    ]);
    expect(numbers(() => generalizedAdvantages(trajectories(), variable(values), 1))).toEqual([
      2, 2, 0, 5.5, -5, -4, 0,
    ]);
  });
});

describe("retrace", () => {
  const q = [9, 21, 0, -3, 5, 9, 0];
  const returns = (trace: readonly number[]) =>
    numbers(() => retrace(trajectories(), variable(q), variable(values), variable(trace)));

  it("are expected one-step targets where the trace is cut", () => {
    expect(returns([0, 0, 7, 0, 0, 0, 7])).toEqual([11, 22, 0, 6, 3, 4, 0]);
  });
  it("correct the next value by what came out", () => {
    // 2 + 0.5 · 40 = 22; 1 + 0.5 (1 · (22 − 21) + 20) = 11.5
    // 4; −1 + 0.5 (0.5 (4 − 9) + 8) = 1.75; 3 + 0.5 (1 · (1.75 − 5) + 6) = 4.375
    expect(returns([0.3, 1, 7, 0.3, 1, 0.5, 7])).toEqual([11.5, 22, 0, 4.375, 1.75, 4, 0]);
  });
});

describe("pathConsistency", () => {
  const logProb = [-1, -2, 7, -0.5, -3, -1, 7];
  const residuals = (length: number) =>
    numbers(() => {
      const value = variable(values);
      return pathConsistency(trajectories(), { value, nextValue: value, logProb: variable(logProb) }, 0.1, length);
    });

  it("compares each state with its successor for paths of one step", () => {
    // −10 + 0.5 · 20 + 1.1, −20 + 0.5 · 40 + 2.2; 2 + 0.5 · 6 + 3.05, −6 + 0.5 · 8 − 0.7, −8 + 4.1
    expect(residuals(1)).toEqual([1.1, 2.2, 0, 8.05, -2.7, -3.9, 0]);
  });
  it("spans two steps, or what is left of the stretch", () => {
    // −10 + 0.25 · 40 + 1.1 + 0.5 · 2.2; 2 + 0.25 · 8 + 3.05 − 0.35, −6 − 0.7 + 0.5 · 4.1
    expect(residuals(2)).toEqual([2.2, 2.2, 0, 6.7, -4.65, -3.9, 0]);
  });
  it("spans whole stretches", () => {
    // 2 + 3.05 − 0.35 + 0.25 · 4.1
    expect(residuals(3)).toEqual([2.2, 2.2, 0, 5.725, -4.65, -3.9, 0]);
    expect(residuals(100)).toEqual(residuals(3));
  });
});

describe("gradients", () => {
  beforeAll(async () => {
    await openDevice("reference");
  });
  afterAll(async () => {
    await openDevice("cpu");
  });
  const tensor = (numbers: number[]) => ({ shape: [7], values: numbers });

  it("flow through all of them", () => {
    const small = tensor([0.1, -0.4, 0.9, 0.3, 0.6, -0.2, 0.7]);
    const other = tensor([-0.3, 0.2, 0.4, -0.8, 0.5, 0.1, -0.6]);
    const third = tensor([0.9, 0.6, 0.2, 0.4, 0.3, 0.8, 0.5]);
    const checks: [(...xs: Variable[]) => Variable, { shape: number[]; values: number[] }[]][] = [
      [(v) => lambdaReturns(trajectories(), v!, 0.7), [small]],
      [(v) => generalizedAdvantages(trajectories(), v!, 0.7), [small]],
      [(q, v, c) => retrace(trajectories(), q!, v!, c!), [small, other, third]],
      [
        (value, nextValue, logProb) =>
          pathConsistency(trajectories(), { value: value!, nextValue: nextValue!, logProb: logProb! }, 0.3, 2),
        [small, other, third],
      ],
    ];
    for (const [f, inputs] of checks) {
      gradientCheck(f, inputs);
      doubleGradientCheck(f, inputs);
    }
  });
});
