/** Targets and losses of the DQN family, on numbers worked out by hand. */
import { afterEach, describe, expect, it } from "vitest";
import { gradientCheck, scope, type Variable, variable } from "../../src/autograd/index.ts";
import { openDevice } from "../../src/device.ts";
import { Random } from "../../src/random.ts";
import {
  advantageLearningTarget,
  bootstrapTarget,
  categoricalProjection,
  crossEntropy,
  persistentAdvantageLearningTarget,
  preferenceTarget,
  quantileHuberLoss,
  softMaximum,
  softmaxMean,
} from "../../src/returns/index.ts";

afterEach(async () => {
  await openDevice("cpu");
});

const numbers = (body: () => Variable): number[] => scope(() => body().toArray());
const close = (found: readonly number[], expected: readonly number[]) => {
  expect(found).toHaveLength(expected.length);
  found.forEach((x, i) => {
    expect(x).toBeCloseTo(expected[i]!, 5);
  });
};

describe("bootstrapTarget", () => {
  it("is s r + γ v", () => {
    const y = () => bootstrapTarget(variable([2, 2]), variable([0.5, 0]), variable([3, 3]), 0.1);
    close(numbers(y), [0.2 + 1.5, 0.2]);
  });
});

describe("advantage learning", () => {
  const [target, value, q] = [
    [1, 1, 1, 1],
    [2, 2, 2, 2],
    [1.5, 1.5, 2, 1],
  ];
  it("lowers the target by α times the action gap", () => {
    const y = () => advantageLearningTarget(variable(target!), variable(value!), variable(q!), 0.9);
    close(numbers(y), [1 - 0.45, 1 - 0.45, 1, 1 - 0.9]);
  });
  it("takes the smaller gap of here and the next observation, none behind a terminal one", () => {
    const next = [3, 3, 3, 3];
    const nextQ = [2.9, 1, 1, 0];
    const discount = [0.99, 0.99, 0.99, 0];
    const y = () =>
      persistentAdvantageLearningTarget(
        variable(target!),
        variable(value!),
        variable(q!),
        variable(next),
        variable(nextQ),
        variable(discount),
        0.9,
      );
    close(numbers(y), [1 - 0.9 * 0.1, 1 - 0.9 * 0.5, 1, 1]);
  });
});

describe("dynamic policy programming", () => {
  const x = [
    [0, 0, 0],
    [1, 2, 1000],
    [0, Math.log(3), Math.log(3)],
  ];
  it("averages under the softmax", () => {
    const third = (Math.log(3) * 6) / 7;
    close(
      numbers(() => softmaxMean(variable(x), 1)),
      [0, 1000, third],
    );
    // η 2: weights 1, 9, 9
    close(
      numbers(() => softmaxMean(variable(x), 2)),
      [0, 1000, (Math.log(3) * 18) / 19],
    );
  });
  it("has a soft maximum", () => {
    close(
      numbers(() => softMaximum(variable(x), 1)),
      [Math.log(3), 1000, Math.log(7)],
    );
    close(
      numbers(() => softMaximum(variable(x), 2)),
      [Math.log(3) / 2, 1000, Math.log(19) / 2],
    );
  });
  it("adds to the preference what it is better than the mean", () => {
    close(
      numbers(() => preferenceTarget(variable([1]), variable([5]), variable([4]))),
      [2],
    );
  });
});

describe("categoricalProjection", () => {
  const project = (p: number[], reward: number, discount: number, rewardScale = 1) =>
    numbers(() =>
      categoricalProjection(variable([p]), variable([reward]), variable([discount]), {
        vMin: -1,
        vMax: 1,
        rewardScale,
      }),
    );
  it("moves, shrinks, splits between neighbours and clips", () => {
    // atoms −1, −0.5, 0, 0.5, 1
    const p = [0.1, 0.2, 0.3, 0.3, 0.1];
    close(project(p, 0, 1), p);
    close(project(p, 0.5, 1), [0, 0.1, 0.2, 0.3, 0.4]);
    // halfway between atoms
    close(project(p, 0.25, 1), [0.05, 0.15, 0.25, 0.3, 0.25]);
    // r = 0.1, γ = 0.5: −0.4, −0.15, 0.1, 0.35, 0.6 stand at 1.2, 1.7, 2.2, 2.7, 3.2
    close(project(p, 0.1, 0.5), [
      0,
      0.8 * 0.1 + 0.3 * 0.2,
      0.2 * 0.1 + 0.7 * 0.2 + 0.8 * 0.3 + 0.3 * 0.3,
      0.2 * 0.3 + 0.7 * 0.3 + 0.8 * 0.1,
      0.2 * 0.1,
    ]);
    // after termination all mass stands at the reward, at the ends where it lies beyond
    close(project(p, 0.75, 0), [0, 0, 0, 0.5, 0.5]);
    close(project(p, -7, 0), [1, 0, 0, 0, 0]);
    close(project(p, 5, 0, 0.1), [0, 0, 0, 1, 0]);
  });
  it("agrees with Algorithm 1 of the paper, step by step", () => {
    const random = new Random(5);
    const [batch, atoms, vMin, vMax] = [7, 11, -2, 3];
    const spacing = (vMax - vMin) / (atoms - 1);
    const rows = Array.from({ length: batch }, () => {
      const w = Array.from({ length: atoms }, () => random.random());
      const total = w.reduce((a, b) => a + b);
      return w.map((x) => x / total);
    });
    const reward = Array.from({ length: batch }, () => 2 * random.normal());
    const discount = reward.map((_, i) => (i === 3 ? 0 : 0.9));
    const expected = rows.flatMap((p, row) => {
      const m = new Array<number>(atoms).fill(0);
      p.forEach((pj, j) => {
        const tz = Math.min(vMax, Math.max(vMin, reward[row]! + discount[row]! * (vMin + j * spacing)));
        const b = (tz - vMin) / spacing;
        const [l, u] = [Math.floor(b), Math.ceil(b)];
        if (l === u)
          m[l]! += pj; // the paper's lines lose the mass of an exact hit
        else {
          m[l]! += pj * (u - b);
          m[u]! += pj * (b - l);
        }
      });
      return m;
    });
    close(
      numbers(() => categoricalProjection(variable(rows), variable(reward), variable(discount), { vMin, vMax })),
      expected,
    );
  });
  it("is measured by the cross-entropy", () => {
    const p = [0.25, 0.75];
    const m = [0.5, 0.5];
    const y = () => crossEntropy(variable([p.map(Math.log)]), variable([m]));
    close(numbers(y), [-0.5 * Math.log(0.25) - 0.5 * Math.log(0.75)]);
  });
});

describe("quantileHuberLoss", () => {
  it("weighs errors above by τ and below by 1 − τ", () => {
    // δ = 0.5, −0.5 and 3: Huber 0.125, 0.125 and 2.5
    const y = () => quantileHuberLoss(variable([[1.5, 0.5, 4]]), variable([1]), variable([0.25]), 1);
    close(numbers(y), [(0.25 * 0.125 + 0.75 * 0.125 + 0.25 * 2.5) / 3]);
    const half = () => quantileHuberLoss(variable([[1.5, 0.5, 4]]), variable([1]), variable([0.25]), 0.5);
    // κ = ½: the Huber loss is ½ (|δ| − ¼) beyond, and divided by κ
    close(numbers(half), [(0.25 * 0.125 + 0.75 * 0.125 + 0.25 * 0.5 * 2.75) / 3 / 0.5]);
  });
  it("has its least expected value at the quantile", () => {
    const targets = Array.from({ length: 101 }, (_, i) => i / 10);
    const loss = (theta: number) =>
      numbers(() => quantileHuberLoss(variable([targets]), variable([theta]), variable([0.8]), 1e-3))[0]!;
    const best = Array.from({ length: 101 }, (_, i) => i / 10).sort((a, b) => loss(a) - loss(b))[0]!;
    expect(best).toBeCloseTo(8, 1);
  });
  it("has the gradient of its formula", async () => {
    await openDevice("reference");
    gradientCheck(
      (target, quantile, tau) => quantileHuberLoss(target!, quantile!, tau!, 0.7),
      [
        { shape: [2, 3], values: [0.1, -0.9, 1.4, 0.33, 2.2, -1.7] },
        { shape: [2], values: [0.5, -0.2] },
        { shape: [2], values: [0.3, 0.8] },
      ],
      { which: [1] },
    );
  });
});
