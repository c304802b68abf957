/** A run that was interrupted ends as one that was not: the same bytes, however and wherever it was interrupted. */
import { spawn } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { DoubleDQN, DQN } from "../../src/agents/index.ts";
import { UsageError } from "../../src/errors.ts";
import { Boltzmann, ExponentialDecayEpsilonGreedy } from "../../src/explorers/index.ts";
import {
  type AgentFactory,
  FileError,
  type ResumeOverrides,
  type Run,
  readMetrics,
  readResult,
  resume,
  type TrainConfig,
  train,
} from "../../src/train/index.ts";
import { cartPole, outcomeOf, small, smallHyperparameters, watchedCartPole } from "./smallRun.ts";

let folder: string;
/** The directory of the test in hand. */
let directory: string;
let reference: Record<string, unknown>;
let count = 0;

const config = (out: string, more: Partial<TrainConfig> = {}): TrainConfig => ({
  agent: "dqn",
  env: cartPole(),
  ...small,
  hyperparameters: smallHyperparameters,
  out,
  ...more,
});

beforeAll(async () => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "kusari-resume-"));
  const out = path.join(folder, "reference");
  expect(await train(config(out))).toMatchObject({ outcome: "finished", steps: small.steps });
  reference = outcomeOf(out);
});
beforeEach(() => {
  directory = path.join(folder, `run${count++}`);
});
afterEach(() => vi.restoreAllMocks());
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));

/** Where a run is stopped: after so many steps of this process in one of its environments. */
type Moment = ["train" | "evaluation", number];

/** Starts or resumes a run and stops it at a moment. */
async function stopAt(
  [which, count]: Moment,
  start: (env: () => ReturnType<ReturnType<typeof cartPole>>) => Run,
): Promise<number> {
  const env = watchedCartPole((where, n) => {
    if (where === which && n === count) void run.stop();
  });
  const run = start(env);
  const { outcome, steps } = await run;
  expect(outcome).toBe("stopped");
  return steps;
}
const trainUntil = (moment: Moment, more: Partial<TrainConfig> = {}) =>
  stopAt(moment, (env) => train(config(directory, { ...more, env })));
const resumeUntil = (moment: Moment, more: ResumeOverrides = {}) =>
  stopAt(moment, (env) => resume(directory, { ...more, env }));
const resumeToEnd = (more: ResumeOverrides = {}) => resume(directory, { env: cartPole(), ...more });

describe("stopped and resumed", () => {
  test("two runs of one config are the same, another seed's is not", async () => {
    await train(config(directory));
    expect(outcomeOf(directory)).toEqual(reference);
    const other = `${directory}-other`;
    await train(config(other, { seed: 11 }));
    expect(outcomeOf(other)["metrics.ndjson"]).not.toBe(reference["metrics.ndjson"]);
  });

  test.each<[string, Moment, number]>([
    ["before the first update", ["train", 7], 7],
    ["in an episode, between updates", ["train", 701], 701],
    ["on an update, a report and an evaluation", ["train", 1_000], 1_000],
    ["on a checkpoint", ["train", 800], 800],
    ["one step before the end", ["train", 1_499], 1_499],
    ["during an evaluation", ["evaluation", 5], 500],
  ])("%s", async (_, moment, step) => {
    expect(await trainUntil(moment)).toBe(step);
    expect(readResult(directory)).toBeNull();
    const started: number[] = [];
    const run = resumeToEnd();
    run.on("start", ({ fromStep }) => started.push(fromStep));
    expect(await run).toMatchObject({ outcome: "finished", steps: small.steps });
    expect(started).toEqual([step]);
    expect(outcomeOf(directory)).toEqual(reference);
  });

  test("while the result is played, before anything of it is written", async () => {
    let finalSteps = 0;
    const env = watchedCartPole((which) => {
      // the last evaluation is over once its line is written
      if (which === "evaluation" && readLines() === 9 && ++finalSteps === 2) void run.stop();
    });
    const readLines = () => fs.readFileSync(path.join(directory, "metrics.ndjson"), "utf8").split("\n").length - 1;
    const run = train(config(directory, { env }));
    expect(await run).toMatchObject({ outcome: "stopped", steps: small.steps });
    expect(fs.existsSync(path.join(directory, "finish"))).toBe(false);
    await resumeToEnd();
    expect(outcomeOf(directory)).toEqual(reference);
  });

  test("many times", async () => {
    await trainUntil(["train", 333]);
    expect(await resumeUntil(["train", 1])).toBe(334);
    expect(await resumeUntil(["train", 367])).toBe(701);
    expect(await resumeUntil(["evaluation", 2])).toBe(1_000);
    expect(await resumeUntil(["evaluation", 2])).toBe(1_000);
    await resumeToEnd();
    expect(outcomeOf(directory)).toEqual(reference);
  });

  test("by an AbortSignal, and before it began", async () => {
    const early = AbortSignal.abort();
    expect(await train(config(directory, { signal: early }))).toMatchObject({ outcome: "stopped", steps: 0 });
    const later = new AbortController();
    const env = watchedCartPole((which, n) => {
      if (which === "train" && n === 555) later.abort();
    });
    expect(await resume(directory, { env, signal: later.signal })).toMatchObject({ outcome: "stopped", steps: 555 });
    await resumeToEnd();
    expect(outcomeOf(directory)).toEqual(reference);
  });
});

describe("whatever the agent is made of", () => {
  const doubleDQN = {
    agent: "doubledqn",
    hyperparameters: {
      ...smallHyperparameters,
      nStep: 3,
      targetUpdateMethod: "soft",
      tau: 0.05,
      maxGradNorm: 1,
      clipDelta: false,
      activation: "tanh",
    },
  };
  const exponential: AgentFactory = ({ observationSpace, actionSpace, random }) =>
    new DQN({
      observationSpace,
      actionSpace,
      random,
      ...smallHyperparameters,
      explorer: new ExponentialDecayEpsilonGreedy({
        startEpsilon: 1,
        endEpsilon: 0.02,
        decay: 0.995,
        randomAction: (stream) => stream.integer(2),
        random: random.stream("explorer"),
      }),
    });
  const boltzmann: AgentFactory = ({ observationSpace, actionSpace, random }) =>
    new DoubleDQN({
      observationSpace,
      actionSpace,
      random,
      ...smallHyperparameters,
      nStep: 2,
      explorer: new Boltzmann({ temperature: 0.5, random: random.stream("explorer") }),
    });

  test.each<[string, Partial<TrainConfig>, ResumeOverrides]>([
    ["Double DQN with 3-step returns, soft targets, clipped gradients", doubleDQN, {}],
    ["DQN with an exponential decay of ε", { agent: exponential, hyperparameters: {} }, { agent: exponential }],
    ["Double DQN with Boltzmann exploration", { agent: boltzmann, hyperparameters: {} }, { agent: boltzmann }],
  ])("%s", async (_, parts, given) => {
    const whole = `${directory}-whole`;
    await train(config(whole, parts));
    await trainUntil(["train", 431], parts);
    await resumeUntil(["train", 602], given);
    await resumeToEnd(given);
    expect(outcomeOf(directory)).toEqual(outcomeOf(whole));
    expect(outcomeOf(directory)["metrics.ndjson"]).not.toBe(reference["metrics.ndjson"]);
  });
});

/**
 * The same run in a process of its own, on the built package. It hangs at a moment, having said so: after so many steps
 * in an environment, or before the n-th call of a function of node:fs for a path with such an end.
 */
const program = (dist: string, settings: object, hyperparameters: object) => `
  import fs from "node:fs";
  import { make } from "${dist}/envs/index.js";
  import { resume, train } from "${dist}/train/index.js";
  const [verb, out, where = "", end = "", count = "0"] = process.argv.slice(2);
  let left = Number(count);
  const pass = () => {
    if (--left !== 0) return;
    fs.writeSync(1, "here");
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  };
  if (where in fs) {
    const call = fs[where];
    fs[where] = (...args) => {
      const path = where === "renameSync" ? args[1] : args[0];
      if (typeof path === "string" && path.endsWith(end)) pass();
      return call(...args);
    };
  }
  const names = ["train", "evaluation"];
  const env = () => {
    const made = make("CartPole-v1", { reuseObs: true });
    const { step } = made;
    const name = names.shift();
    made.step = (action) => {
      const result = step.call(made, action);
      if (name === where) pass();
      return result;
    };
    return made;
  };
  const settings = ${JSON.stringify(settings)};
  const hyperparameters = ${JSON.stringify(hyperparameters)};
  await (verb === "train" ? train({ agent: "dqn", env, ...settings, hyperparameters, out }) : resume(out, { env }));
`;

describe("processes", () => {
  let script: string;
  beforeAll(() => {
    const dist = new URL("../../dist", import.meta.url);
    if (!fs.existsSync(dist))
      throw new Error("test: dist must be there; got no such directory. Run npm run build first.");
    script = path.join(folder, "run.mjs");
    fs.writeFileSync(script, program(dist.href, small, smallHyperparameters));
  });

  const start = (...args: readonly string[]) =>
    spawn(process.execPath, [script, ...args], { cwd: folder, stdio: ["ignore", "pipe", "inherit"] });

  /** Lets a process run up to its moment; there it hangs. */
  async function hanging(...args: readonly string[]) {
    const child = start(...args);
    const ended = new Promise((resolve) => child.on("exit", (code, signal) => resolve(signal ?? code)));
    const said = await Promise.race([
      new Promise((resolve) => child.stdout.once("data", (text) => resolve(String(text)))),
      ended,
    ]);
    expect(said).toBe("here");
    return async () => {
      child.kill("SIGKILL");
      expect(await ended).toBe("SIGKILL");
    };
  }

  test.each<[string, readonly string[]]>([
    ["in an episode", ["train", "", "1103"]],
    ["in an evaluation", ["evaluation", "", "5"]],
    ["when a checkpoint is written under its temporary name", ["renameSync", "step-1200.safetensors", "1"]],
    ["when a checkpoint is there and the oldest is not gone", ["rmSync", "step-400.safetensors", "1"]],
    ["when weights are moved and best/ is gone", ["renameSync", "/best", "2"]],
    ["when finish/ is complete under another name", ["renameSync", "/finish", "1"]],
  ])("kill -9 %s", async (_, moment) => {
    const kill = await hanging("train", directory, ...moment);
    await kill();
    expect(readResult(directory)).toBeNull();
    await resumeToEnd();
    expect(outcomeOf(directory)).toEqual(reference);
    const left = fs.readdirSync(path.join(directory, "checkpoints"));
    expect(left.sort()).toEqual(["step-1200.safetensors", "step-1500.safetensors"]);
    // the child does not run in a git checkout
    const names = (place: string) => fs.readdirSync(place).filter((name) => name !== "git.txt");
    expect(names(directory).sort()).toEqual(names(path.join(folder, "reference")).sort());
  });

  test("killed, resumed in a new process, killed there, resumed in another", async () => {
    await (await hanging("train", directory, "train", "", "1103"))();
    await (await hanging("resume", directory, "evaluation", "", "1"))();
    const last = start("resume", directory);
    expect(await new Promise((resolve) => last.on("exit", resolve))).toBe(0);
    expect(outcomeOf(directory)).toEqual(reference);
  });

  test("one process at a time writes a run", async () => {
    const kill = await hanging("train", directory, "train", "", "1103");
    try {
      const metrics = fs.readFileSync(path.join(directory, "metrics.ndjson"));
      const refused = resumeToEnd();
      await expect(refused).rejects.toThrow(UsageError);
      await expect(refused).rejects.toThrow(
        /^resume: \S+ must be written by one process at a time; got process \d+ at it\. /,
      );
      await expect(train(config(directory))).rejects.toThrow(/^train: out must be a directory without a run; /);
      expect(fs.readFileSync(path.join(directory, "metrics.ndjson"))).toEqual(metrics);
    } finally {
      await kill();
    }
    // the lock of a killed process counts for nothing
    expect(fs.existsSync(path.join(directory, "lock"))).toBe(true);
    await resumeToEnd();
    expect(outcomeOf(directory)).toEqual(reference);
    expect(fs.existsSync(path.join(directory, "lock"))).toBe(false);
  });
});

test("two runs in one process on one directory", async () => {
  await trainUntil(["train", 431]);
  const first = resumeToEnd();
  const second = resumeToEnd();
  await expect(second).rejects.toThrow(`got process ${process.pid} at it. Stop that one first`);
  await first;
  expect(outcomeOf(directory)).toEqual(reference);
  const twins = [0, 1].map(() => train(config(`${directory}-twins`)));
  const ends = await Promise.allSettled(twins);
  expect(ends.map(({ status }) => status)).toEqual(["fulfilled", "rejected"]);
  expect(outcomeOf(`${directory}-twins`)).toEqual(reference);
});

describe("damage", () => {
  /** A run stopped at step 1103, with checkpoints there and at 800. */
  let stopped: string;
  const checkpoint = (step: number) => path.join(directory, "checkpoints", `step-${step}.safetensors`);
  beforeAll(async () => {
    stopped = path.join(folder, "stopped");
    directory = stopped;
    await trainUntil(["train", 1_103]);
  });
  beforeEach(() => fs.cpSync(stopped, directory, { recursive: true }));

  function flip(file: string, part: number): void {
    const bytes = fs.readFileSync(file);
    bytes[Math.floor(bytes.length * part)]! ^= 4;
    fs.writeFileSync(file, bytes);
  }
  const truncate = (file: string, part: number) => fs.truncateSync(file, Math.floor(fs.statSync(file).size * part));

  test.each<[string, (file: string) => void, string]>([
    ["cut off in its data", (file) => truncate(file, 0.9), "It is cut off."],
    ["cut off in its header", (file) => truncate(file, 0.01), "It is cut off."],
    ["empty", (file) => truncate(file, 0), "It is cut off."],
    ["with a flipped bit in its data", (file) => flip(file, 0.8), "It is damaged."],
    ["with a flipped bit in its header", (file) => flip(file, 0.01), "It is damaged"],
    ["foreign", (file) => fs.writeFileSync(file, "GIF89a, a picture"), "no checkpoint of kusari"],
    [
      "weights",
      (file) => fs.copyFileSync(path.join(directory, "best/model.safetensors"), file),
      "no checkpoint of kusari",
    ],
  ])("the newest checkpoint %s: a warning, and on from the one before", async (_, damage, reason) => {
    damage(checkpoint(1_103));
    const events: { event: string; fromStep?: number; message?: string; step?: number }[] = [];
    const run = resumeToEnd();
    run.on("event", (event) => events.push(event));
    await run;
    expect(events[0]).toMatchObject({ event: "start", fromStep: 800 });
    expect(events[1]).toMatchObject({ event: "warning", step: 800 });
    expect(events[1]!.message).toContain(`resume: ${checkpoint(1_103)} must`);
    expect(events[1]!.message).toContain(reason);
    expect(events[1]!.message).toMatch(/ The run goes on from step 800\.$/);
    expect(events.filter(({ event }) => event === "warning")).toHaveLength(1);
    expect(outcomeOf(directory)).toEqual(reference);
  });

  test("back to before the first evaluation", async () => {
    fs.rmSync(directory, { recursive: true });
    await trainUntil(["train", 701]);
    truncate(checkpoint(701), 0.5);
    await resumeToEnd();
    expect(outcomeOf(directory)).toEqual(reference);
  });

  test("all of them: one error of one sentence a file, and nothing is changed", async () => {
    truncate(checkpoint(1_103), 0.5);
    flip(checkpoint(800), 0.5);
    const before = fs.readFileSync(path.join(directory, "metrics.ndjson"));
    const error = await resumeToEnd().catch((reason) => reason as Error);
    expect(error).toBeInstanceOf(FileError);
    expect(
      (error as Error).message.replaceAll(directory, "RUN").replaceAll(/\b[0-9a-f]{8}\b|\d{5,}/g, "#"),
    ).toMatchInlineSnapshot(
      `"resume: RUN/checkpoints/step-1103.safetensors must have at least # bytes; got #. It is cut off. Resume from another checkpoint. resume: RUN/checkpoints/step-800.safetensors must have the checksum # of its data; got #. It is damaged. Resume from another checkpoint."`,
    );
    expect(fs.readFileSync(path.join(directory, "metrics.ndjson"))).toEqual(before);
    expect(fs.existsSync(path.join(directory, "lock"))).toBe(false);
  });

  test("a metrics file that was cut: back to a checkpoint from before", async () => {
    const metrics = path.join(directory, "metrics.ndjson");
    fs.truncateSync(metrics, fs.statSync(metrics).size - 1);
    const warnings: string[] = [];
    const run = resumeToEnd();
    run.on("warning", ({ message }) => warnings.push(message));
    await run;
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatch(/^resume: metrics\.ndjson must have the \d+ bytes it had at .*step-1103.*; got \d+\. /);
    expect(outcomeOf(directory)).toEqual(reference);
  });

  test("half a line behind the last checkpoint, and a changed best/, are put right", async () => {
    fs.appendFileSync(path.join(directory, "metrics.ndjson"), '{"event":"progr');
    fs.appendFileSync(path.join(directory, "scores.tsv"), "1200\t");
    fs.rmSync(path.join(directory, "best"), { recursive: true });
    fs.mkdirSync(path.join(directory, ".best-new"));
    expect(readMetrics(directory).at(-1)).toMatchObject({ event: "evaluation", step: 1_000 });
    await resumeToEnd();
    expect(outcomeOf(directory)).toEqual(reference);
  });

  test("a chosen checkpoint", async () => {
    const run = resumeToEnd({ checkpoint: checkpoint(800) });
    const started: number[] = [];
    run.on("start", ({ fromStep }) => started.push(fromStep));
    await run;
    expect(started).toEqual([800]);
    expect(outcomeOf(directory)).toEqual(reference);
  });

  test("a chosen checkpoint that is not there, or damaged", async () => {
    for (const missing of [path.join(directory, "nothing"), directory]) {
      const refused = resumeToEnd({ checkpoint: missing });
      await expect(refused).rejects.toThrow(UsageError);
      await expect(refused).rejects.toThrow(`resume: the checkpoint must be a file; got ${missing}`);
    }
    truncate(checkpoint(1_103), 0.5);
    await expect(resumeToEnd({ checkpoint: checkpoint(1_103) })).rejects.toThrow(FileError);
    await resumeToEnd();
    expect(outcomeOf(directory)).toEqual(reference);
  });

  test("config.json", async () => {
    for (const text of ["", "{", "[]", "null", '{"agent": "dqn"}']) {
      fs.writeFileSync(path.join(directory, "config.json"), text);
      const refused = resumeToEnd();
      await expect(refused).rejects.toThrow(FileError);
      await expect(refused).rejects.toThrow(/^resume: \S+config\.json must be what train wrote; got \d+ characters of/);
    }
  });
});

describe("a run that came to its end", () => {
  beforeEach(() => fs.cpSync(path.join(folder, "reference"), directory, { recursive: true }));

  test("is refused, also with as many steps as it took", async () => {
    for (const more of [{}, { steps: 1_500 }, { steps: 10 }]) {
      const refused = resumeToEnd(more);
      await expect(refused).rejects.toThrow(UsageError);
      await expect(refused).rejects.toThrow(
        /^resume: a run must not have come to its end; got \S+, finished at step 1500 with mean return \S+\. Train on with --steps above 1500, or /,
      );
    }
    expect(outcomeOf(directory)).toEqual(reference);
  });

  test("goes on with more steps, as a run that had them from the beginning", async () => {
    const whole = `${directory}-whole`;
    await train(config(whole, { steps: 2_300 }));
    const env = watchedCartPole((which, n) => {
      if (which === "train" && n === 77) void run.stop();
    });
    const run = resume(directory, { env, steps: 2_300 });
    expect(await run).toMatchObject({ outcome: "stopped", steps: 1_577 });
    expect(readResult(directory)).toBeNull();
    // the new end is remembered
    expect(await resumeToEnd()).toMatchObject({ outcome: "finished", steps: 2_300 });
    expect(outcomeOf(directory, 2_300)).toEqual(outcomeOf(whole, 2_300));
  });
});

test("fewer steps than were taken are refused; fewer than planned are not", async () => {
  await trainUntil(["train", 701]);
  await expect(resumeToEnd({ steps: 700 })).rejects.toThrow(
    `resume: steps must be at least the 701 that ${directory} has taken; got 700. Pass more.`,
  );
  await expect(resumeToEnd({ steps: 1.5 })).rejects.toThrow(
    /^resume: steps must be a whole number of at least 1; got 1.5\./,
  );
  expect(await resumeToEnd({ steps: 702 })).toMatchObject({ outcome: "finished", steps: 702 });
});

test("what a script built it must give again; a directory without a run is told apart", async () => {
  await trainUntil(["train", 7]);
  await expect(resume(directory)).rejects.toThrow(
    `resume: the env of ${directory} must be given, since a script built it; got none. Pass {env: …} as the script did.`,
  );
  await expect(resume(`${directory}-none`)).rejects.toThrow(
    `resume: the run directory must be one that train made; got ${directory}-none, which is not there. Check the path.`,
  );
  await expect(resume(folder)).rejects.toThrow(`got ${folder}, which has no config.json. Check the path.`);
  fs.rmSync(path.join(directory, "checkpoints"), { recursive: true });
  await expect(resumeToEnd()).rejects.toThrow(
    `resume: ${directory} must hold a checkpoint; got none in checkpoints/. The run ended before its first one: ` +
      "begin it again with another out.",
  );
});

test("other kernels than the checkpoint's: a warning, and on", async () => {
  await trainUntil(["train", 701]);
  const file = path.join(directory, "config.json");
  const saved = JSON.parse(fs.readFileSync(file, "utf8"));
  fs.writeFileSync(file, JSON.stringify({ ...saved, kernel: "of another machine" }));
  const warnings: string[] = [];
  const run = resumeToEnd();
  run.on("warning", ({ message }) => warnings.push(message));
  expect(await run).toMatchObject({ outcome: "finished" });
  expect(warnings).toEqual([
    "resume: the run must go on with kernels of another machine to stay the same bit for bit; got " +
      `${saved.kernel}. It goes on, with other last bits.`,
  ]);
});
