import { describe, expect, it } from "vitest";
import { AdditiveGaussian, AdditiveOrnsteinUhlenbeck } from "../../src/explorers/index.ts";
import { Random } from "../../src/random.ts";

const steps = 20_000;
const zero = () => new Float32Array([0, 0]);

describe("AdditiveGaussian", () => {
  it("adds independent noise of the given deviations", () => {
    const explorer = new AdditiveGaussian({ scale: [0.5, 2], random: new Random(1) });
    const squares = [0, 0];
    let product = 0;
    for (let i = 0; i < steps; i++) {
      const [a, b] = explorer.selectAction(i, zero) as unknown as [number, number];
      squares[0]! += a * a;
      squares[1]! += b * b;
      product += a * b;
    }
    expect(Math.abs(squares[0]! / steps / 0.25 - 1)).toBeLessThan(4 * Math.sqrt(2 / steps));
    expect(Math.abs(squares[1]! / steps / 4 - 1)).toBeLessThan(4 * Math.sqrt(2 / steps));
    expect(Math.abs(product / steps)).toBeLessThan(4 / Math.sqrt(steps));
  });

  it("changes the action it is given", () => {
    const action = new Float32Array([1, 2]);
    const explorer = new AdditiveGaussian({ scale: 0, random: new Random(1) });
    expect(explorer.selectAction(0, () => action)).toBe(action);
    expect(action).toEqual(new Float32Array([1, 2]));
  });
});

describe("AdditiveOrnsteinUhlenbeck", () => {
  it("follows the recurrence", () => {
    const draws = new Random(7);
    const explorer = new AdditiveOrnsteinUhlenbeck({ mu: 1, theta: 0.25, sigma: 0.5, random: new Random(7) });
    let x = 1;
    for (let i = 0; i < 5; i++) {
      x += 0.25 * (1 - x) + 0.5 * draws.normal();
      expect(explorer.selectAction(i, () => new Float32Array([3]))[0]).toBeCloseTo(3 + x, 5);
    }
  });

  it("has the variance σ² / (1 − (1 − θ)²) and forgets at the rate θ", () => {
    const explorer = new AdditiveOrnsteinUhlenbeck({ random: new Random(3) });
    let [squares, products, last] = [0, 0, 0];
    for (let i = 0; i < steps; i++) {
      const [a] = explorer.selectAction(i, zero) as unknown as [number];
      squares += a * a;
      products += a * last;
      last = a;
    }
    expect(squares / steps).toBeCloseTo(0.04 / (1 - 0.85 ** 2), 1);
    expect(products / squares).toBeCloseTo(0.85, 1);
  });
});

describe("states", () => {
  it.each([
    ["AdditiveGaussian", (seed: number) => new AdditiveGaussian({ scale: 1, random: new Random(seed) })],
    ["AdditiveOrnsteinUhlenbeck", (seed: number) => new AdditiveOrnsteinUhlenbeck({ random: new Random(seed) })],
  ] as const)("%s goes on as if never stopped", (_name, make) => {
    const explorer = make(1);
    for (let i = 0; i < 3; i++) explorer.selectAction(i, zero);
    const other = make(2);
    other.loadState(structuredClone(explorer.saveState()));
    for (let i = 0; i < 3; i++) expect(other.selectAction(i, zero)).toEqual(explorer.selectAction(i, zero));
    const fresh = make(5);
    const early = make(6);
    early.loadState(fresh.saveState());
    expect(early.selectAction(0, zero)).toEqual(fresh.selectAction(0, zero));
  });
});

describe("bad options", () => {
  it("are refused", () => {
    const random = new Random(0);
    expect(() => new AdditiveGaussian({ scale: -1, random })).toThrowErrorMatchingInlineSnapshot(
      `[UsageError: AdditiveGaussian: scale must be a finite number of at least 0; got -1. Change scale.]`,
    );
    expect(() => new AdditiveOrnsteinUhlenbeck({ theta: 2, random })).toThrowErrorMatchingInlineSnapshot(
      `[UsageError: AdditiveOrnsteinUhlenbeck: theta must lie between 0 and 1; got 2. Give the share of one step.]`,
    );
    expect(
      () => new AdditiveOrnsteinUhlenbeck({ sigma: [0.1, Number.NaN], random }),
    ).toThrowErrorMatchingInlineSnapshot(
      `[UsageError: AdditiveOrnsteinUhlenbeck: sigma must be a finite number of at least 0; got NaN. Change sigma.]`,
    );
  });
});
