import { describe, expect, it } from "vitest";
import { scope, type Variable, variable } from "../../src/autograd/index.ts";
import {
  actorCriticLoss,
  clippedPolicyLoss,
  clippedValueLoss,
  standardize,
  trustRegionStep,
} from "../../src/returns/index.ts";

const numbers = (f: () => Variable) =>
  scope(() =>
    f()
      .toArray()
      .map((x) => Number(x.toFixed(5))),
  );

describe("actorCriticLoss", () => {
  it("is −A ln π − β H + c (G − V)² in steps", () => {
    // 2 · 3 − 0.1 · 5 + 0.5 · (7 − 4)² = 10
    const loss = () =>
      actorCriticLoss(
        variable([1, 0]),
        variable([-2, -2]),
        variable([3, 3]),
        variable([5, 5]),
        variable([4, 4]),
        variable([7, 7]),
        0.1,
        0.5,
      );
    expect(numbers(loss)).toEqual([10, 0]);
  });
});

describe("clippedPolicyLoss", () => {
  it("takes the smaller of the free and the clipped objective", () => {
    // ratios 2, 2, 0.5, 0.5 with advantages of both signs, ε = 0.2
    const logProb = () => variable([Math.log(2), Math.log(2), Math.log(0.5), Math.log(0.5)]);
    const loss = () => clippedPolicyLoss(logProb(), variable([0, 0, 0, 0]), variable([1, -1, 1, -1]), 0.2);
    expect(numbers(loss)).toEqual([-1.2, 2, -0.5, 0.8]);
  });
  it("has no gradient where the ratio left the interval at a profit", () => {
    scope(() => {
      const logProb = variable([Math.log(2), Math.log(2), 0], { requiresGrad: true });
      clippedPolicyLoss(logProb, variable([0, 0, 0]), variable([1, -1, 3]), 0.2).backward(variable([1, 1, 1]));
      expect(logProb.grad!.toArray().map((x) => Number(x.toFixed(5)))).toEqual([0, 2, -3]);
    });
  });
});

describe("clippedValueLoss", () => {
  it("takes the larger of the free and the limited error", () => {
    // towards the return 3 from 1: at 2 the limited value 1.2 counts; away from it, at 0, the free one
    const loss = () => clippedValueLoss(variable([2, 0]), variable([1, 1]), variable([3, 3]), 0.2);
    expect(numbers(loss)).toEqual([3.24, 9]);
  });
});

describe("trustRegionStep", () => {
  it("leaves steps within the region alone and takes back what leads out of it", () => {
    const step = (delta: number) =>
      numbers(() => trustRegionStep([variable([[3, 1]])], [variable([[2, 0]])], delta)[0]!);
    expect(step(6)).toEqual([3, 1]);
    expect(step(2)).toEqual([1, 1]); // 3 − (6 − 2) / 4 · 2
  });
  it("takes groups of statistics for one vector", () => {
    scope(() => {
      const g = [variable([[3]]), variable([[1]])];
      const z = trustRegionStep(g, [variable([[2]]), variable([[2]])], 4);
      // k·g = 8, (8 − 4) / 8 · 2 = 1
      expect(z.map((x) => x.toArray()[0]!.toFixed(5))).toEqual(["2.00000", "0.00000"]);
    });
  });
  it("leaves steps alone where the divergence has no gradient", () => {
    expect(numbers(() => trustRegionStep([variable([[3, 1]])], [variable([[0, 0]])], 0.1)[0]!)).toEqual([3, 1]);
  });
});

describe("standardize", () => {
  it("counts steps alone", () => {
    // mean 3 and variance 4 of 1, 5, 1, 5
    const x = () => standardize(variable([1, 5, 99, 1, 5]), { isStep: variable([1, 1, 0, 1, 1]) }, 4);
    expect(numbers(x)).toEqual([-1, 1, 0, -1, 1]);
  });
});
