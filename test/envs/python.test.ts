/** The bridge to Python, with a small stand-in for Gymnasium, and with Gymnasium itself where it is installed. */
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type AnyEnv, type Box, checkEnv, make, PythonVector, spec } from "../../src/envs/node.ts";
import { DeviceError, UsageError } from "../../src/errors.ts";
import { readMetrics, resume, type TrainConfig, train } from "../../src/train/index.ts";
import { outcomeOf, small, smallHyperparameters } from "../train/smallRun.ts";

const fixtures = fileURLToPath(new URL("../fixtures/python", import.meta.url));
const imports = (python: string, modules: string) =>
  spawnSync(python, ["-c", `import ${modules}`], { stdio: "ignore" }).status === 0;
const hasNumPy = imports("python3", "numpy");
/** The interpreter that has Gymnasium, where there is one. */
const real = [process.env.KUSARI_PYTHON, "python3"].find((python) => python && imports(python, "gymnasium"));

const open: { close(): void }[] = [];
function opened<E extends { close(): void }>(env: E): E {
  open.push(env);
  return env;
}
const { PYTHONPATH, KUSARI_PYTHON, PYTHONDONTWRITEBYTECODE } = process.env;
function restoreVariable(name: string, value: string | undefined): void {
  if (value === undefined) delete process.env[name];
  else process.env[name] = value;
}
let folder: string;
beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "kusari-python-"));
});
afterEach(() => {
  for (const env of open.splice(0)) env.close();
  restoreVariable("PYTHONPATH", PYTHONPATH);
  restoreVariable("KUSARI_PYTHON", KUSARI_PYTHON);
  restoreVariable("PYTHONDONTWRITEBYTECODE", PYTHONDONTWRITEBYTECODE);
  fs.rmSync(folder, { recursive: true, force: true });
});

/** The error's kind and its text, without what differs from machine to machine. */
function errorOf(body: () => unknown): string {
  try {
    body();
  } catch (error) {
    const { name, message } = error as Error;
    return `${name}: ${message}`.replace(/process \d+/g, "process N").replaceAll(folder, "FOLDER");
  }
  throw new Error("it did not throw");
}

describe.skipIf(!hasNumPy)("with a stand-in for Gymnasium (needs python3 with NumPy)", () => {
  beforeEach(() => {
    process.env.PYTHONPATH = fixtures;
    process.env.PYTHONDONTWRITEBYTECODE = "1";
    process.env.KUSARI_PYTHON = "python3";
  });
  const walk = (kwargs: object = {}): AnyEnv => opened(make("python:acme/Walk-v1", { size: 6, ...kwargs }));

  it("says what Python says of the environment", () => {
    const env = walk();
    expect(env.spec).toEqual({
      id: "python:acme/Walk-v1",
      maxEpisodeSteps: 8,
      rewardThreshold: 3.5,
      nondeterministic: false,
      kwargs: { size: 6 },
    });
    expect(env.unwrapped.metadata).toEqual({ renderModes: [], renderFps: 30 });
    expect(String(env.observationSpace)).toBe("Box(-inf, inf, (2,), float32)");
    expect(String(env.actionSpace)).toBe("Discrete(3, start=-1)");
    expect(env.name).toBe("python:acme/Walk-v1");
    expect(spec("python:acme/Walk-v1")).toMatchObject({ id: "python:acme/Walk-v1", rewardThreshold: null });
  });

  it("passes checkEnv, with reused observations too: seeds, and states that go on exactly", () => {
    expect(checkEnv(walk(), { steps: 40 })).toEqual([]);
    expect(checkEnv(walk({ reuseObs: true, size: 100, maxEpisodeSteps: null }), { steps: 40 })).toEqual([]);
  });

  it("reuses two observations in turn where that is wanted", () => {
    const env = walk({ reuseObs: true });
    const [first] = env.reset({ seed: 1 });
    const second = env.step(0)[0];
    const kept = [...second];
    const third = env.step(0)[0];
    expect(third).not.toBe(second);
    expect([...second]).toEqual(kept);
    expect(env.step(0)[0]).toBe(second);
    expect(third).toBe(first);
  });

  it("passes seeds, options, rewards and ends", () => {
    const env = walk();
    const [obs, info] = env.reset({ seed: 5, options: { place: 0.25 } });
    expect([...obs]).toEqual([0.25, 0]);
    expect(info).toEqual({ begun: true });
    const results = Array.from({ length: 6 }, () => env.step(1));
    expect(results.map((result) => result[2])).toEqual([false, false, false, false, false, true]);
    expect(results[0]![1]).toBeGreaterThan(1.25);
    expect(() => env.step(1)).toThrow("python:acme/Walk-v1.step: the episode ended at step 6 (terminated).");
    env.reset({ seed: 5, options: { place: 0.25 } });
    expect(env.step(1)).toEqual(results[0]);
  });

  it("keeps Python's time limit unless told another", () => {
    const stepsOf = (maxEpisodeSteps?: number | null) => {
      const env = walk({ size: 50, ...(maxEpisodeSteps === undefined ? {} : { maxEpisodeSteps }) });
      env.reset({ seed: 1 });
      for (let steps = 1; ; steps++) {
        const [, , terminated, truncated] = env.step(0);
        if (terminated || truncated) return [steps, terminated, truncated];
      }
    };
    expect(stepsOf()).toEqual([8, false, true]);
    expect(stepsOf(3)).toEqual([3, false, true]);
    expect(stepsOf(null)).toEqual([50, true, false]);
  });

  it("passes what JSON can hold of an info and describes the rest", () => {
    const env = walk();
    env.reset({ seed: 1 });
    expect(env.step(0)[4]).toEqual({});
    env.step(0);
    expect(env.step(0)[4]).toEqual({ place: 0.5, counts: [0, 1, 2], nan: null, self: "<Walk>", 1: [true, null] });
  });

  it("carries elements of every space both ways", () => {
    const env = opened(make("python:acme/Everything-v0"));
    expect(String(env.observationSpace)).toMatchInlineSnapshot(
      `"Dict('choice': Discrete(4), 'choices': MultiDiscrete([2 5], start=[0 -2]), 'half': Box(-1.0, 1.0, (1,), float32), 'long': Box(0.0, 1099511627776.0, (2,), float64), 'parts': Tuple(Box(-1.0, 1.0, (2, 3), float64), MultiBinary(3)), 'pixels': Box(0, 255, (2, 2), uint8), 'text': Text(0, 5, charset=abc¢))"`,
    );
    expect(env.observationSpace.contains(env.reset()[0])).toBe(true);
    env.actionSpace.seed(7);
    for (let i = 0; i < 20; i++) {
      const action = env.actionSpace.sample();
      // what Python keeps in half precision comes back as such a number
      action.half[0] = Math.round(action.half[0] * 16) / 16;
      // no typed array holds its 64-bit integers as numbers; those below 2^53 come as float64
      action.long = action.long.map(Math.floor);
      const [obs, , , , info] = env.step(action);
      expect(obs).toEqual(action);
      expect(env.observationSpace.contains(obs)).toBe(true);
      expect(info).toEqual({
        text: "str",
        choice: "int",
        parts: "tuple",
        choices: "int64",
        half: "float16",
        long: "int64",
        pixels: "uint8",
      });
    }
  });

  it("carries observations larger than a pipe holds", () => {
    const env = opened(make("python:acme/Big-v0"));
    env.reset();
    env.step(0);
    const [obs] = env.step(0);
    expect(obs).toBeInstanceOf(Uint8Array);
    expect(obs.length).toBe(210 * 160 * 3);
    expect(obs.every((value: number) => value === 2)).toBe(true);
    expect((env.observationSpace as Box<"uint8">).high[0]).toBe(255);
  });

  it("finds an environment in the module that registers it", () => {
    expect(opened(make("python:acme:Walk-v2")).spec?.id).toBe("python:acme:Walk-v2");
    expect(errorOf(() => make("python:Walk-v2"))).toMatchInlineSnapshot(
      `"UsageError: make: python:Walk-v2 must be an id that Python's Gymnasium knows; got NameNotFound: Environment \`Walk-v2\` doesn't exist. Check its spelling, or name the module that registers it, as in python:module:Name-v0."`,
    );
  });

  it("what an environment prints does no harm", () => {
    const env = opened(make("python:acme/Fragile-v0", { when: 2 }));
    env.reset({ seed: 1 });
    for (let i = 0; i < 5; i++) env.step(0);
    expect(env.step(0)[0][1]).toBe(6);
  });

  it("leaves Ctrl-C to this process", () => {
    const vector = opened(new PythonVector({ id: "acme/Walk-v1" }));
    for (const signal of ["SIGINT", "SIGTERM"] as const) {
      process.kill(vector.pid, signal);
      vector.reset([1]);
      expect(vector.info(0)).toEqual({ begun: true });
    }
  });

  it("tells in one sentence what is wrong with an environment, an action or a process", () => {
    const env = walk();
    env.reset({ seed: 1 });
    expect(errorOf(() => env.step(5))).toMatchInlineSnapshot(
      `"UsageError: python:acme/Walk-v1.step: the action must be in Discrete(3, start=-1); got 5. Pass an element of the action space."`,
    );
    const fragile = (what: string) => {
      const broken = opened(make("python:acme/Fragile-v0", { what, when: 0 }));
      broken.reset({ seed: 1 });
      return errorOf(() => broken.step(0));
    };
    expect(fragile("raise")).toMatchInlineSnapshot(
      `"UsageError: python:acme/Fragile-v0.step: the environment must not raise; got RuntimeError: the rotor fell off. Its traceback is on the error output."`,
    );
    expect(fragile("shape")).toMatchInlineSnapshot(
      `"UsageError: python:acme/Fragile-v0.step: the environment must not raise; got ValueError: it returned an array of shape (3,) for a space of shape (2,). Its traceback is on the error output."`,
    );
    expect(fragile("die")).toMatchInlineSnapshot(
      `"DeviceError: python:acme/Fragile-v0.step: its Python process must live; got the end of process N. Look at what it wrote above, and make the environment anew."`,
    );
    expect(errorOf(() => make("python:acme/Endless-v0"))).toMatchInlineSnapshot(
      `"UsageError: make: python:acme/Endless-v0 must have spaces of Discrete, Box, MultiBinary, MultiDiscrete, Text, Tuple and Dict; got a Sequence space. Wrap it in Python."`,
    );
    expect(errorOf(() => make("python:acme/Refusing-v0"))).toMatchInlineSnapshot(
      `"UsageError: make: python:acme/Refusing-v0 must not raise; got ValueError: no permit. Its traceback is on the error output."`,
    );
    expect(errorOf(() => make("python:nowhere:Walk-v0"))).toMatchInlineSnapshot(
      `"DeviceError: make: python:nowhere:Walk-v0 needs nowhere in python3; got No module named 'nowhere'. Install it for this interpreter, or put its folder on PYTHONPATH."`,
    );
    expect(errorOf(() => make("python:ALE/Breakout-v5"))).toMatchInlineSnapshot(
      `"DeviceError: make: python:ALE/Breakout-v5 needs ale_py in python3; got No module named 'ale_py'. Install it with python3 -m pip install "gymnasium[atari]" ale-py, or name another interpreter with KUSARI_PYTHON or {python: …}."`,
    );
    expect(errorOf(() => make("python:acme/Walk-v1", { python: "./python-9" }))).toMatchInlineSnapshot(
      `"DeviceError: make: python:acme/Walk-v1 needs Python; got none as ./python-9. Install Python 3 with gymnasium, or name the interpreter with KUSARI_PYTHON or {python: …}."`,
    );
    expect(errorOf(() => make("python:acme/Walk-v1", { python: 3 }))).toMatchInlineSnapshot(
      `"UsageError: make: python of python:acme/Walk-v1 must be the path of an interpreter; got 3. Leave it out for python3."`,
    );
    env.close();
    expect(errorOf(() => env.step(0))).toMatchInlineSnapshot(
      `"DeviceError: python:acme/Walk-v1: the environment must be open; got a call after close(). Make it anew."`,
    );
  });

  it("names what to install where Gymnasium is missing", () => {
    // NumPy is there, Gymnasium is not
    fs.mkdirSync(path.join(folder, "gymnasium"));
    fs.writeFileSync(
      path.join(folder, "gymnasium/__init__.py"),
      "raise ModuleNotFoundError(\"No module named 'gymnasium'\")",
    );
    process.env.PYTHONPATH = folder;
    expect(errorOf(() => make("python:CartPole-v1"))).toMatchInlineSnapshot(
      `"DeviceError: make: python:CartPole-v1 needs gymnasium in python3; got No module named 'gymnasium'. Install it with python3 -m pip install "gymnasium>=0.29", or name another interpreter with KUSARI_PYTHON or {python: …}."`,
    );
  });

  it("goes on after an environment raised", () => {
    const env = opened(make("python:acme/Fragile-v0", { what: "raise", when: 1 }));
    env.reset({ seed: 1 });
    env.step(0);
    expect(() => env.step(0)).toThrow(UsageError);
    expect(env.reset({ seed: 1 })[1]).toEqual({ begun: true });
  });

  it("a closed environment's process is gone", async () => {
    const env = new PythonVector({ id: "acme/Walk-v1" });
    env.reset([1]);
    expect(isAlive(env.pid)).toBe(true);
    env.close();
    // it is a name only, until Node has taken note of its end
    while (isAlive(env.pid)) await setTimeout(5);
    env.close();
  });

  it("steps many at once, and begins their next episodes as told", () => {
    const seeds = [3, 4, 5];
    const singles = seeds.map((seed) => {
      const env = walk({ size: 4 });
      return { env, first: env.reset({ seed })[0] };
    });
    const vectors = (["nextStep", "sameStep"] as const).map((autoreset) =>
      opened(new PythonVector({ id: "acme/Walk-v1", n: 3, autoreset, kwargs: { size: 4 } })),
    );
    for (const vector of vectors) vector.reset(seeds);
    expect([...vectors[0]!.observations.batch!]).toEqual(singles.flatMap(({ first }) => [...first]));
    const actions = [-1, 0, 1];
    const step = (vector: PythonVector) => {
      for (const [i, action] of actions.entries()) vector.setAction(i, action);
      vector.step();
    };
    for (let t = 0; t < 4; t++) {
      for (const vector of vectors) step(vector);
      for (const [i, { env }] of singles.entries()) {
        const [obs, reward, terminated] = env.step(actions[i]!);
        const [next, same] = vectors as [PythonVector, PythonVector];
        expect(next.observations.get(i)).toEqual(obs);
        expect(next.rewards[i]).toBe(reward);
        expect(next.terminated[i]).toBe(terminated ? 1 : 0);
        expect((t === 3 ? same.finalObservations : same.observations).get(i)).toEqual(obs);
        expect(same.terminated[i]).toBe(terminated ? 1 : 0);
        if (t === 2) expect(next.info(i)).toMatchObject({ counts: [0, 1, 2] });
      }
    }
    const begun = singles.map(({ env }) => env.reset()[0]);
    const [next, same] = vectors as [PythonVector, PythonVector];
    expect(begun.map((_, i) => same.observations.get(i))).toEqual(begun);
    expect(same.info(1)).toEqual({ begun: true, final_info: {} });
    step(next);
    expect(begun.map((_, i) => next.observations.get(i))).toEqual(begun);
    expect([...next.rewards, ...next.terminated, ...next.truncated]).toEqual(Array(9).fill(0));
  });

  it("resets some of many", () => {
    const vector = opened(new PythonVector({ id: "acme/Walk-v1", n: 2 }));
    vector.reset([1, 2]);
    const before = [...vector.observations.batch!];
    vector.reset([1, 7], null, [false, true]);
    const after = [...vector.observations.batch!];
    expect(after.slice(0, 2)).toEqual(before.slice(0, 2));
    expect(after.slice(2)).not.toEqual(before.slice(2));
  });

  it("hands out the pictures Python draws", () => {
    const env = walk({ renderMode: "rgbArray" });
    env.reset({ seed: 1 });
    expect(env.render()).toEqual({ height: 2, width: 4, pixels: Uint8Array.from({ length: 24 }, (_, i) => i) });
    expect(checkEnv(walk({ renderMode: "rgbArray" }), { steps: 20 })).toEqual([]);
    const undrawn = walk();
    undrawn.reset();
    expect(errorOf(() => undrawn.render())).toMatchInlineSnapshot(
      `"UsageError: python:acme/Walk-v1.render: renderMode must be rgbArray for Python to draw; got none. Make it with make("python:acme/Walk-v1", { renderMode: "rgbArray" })."`,
    );
    expect(errorOf(() => walk({ renderMode: "svg" }))).toMatchInlineSnapshot(
      `"UsageError: python:acme/Walk-v1: renderMode must be one of rgbArray; got svg. Leave it out."`,
    );
    expect(opened(new PythonVector({ id: "acme/Walk-v1" })).render()).toBeNull();
  });

  it("takes wrappers by name", () => {
    const env = walk({ wrappers: ["TimeAwareObservation"] });
    expect(env.reset({ seed: 1 })[0]).toHaveLength(3);
  });

  const runConfig = (more: Partial<TrainConfig> = {}): TrainConfig => ({
    ...small,
    agent: "dqn",
    env: "python:acme/Walk-v1",
    envKwargs: { size: 30, maxEpisodeSteps: 25 },
    steps: 600,
    hyperparameters: smallHyperparameters,
    out: path.join(folder, "run"),
    ...more,
  });

  it("a resumed run is the same byte for byte", async () => {
    const out = path.join(folder, "stopped");
    const { steps } = small;
    await train(runConfig({ steps }));
    const run = train(runConfig({ steps, out }));
    run.on("checkpoint", ({ step }) => {
      if (step === 400) void run.stop();
    });
    expect(await run).toMatchObject({ outcome: "stopped" });
    const resumed = resume(out);
    const warnings: unknown[] = [];
    resumed.on("warning", (event) => warnings.push(event));
    await resumed;
    expect(warnings).toEqual([]);
    expect(outcomeOf(out)).toEqual(outcomeOf(path.join(folder, "run")));
  });

  const brief = { evalEpisodes: 1, finalEpisodes: 1 };

  it("a run whose Python process dies leaves a checkpoint that goes on", async () => {
    const out = path.join(folder, "run");
    const envKwargs = { what: "die", when: 61 };
    const config = runConfig({ env: "python:acme/Fragile-v0", envKwargs: { ...envKwargs, size: 1000 }, ...brief });
    // the first episode of 1,000 steps is cut off by the process's death at its step 61
    const failure = await train(config).then(String, (error) => error);
    expect(failure).toBeInstanceOf(DeviceError);
    expect(failure.message.replace(/process \d+/, "process N").replaceAll(folder, "FOLDER")).toMatchInlineSnapshot(
      `"train: the environment failed at step 61 of 600: python:acme/Fragile-v0.step: its Python process must live; got the end of process N. Look at what it wrote above, and make the environment anew. What was written is kept; continue with rl resume FOLDER/run."`,
    );
    const saved = JSON.parse(fs.readFileSync(path.join(out, "config.json"), "utf8"));
    fs.writeFileSync(path.join(out, "config.json"), JSON.stringify({ ...saved, envKwargs: { size: 30 } }));
    const run = resume(out);
    const events: string[] = [];
    run.on("start", ({ fromStep }) => events.push(`from ${fromStep}`));
    run.on("warning", ({ message }) => events.push(message));
    expect(await run).toMatchObject({ outcome: "finished", steps: 600 });
    expect(events).toEqual(["from 61"]);
    expect(readMetrics(out).at(-1)).toMatchObject({ event: "result" });
  });

  it("a run whose episode cannot be played again goes on with a new one, and says so", async () => {
    const out = path.join(folder, "run");
    const run = train(runConfig({ env: "python:acme/Forgetful-v0", envKwargs: { size: 1000 }, ...brief }));
    run.on("checkpoint", ({ step }) => {
      if (step === 400) void run.stop();
    });
    await run;
    const resumed = resume(out);
    const warnings: string[] = [];
    resumed.on("warning", ({ message }) => warnings.push(message));
    expect(await resumed).toMatchObject({ outcome: "finished", steps: 600 });
    expect(warnings).toMatchInlineSnapshot(`
      [
        "resume: the episode under way must go on for the run to stay the same bit for bit; got an environment that lost it, since it took another course when played again. The run goes on with a new episode.",
      ]
    `);
  });
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

describe.skipIf(real === undefined)("with Gymnasium (needs it in KUSARI_PYTHON or python3)", () => {
  it("CartPole is the one that is here, number for number", () => {
    const env = opened(make("python:CartPole-v1", { python: real }));
    const own = make("CartPole-v1");
    expect(env.observationSpace.equals(own.observationSpace)).toBe(true);
    expect(env.spec).toMatchObject({ maxEpisodeSteps: 500, rewardThreshold: 475 });
    expect(env.reset({ seed: 3 })).toEqual(own.reset({ seed: 3 }));
    own.actionSpace.seed(1);
    for (let i = 0; i < 500; i++) {
      const action = own.actionSpace.sample();
      const result = own.step(action);
      expect(env.step(action)).toEqual(result);
      if (result[2] || result[3]) expect(env.reset()).toEqual(own.reset());
    }
    expect(checkEnv(env, { steps: 60 })).toEqual([]);
  });

  it("carries continuous actions, and numbers that name a state", () => {
    const pendulum = opened(make("python:Pendulum-v1", { python: real, g: 9.81 }));
    expect(checkEnv(pendulum, { steps: 30 })).toEqual([]);
    expect(pendulum.spec?.kwargs).toEqual({ g: 9.81 });
    const lake = opened(make("python:FrozenLake-v1", { python: real, is_slippery: false, maxEpisodeSteps: 5 }));
    expect(lake.reset({ seed: 0 })).toEqual([0, { prob: 1 }]);
    expect(lake.step(2)).toEqual([1, 0, false, false, { prob: 1 }]);
  });

  it("says what Gymnasium says of an unknown id", () => {
    expect(() => make("python:CartPoll-v1", { python: real })).toThrow(
      /make: python:CartPoll-v1 must be an id that Python's Gymnasium knows; got NameNotFound: .*CartPole/,
    );
  });
});
