import { describe, expect, it } from "vitest";
import { UsageError } from "../../src/errors.ts";
import {
  Boltzmann,
  ConstantEpsilonGreedy,
  type Explorer,
  ExponentialDecayEpsilonGreedy,
  Greedy,
  LinearDecayEpsilonGreedy,
} from "../../src/explorers/index.ts";
import { Random } from "../../src/random.ts";

const greedyAction = () => -1;
const randomAction = (random: Random) => random.integer(3);
/** How often each action came, the greedy one under "-1". */
function count(explorer: Explorer, draws: number, step: (draw: number) => number, values?: () => ArrayLike<number>) {
  const counts: Record<string, number> = {};
  for (let i = 0; i < draws; i++) {
    const action = explorer.selectAction(step(i), greedyAction, values);
    counts[action] = (counts[action] ?? 0) + 1;
  }
  return counts;
}

it("Greedy takes the agent's action, continuous ones too", () => {
  const action = new Float32Array([0.5, -1]);
  expect(new Greedy<Float32Array>().selectAction(0, () => action)).toBe(action);
  expect(new Greedy().statistics()).toEqual({});
});

describe("ε-greedy", () => {
  it("takes a random action with probability epsilon, each as likely as any other", () => {
    const explorer = new ConstantEpsilonGreedy({ epsilon: 0.3, randomAction, random: new Random(1) });
    const counts = count(explorer, 30_000, () => 0);
    // standard deviations: 79 of the greedy count, 52 of the others
    expect(Math.abs(counts[-1]! - 21_000)).toBeLessThan(320);
    for (const action of [0, 1, 2]) expect(Math.abs(counts[action]! - 3_000)).toBeLessThan(210);
    expect(explorer.statistics()).toEqual({ epsilon: 0.3 });
  });

  it("never explores at 0 and always at 1; the greedy action is asked for only when taken", () => {
    const never = new ConstantEpsilonGreedy({ epsilon: 0, randomAction, random: new Random(2) });
    expect(count(never, 1000, () => 0)).toEqual({ "-1": 1000 });
    const always = new ConstantEpsilonGreedy({ epsilon: 1, randomAction, random: new Random(3) });
    const unwanted = () => {
      throw new Error("not needed");
    };
    for (let i = 0; i < 1000; i++) expect(always.selectAction(i, unwanted)).toBeGreaterThanOrEqual(0);
  });

  it("decays linearly from startStep on, and reports epsilon", () => {
    const explorer = new LinearDecayEpsilonGreedy({
      startEpsilon: 1,
      endEpsilon: 0,
      decaySteps: 4,
      startStep: 2,
      randomAction,
      random: new Random(4),
    });
    expect(explorer.statistics()).toEqual({ epsilon: 1 });
    const reported = [0, 2, 3, 4, 5, 6, 7].map((step) => {
      explorer.selectAction(step, greedyAction);
      return explorer.statistics().epsilon;
    });
    expect(reported).toEqual([1, 1, 0.75, 0.5, 0.25, 0, 0]);
    expect(Math.abs(count(explorer, 1000, () => 4)[-1]! - 500)).toBeLessThan(64); // four standard deviations
    expect(count(explorer, 500, () => 6)).toEqual({ "-1": 500 });
  });

  it("decays exponentially, and reports epsilon", () => {
    const explorer = new ExponentialDecayEpsilonGreedy({
      startEpsilon: 0.8,
      endEpsilon: 0.15,
      decay: 0.5,
      randomAction,
      random: new Random(5),
    });
    const reported = [0, 1, 2, 3].map((step) => {
      explorer.selectAction(step, greedyAction);
      return explorer.statistics().epsilon;
    });
    expect(reported).toEqual([0.8, 0.4, 0.2, 0.15]);
  });

  it("explores in continuous spaces with the same classes", () => {
    const explorer = new ConstantEpsilonGreedy<Float32Array>({
      epsilon: 1,
      randomAction: (random) => new Float32Array([random.uniform(-2, 2)]),
      random: new Random(6),
    });
    expect(Math.abs(explorer.selectAction(0, () => new Float32Array([9]))[0]!)).toBeLessThan(2);
  });

  it.each([
    [
      () => new ConstantEpsilonGreedy({ epsilon: 1.5, randomAction, random: new Random(0) }),
      "ConstantEpsilonGreedy: epsilon must lie between 0 and 1; got 1.5. Change epsilon.",
    ],
    [
      () =>
        new LinearDecayEpsilonGreedy({
          startEpsilon: 1,
          endEpsilon: Number.NaN,
          decaySteps: 1,
          randomAction,
          random: new Random(0),
        }),
      "LinearDecayEpsilonGreedy: endEpsilon must lie between 0 and 1; got NaN. Change endEpsilon.",
    ],
    [
      () =>
        new LinearDecayEpsilonGreedy({
          startEpsilon: 1,
          endEpsilon: 0,
          decaySteps: -1,
          randomAction,
          random: new Random(0),
        }),
      "LinearDecayEpsilonGreedy: decaySteps must be a whole number of steps; got -1. Change decaySteps.",
    ],
    [
      () =>
        new ExponentialDecayEpsilonGreedy({
          startEpsilon: 1,
          endEpsilon: 0,
          decay: 1,
          randomAction,
          random: new Random(0),
        }),
      "ExponentialDecayEpsilonGreedy: decay must lie between 0 and 1, both exclusive; got 1. Change decay.",
    ],
    [
      () => new Boltzmann({ temperature: 0, random: new Random(0) }),
      "Boltzmann: temperature must be a positive number; got 0. Use Greedy for no exploration.",
    ],
  ])("refuses options out of range %#", (create, message) => {
    expect(create).toThrow(new UsageError(message));
  });
});

describe("Boltzmann", () => {
  it("draws actions in proportion to exp(value / temperature)", () => {
    // weights 4 : 2 : 1 : 0
    const values = new Float32Array([2 * Math.log(4), 2 * Math.log(2), 0, Number.NEGATIVE_INFINITY]);
    const counts = count(
      new Boltzmann({ temperature: 2, random: new Random(7) }),
      28_000,
      () => 0,
      () => values,
    );
    expect(Object.keys(counts)).toEqual(["0", "1", "2"]);
    [16_000, 8_000, 4_000].forEach((expected, action) => {
      expect(Math.abs(counts[action]! - expected)).toBeLessThan(330); // four standard deviations
    });
  });

  it("stands values that exp alone would not", () => {
    const counts = count(
      new Boltzmann({ random: new Random(8) }),
      1000,
      () => 0,
      () => [5000, 4000],
    );
    expect(counts).toEqual({ 0: 1000 });
  });

  it("says what it lacks", () => {
    const explorer = new Boltzmann({ random: new Random(0) });
    expect(() => explorer.selectAction(0, greedyAction)).toThrow(
      new UsageError(
        "Boltzmann: the agent must know the value of every action; got none. Use another explorer with this agent.",
      ),
    );
    expect(() => explorer.selectAction(0, greedyAction, () => [1, Number.NaN])).toThrow(
      new UsageError(
        "Boltzmann: the largest action value must be a finite number; got 1, NaN. " +
          "Look for divergence: a lower learning rate often helps.",
      ),
    );
  });
});

describe("saveState and loadState", () => {
  const linear = (seed: number) =>
    new LinearDecayEpsilonGreedy({
      startEpsilon: 1,
      endEpsilon: 0.2,
      decaySteps: 100,
      randomAction,
      random: new Random(seed),
    });
  const explorers: [string, (seed: number) => Explorer][] = [
    ["Greedy", () => new Greedy()],
    [
      "ConstantEpsilonGreedy",
      (seed) => new ConstantEpsilonGreedy({ epsilon: 0.5, randomAction, random: new Random(seed) }),
    ],
    ["LinearDecayEpsilonGreedy", linear],
    [
      "ExponentialDecayEpsilonGreedy",
      (seed) =>
        new ExponentialDecayEpsilonGreedy({
          startEpsilon: 1,
          endEpsilon: 0.5,
          decay: 0.99,
          randomAction,
          random: new Random(seed),
        }),
    ],
    ["Boltzmann", (seed) => new Boltzmann({ random: new Random(seed) })],
  ];

  it.each(explorers)("%s goes on where it was saved, through JSON", (_name, create) => {
    const actions = (explorer: Explorer, from: number) =>
      Array.from({ length: 60 }, (_, i) => explorer.selectAction(from + i, greedyAction, () => [0.1, 0.3, 0.2]));
    const explorer = create(1);
    actions(explorer, 0);
    const state = JSON.parse(JSON.stringify(explorer.saveState()));
    const copy = create(2);
    copy.loadState(state);
    expect(copy.statistics()).toEqual(explorer.statistics());
    expect(actions(copy, 60)).toEqual(actions(explorer, 60));
  });

  it("differs between seeds, so that the test above can fail", () => {
    const actions = (explorer: Explorer) =>
      Array.from({ length: 60 }, (_, i) => explorer.selectAction(i, greedyAction));
    expect(actions(linear(1))).not.toEqual(actions(linear(2)));
  });
});
