import { expect, it } from "vitest";
import { exponentialDecay, linearDecay } from "../../src/explorers/index.ts";

it("linearDecay falls along a straight line and stays at its end", () => {
  const epsilon = (step: number) => linearDecay(step, 1, 0.1, 10);
  expect(epsilon(0)).toBe(1);
  expect(epsilon(1)).toBeCloseTo(0.91, 12);
  expect(epsilon(5)).toBeCloseTo(0.55, 12);
  expect(epsilon(9)).toBeCloseTo(0.19, 12);
  expect(epsilon(10)).toBe(0.1);
  expect(epsilon(1_000_000)).toBe(0.1);
});

it("linearDecay stays at its start until startStep", () => {
  const epsilon = (step: number) => linearDecay(step, 1, 0, 4, 100);
  expect([0, 100, 101, 102, 103, 104, 105].map(epsilon)).toEqual([1, 1, 0.75, 0.5, 0.25, 0, 0]);
});

it("linearDecay may rise, and over no steps at all it is at its end at once", () => {
  expect(linearDecay(1, 0, 1, 4)).toBe(0.25);
  expect(linearDecay(0, 1, 0.1, 0)).toBe(0.1);
  expect([2, 3].map((step) => linearDecay(step, 1, 0.1, 0, 3))).toEqual([1, 0.1]);
});

it("exponentialDecay falls by a factor a step, not below its end", () => {
  expect([0, 1, 2, 3, 4, 400].map((step) => exponentialDecay(step, 0.8, 0.07, 0.5))).toEqual([
    0.8, 0.4, 0.2, 0.1, 0.07, 0.07,
  ]);
  expect(exponentialDecay(1000, 1, 0.01, 0.999)).toBeCloseTo(0.36769542477096, 12); // 0.999^1000
});
