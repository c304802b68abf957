/** Vector environments: recorded traces of all autoreset modes, and the same numbers from every way to step them. */
import { readFileSync } from "node:fs";
import { afterEach, describe, expect, it } from "vitest";
import {
  type AnyEnv,
  type AutoresetMode,
  type Batch,
  Box,
  batchSpace,
  createBatch,
  Dict,
  Discrete,
  getRow,
  LocalVectorEnv,
  listEnvs,
  type MakeVecOptions,
  MultiBinary,
  MultiDiscrete,
  make,
  makeVec,
  SingleRows,
  type Space,
  setRow,
  spec,
  Transitions,
  Tuple,
  transitionsOf,
  type VectorEnv,
  type VectorMode,
  type VectorStepResult,
  versionsOf,
  Wrapper,
} from "../../src/envs/node.ts";

const open: VectorEnv[] = [];
/** Closed after the test, threads above all. */
function vec(id: string, n: number, options: MakeVecOptions = {}): VectorEnv {
  const envs = makeVec(id, n, options);
  open.push(envs);
  return envs;
}
afterEach(() => {
  for (const envs of open.splice(0)) envs.close();
});

interface Trace {
  readonly mode: string;
  readonly seed: number;
  readonly maxEpisodeSteps: number;
  readonly numEnvs: number;
  readonly first: number[][];
  readonly steps: {
    readonly a: number[];
    readonly obs: number[][];
    readonly r: number[];
    readonly te: number[];
    readonly tr: number[];
    readonly finalObs?: (number[] | null)[];
    readonly resetMask?: number[];
    readonly afterReset?: number[][];
  }[];
}
const traces = JSON.parse(
  readFileSync(new URL("../fixtures/envs/vectorAutoreset.json", import.meta.url), "utf8"),
) as Trace[];
const flat = (rows: number[][]) => rows.flat().map(Math.fround);
const modes: VectorMode[] = ["sync", "batch", "worker"];
const autoresetModes: AutoresetMode[] = ["nextStep", "sameStep", "disabled"];
const modeOf = ({ mode }: Trace) => (mode[0]!.toLowerCase() + mode.slice(1)) as AutoresetMode;

describe.each(modes)("mode %s", (mode) => {
  it.each(traces.map((trace) => [modeOf(trace), trace] as const))(
    "equals the recorded trace, %s",
    (autoresetMode, t) => {
      const { numEnvs, maxEpisodeSteps, seed } = t;
      const envs = vec("CartPole-v1", numEnvs, {
        mode,
        autoresetMode,
        maxEpisodeSteps,
        ...(mode === "worker" && { workers: 2 }),
      });
      const [first, firstInfos] = envs.reset({ seed });
      expect(Array.from(first as Float32Array)).toEqual(flat(t.first));
      expect(firstInfos).toEqual({});
      let wasEnded = new Array(numEnvs).fill(0);
      let partialResets = 0;
      for (const step of t.steps) {
        const [obs, rewards, terminated, truncated, infos] = envs.step(step.a);
        expect(Array.from(obs as Float32Array)).toEqual(flat(step.obs));
        expect(Array.from(rewards)).toEqual(step.r);
        expect([Array.from(terminated), Array.from(truncated)]).toEqual([step.te, step.tr]);
        const { isReset, finalObs, finalInfo, _finalObs, _finalInfo, ...others } = infos;
        expect(others).toEqual({});
        if (autoresetMode === "nextStep") expect(Array.from(isReset as Uint8Array)).toEqual(wasEnded);
        else expect(isReset).toBeUndefined();
        wasEnded = step.te.map((te, i) => te | step.tr[i]!);
        if (step.finalObs) {
          expect(Array.from(_finalObs as Uint8Array)).toEqual(step.finalObs.map((row) => Number(row !== null)));
          expect(_finalInfo).toEqual(_finalObs);
          expect(finalInfo).toEqual({});
          for (const [row, last] of step.finalObs.entries()) {
            if (last)
              expect(Array.from((finalObs as Float32Array).subarray(4 * row, 4 * row + 4))).toEqual(flat([last]));
          }
        } else expect(finalObs).toBeUndefined();
        if (step.resetMask) {
          partialResets++;
          const [after] = envs.reset({ options: { resetMask: step.resetMask } });
          expect(Array.from(after as Float32Array)).toEqual(flat(step.afterReset!));
        }
      }
      expect(partialResets > 0).toBe(autoresetMode === "disabled");
    },
  );

  it("takes up a saved state", () => {
    const make = () => vec("CartPole-v1", 3, { mode, maxEpisodeSteps: 9, ...(mode === "worker" && { workers: 2 }) });
    const [envs, other] = [make(), make()];
    envs.reset({ seed: 3 });
    for (let i = 0; i < 12; i++) envs.step([1, 0, 1]);
    other.loadState(structuredClone(envs.saveState()));
    for (let i = 0; i < 30; i++) expect(other.step([0, i & 1, 1])).toEqual(envs.step([0, i & 1, 1]));
    const partly = { options: { resetMask: [0, 1, 0] } };
    expect(other.reset(partly)).toEqual(envs.reset(partly));
  });

  it("hands out fresh arrays, or two sets in turn", () => {
    const fresh = vec("CartPole-v1", 2, { mode });
    fresh.reset({ seed: 0 });
    const [obs] = fresh.step([0, 1]);
    const copy = Array.from(obs as Float32Array);
    fresh.step([0, 1]);
    expect(Array.from(obs as Float32Array)).toEqual(copy);
    const reused = vec("CartPole-v1", 2, { mode, reuseObs: true });
    reused.reset({ seed: 0 });
    const [one, two, three] = [reused.step([0, 1])[0], reused.step([0, 1])[0], reused.step([0, 1])[0]];
    expect(one).not.toBe(two);
    expect(one).toBe(three);
    expect(two).toEqual(fresh.step([0, 1]) && two);
  });
});

/** What every way to step environments gives for the same seeds and actions. */
function play(envs: VectorEnv, steps: number): unknown[] {
  const seen: unknown[] = [];
  const note = (result: unknown) => seen.push(structuredClone(result));
  note(envs.reset({ seed: 17 }));
  envs.actionSpace.seed(5);
  for (let i = 0; i < steps; i++) {
    const result = envs.step(envs.actionSpace.sample() as Int32Array);
    note(result);
    const resetMask = result[2].map((terminated, row) => terminated | result[3][row]!);
    if (envs.autoresetMode === "disabled" && resetMask.includes(1)) note(envs.reset({ options: { resetMask } }));
  }
  return seen;
}

const newest = listEnvs().filter((id) => versionsOf(id)[0] === id);

describe.each(newest)("%s", (id) => {
  it.each(autoresetModes)("gives the same in all modes, %s", (autoresetMode) => {
    const options = { autoresetMode, maxEpisodeSteps: 25 };
    const bySync = play(vec(id, 5, { ...options, mode: "sync" }), 60);
    expect(play(vec(id, 5, options), 60)).toEqual(bySync);
    // threads take their time to start: once for each environment, with the most to hand over
    if (autoresetMode !== "sameStep") return;
    expect(play(vec(id, 5, { ...options, mode: "worker", workers: 2 }), 60)).toEqual(bySync);
  });
});

it.each([
  ["CartPole-v1", { suttonBartoReward: true, kinematicsIntegrator: "semi-implicit" }],
  ["MountainCar-v0", { goalVelocity: 0.01 }],
  ["MountainCarContinuous-v0", { goalVelocity: 0.01 }],
  ["Pendulum-v1", { g: 9.81 }],
  ["Acrobot-v1", { bookOrNips: "nips" }],
])("%s with %o gives the same in batches", (id, kwargs) => {
  const options = { ...kwargs, maxEpisodeSteps: 200 };
  expect(play(vec(id, 4, { ...options, mode: "batch" }), 420)).toEqual(
    play(vec(id, 4, { ...options, mode: "sync" }), 420),
  );
});

describe("Transitions", () => {
  /** Sub-environments played alone, with the same seeds and actions: their transitions. */
  function alone(seed: number, n: number, actionsOf: (row: number) => number[], maxEpisodeSteps: number): unknown[][] {
    return Array.from({ length: n }, (_, row) => {
      const env = make("CartPole-v1", { maxEpisodeSteps });
      let [obs] = env.reset({ seed: seed + row });
      return actionsOf(row).map((action) => {
        const [nextObs, reward, terminated, truncated] = env.step(action);
        const transition = [
          Array.from(obs),
          action,
          reward,
          Array.from(nextObs),
          Number(terminated),
          Number(truncated),
        ];
        obs = terminated || truncated ? env.reset()[0] : nextObs;
        return transition;
      });
    });
  }

  it.each(traces.map((trace) => [modeOf(trace), trace] as const))(
    "of the trace are those of each environment alone, %s",
    (autoresetMode, t) => {
      const { numEnvs: n, maxEpisodeSteps, seed } = t;
      const envs = vec("CartPole-v1", n, { autoresetMode, maxEpisodeSteps });
      const transitions = new Transitions(envs);
      let [obs] = envs.reset({ seed }) as [Float32Array, unknown];
      const seen: unknown[][][] = Array.from({ length: n }, () => []);
      for (const { a, resetMask } of t.steps) {
        const step = envs.step(a);
        const { count, rows, nextObs } = transitions.read(step);
        for (const row of rows.subarray(0, count)) {
          const from = Array.from(getRow(envs.singleObservationSpace, obs, row) as Float32Array);
          const to = Array.from(getRow(envs.singleObservationSpace, nextObs, row) as Float32Array);
          seen[row]!.push([from, a[row], step[1][row], to, step[2][row], step[3][row]]);
        }
        obs = (resetMask ? envs.reset({ options: { resetMask } })[0] : step[0]) as Float32Array;
      }
      const actions = seen.map((of) => of.map(([, action]) => action as number));
      expect(seen).toEqual(alone(seed, n, (row) => actions[row]!, maxEpisodeSteps));
      const ends = seen.flat().filter(([, , , , terminated, truncated]) => terminated === 1 || truncated === 1).length;
      const total = t.steps.length * n;
      // a reset row is no transition; the other modes have no such rows
      if (autoresetMode === "nextStep") expect(seen.flat().length).toBeLessThan(total - ends + n + 1);
      else expect(seen.flat()).toHaveLength(total);
      expect(ends).toBeGreaterThan(8);
    },
  );

  it("leave the step alone and reuse their arrays", () => {
    const envs = vec("CartPole-v1", 2, { autoresetMode: "sameStep", maxEpisodeSteps: 2 });
    envs.reset({ seed: 1 });
    const transitions = new Transitions(envs);
    const before = transitions.read(envs.step([0, 0])).rows;
    const step = envs.step([0, 0]);
    const copy = structuredClone(step) as VectorStepResult;
    const { nextObs, rows, count } = transitions.read(step);
    expect(step).toEqual(copy);
    expect(nextObs).toEqual(step[4].finalObs);
    expect([count, rows]).toEqual([2, before]);
    expect(transitionsOf(envs, step).nextObs).toEqual(nextObs);
    const three = vec("CartPole-v1", 3);
    three.reset({ seed: 1 });
    const other = three.step([0, 0, 0]);
    expect(() => transitions.read(other)).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: Transitions.read: the step must be of the 2 environments it was made for; got one of 3. Make one for each VectorEnv.]`,
    );
  });
});

describe("spaces", () => {
  const spaces: [Space<unknown>, string][] = [
    [new Box([0, -1], [1, 2]), "Box([0 -1 0 -1], [1 2 1 2], (2, 2), float32)"],
    [new Box(0, 255, { shape: [2, 3], dtype: "uint8" }), "Box(0, 255, (2, 2, 3), uint8)"],
    [new Discrete(3, 1), "MultiDiscrete([3 3], start=[1 1])"],
    [new MultiDiscrete([2, 3], [0, 5]), "Box([0 5 0 5], [1 7 1 7], (2, 2), int32)"],
    [new MultiBinary(3), "Box(0, 1, (2, 3), int8)"],
    [new Tuple([new Discrete(2), new Box(0, 1)]), "Tuple(MultiDiscrete([2 2]), Box(0.0, 1.0, (2, 1), float32))"],
    [
      new Dict({ b: new Discrete(2), a: new Tuple([new MultiBinary(2)]) }),
      'Dict("a": Tuple(Box(0, 1, (2, 2), int8)), "b": MultiDiscrete([2 2]))',
    ],
  ];
  it.each(spaces)("%s", (space, text) => {
    const batched = batchSpace(space, 2);
    expect(String(batched).replaceAll("'", '"')).toBe(text);
    const batch = createBatch(space, 2);
    const elements = [space.sample(), space.sample()];
    for (const [row, element] of elements.entries()) setRow(space, batch, row, element);
    for (const [row, element] of elements.entries()) expect(getRow(space, batch, row)).toEqual(element);
    expect(batched.contains(batch)).toBe(true);
  });

  it("of environments", () => {
    const envs = vec("Blackjack-v1", 3);
    expect([envs.numEnvs, String(envs.observationSpace), String(envs.actionSpace)]).toEqual([
      3,
      "Tuple(MultiDiscrete([32 32 32]), MultiDiscrete([11 11 11]), MultiDiscrete([2 2 2]))",
      "MultiDiscrete([2 2 2])",
    ]);
    expect(envs.spec).toEqual({ ...spec("Blackjack-v1"), maxEpisodeSteps: null });
    expect(envs.reset({ seed: 1 })[0]).toHaveLength(3);
  });
});

describe("infos", () => {
  it("have an array for each key, and a mask of who said it", () => {
    const envs = vec("Taxi-v4", 2);
    const [, infos] = envs.reset({ seed: 0 });
    const singles = [0, 1].map((seed) => make("Taxi-v4").reset({ seed })[1].actionMask as Int8Array);
    expect(infos).toEqual({
      prob: Float64Array.of(1, 1),
      _prob: Uint8Array.of(1, 1),
      actionMask: Int8Array.from(singles.flatMap((mask) => [...mask])),
      _actionMask: Uint8Array.of(1, 1),
    });
  });

  /** Says something else at each step. */
  class Talker extends Wrapper<unknown, unknown> {
    #words: unknown[];
    constructor(env: AnyEnv, words: unknown[]) {
      super(env);
      this.#words = [...words];
    }
    override step(action: unknown) {
      const result = super.step(action);
      const word = this.#words.shift();
      if (word !== undefined) result[4] = { word };
      return result;
    }
  }
  it("hold anything", () => {
    const words = [
      [1, 2.5],
      [undefined, true],
      ["a", 1],
      [1, "a"],
      [{ a: 1 }, undefined],
      [Float32Array.of(1, 2), Float32Array.of(3)],
      [[1], null],
    ];
    const talkers = [0, 1].map(
      (who) =>
        new Talker(
          make("CartPole-v1"),
          words.map((pair) => pair[who]),
        ),
    );
    const envs = new LocalVectorEnv(new SingleRows(talkers), {
      name: "Talkers",
      spec: null,
      autoresetMode: "nextStep",
    });
    envs.reset({ seed: 0 });
    const said = words.map((_, i) => {
      const { word, _word } = envs.step([i & 1, i & 1])[4];
      return [word, Array.from(_word as Uint8Array)];
    });
    expect(said).toEqual([
      [Float64Array.of(1, 2.5), [1, 1]],
      [Uint8Array.of(0, 1), [0, 1]],
      [
        ["a", 1],
        [1, 1],
      ],
      [
        [1, "a"],
        [1, 1],
      ],
      [{ a: Float64Array.of(1, 0), _a: Uint8Array.of(1, 0) }, [1, 0]],
      [
        [Float32Array.of(1, 2), Float32Array.of(3)],
        [1, 1],
      ],
      [
        [[1], null],
        [1, 1],
      ],
    ]);
  });
});

const brokenModule = new URL("../fixtures/envs/broken.mjs", import.meta.url).href;

describe("what must hold", () => {
  const said = (run: () => unknown): string => {
    try {
      run();
    } catch (error) {
      return String(error);
    }
    return "nothing was thrown";
  };

  it("is said in one sentence, in every mode the same", () => {
    const [bySync, ...others] = modes.map((mode) => {
      const envs = vec("CartPole-v1", 3, {
        mode,
        autoresetMode: "disabled",
        maxEpisodeSteps: 2,
        ...(mode === "worker" && { workers: 2 }),
      });
      const car = vec("Pendulum-v1", 2, { mode });
      const early = said(() => envs.step([0, 0, 0]));
      envs.reset({ seed: 0 });
      car.reset({ seed: 0 });
      const before = envs.saveState();
      const texts = [
        early,
        said(() => envs.step([0, 0])),
        said(() => envs.step([0, 2, 0])),
        said(() => envs.step([0, 0, 0.5])),
        said(() => envs.step(3 as never)),
        said(() => car.step([0, Number.NaN])),
        said(() => car.step([[0], [0, 1]])),
        said(() => car.step([0, 0, 0])),
        said(() => envs.reset({ seed: [1, 2] })),
        said(() => envs.reset({ seed: -1 })),
        said(() => envs.reset({ options: { resetMask: [0, 0, 0] } })),
        said(() => envs.reset({ options: { resetMask: [1] } })),
        said(() => envs.reset({ options: { start: 1 } })),
      ];
      // nothing has happened to them
      expect(envs.saveState()).toEqual(before);
      envs.step([0, 0, 0]);
      envs.step([0, 0, 0]);
      texts.push(said(() => envs.step([0, 0, 0])));
      envs.reset({ options: { resetMask: [1, 0, 1] } });
      texts.push(said(() => envs.step([0, 0, 0])));
      envs.close();
      texts.push(
        said(() => envs.step([0, 0, 0])),
        said(() => envs.reset()),
      );
      return texts;
    });
    expect(bySync).toMatchInlineSnapshot(`
      [
        "UsageError: CartPole.step: an episode must be running in each environment; got a step before the first reset of environment 0. Call reset() first.",
        "UsageError: CartPole.step: there must be one action for each of 3 environments; got 2. Pass MultiDiscrete([2 2 2]).",
        "UsageError: CartPole.step: the action of environment 1 must be in Discrete(2); got 2. No environment has been stepped.",
        "UsageError: CartPole.step: the action of environment 2 must be in Discrete(2); got 0.5. No environment has been stepped.",
        "UsageError: CartPole.step: there must be one action for each of 3 environments; got undefined. Pass MultiDiscrete([2 2 2]).",
        "UsageError: Pendulum.step: the action of environment 1 must be in Box(-2.0, 2.0, (1,), float32); got [NaN]. No environment has been stepped.",
        "UsageError: Pendulum.step: the action of environment 1 must be in Box(-2.0, 2.0, (1,), float32); got [0,1]. No environment has been stepped.",
        "UsageError: Pendulum.step: there must be one action for each of 2 environments; got 3. Pass Box(-2.0, 2.0, (2, 1), float32).",
        "UsageError: CartPole.reset: there must be one seed for each of 3 environments; got 2. Pass one number for seed, seed + 1, ….",
        "UsageError: CartPole.reset: a seed must be a whole number from 0 to 2^53 - 1; got -1. Change the seed.",
        "UsageError: CartPole.reset: resetMask must have 3 numbers, 0 or 1 and not all 0; got [0,0,0]. Leave it out for all.",
        "UsageError: CartPole.reset: resetMask must have 3 numbers, 0 or 1 and not all 0; got [1]. Leave it out for all.",
        "UsageError: CartPole.reset: options must be state, or low and high; got start. Check its spelling.",
        "UsageError: CartPole.step: an episode must be running in each environment; got a step after the end in environment 0. Call reset({ options: { resetMask } }) with a 1 for it first.",
        "UsageError: CartPole.step: an episode must be running in each environment; got a step after the end in environment 1. Call reset({ options: { resetMask } }) with a 1 for it first.",
        "UsageError: CartPole.step: the environments must be open; got a call after close(). Make new ones with makeVec.",
        "UsageError: CartPole.reset: the environments must be open; got a call after close(). Make new ones with makeVec.",
      ]
    `);
    expect(others).toEqual([bySync, bySync]);
  });

  it("of what is made", () => {
    const texts = [
      said(() => vec("CartPole-v1", 0)),
      said(() => vec("CartPool-v1", 2)),
      said(() => vec("CartPole-v1", 2, { gravity: 1 })),
      said(() => vec("CartPole-v1", 2, { mode: "async" as never })),
      said(() => vec("CartPole-v1", 2, { mode: "workers" as never })),
      said(() => vec("CartPole-v1", 2, { autoresetMode: "next" as never })),
      said(() => vec("Blackjack-v1", 2, { mode: "batch" })),
      said(() => vec("CartPole-v1", 2, { mode: "batch", wrappers: [(env) => env] })),
      said(() => vec("CartPole-v1", 2, { workers: 2 })),
      said(() => vec("CartPole-v1", 2, { mode: "worker", workers: 3 })),
      said(() => vec("CartPole-v1", 2, { mode: "worker", workerTimeout: 0 })),
    ];
    expect(texts).toMatchInlineSnapshot(`
      [
        "UsageError: makeVec: the number of environments must be a positive whole number; got 0.",
        "UsageError: make: an environment's id must be a registered one; got CartPool-v1. Did you mean CartPole-v1?",
        "UsageError: make: CartPole-v1 takes suttonBartoReward, kinematicsIntegrator, maxEpisodeSteps, reuseObs, renderMode, wrappers; got gravity. Check its spelling.",
        "UsageError: makeVec: mode must be sync, batch or worker; got async. Did you mean sync?",
        "UsageError: makeVec: mode must be sync, batch or worker; got workers. Did you mean worker?",
        "UsageError: makeVec: autoresetMode must be nextStep, sameStep or disabled; got next.",
        "UsageError: makeVec: mode batch must be one that Blackjack-v1 has with these keyword arguments; got batch where it has sync and worker. Leave mode out.",
        "UsageError: makeVec: wrappers must come with mode sync; got mode batch. Leave mode out.",
        "UsageError: makeVec: workers must come with mode worker; got mode by default.",
        "UsageError: makeVec: workers must be a whole number from 1 to the number of environments, 2; got 3. Leave it out for one less than cores.",
        "UsageError: makeVec: workerTimeout must be a positive number of seconds; got 0. Change it.",
      ]
    `);
  });

  it("of environments of different kinds", () => {
    const envs = [make("CartPole-v1"), make("Taxi-v4")];
    expect(said(() => new SingleRows(envs))).toMatchInlineSnapshot(
      `"UsageError: VectorEnv: all environments must have the spaces of the first, CartPole: Box([-4.8 -inf -0.41887903 -inf], [4.8 inf 0.41887903 inf], (4,), float32) and Discrete(2); got Discrete(500) and Discrete(6) in row 1."`,
    );
  });

  it("of workers: an error, an end of the process, an endless loop", async () => {
    const { register } = await import("../../src/envs/node.ts");
    const { registerBroken } = (await import(brokenModule)) as {
      registerBroken: (api: unknown) => void;
    };
    registerBroken({ register, make });
    const texts = ["throw", "exit", "loop", "reset"].map((how) => {
      const envs = vec("test/Broken-v0", 3, {
        mode: "worker",
        workers: 2,
        module: brokenModule,
        ...(how === "loop" && { workerTimeout: 3 }),
        how,
      });
      const text = said(() => {
        envs.reset({ seed: 0 });
        envs.step([0, 0, 0]);
      });
      expect(envs.isClosed).toBe(true);
      return [text, said(() => envs.step([0, 0, 0]))];
    });
    const missing = said(() => vec("test/Broken-v0", 2, { mode: "worker", workers: 1 }));
    expect([...texts, missing]).toMatchInlineSnapshot(`
      [
        [
          "UsageError: test/Broken.step: the worker of environment 0 must go on; got TypeError: the wheel came off. Look at it in mode sync; all workers were ended.",
          "UsageError: test/Broken.step: the environments must be open; got a call after close(). Make new ones with makeVec.",
        ],
        [
          "DeviceError: test/Broken.step: the worker of environment 0 must answer; got the end of its thread. Let no environment end the process; all workers were ended.",
          "UsageError: test/Broken.step: the environments must be open; got a call after close(). Make new ones with makeVec.",
        ],
        [
          "DeviceError: test/Broken.step: the worker of environment 0 must answer within 3 s; got nothing. Raise workerTimeout, or look for an endless loop in mode sync; all workers were ended.",
          "UsageError: test/Broken.step: the environments must be open; got a call after close(). Make new ones with makeVec.",
        ],
        [
          "UsageError: test/Broken.reset: the worker of environment 0 must go on; got RangeError: no way to begin. Look at it in mode sync; all workers were ended.",
          "UsageError: test/Broken.step: the environments must be open; got a call after close(). Make new ones with makeVec.",
        ],
        "UsageError: test/Broken.start: the worker of environments 0 to 1 must go on; got UsageError: make: an environment's id must be a registered one; got test/Broken-v0. See rl list envs, or register your own with register(). Pass the URL of what registers it as module; all workers were ended.",
      ]
    `);
  });
});

it("wrappers go around each environment", () => {
  class Twice extends Wrapper<Batch, number> {
    override step(action: number) {
      const result = super.step(action);
      result[1] *= 2;
      return result;
    }
  }
  const envs = vec("CartPole-v1", 2, { wrappers: [(env) => new Twice(env) as AnyEnv] });
  envs.reset({ seed: 0 });
  expect(envs.step([0, 1])[1]).toEqual(Float64Array.of(2, 2));
});
