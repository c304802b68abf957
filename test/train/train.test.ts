/** What train is told, what it leaves behind, and what it does where nothing can be written. */
import { execFile, execFileSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { dqnHyperparameters } from "../../src/agents/index.ts";
import { make } from "../../src/envs/index.ts";
import { DeviceError, UsageError } from "../../src/errors.ts";
import { summarize } from "../../src/train/evaluate.ts";
import {
  evaluate,
  loadAgent,
  loadEnv,
  type MetricsLine,
  presets,
  type Run,
  readConfig,
  readMetrics,
  readResult,
  resolveConfig,
  resume,
  type TrainConfig,
  train,
  trainSettings,
} from "../../src/train/index.ts";
import { parseMetrics } from "../../src/train/metrics.ts";
import { ScriptedEnv, SpyAgent } from "./scriptedParts.ts";
import { small, smallHyperparameters, watchedCartPole } from "./smallRun.ts";

let folder: string;
let directory: string;
let count = 0;
beforeAll(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "kusari-train-"));
});
beforeEach(() => {
  directory = path.join(folder, `run${count++}`);
});
afterEach(() => vi.restoreAllMocks());
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));

const scripted = (more: Partial<TrainConfig> = {}): TrainConfig => ({
  agent: new SpyAgent({ averageQ: 1.5, updates: 7 }),
  env: () => new ScriptedEnv(),
  steps: 40,
  evalInterval: 10,
  evalEpisodes: 2,
  confirmEpisodes: 1,
  finalEpisodes: 3,
  reportInterval: 5,
  checkpointInterval: 10,
  out: directory,
  ...more,
});
const read = (name: string) => fs.readFileSync(path.join(directory, name), "utf8");
const refusalOf = async (run: Run): Promise<Error> => {
  const error = await run.then(
    () => null,
    (reason) => reason,
  );
  expect(error).toBeInstanceOf(Error);
  return error;
};

describe("config", () => {
  const [preset] = presets.filter(({ env }) => env === "CartPole-v1");
  const cartPole = { agent: "dqn", env: "CartPole-v1" };

  test("what is given stands over the preset, the preset over the defaults", () => {
    const { settings, hyperparameters } = resolveConfig({
      ...cartPole,
      seed: 9,
      evalInterval: 123,
      hyperparameters: { gamma: 0.5 },
    });
    expect(settings.seed).toBe(9);
    expect(settings.evalInterval).toBe(123);
    expect(settings.evalEpisodes).toBe(preset!.settings.evalEpisodes);
    expect(settings.steps).toBe(trainSettings.steps.value);
    expect(hyperparameters).toEqual({
      ...Object.fromEntries(Object.entries(dqnHyperparameters).map(([name, { value }]) => [name, value])),
      ...preset!.hyperparameters,
      gamma: 0.5,
    });
  });

  test("undefined counts as not given", () => {
    const { settings, hyperparameters } = resolveConfig({
      ...cartPole,
      steps: undefined,
      evalInterval: undefined,
      hyperparameters: { gamma: undefined, learningRate: undefined },
    } as never);
    expect(settings.steps).toBe(trainSettings.steps.value);
    expect(settings.evalInterval).toBe(preset!.settings.evalInterval);
    expect(hyperparameters.gamma).toBe(0.99);
    expect(hyperparameters.learningRate).toBe(preset!.hyperparameters.learningRate);
  });

  test("the preset is found for the unversioned id, not for another version, nor for what a script builds", () => {
    const rate = (config: TrainConfig) => resolveConfig(config).hyperparameters.learningRate;
    const known = preset!.hyperparameters.learningRate;
    expect(rate({ agent: "dqn", env: "CartPole" })).toBe(known);
    expect(rate({ agent: "doubledqn", env: "CartPole" })).toBe(known);
    expect(known).not.toBe(1e-3);
    vi.spyOn(console, "warn").mockImplementation(() => {});
    expect(rate({ agent: "dqn", env: "CartPole-v0" })).toBe(1e-3);
    expect(rate({ agent: "dqn", env: () => make("CartPole-v1") })).toBe(1e-3);
    expect(resolveConfig({ agent: () => new SpyAgent(), env: "CartPole" }).hyperparameters).toEqual({});
  });

  test("every preset is valid, for agents and environments that there are", () => {
    for (const { agents, env, settings, hyperparameters } of presets) {
      for (const agent of agents) {
        const resolved = resolveConfig({ agent, env });
        expect(resolveConfig({ agent, env: () => make(env), ...settings, hyperparameters })).toEqual(resolved);
      }
    }
  });

  test("a key or value that cannot be", () => {
    const bad: [string, object][] = [
      ["no agent", { agent: undefined }],
      ["no env", { env: undefined }],
      ["unknown agent", { agent: "dqnn" }],
      ["unknown env", { env: "CartPol" }],
      ["misspelt key", { setps: 5 }],
      ["far-off key", { wombat: 5 }],
      ["a hyperparameter beside", { gamma: 0.9 }],
      ["misspelt hyperparameter", { hyperparameters: { learningRat: 1 } }],
      ["a setting among hyperparameters", { hyperparameters: { evalInterval: 1 } }],
      ["hyperparameters of a script's agent", { agent: () => new SpyAgent(), hyperparameters: { gamma: 1 } }],
      ["zero steps", { steps: 0 }],
      ["half a step", { steps: 1.5 }],
      ["text for a number", { steps: "5" }],
      ["NaN", { stopAt: Number.NaN }],
      ["null", { seed: null }],
      ["a hyperparameter out of range", { hyperparameters: { gamma: 1.5 } }],
      ["a list with a hole", { hyperparameters: { hiddenSizes: [16, 0] } }],
    ];
    const said = bad.map(([what, more]) => {
      try {
        resolveConfig({ ...cartPole, ...more });
      } catch (error) {
        expect(error).toBeInstanceOf(UsageError);
        return `${what}: ${(error as Error).message.replace(/known ones \([^)]*\)/, "known ones (…)")}`;
      }
      throw new Error(`test: ${what} must be refused; got a config.`);
    });
    expect(said.join("\n")).toMatchInlineSnapshot(`
      "no agent: train: agent must be given; got undefined. Pass {agent: "dqn", env: "CartPole-v1"}.
      no env: train: env must be given; got undefined. Pass {agent: "dqn", env: "CartPole-v1"}.
      unknown agent: train: agent must be one of dqn, doubledqn, dueling, sarsa, al, pal, doublepal, dpp, dppl, dppgreedy, residualdqn, noisydqn, c51, doublec51, iqn, doubleiqn, rainbow, naf, reinforce, a2c, a3c, nsq, ddpg, svg0, pgt, pcl, acer, td3, sac, ppo, trpo; got dqnn. Did you mean dqn?
      unknown env: make: an environment's id must be a registered one; got CartPol. Did you mean CartPole-v1?
      misspelt key: train: keys must be known ones (…); got setps. Did you mean steps?
      far-off key: train: keys must be known ones (…); got wombat. Check its spelling.
      a hyperparameter beside: train: gamma must stand among the hyperparameters; got it beside them. Write hyperparameters: {gamma: …}.
      misspelt hyperparameter: train: hyperparameters of dqn must be known ones (…); got learningRat. Did you mean learningRate?
      a setting among hyperparameters: train: hyperparameters of dqn must be known ones (…); got evalInterval. It is a setting of train: write it beside hyperparameters.
      hyperparameters of a script's agent: train: hyperparameters of an agent that a script builds must be known ones (…); got gamma. Give it to the agent where it is built.
      zero steps: train: steps must be a whole number of at least 1; got 0. Meaning: environment steps to train for at most.
      half a step: train: steps must be a whole number of at least 1; got 1.5. Meaning: environment steps to train for at most.
      text for a number: train: steps must be a whole number of at least 1; got "5". Meaning: environment steps to train for at most.
      NaN: train: stopAt must be a number, or none; got NaN. Meaning: mean evaluation return that ends training early.
      null: train: seed must be a whole number of at least 0; got null. Meaning: seed of every random stream of the run.
      a hyperparameter out of range: train: gamma must be a number between 0 and 1; got 1.5. Meaning: discount per environment step.
      a list with a hole: train: hiddenSizes must be a list of whole numbers of at least 1; got [16,0]. Meaning: units of the hidden layers."
    `);
  });

  test("a mistake rejects the run and writes nothing", async () => {
    for (const more of [
      { steps: 0 },
      { agent: "dqnn" },
      { agent: "dqn", env: "CartPole", envKwargs: { gravity: 1 } },
    ]) {
      expect(await refusalOf(train(scripted(more)))).toBeInstanceOf(UsageError);
    }
    const box = () => Object.assign(new ScriptedEnv(), { actionSpace: { shape: [1], low: [-1], high: [1] } });
    expect((await refusalOf(train(scripted({ agent: "dqn", env: box })))).message).toBe(
      "train: dqn must have an action space of kind Discrete; got Box. Choose another agent with rl list agents, or another environment.",
    );
    expect(fs.existsSync(directory)).toBe(false);
  });
});

describe("stopAt", () => {
  const env = (rewardThreshold?: number | null) => () => new ScriptedEnv({ rewardThreshold });

  test.each<[string, number | null | undefined, number | null, string, number]>([
    ["the environment's threshold unless given", undefined, 5, "solved", 10],
    ["none where the environment has none", undefined, null, "finished", 40],
    ["null for none", null, 5, "finished", 40],
    ["a number", 5, null, "solved", 10],
    ["a number over the environment's", 5.1, 5, "finished", 40],
  ])("%s", async (_, stopAt, threshold, outcome, steps) => {
    expect(await train(scripted({ stopAt, env: env(threshold) }))).toMatchObject({ outcome, steps });
    expect(readConfig("test", directory).settings.stopAt).toBe(stopAt === undefined ? threshold : stopAt);
    expect(readResult(directory)).toMatchObject({ outcome, step: steps });
  });

  test("a solved run goes on with more steps, up to the next evaluation that reaches it", async () => {
    await train(scripted({ env: env(5), steps: 10 }));
    const parts = { agent: new SpyAgent(), env: env(5) };
    expect(await resume(directory, { ...parts, steps: 40 })).toMatchObject({ outcome: "solved", steps: 20 });
  });

  test("an evaluation that reaches it is confirmed by further episodes, and all of them count", async () => {
    // returns of 5 and 5 in an evaluation, then 1 in what confirms it
    let played = 0;
    const lucky = () => {
      const made = new ScriptedEnv();
      const { reset, step } = made;
      made.reset = (options) => {
        played++;
        return reset.call(made, options);
      };
      made.step = () => {
        const [obs, reward, terminated, truncated, info] = step.call(made);
        return [obs, played % 3 === 0 ? reward / 5 : reward, terminated, truncated, info] as const;
      };
      return made;
    };
    const envs = [() => new ScriptedEnv(), lucky];
    const run = train(scripted({ stopAt: 4, env: () => envs.shift()!(), steps: 10 }));
    const evaluations: unknown[] = [];
    run.on("evaluation", ({ evaluation }) => evaluations.push(evaluation));
    expect(await run).toMatchObject({ outcome: "finished" });
    expect(evaluations).toEqual([summarize([5, 5, 1])]);
  });
});

test("terminated and truncated come to the agent as two things, with the observations around them", async () => {
  const agent = new SpyAgent();
  await train(scripted({ agent, steps: 12, out: null }));
  const step = (episode: number, n: number) => ({
    obs: [n, episode],
    nextObs: [n + 1, episode],
    reward: 1,
    terminated: n === 4 && episode % 2 === 0,
    truncated: n === 4 && episode % 2 === 1,
  });
  const expected = [0, 1, 2].flatMap((episode) => [0, 1, 2, 3, 4].map((n) => step(episode, n)));
  expect(agent.observed).toEqual(expected.slice(0, 12));
  expect(agent.observed.filter(({ terminated }) => terminated)).toHaveLength(1);
  expect(agent.observed.filter(({ truncated }) => truncated)).toHaveLength(1);
  // one evaluation and the final episodes, of 5 steps each
  expect(agent.greedyActs).toBe((2 + 3) * 5);
});

describe("the run directory", () => {
  const canary = "canary-9f2c7e";
  beforeEach(() => vi.stubEnv("KUSARI_TEST_CANARY", canary));
  afterEach(() => vi.unstubAllEnvs());

  /** The commit the tests are run in, null where they are not in a git checkout. */
  function headCommit(): string | null {
    try {
      return execFileSync("git", ["rev-parse", "HEAD"], {
        encoding: "utf8",
        stdio: ["ignore", "pipe", "ignore"],
      }).trim();
    } catch {
      return null;
    }
  }

  const everyFile = (place: string): string[] =>
    (fs.readdirSync(place, { recursive: true }) as string[])
      .filter((name) => fs.statSync(path.join(place, name)).isFile())
      .sort();

  test("holds what its documentation says and no environment variable", async () => {
    const commit = headCommit();
    await train({ agent: "dqn", env: "CartPole", ...small, hyperparameters: smallHyperparameters, out: directory });
    expect(everyFile(directory)).toEqual([
      "best/model.safetensors",
      "best/optimizer.safetensors",
      "best/score.json",
      "best/target.safetensors",
      "checkpoints/step-1200.safetensors",
      "checkpoints/step-1500.safetensors",
      "command.txt",
      "config.json",
      "episodes/step-1000.json",
      "episodes/step-1500.json",
      "episodes/step-500.json",
      "finish/model.safetensors",
      "finish/optimizer.safetensors",
      "finish/score.json",
      "finish/target.safetensors",
      ...(commit === null ? [] : ["git.txt"]),
      "metrics.ndjson",
      "scores.tsv",
      "timing.ndjson",
    ]);
    for (const name of everyFile(directory)) {
      const bytes = fs.readFileSync(path.join(directory, name));
      expect(bytes.includes(canary), name).toBe(false);
      expect(bytes.includes("KUSARI_TEST_CANARY"), name).toBe(false);
    }
    const config = JSON.parse(read("config.json"));
    const { version } = JSON.parse(fs.readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
    expect(config).toEqual({
      kusari: version,
      node: process.versions.node,
      kernel: expect.any(String),
      device: "cpu",
      agent: "dqn",
      env: "CartPole-v1",
      builtByScript: [],
      envKwargs: {},
      settings: { ...small, envs: 1, vectorMode: "auto", actors: 1, restartActors: false, tensorboard: false },
      hyperparameters: resolveConfig({ agent: "dqn", env: "CartPole", hyperparameters: smallHyperparameters })
        .hyperparameters,
    });
    expect(readConfig("test", directory)).toEqual(config);
    expect(read("command.txt")).toMatch(/^node [^\n]+\n$/);
    if (commit !== null) expect(read("git.txt")).toMatch(new RegExp(`^commit ${commit}\ndirty (true|false)\n$`));
    const best = JSON.parse(read("best/score.json"));
    expect(JSON.parse(read("finish/score.json"))).toEqual({
      step: best.step,
      evaluation: readResult(directory)!.evaluation,
    });
    expect(read("finish/model.safetensors")).toBe(read("best/model.safetensors"));
  });

  test("metrics.ndjson, timing.ndjson and scores.tsv, line by line", async () => {
    await train(scripted({ steps: 20 }));
    const evaluation = { episodes: 2, mean: 5, median: 5, stdev: 0, min: 5, max: 5 };
    const progress = (step: number): MetricsLine => ({
      event: "progress",
      step,
      episodes: step / 5,
      episodeReturn: 5,
      statistics: { averageQ: 1.5, updates: 7 },
    });
    const lines: MetricsLine[] = [
      progress(5),
      progress(10),
      { event: "evaluation", step: 10, episodes: 2, evaluation, best: true },
      progress(15),
      progress(20),
      { event: "evaluation", step: 20, episodes: 4, evaluation, best: false },
      {
        event: "result",
        step: 20,
        episodes: 4,
        outcome: "finished",
        keptStep: 10,
        evaluation: { ...evaluation, episodes: 3 },
      },
    ];
    expect(readMetrics(directory)).toEqual(lines);
    expect(read("metrics.ndjson")).toBe(lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
    const timing = read("timing.ndjson")
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(timing).toEqual(
      [5, 10, 15, 20].map((step) => ({ step, seconds: expect.any(Number), stepsPerSecond: expect.any(Number) })),
    );
    const [header, ...rows] = read("scores.tsv")
      .trimEnd()
      .split("\n")
      .map((line) => line.split("\t"));
    // ChainerRL's scores.txt
    expect(header!.slice(0, 8)).toEqual(["steps", "episodes", "elapsed", "mean", "median", "stdev", "max", "min"]);
    expect(header!.slice(8)).toEqual(["averageQ", "updates"]);
    expect(rows).toEqual(
      [10, 20].map((step) => [
        `${step}`,
        `${step / 5}`,
        expect.stringMatching(/^\d+\.\d{3}$/),
        "5",
        "5",
        "0",
        "5",
        "5",
        "1.5",
        "7",
      ]),
    );
  });

  test("statistics that are not finite", async () => {
    await train(scripted({ agent: new SpyAgent({ averageQ: Number.NaN }), steps: 10 }));
    expect(read("metrics.ndjson")).toContain('"statistics":{"averageQ":null}');
    expect(readMetrics(directory)[0]).toMatchObject({ statistics: { averageQ: Number.NaN } });
    expect(read("scores.tsv").trimEnd().split("\t").at(-1)).toBe("NaN");
  });

  test("the columns stay those of the first row", async () => {
    const numbers: Record<string, number> = { first: 1 };
    const run = train(scripted({ agent: new SpyAgent(numbers), steps: 20 }));
    run.on("evaluation", () => {
      numbers.second = 2;
      delete numbers.first;
    });
    await run;
    const rows = read("scores.tsv")
      .trimEnd()
      .split("\n")
      .map((line) => line.split("\t").slice(8));
    expect(rows).toEqual([["first"], ["1"], ["NaN"]]);
  });

  test("never more than two checkpoints", async () => {
    const run = train(scripted());
    const kept: string[][] = [];
    run.on("checkpoint", () => kept.push(fs.readdirSync(path.join(directory, "checkpoints")).sort()));
    await run;
    const name = (step: number) => `step-${step}.safetensors`;
    expect(kept).toEqual([
      [name(0)],
      [name(0), name(10)],
      [name(10), name(20)],
      [name(20), name(30)],
      [name(30), name(40)],
    ]);
  });

  test("out: null writes nothing anywhere", async () => {
    const before = fs.readdirSync(folder);
    const made = vi.spyOn(fs, "openSync");
    const result = await train(scripted({ out: null }));
    expect(result).toMatchObject({ outcome: "finished", runDirectory: null, keptStep: 40 });
    expect(made).not.toHaveBeenCalled();
    expect(fs.readdirSync(folder)).toEqual(before);
  });

  test("without out: the next free name in runs/", async () => {
    const index = new URL("../../dist/index.js", import.meta.url).href;
    const program = `
      import { train } from "${index}";
      const run = () => train({ agent: "dqn", env: "CartPole", seed: 5, steps: 1, evalEpisodes: 1, finalEpisodes: 1 });
      await Promise.all([run(), run(), run()]);
    `;
    const cwd = fs.mkdtempSync(path.join(folder, "cwd"));
    const code = (source: string) =>
      new Promise((resolve) => {
        const child = execFile(process.execPath, ["--input-type=module", "--eval", source], { cwd }, () =>
          resolve(child.exitCode),
        );
      });
    expect(await code(program)).toBe(0);
    expect(fs.readdirSync(path.join(cwd, "runs")).sort()).toEqual([1, 2, 3].map((n) => `dqn-CartPole-v1-5-${n}`));
    fs.rmSync(path.join(cwd, "runs"), { recursive: true });
    fs.writeFileSync(path.join(cwd, "runs"), "");
    const told = `
      import { train } from "${index}";
      const error = await train({ agent: "dqn", env: "CartPole", steps: 1 }).catch((reason) => reason);
      process.exit(error.message === "train: runs must be a directory; got a file of that name. Choose another place with out." ? 9 : 1);
    `;
    expect(await code(told)).toBe(9);
  });

  test("a directory that holds other files is taken, one with a run or a part of one is not", async () => {
    fs.mkdirSync(directory);
    fs.writeFileSync(path.join(directory, "notes.txt"), "mine");
    await train(scripted());
    expect(read("notes.txt")).toBe("mine");
    const metrics = read("metrics.ndjson");
    expect(await refusalOf(train(scripted()))).toEqual(
      new UsageError(
        `train: out must be a directory without a run; got ${directory}, which holds one. ` +
          `Choose another, or continue that run with rl resume ${directory}.`,
      ),
    );
    // the checkpoints of one run must not be taken for those of another
    fs.rmSync(path.join(directory, "config.json"));
    expect((await refusalOf(train(scripted()))).message).toBe(
      `train: out must be a directory without a run; got ${directory}, which holds metrics.ndjson of one. Choose another.`,
    );
    expect(read("metrics.ndjson")).toBe(metrics);
  });
});

describe("where nothing can be written", () => {
  test("a file in the way", async () => {
    fs.writeFileSync(directory, "a file");
    for (const out of [directory, path.join(directory, "run"), path.join(directory, "deep/run")]) {
      expect(await refusalOf(train(scripted({ out })))).toEqual(
        new UsageError(`train: out must be a directory; got ${out}, where a file is. Choose another.`),
      );
    }
    expect(read("")).toBe("a file");
  });

  test.runIf(fs.existsSync("/proc/self"))("/proc", async () => {
    for (const out of ["/proc/kusari", "/proc/kusari/run", "/proc/self/kusari"]) {
      const error = await refusalOf(train(scripted({ out })));
      expect(error).toBeInstanceOf(DeviceError);
      expect(error.message).toMatch(
        /^train: \/proc\/[\w/]+ must be writable; nothing can be made there \(E[A-Z]+\)\. Choose another place with out\.$/,
      );
      expect(error.message).toContain(`train: ${out} must`);
    }
  });

  test("a name that is too long", async () => {
    const error = await refusalOf(train(scripted({ out: path.join(folder, "x".repeat(300)) })));
    expect(error).toBeInstanceOf(DeviceError);
    expect(error.message).toMatch(/ must be writable; nothing can be made there \(ENAMETOOLONG\)\. /);
  });

  test.each([
    ["EACCES", "permission was denied (EACCES). Make it writable."],
    ["EROFS", "the disk is read-only (EROFS). Make it writable."],
    ["ENOSPC", "the disk is full (ENOSPC). Free some space."],
  ])("%s", async (code, what) => {
    vi.spyOn(fs, "mkdirSync").mockImplementation(() => {
      throw Object.assign(new Error(code), { code });
    });
    const error = await refusalOf(train(scripted()));
    expect(error).toEqual(new DeviceError(`train: ${directory} must be writable; ${what}`));
    expect(error.cause).toMatchObject({ code });
  });
});

describe("a disk that refuses writes in the middle of a run", () => {
  /** What the same run leaves behind on a disk that takes all. */
  let whole: { metrics: string; scores: string; writes: number };
  const scores = () => read("scores.tsv").replaceAll(/\d+\.\d{3}/g, "elapsed");

  /** Lets the calls from the `first` to the `last` fail halfway, as on a full disk. Returns how many calls there were. */
  function refuse(first: number, last: number): () => number {
    const { writeSync, writeFileSync } = fs;
    let calls = 0;
    const full = () => ++calls >= first && calls <= last;
    const error = () => Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC" });
    vi.spyOn(fs, "writeSync").mockImplementation(((fd: number, bytes: Uint8Array, at: number) => {
      if (!full()) return writeSync(fd, bytes, at);
      writeSync(fd, bytes.subarray(at, at + ((bytes.length - at) >> 1)));
      throw error();
    }) as typeof fs.writeSync);
    vi.spyOn(fs, "writeFileSync").mockImplementation(((file: string, text: string, options: object) => {
      if (!full()) return writeFileSync(file, text, options);
      writeFileSync(file, text.slice(0, text.length >> 1), options);
      throw error();
    }) as typeof fs.writeFileSync);
    return () => calls;
  }

  beforeAll(async () => {
    directory = path.join(folder, "whole");
    const writes = refuse(Infinity, Infinity);
    await train(scripted());
    whole = { metrics: read("metrics.ndjson"), scores: scores(), writes: writes() };
    vi.restoreAllMocks();
  });

  test.each([
    ["full from one write on, until there is space again", Infinity],
    ["refusing one write", 0],
  ])("%s: nothing written is lost, and the run ends as if nothing had been", async (_, more) => {
    expect(whole.writes).toBeGreaterThan(30);
    let unresumable = 0;
    for (let first = 1; first <= whole.writes; first++) {
      directory = path.join(folder, `refused-${more}-${first}`);
      refuse(first, first + more);
      const error = await refusalOf(train(scripted()));
      vi.restoreAllMocks();
      expect(error, `write ${first}`).toBeInstanceOf(DeviceError);
      expect(error.message, `write ${first}`).toMatch(
        /must be writable; the disk is full \(ENOSPC\)\. Free some space\./,
      );
      if (error.message.endsWith(`continue with rl resume ${directory}.`)) {
        const before = readMetrics(directory);
        expect(whole.metrics.startsWith(before.map((line) => `${JSON.stringify(line)}\n`).join(""))).toBe(true);
        await resume(directory, { agent: new SpyAgent({ averageQ: 1.5, updates: 7 }), env: () => new ScriptedEnv() });
      } else {
        unresumable++;
        expect(fs.existsSync(path.join(directory, "config.json"))).toBe(error.message.includes(" failed at step "));
        fs.rmSync(directory, { recursive: true });
        await train(scripted());
      }
      expect(read("metrics.ndjson"), `write ${first}`).toBe(whole.metrics);
      expect(scores(), `write ${first}`).toBe(whole.scores);
      expect(fs.existsSync(path.join(directory, "lock"))).toBe(false);
      fs.rmSync(directory, { recursive: true });
    }
    // those before the first checkpoint
    expect(unresumable).toBeGreaterThan(0);
    expect(unresumable).toBeLessThan(whole.writes / 2);
  });

  const mount = path.join(os.tmpdir(), `kusari-full-disk-${process.pid}`);
  const mounted = (...options: string[]): boolean => {
    try {
      fs.mkdirSync(mount, { recursive: true });
      execFileSync("mount", ["-t", "tmpfs", "-o", options.join(","), "none", mount], { stdio: "ignore" });
      return true;
    } catch {
      fs.rmSync(mount, { recursive: true, force: true });
      return false;
    }
  };
  const unmount = () => {
    execFileSync("umount", [mount]);
    fs.rmSync(mount, { recursive: true });
  };
  const mountable = mounted("size=1m");
  if (mountable) unmount();

  test.skipIf(!mountable).each([
    ["weights", 64],
    ["the second checkpoint", 84],
    ["the third checkpoint", 120],
  ])("a real disk that is full at %s (needs the right to mount a tmpfs)", async (_, kilobytes) => {
    const agentAndEnv = { agent: "dqn", env: watchedCartPole(() => {}) };
    const config = { ...agentAndEnv, ...small, hyperparameters: smallHyperparameters };
    await train({ ...config, out: directory });
    mounted(`size=${kilobytes}k`);
    try {
      const out = path.join(mount, "run");
      const error = await refusalOf(train({ ...config, out }));
      expect(error).toBeInstanceOf(DeviceError);
      expect(error.message).toMatch(
        /^train: .* failed at step \d+ of 1500: .*(ENOSPC|no space left).* continue with rl resume \S+\.$/s,
      );
      const names = fs.readdirSync(path.join(out, "checkpoints"));
      expect(names.every((name) => /^step-\d+\.safetensors$/.test(name))).toBe(true);
      execFileSync("mount", ["-o", "remount,size=4m", mount]);
      expect(await resume(out, { env: watchedCartPole(() => {}) })).toMatchObject({
        outcome: "finished",
        steps: 1_500,
      });
      for (const name of ["metrics.ndjson", "finish/model.safetensors", "best/score.json"]) {
        expect(fs.readFileSync(path.join(out, name), "utf8"), name).toBe(read(name));
      }
      execFileSync("mount", ["-o", "remount,ro", mount]);
      const readOnly = await refusalOf(resume(out, { env: watchedCartPole(() => {}), steps: 2_000 }));
      expect(readOnly).toBeInstanceOf(DeviceError);
      expect(readOnly.message).toBe(
        `resume: ${out} must be writable; the disk is read-only (EROFS). Make it writable.`,
      );
      const begun = await refusalOf(train(scripted({ out: path.join(mount, "other") })));
      expect(begun.message).toBe(
        `train: ${mount}/other must be writable; the disk is read-only (EROFS). Make it writable.`,
      );
    } finally {
      unmount();
    }
  });
});

describe("evaluating and loading", () => {
  test("summarize", () => {
    expect(summarize([3])).toEqual({ episodes: 1, mean: 3, median: 3, stdev: 0, min: 3, max: 3 });
    expect(summarize([4, 1, 10])).toEqual({ episodes: 3, mean: 5, median: 4, stdev: Math.sqrt(21), min: 1, max: 10 });
    expect(summarize([2, 8, 4, -2])).toEqual({
      episodes: 4,
      mean: 3,
      median: 3,
      stdev: Math.sqrt(52 / 3),
      min: -2,
      max: 8,
    });
  });

  test("evaluate: each episode has its seed, the agent learns nothing", async () => {
    const agent = new SpyAgent();
    const env = new ScriptedEnv();
    expect(await evaluate(agent, env, { episodes: 4, seed: 10 })).toEqual(summarize([5, 5, 5, 5]));
    expect(env.seeds).toEqual([10, 11, 12, 13]);
    expect(agent.observed).toEqual([]);
    expect(agent.training).toBe(true);
    await evaluate(agent, env, { episodes: 2, seed: 2 ** 32 - 1 });
    expect(env.seeds.slice(4)).toEqual([2 ** 32 - 1, 0]);
  });

  test("evaluate: episodes that cannot be, an aborted signal, an episode without an end", async () => {
    const agent = new SpyAgent();
    for (const episodes of [0, -1, 1.5, Number.NaN]) {
      await expect(evaluate(agent, new ScriptedEnv(), { episodes })).rejects.toThrow(
        `evaluate: episodes must be a whole number of at least 1; got ${episodes}. Play one or more.`,
      );
    }
    const reason = new Error("enough");
    const signal = AbortSignal.abort(reason);
    await expect(evaluate(agent, new ScriptedEnv(), { episodes: 1, signal })).rejects.toBe(reason);
    const endless = new ScriptedEnv();
    endless.step = () => [Float32Array.of(0, 0), 0, false, false, {}] as const;
    await expect(evaluate(agent, endless, { episodes: 1 })).rejects.toThrow(
      "evaluate: a greedy episode must end; got 5000000 steps without an end. Give the environment a time limit.",
    );
    expect(agent.training).toBe(true);
  });

  test("loadAgent and loadEnv: the result can be played again", async () => {
    await train({ agent: "dqn", env: "CartPole", envKwargs: { suttonBartoReward: true }, ...small, out: directory });
    const env = loadEnv(directory);
    expect(env.spec).toMatchObject({ id: "CartPole-v1", kwargs: { suttonBartoReward: true } });
    const [finish, chosen, best] = [
      await loadAgent(directory),
      await loadAgent(directory, "finish"),
      await loadAgent(directory, "best"),
    ];
    const play = (agent: typeof best) => evaluate(agent, env, { episodes: 5, seed: 1 });
    expect(await play(chosen)).toEqual(await play(finish));
    expect(await play(best)).toEqual(await play(finish));
    fs.rmSync(path.join(directory, "finish"), { recursive: true });
    expect(await play(await loadAgent(directory))).toEqual(await play(best));
    await expect(loadAgent(directory, "finish")).rejects.toThrow(
      `eval: ${directory} must hold weights in finish/; got none, as the run has not come that far. Go on with rl resume ${directory}.`,
    );
    expect(() => loadEnv(`${directory}-none`)).toThrow(UsageError);
  });

  test("loadAgent asks a script for what it built", async () => {
    await train(scripted());
    await expect(loadAgent(directory)).rejects.toThrow(
      `eval: the agent of ${directory} must be given, since a script built it`,
    );
    expect(() => loadEnv(directory)).toThrow(`eval: the env of ${directory} must be given`);
    const env = () => new ScriptedEnv();
    // for the environment alone no agent is needed
    expect(loadEnv(directory, { env })).toBeInstanceOf(ScriptedEnv);
    const agent = await loadAgent(directory, undefined, { agent: new SpyAgent(), env });
    expect(agent.steps).toBe(10);
  });

  test("readMetrics of a run in progress leaves out the line that is being written; readResult is null", async () => {
    const text =
      '{"event":"progress","step":5,"episodes":1,"episodeReturn":null,"statistics":{"a":null}}\n{"event":"prog';
    expect(parseMetrics(text)).toEqual([
      { event: "progress", step: 5, episodes: 1, episodeReturn: null, statistics: { a: Number.NaN } },
    ]);
    expect(parseMetrics("")).toEqual([]);
    const run = train(scripted());
    const seen: number[] = [];
    run.on("evaluation", () => {
      expect(readResult(directory)).toBeNull();
      seen.push(readMetrics(directory).length);
    });
    await run;
    expect(seen).toEqual([3, 6, 9, 12]);
    expect(() => readMetrics(folder)).toThrow(UsageError);
  });
});
