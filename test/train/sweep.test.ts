/** Sweeps without files and processes: the space, the proposals, the pruning rules, the course of a whole sweep. */
import { describe, expect, it } from "vitest";
import { agentSpec } from "../../src/agents/index.ts";
import { Random } from "../../src/random.ts";
import {
  type Dimension,
  drawRandom,
  drawTpe,
  gridAt,
  gridSize,
  importanceOf,
  isBelowMedian,
  type Launch,
  parseSearch,
  placeOf,
  promotion,
  type RunEnd,
  rungSteps,
  runSweep,
  type SweepLine,
  type SweepPlan,
  SweepState,
  searchText,
  type Trial,
  usualSearch,
  type Values,
  valueAt,
} from "../../src/train/sweep/index.ts";

const schema = agentSpec("dqn").hyperparameters;
const parse = (text: string) => parseSearch("rl sweep", text, schema);

describe("what is searched", () => {
  it("ranges, choices and lists", () => {
    expect(parse("learningRate=log:1e-5..1e-2")).toEqual({
      name: "learningRate",
      kind: "range",
      low: 1e-5,
      high: 1e-2,
      isLog: true,
      isWhole: false,
      points: 3,
    });
    expect(parse("minibatch-size=16..128:4")).toMatchObject({ name: "minibatchSize", isWhole: true, points: 4 });
    expect(parse("gamma=0.95,0.99")).toEqual({ name: "gamma", kind: "choice", values: [0.95, 0.99] });
    expect(parse("hiddenSizes=64,64|128|")).toMatchObject({ values: [[64, 64], [128], []] });
    expect(parse("maxGradNorm=none,10")).toMatchObject({ values: [null, 10] });
    expect(parse("clipDelta=true,false")).toMatchObject({ values: [true, false] });
    expect(parse("activation=relu,tanh")).toMatchObject({ values: ["relu", "tanh"] });
    for (const text of ["learningRate=log:0.00001..0.01:5", "gamma=0.95,0.99", "hiddenSizes=64,64|128,128"]) {
      expect(searchText(parse(text))).toBe(text);
    }
  });

  it("the place of a value and the value at a place", () => {
    const log = parse("learningRate=log:1e-5..1e-1") as Extract<Dimension, { kind: "range" }>;
    expect(placeOf(log, 1e-3)).toBeCloseTo(0.5, 12);
    expect([0, 0.5, 1].map((place) => valueAt(log, place))).toEqual([1e-5, 1e-3, 0.1]);
    const whole = parse("minibatchSize=16..32") as Extract<Dimension, { kind: "range" }>;
    expect([0, 0.49, 1].map((place) => valueAt(whole, place))).toEqual([16, 24, 32]);
  });

  it("a grid, the last dimension fastest", () => {
    const grid = [parse("gamma=0.9,0.99"), parse("learningRate=log:1e-4..1e-2:3")];
    expect(gridSize(grid)).toBe(6);
    expect(Array.from({ length: 6 }, (_, n) => Object.values(gridAt(grid, n)))).toEqual([
      [0.9, 1e-4],
      [0.9, 1e-3],
      [0.9, 1e-2],
      [0.99, 1e-4],
      [0.99, 1e-3],
      [0.99, 1e-2],
    ]);
  });

  it("what has a range beside its default", () => {
    expect(usualSearch(schema).map(searchText)).toEqual(
      ["gamma=0.9..0.999", "learningRate=log:0.00001..0.01", "minibatchSize=log:16..256"].sort(
        (a, b) => Object.keys(schema).indexOf(a.split("=")[0]!) - Object.keys(schema).indexOf(b.split("=")[0]!),
      ),
    );
  });

  it("bad input gets one sentence", () => {
    const messages = [
      "learningRate",
      "",
      "learnignRate=1,2",
      "learningRate=log:0..1",
      "learningRate=a..b",
      "learningRate=1..0.1",
      "gamma=0.9..1.5",
      "gamma=0.9,high",
      "activation=relu..tanh",
      "activation=relu,reul",
      "hiddenSizes=64,64|12.5",
      "learningRate=0.1..0.2:0",
    ].map((text) => {
      try {
        return String(parse(text));
      } catch (error) {
        return (error as Error).message.replace(/, of [^;]*;/, ", of …;");
      }
    });
    expect(messages).toMatchInlineSnapshot(`
      [
        "rl sweep: --search must be a hyperparameter and its values; got learningRate. Write --search learningRate=log:1e-4..1e-2.",
        "rl sweep: --search must be a hyperparameter and its values; got nothing. Write --search learningRate=log:1e-4..1e-2.",
        "rl sweep: --search must name a hyperparameter, of …; got learnignRate. Did you mean learningRate?",
        "rl sweep: --search learningRate must begin above 0 where its logarithm is searched; got log:0..1. Write --search learningRate=log:1e-4..1e-2.",
        "rl sweep: --search learningRate must be a range of two numbers; got a..b. Write --search learningRate=log:1e-4..1e-2.",
        "rl sweep: --search learningRate must go from the smaller number to the larger one; got 1..0.1. Write --search learningRate=log:1e-4..1e-2.",
        "rl sweep: --search gamma must be a number between 0 and 1; got 1.5. discount per environment step.",
        "rl sweep: --search gamma must be a number between 0 and 1; got high. discount per environment step.",
        "rl sweep: --search activation must list values, as activation is no number; got relu..tanh. Write --search activation=A|B.",
        "rl sweep: --search activation must be one of relu, tanh, sigmoid; got reul. activation of the hidden layers.",
        "rl sweep: --search hiddenSizes must be a list of whole numbers of at least 1; got 12.5. units of the hidden layers.",
        "rl sweep: --search learningRate must have at least one point; got 0.1..0.2:0. Write --search learningRate=log:1e-4..1e-2.",
      ]
    `);
  });
});

/** A bowl in the logarithm of one dimension, a step in another, one that does not matter. */
const space: readonly Dimension[] = [
  parse("learningRate=log:1e-5..1e-1"),
  parse("gamma=0.9,0.95,0.99"),
  parse("tau=0..1"),
];
const bowl = (values: Values): number =>
  -((Math.log10(values.learningRate as number) + 3.3) ** 2) + (values.gamma === 0.95 ? 1 : 0);

describe("TPE", () => {
  /** The best of so many trials. */
  function bestOf(draw: typeof drawTpe, trials: number, seed: number): number {
    const tried: Values[] = [];
    const random = new Random(`bowl/${seed}`);
    for (let i = 0; i < trials; i++) {
      const ranked = [...tried].sort((a, b) => bowl(b) - bowl(a));
      tried.push(draw(space, ranked, random));
    }
    return Math.max(...tried.map(bowl));
  }

  it("comes nearer to the best than random search", () => {
    const seeds = Array.from({ length: 20 }, (_, seed) => seed);
    const regrets = (draw: typeof drawTpe) => seeds.map((seed) => 1 - bestOf(draw, 40, seed)).sort((a, b) => a - b);
    const [tpe, random] = [regrets(drawTpe), regrets((dimensions, _, stream) => drawRandom(dimensions, stream))];
    // medians
    expect(tpe[10]!).toBeLessThan(random[10]! / 3);
    expect(tpe[15]!).toBeLessThan(random[15]!);
  });

  it("stays within bounds, and draws whole numbers for whole numbers", () => {
    const dimensions = [parse("minibatchSize=log:16..64"), parse("learningRate=0.1..0.1")];
    const random = new Random(2);
    const tried: Values[] = [];
    for (let i = 0; i < 60; i++) {
      tried.push(
        drawTpe(
          dimensions,
          [...tried].sort((a, b) => Number(b.minibatchSize) - Number(a.minibatchSize)),
          random,
        ),
      );
    }
    for (const { minibatchSize, learningRate } of tried) {
      expect(Number.isInteger(minibatchSize)).toBe(true);
      expect(minibatchSize).toBeGreaterThanOrEqual(16);
      expect(minibatchSize).toBeLessThanOrEqual(64);
      expect(learningRate).toBe(0.1);
    }
    // the largest is the best: most of the later ones are near it
    expect(tried.slice(30).filter(({ minibatchSize }) => Number(minibatchSize) > 48).length).toBeGreaterThan(15);
  });
});

describe("pruning", () => {
  it("rungs", () => {
    expect(rungSteps(81_000, 3_000, 3)).toEqual([3_000, 9_000, 27_000, 81_000]);
    expect(rungSteps(10_000, 3_000, 4)).toEqual([10_000]);
    expect(rungSteps(10_000, 1_000, 4)).toEqual([2_500, 10_000]);
  });

  it("ASHA goes on with the top third of a rung, the highest rung first", () => {
    const none = () => [new Set<number>(), new Set<number>(), new Set<number>()];
    // a third of two is none
    expect(promotion([[4, 1], [], []], none(), 3)).toBeNull();
    expect(promotion([[4, 1, 0], [], []], none(), 3)).toEqual({ trial: 4, rung: 1 });
    expect(promotion([[4, 1, 0], [], []], [new Set([4]), new Set(), new Set()], 3)).toBeNull();
    expect(promotion([[7, 4, 1, 0, 2, 3], [4], []], [new Set([4]), new Set(), new Set()], 3)).toEqual({
      trial: 7,
      rung: 1,
    });
    const rungs = [[7, 4, 1, 0, 2, 3, 5, 6, 8], [4, 7, 1], []];
    expect(promotion(rungs, [new Set([4, 7, 1]), new Set(), new Set()], 3)).toEqual({ trial: 4, rung: 2 });
    expect(promotion(rungs, [new Set([4, 7]), new Set([4]), new Set()], 3)).toEqual({ trial: 1, rung: 1 });
    // the top rung leads nowhere
    expect(promotion([[1], [1], [1, 2, 3]], [new Set([1]), new Set([1]), new Set()], 1)).toBeNull();
  });

  it("the median stopping rule", () => {
    const flat = (mean: number) => [1, 2, 3].map((step) => [step, mean] as const);
    const others = [10, 20, 30, 40].map(flat);
    expect(isBelowMedian([[1, 24]], others)).toBe(true);
    expect(isBelowMedian([[1, 26]], others)).toBe(false);
    // its best so far against their averages up to the step
    expect(
      isBelowMedian(
        [
          [1, 26],
          [2, 0],
        ],
        others,
      ),
    ).toBe(false);
    const late = [
      [1, 0],
      [2, 100],
    ] as const;
    expect(isBelowMedian([[1, 1]], [late, late, late, late])).toBe(false);
    expect(
      isBelowMedian(
        [
          [1, 1],
          [2, 40],
        ],
        [late, late, late, late],
      ),
    ).toBe(true);
    expect(isBelowMedian([[1, 0]], others.slice(1))).toBe(false);
  });
});

const plan: SweepPlan = {
  dimensions: space,
  algorithm: "tpe",
  pruner: "none",
  trials: 15,
  seeds: [0, 1],
  steps: 900,
  leastSteps: 100,
  eta: 3,
  seed: 5,
};

/** A run that scores by its configuration, the better the longer, with an evaluation every 100 steps. */
const run: Launch = async ({ values, seed, steps, onEvaluation, signal }) => {
  const curve: [number, number][] = [];
  for (let step = 100; step <= steps; step += 100) {
    if (signal.aborted) return { status: "stopped" };
    const mean = bowl(values) + step / 1e4 + seed / 1e5;
    curve.push([step, mean]);
    onEvaluation(step, mean);
  }
  return { status: "finished", value: curve.at(-1)![1], steps, curve };
};

/** Runs a sweep, from lines if given, until it is aborted after so many runs. */
async function sweep(
  over: Partial<SweepPlan>,
  {
    from = [],
    parallel = 1,
    runs = Infinity,
    launch = run,
  }: { from?: SweepLine[]; parallel?: number; runs?: number; launch?: Launch } = {},
): Promise<{ lines: SweepLine[]; state: SweepState; most: number }> {
  const lines = [...from];
  const stop = new AbortController();
  const state = new SweepState(over.seeds ?? plan.seeds, lines);
  let [begun, active, most] = [0, 0, 0];
  await runSweep({ ...plan, ...over }, state, {
    parallel,
    signal: stop.signal,
    write: (line) => lines.push(line),
    launch: async (request): Promise<RunEnd> => {
      if (++begun > runs) stop.abort();
      most = Math.max(most, ++active);
      await new Promise((resolve) => setImmediate(resolve));
      const end = stop.signal.aborted ? ({ status: "stopped" } as const) : await launch(request);
      active--;
      return end;
    },
  });
  return { lines, state, most };
}

describe("the course of a sweep", () => {
  it("tries each configuration with each seed", async () => {
    const { lines, state } = await sweep({});
    expect(lines.filter(({ event }) => event === "trial").length).toBe(15);
    expect(lines.filter(({ event }) => event === "run").length).toBe(30);
    expect(state.trials.every(({ status }) => status === "finished")).toBe(true);
    const [best] = state.ranked;
    expect(best!.score!.value).toBeCloseTo(bowl(best!.values) + 0.09 + 0.5e-5, 10);
    expect(Math.max(...state.trials.map(({ values }) => bowl(values)))).toBe(bowl(best!.values));
  });

  it("a grid has all its configurations, whatever trials says", async () => {
    const { state } = await sweep({ algorithm: "grid", trials: 1, dimensions: space.slice(1) });
    expect(state.trials.map(({ values }) => Object.values(values))).toEqual(
      [0.9, 0.95, 0.99].flatMap((gamma) => [0, 0.5, 1].map((tau) => [gamma, tau])),
    );
  });

  it.each([
    ["random", "none"],
    ["tpe", "none"],
    ["tpe", "median"],
    ["tpe", "asha"],
  ] as const)(
    "%s with %s: the same from the same seed, and when it was killed in between",
    async (algorithm, pruner) => {
      const whole = await sweep({ algorithm, pruner, trials: 20 });
      expect((await sweep({ algorithm, pruner, trials: 20 })).lines).toEqual(whole.lines);
      expect((await sweep({ algorithm, pruner, trials: 20, seed: 6 })).lines).not.toEqual(whole.lines);
      for (const runs of [0, 7, 12]) {
        const { lines } = await sweep({ algorithm, pruner, trials: 20 }, { runs });
        expect(lines.length).toBeLessThan(whole.lines.length);
        expect((await sweep({ algorithm, pruner, trials: 20 }, { from: lines })).lines).toEqual(whole.lines);
      }
    },
  );

  it("several runs at a time", async () => {
    const { state, most } = await sweep({ pruner: "asha" }, { parallel: 3 });
    expect(most).toBe(3);
    expect(state.trials.length).toBe(15);
    expect(state.trials.every(({ status }) => status === "finished")).toBe(true);
  });

  it("median: a hopeless run is given up, and its other seeds are not begun", async () => {
    const { state, lines } = await sweep({ algorithm: "random", pruner: "median", trials: 20 });
    const pruned = state.trials.filter(({ status }) => status === "pruned");
    expect(pruned.length).toBeGreaterThan(4);
    for (const { trial, score } of pruned) {
      expect(score!.steps).toBeLessThan(900);
      expect(lines.filter((line) => line.event === "run" && line.trial === trial && line.seed === 1)).toEqual([]);
    }
    const finished = state.ranked.filter(({ status }) => status === "finished");
    expect(state.ranked.slice(0, finished.length)).toEqual(finished);
    expect(finished[0]!.score!.value).toBeGreaterThan(Math.max(...pruned.map(({ score }) => score!.value)));
  });

  it("ASHA: a third of each rung goes on, and its runs are gone on with", async () => {
    const asked: [number, number][] = [];
    const launch: Launch = (request) => {
      asked.push([request.trial, request.steps]);
      return run(request);
    };
    const { state } = await sweep({ algorithm: "random", pruner: "asha", trials: 27, seeds: [0] }, { launch });
    const rungs = state.trials.map(({ rung }) => rung);
    expect(rungs.filter((rung) => rung >= 1).length).toBeGreaterThanOrEqual(9);
    expect(rungs.filter((rung) => rung === 2).length).toBeGreaterThanOrEqual(3);
    expect(asked.filter(([, steps]) => steps === 100).length).toBe(27);
    expect(asked.length).toBe(27 + rungs.reduce((a, b) => a + b, 0));
    expect(state.ranked[0]!.rung).toBe(2);
  });

  it("equal scores: fewer steps are better", () => {
    const line = (trial: number, steps: number): SweepLine[] => [
      { event: "trial", trial, values: {} },
      { event: "run", trial, rung: 0, seed: 0, value: 475, steps, curve: [] },
    ];
    const state = new SweepState([0], [...line(0, 5_000), ...line(1, 3_000), ...line(2, 4_000)]);
    expect(state.ranked.map(({ trial }) => trial)).toEqual([1, 2, 0]);
  });

  it("a trial that fails is the last; three at the beginning end the sweep", async () => {
    const failing =
      (which: (trial: number) => boolean): Launch =>
      async (request) =>
        which(request.trial) ? { status: "failed", message: "out of memory" } : run(request);
    const { state } = await sweep({}, { launch: failing((trial) => trial === 3) });
    expect(state.ranked.at(-1)).toMatchObject({ trial: 3, status: "failed", message: "out of memory" });
    await expect(sweep({}, { launch: failing(() => true) })).rejects.toThrowErrorMatchingInlineSnapshot(
      `[UsageError: sweep: trials must be able to run; got 3 that failed. The last one said: out of memory]`,
    );
  });
});

describe("importance", () => {
  it("finds what matters", () => {
    const random = new Random(3);
    const trials = Array.from({ length: 80 }, (_, trial) => {
      const values = drawRandom(space, random);
      return {
        trial,
        values,
        status: "finished",
        rung: 0,
        score: { value: bowl(values), steps: 1 },
        message: null,
      } as Trial;
    });
    const ranked = trials.sort((a, b) => b.score!.value - a.score!.value);
    const { learningRate, gamma, tau } = importanceOf(space, ranked);
    expect(learningRate).toBeGreaterThan(0.4);
    expect(gamma).toBeGreaterThan(0.02);
    expect(tau).toBeLessThan(0.1);
    expect(importanceOf(space, ranked.slice(0, 1))).toEqual({ learningRate: null, gamma: null, tau: null });
  });
});
