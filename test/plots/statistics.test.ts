/** The statistics of few runs, on numbers computed with NumPy from the paper's formulas. */
import { describe, expect, test } from "vitest";
import {
  aggregate,
  bootstrapInterval,
  curveOf,
  iqm,
  iqmOfScores,
  median,
  probabilityOfImprovement,
  type Scores,
  smooth,
  thinned,
  ticks,
} from "../../src/plots/index.ts";
import { axisTexts, logTicks } from "../../src/plots/numberText.ts";
import { quantileOfSorted, sorted } from "../../src/plots/statistics.ts";

// two tasks; ten runs of x, eight of y, with ties among them
const x: Scores = [
  [100, 106, 95, 82, 91, 80, 101, 127, 90, 88],
  [80, 77, 72, 51, 69, 84, 43, 61, 32, 44],
];
const y: Scores = [
  [51, 83, 63, 93, 91, 84, 38, 77],
  [59, 62, 29, 50, 40, 44, 81, 44],
];

describe("interquartile mean", () => {
  test("of scores of two tasks, and of each", () => {
    expect(iqmOfScores(x)).toBeCloseTo(81.3, 10);
    expect(iqmOfScores(y)).toBeCloseTo(60.875, 10);
    expect(x.map(iqm)).toEqual([expect.closeTo(94.16666666666667, 10), expect.closeTo(62.333333333333336, 10)]);
  });
  test("of few numbers a quarter rounds down to nothing, as scipy.stats.trim_mean has it", () => {
    const squares = (n: number) => Array.from({ length: n }, (_, i) => i * i);
    const expected = { 1: 0, 2: 0.5, 3: 5 / 3, 4: 2.5, 5: 14 / 3, 7: 11 };
    for (const [n, value] of Object.entries(expected)) expect(iqm(squares(Number(n))), n).toBeCloseTo(value, 12);
  });
});

test("quantiles are NumPy's", () => {
  const values = sorted([3, 1, 4, 1, 5, 9, 2.5]);
  expect([0.025, 0.5, 0.9].map((q) => quantileOfSorted(values, q))).toEqual([1, 3, expect.closeTo(6.6, 12)]);
  expect(median([4, 1, 3, 2])).toBe(2.5);
});

test("probability of improvement: the Mann–Whitney statistic of each task, averaged; ties count half", () => {
  expect(probabilityOfImprovement(x, y)).toBeCloseTo(0.746875, 12);
  expect(probabilityOfImprovement([x[0]!], [y[0]!])).toBeCloseTo(0.83125, 12);
  expect(probabilityOfImprovement([x[1]!], [y[1]!])).toBeCloseTo(0.6625, 12);
  expect(probabilityOfImprovement([[1, 1]], [[1, 1, 1]])).toBe(0.5);
});

describe("stratified bootstrap", () => {
  // from 60,000 and 40,000 resamples drawn with NumPy's generator
  test("interval of the interquartile mean", () => {
    const { low, high } = bootstrapInterval(iqmOfScores, [x]);
    expect(Math.abs(low - 74.05)).toBeLessThan(0.5);
    expect(Math.abs(high - 86)).toBeLessThan(0.5);
  });
  test("interval of the probability of improvement, both sides drawn anew", () => {
    const { low, high } = bootstrapInterval((a, b) => probabilityOfImprovement(a!, b!), [x, y]);
    expect(Math.abs(low - 0.575)).toBeLessThan(0.015);
    expect(Math.abs(high - 0.894)).toBeLessThan(0.015);
  });
  test("the same seed gives the same interval, another one nearly the same", () => {
    const of = (seed: number) => bootstrapInterval(iqmOfScores, [x], { seed, resamples: 2_000 });
    expect(of(3)).toEqual(of(3));
    expect(of(4).low).not.toBe(of(3).low);
    expect(Math.abs(of(4).low - of(3).low)).toBeLessThan(1.5);
  });
  test("runs are drawn within their task: tasks whose runs all agree give an interval of no width", () => {
    const { low, high } = bootstrapInterval(iqmOfScores, [
      [
        [1, 1, 1],
        [9, 9, 9],
      ],
    ]);
    expect([low, high]).toEqual([5, 5]);
  });
});

describe("curves", () => {
  test("smoothing is the mean of what lies around", () => {
    expect([...smooth([1, 2, 6, 3, 8], 3)]).toEqual([1.5, 3, 11 / 3, 17 / 3, 5.5]);
    expect([...smooth([4, 5], 1)]).toEqual([4, 5]);
    expect([...smooth([], 5)]).toEqual([]);
  });
  test("thinning keeps the first and last point and every stretch's extremes", () => {
    const n = 100_000;
    const values = Float64Array.from({ length: n }, (_, i) => Math.sin(i / 5_000));
    values[51_234] = 7;
    values[51_240] = -7;
    const steps = values.map((_, i) => i);
    const few = thinned({ steps, values }, 1_000);
    expect(few.steps.length).toBeLessThanOrEqual(1_000);
    expect(few.steps.length).toBeGreaterThan(900);
    expect([few.steps[0], few.steps.at(-1)]).toEqual([0, n - 1]);
    expect([...few.values]).toEqual(expect.arrayContaining([7, -7]));
    expect([...few.steps]).toEqual([...few.steps].sort((a, b) => a - b));
    expect(thinned(few, 1_000)).toBe(few);
  });
  test("the middle of several runs: on all steps, as far as half of them go; a solved one stays where it ended", () => {
    const line = (values: number[], isHeld = false) => ({
      curve: curveOf(
        values.map((_, i) => i),
        values,
      ),
      isHeld,
    });
    const members = [line([0, 4, 4, 4]), line([0, 8], true), line([0, 0, 1]), line([0, 0, 1])];
    const { centre, low, high, runs } = aggregate(members)!;
    expect([...centre.steps]).toEqual([0, 1, 2, 3]);
    // of four the lowest and the highest are cut off; at step 3 two are left: 4, and the 8 that is held
    expect([...centre.values]).toEqual([0, 2, 2.5, 6]);
    expect([...runs]).toEqual([4, 4, 4, 2]);
    for (const i of centre.steps.keys()) {
      expect(low[i]).toBeLessThanOrEqual(centre.values[i]!);
      expect(high[i]).toBeGreaterThanOrEqual(centre.values[i]!);
    }
    expect(aggregate([line([1, 2])])).toBeNull();
  });
  test("labels of axes are round", () => {
    expect(ticks(0, 20_000, 4)).toEqual([0, 5_000, 10_000, 15_000, 20_000]);
    expect(ticks(-0.03, 0.11, 4)).toEqual([0, 0.05, 0.1]);
    expect(ticks(3, 3, 4)).toEqual([3]);
    expect(logTicks(0.005, 20, 8)).toEqual([0.01, 0.1, 1, 10]);
    expect(axisTexts([1.35, 1.355, 1.36])).toEqual(["1.35", "1.355", "1.36"]);
    expect(axisTexts([-1_500, -1_000, -500, 0])).toEqual(["−1,500", "−1,000", "−500", "0"]);
    expect(axisTexts([0, 5_000, 10_000])).toEqual(["0", "5k", "10k"]);
    expect(axisTexts([0, 2e-5, 4e-5])).toEqual(["0", "2e-5", "4e-5"]);
  });
});
