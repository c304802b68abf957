/** Q-functions and action values: shapes, numbers worked out by hand, gradients. */
import { afterEach, describe, expect, it } from "vitest";
import { evalMode, gradientCheck, NoisyLinear, scope, type Variable, variable } from "../../src/autograd/index.ts";
import { openDevice } from "../../src/device.ts";
import {
  DistributionalActionValue,
  DistributionalDuelingQFunction,
  DistributionalQFunction,
  DuelingQFunction,
  duel,
  maskActions,
  QuadraticActionValue,
  QuadraticQFunction,
  QuantileActionValue,
  QuantileQFunction,
  SingleActionValue,
} from "../../src/nets/index.ts";
import { Random } from "../../src/random.ts";

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
const options = (seed = 0) => ({ hiddenSizes: [8, 6], random: new Random(seed) });
const support = { atoms: 5, vMin: -1, vMax: 3 };
const obs = () =>
  variable([
    [0.1, 0.2, -0.3],
    [1, -1, 0.5],
  ]);

describe("dueling", () => {
  it("adds to the value the advantages over their mean", () => {
    close(
      numbers(() =>
        duel(
          variable([
            [1, 2, 6],
            [0, 0, 0],
          ]),
          variable([10, 20]),
        ),
      ),
      [8, 9, 13, 20, 20, 20],
    );
  });
  it("has the value as mean over actions", () => {
    const q = new DuelingQFunction(3, 4, options());
    const values = numbers(() => q.forward(obs()));
    const state = numbers(() => q.value.forward(q.body.forward(obs())));
    const mean = (row: number) => values.slice(4 * row, 4 * row + 4).reduce((a, b) => a + b) / 4;
    close([mean(0), mean(1)], state);
  });
  it("for distributions has the value's logits as mean over actions", () => {
    const q = new DistributionalDuelingQFunction(3, 4, support, options());
    const { shape } = scope(() => ({ shape: q.forward(obs()).logits.shape }));
    expect(shape).toEqual([2, 4, 5]);
    const logits = numbers(() => q.forward(obs()).logits);
    const state = numbers(() => q.value.forward(q.body.forward(obs())));
    const mean = (row: number, atom: number) =>
      [0, 1, 2, 3].map((a) => logits[row * 20 + a * 5 + atom]!).reduce((x, y) => x + y) / 4;
    close(
      [0, 1].flatMap((row) => [0, 1, 2, 3, 4].map((atom) => mean(row, atom))),
      state,
    );
  });
});

describe("distributional values", () => {
  const ln = Math.log;
  const logits = () =>
    variable([
      [
        [ln(1), ln(1), ln(2)],
        [ln(3), ln(1), ln(1)],
      ],
      [
        [0, 0, 0],
        [-1000, -1000, 1000],
      ],
    ]);
  // atoms 0, 5, 10
  const value = () => new DistributionalActionValue(logits(), { atoms: 3, vMin: 0, vMax: 10 });
  it("have expected returns", () => {
    close(
      numbers(() => value().qValues),
      [25 / 4, 15 / 5, 5, 10],
    );
    expect(numbers(() => value().greedyActions)).toEqual([0, 1]);
    close(
      numbers(() => value().max),
      [25 / 4, 10],
    );
    close(
      numbers(() => value().evaluateActions(variable([1, 0]))),
      [3, 5],
    );
  });
  it("have a distribution of each action", () => {
    close(
      numbers(() => value().distributionsOf(variable([1, 0]))),
      [0.6, 0.2, 0.2, 1 / 3, 1 / 3, 1 / 3],
    );
  });
  it("lose masked actions", () => {
    const mask = () =>
      variable([
        [0, 1],
        [1, 0],
      ]);
    expect(numbers(() => value().masked(mask()).greedyActions)).toEqual([1, 0]);
    close(
      numbers(() => value().masked(mask()).max),
      [3, 5],
    );
  });
  it("come from a perceptron of actions times atoms", () => {
    const q = new DistributionalQFunction(3, 4, support, options());
    expect(scope(() => [...q.forward(obs()).logits.shape])).toEqual([2, 4, 5]);
  });
});

describe("quantile values", () => {
  const value = () =>
    new QuantileActionValue(
      variable([
        [
          [1, 10],
          [3, 0],
        ],
      ]),
    );
  it("have the mean over samples", () => {
    close(
      numbers(() => value().qValues),
      [2, 5],
    );
    expect(numbers(() => value().greedyActions)).toEqual([1]);
    close(
      numbers(() => value().quantilesOf(variable([0]))),
      [1, 3],
    );
    close(
      numbers(() => value().masked(variable([[1, 0]])).max),
      [2],
    );
  });
  it("depend on the threshold, each sample on its own", () => {
    const q = new QuantileQFunction(3, 4, { ...options(), basis: 6, policySamples: 5, thresholds: new Random(1) });
    const at = (tau: number[][]) => numbers(() => q.observed(obs()).at(variable(tau)).quantiles);
    const both = at([
      [0.1, 0.9],
      [0.4, 0.4],
    ]);
    expect(both.slice(0, 4)).not.toEqual(both.slice(4, 8));
    expect(both.slice(8, 12)).toEqual(both.slice(12, 16));
    close(at([[0.9], [0.4]]), [...both.slice(4, 8), ...both.slice(12, 16)]);
  });
  it("are drawn in training and fixed in evaluation", () => {
    const q = new QuantileQFunction(3, 4, { ...options(), basis: 6, policySamples: 5, thresholds: new Random(1) });
    const values = () => numbers(() => q.forward(obs()).qValues);
    expect(values()).not.toEqual(values());
    expect(evalMode(values)).toEqual(evalMode(values));
    const tau = [0.1, 0.3, 0.5, 0.7, 0.9];
    close(
      evalMode(values),
      numbers(() => q.observed(obs()).at(variable([tau, tau])).qValues),
    );
  });
});

describe("quadratic values", () => {
  it("fall off around the best action", () => {
    const value = () =>
      new QuadraticActionValue(
        variable([[1, -1]]),
        variable([
          [
            [2, 3],
            [0, 1],
          ],
        ]),
        variable([10]),
      );
    close(
      numbers(() => value().evaluateActions(variable([[1, -1]]))),
      [10],
    );
    // a − μ = (1, 2): Lᵀ(a − μ) = (2·1 + 3·2, 1·2) = (8, 2)
    close(
      numbers(() => value().evaluateActions(variable([[2, 1]]))),
      [10 - 0.5 * (64 + 4)],
    );
    expect(numbers(() => value().max)).toEqual([10]);
    expect(numbers(() => value().greedyActions)).toEqual([1, -1]);
  });
  it("have a positive definite form and a best action within bounds", () => {
    const q = new QuadraticQFunction(3, { low: [-2, 0], high: [2, 1] }, options());
    const rows = scope(() => {
      const { mean, triangle } = q.forward(obs());
      return { mean: mean.toArray(), triangle: triangle.toArray() };
    });
    for (const row of [0, 1]) {
      const [a, b] = rows.mean.slice(2 * row) as [number, number];
      expect(Math.abs(a)).toBeLessThan(2);
      expect(Math.abs(b - 0.5)).toBeLessThan(0.5);
      const [, behind, below, d] = rows.triangle.slice(4 * row) as [number, number, number, number];
      expect(rows.triangle[4 * row]).toBeGreaterThan(0);
      expect(d).toBeGreaterThan(0);
      expect(below).toBe(0);
      expect(behind).not.toBe(0);
    }
    expect(
      () => new QuadraticQFunction(3, { low: [-1], high: [Number.POSITIVE_INFINITY] }, options()),
    ).toThrowErrorMatchingInlineSnapshot(
      `[UsageError: QuadraticQFunction: actions must have finite bounds; got -1 to Infinity. Normalise the action space.]`,
    );
  });
  it("have gradients", async () => {
    await openDevice("reference");
    gradientCheck(
      (mean, triangle, value, action) => new QuadraticActionValue(mean!, triangle!, value!).evaluateActions(action!),
      [
        { shape: [2, 2], values: [0.1, 0.4, -0.3, 0.2] },
        { shape: [2, 2, 2], values: [1, 0.5, 0, 1.2, 0.7, -0.4, 0, 0.9] },
        { shape: [2], values: [1, 2] },
        { shape: [2, 2], values: [0.6, -0.5, 0.8, 0.3] },
      ],
    );
  });
});

describe("single values", () => {
  it("know the best action only where told", () => {
    const evaluate = (actions: Variable) => actions.mul(2);
    close(
      numbers(() => new SingleActionValue(evaluate, () => variable([3])).max),
      [6],
    );
    close(
      numbers(() => new SingleActionValue(evaluate).evaluateActions(variable([4]))),
      [8],
    );
    expect(() => new SingleActionValue(evaluate).max).toThrowErrorMatchingInlineSnapshot(
      `[UsageError: SingleActionValue: the best action must be known; got a value function alone. Pass maximize as well.]`,
    );
  });
});

describe("masks", () => {
  it("let the gradient of allowed actions through", async () => {
    await openDevice("reference");
    gradientCheck(
      (x, mask) => maskActions(x!, mask!).mul(mask!),
      [
        { shape: [1, 3], values: [1, 2, 3] },
        { shape: [1, 3], values: [1, 0, 1] },
      ],
      { which: [0] },
    );
  });
});

describe("NoisyLinear", () => {
  const layer = () => new NoisyLinear(3, 2, { random: new Random(0), noise: new Random(1) });
  it("begins as the paper says", () => {
    const { w, b, wSigma, bSigma } = layer();
    expect(Math.max(...w.toArray().map(Math.abs), ...b.toArray().map(Math.abs))).toBeLessThan(1 / Math.sqrt(3));
    close([...wSigma.toArray(), ...bSigma.toArray()], new Array(8).fill(0.5 / Math.sqrt(3)));
  });
  it("draws noise of rank one, anew each time; none in evaluation", () => {
    const noisy = layer();
    const forward = (x: number[][]) => numbers(() => noisy.forward(variable(x)));
    expect(forward([[1, 2, 3]])).not.toEqual(forward([[1, 2, 3]]));
    const plain = evalMode(() => forward([[0, 0, 0]]));
    close(plain, noisy.b.toArray());
    expect(evalMode(() => forward([[1, 2, 3]]))).toEqual(evalMode(() => forward([[1, 2, 3]])));
    // x = 0 and the unit vectors, in one call: rows of the noisy weights
    const rows = forward([
      [0, 0, 0],
      [1, 0, 0],
      [0, 1, 0],
      [0, 0, 1],
    ]);
    const sigma = 0.5 / Math.sqrt(3);
    const fCol = [0, 1].map((j) => (rows[j]! - noisy.b.toArray()[j]!) / sigma);
    const noise = [0, 1, 2].map((i) =>
      [0, 1].map((j) => (rows[2 * (i + 1) + j]! - rows[j]! - noisy.w.toArray()[2 * i + j]!) / sigma),
    );
    // w noise = f(εᵢ) f(εⱼ), b noise = f(εⱼ)
    for (const row of noise) expect(row[0]! * fCol[1]!).toBeCloseTo(row[1]! * fCol[0]!, 4);
  });
  it("goes on from a saved state", () => {
    const [one, other] = [layer(), new NoisyLinear(3, 2, { random: new Random(5) })];
    numbers(() => one.forward(variable([[1, 2, 3]])));
    other.loadState(one.saveState());
    const forward = (link: NoisyLinear) => numbers(() => link.forward(variable([[1, 2, 3]])));
    expect(forward(other)).toEqual(forward(one));
  });
});
