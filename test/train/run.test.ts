/** A run as its caller sees it: awaited, iterated, listened to, stopped, failing. */
import { execFile } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { DQN } from "../../src/agents/index.ts";
import { DeviceError, ShapeError, UsageError } from "../../src/errors.ts";
import type { State } from "../../src/state.ts";
import { readCheckpoint } from "../../src/train/checkpoint.ts";
import { type Run, readMetrics, resume, type TrainConfig, train } from "../../src/train/index.ts";
import { type RunHandle, startRun } from "../../src/train/run.ts";
import { ScriptedEnv, type ScriptedEnvOptions, SpyAgent } from "./scriptedParts.ts";
import { outcomeOf, small, smallHyperparameters, watchedCartPole } from "./smallRun.ts";

type RunEvent = Run extends AsyncIterable<infer E> ? E : never;

let folder: string;
let directory: string;
let count = 0;
beforeAll(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "kusari-run-"));
});
beforeEach(() => {
  directory = path.join(folder, `run${count++}`);
});
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));

/** A run in which nothing is random. */
const scripted = (more: Partial<TrainConfig> = {}, env: ScriptedEnvOptions = {}): TrainConfig => ({
  agent: new SpyAgent(),
  env: () => new ScriptedEnv(env),
  steps: 20,
  evalInterval: 10,
  evalEpisodes: 2,
  finalEpisodes: 3,
  reportInterval: 5,
  checkpointInterval: 10,
  out: null,
  ...more,
});

const step = (event: RunEvent): string =>
  `${event.event} ${"step" in event ? event.step : "steps" in event ? event.steps : ""}`;
const allOf = async (run: AsyncIterable<RunEvent>): Promise<RunEvent[]> => {
  const events: RunEvent[] = [];
  for await (const event of run) events.push(event);
  return events;
};
const progress = (step: number) => ({ event: "progress", step }) as RunEvent;
const ending = { event: "result" } as Extract<RunEvent, { event: "result" }>;

describe("events", () => {
  test("in their order, with all there is to say", async () => {
    const events = await allOf(train(scripted({ out: directory })));
    expect(events.map(step)).toEqual([
      "start 20",
      "checkpoint 0",
      "progress 5",
      "progress 10",
      "evaluation 10",
      "checkpoint 10",
      "progress 15",
      "progress 20",
      "evaluation 20",
      "checkpoint 20",
      "result 20",
    ]);
    const summary = { mean: 5, median: 5, stdev: 0, min: 5, max: 5 };
    expect(events[0]).toEqual({
      event: "start",
      device: null,
      deviceReason: null,
      agent: "Spy",
      env: "Scripted-v0",
      seed: 0,
      steps: 20,
      runDirectory: directory,
      fromStep: 0,
    });
    expect(events[3]).toEqual({
      event: "progress",
      step: 10,
      steps: 20,
      episodes: 2,
      episodeReturn: 5,
      statistics: {},
      stepsPerSecond: expect.any(Number),
      secondsLeft: expect.any(Number),
    });
    expect(events[4]).toEqual({
      event: "evaluation",
      step: 10,
      episodes: 2,
      evaluation: { episodes: 2, ...summary },
      best: true,
    });
    expect(events[8]).toMatchObject({ event: "evaluation", step: 20, best: false });
    expect(events[5]).toEqual({
      event: "checkpoint",
      step: 10,
      path: path.join(directory, "checkpoints/step-10.safetensors"),
    });
    expect(events.at(-1)).toEqual({
      event: "result",
      agent: "Spy",
      env: "Scripted-v0",
      seed: 0,
      steps: 20,
      episodes: 4,
      seconds: expect.any(Number),
      stepsPerSecond: expect.any(Number),
      evaluation: { episodes: 3, ...summary },
      runDirectory: directory,
      outcome: "finished",
      keptStep: 10,
    });
  });

  test("before the first episode ends there is no return", async () => {
    const events = await allOf(train(scripted({ steps: 5 }, { length: 1_000 })));
    expect(events[1]).toMatchObject({ event: "progress", step: 5, episodes: 0, episodeReturn: null });
  });

  test("on: one kind or all, until its function is called", async () => {
    const run = train(scripted());
    const heard: string[] = [];
    const all: string[] = [];
    run.on("event", (event) => all.push(step(event)));
    run.on("start", ({ seed }) => heard.push(`seed ${seed}`));
    const off = run.on("progress", ({ step }) => {
      heard.push(`step ${step}`);
      if (step === 10) off();
    });
    run.on("evaluation", ({ evaluation }) => heard.push(`mean ${evaluation.mean}`));
    run.on("result", ({ outcome }) => heard.push(outcome));
    await run;
    expect(heard).toEqual(["seed 0", "step 5", "step 10", "mean 5", "mean 5", "finished"]);
    expect(all).toHaveLength(8);
  });

  test("the same listener twice is heard once, and gone at once", async () => {
    const run = train(scripted());
    let calls = 0;
    const listener = () => void calls++;
    run.on("start", listener);
    run.on("start", listener)();
    await run;
    expect(calls).toBe(0);
  });

  test("a listener's error ends the run, which can be resumed", async () => {
    const run = train(scripted({ out: directory }));
    run.on("progress", ({ step }) => {
      if (step === 15) throw new RangeError("a listener's own");
    });
    await expect(run).rejects.toThrow(
      `train: the run failed at step 15 of 20: a listener's own. What was written is kept; continue with rl resume ${directory}.`,
    );
    await resume(directory, { agent: new SpyAgent(), env: () => new ScriptedEnv() });
    expect(readMetrics(directory).map(({ step }) => step)).toEqual([5, 10, 10, 15, 20, 20, 20]);
  });

  test("`directory` is known from the start event on", async () => {
    const run = train(scripted({ out: directory }));
    expect(run.directory).toBeNull();
    run.on("start", () => expect(run.directory).toBe(directory));
    await run;
    expect(run.directory).toBe(directory);
    const nowhere = train(scripted());
    await nowhere;
    expect(nowhere.directory).toBeNull();
  });
});

describe("awaiting and iterating", () => {
  test("await, then, catch, finally and stop give the one result", async () => {
    const run = train(scripted());
    const result = await run;
    expect(result).toMatchObject({ event: "result", outcome: "finished" });
    expect(await run.then((same) => same)).toBe(result);
    expect(await run.catch(() => null)).toBe(result);
    expect(await run.finally(() => {})).toBe(result);
    expect(await run.stop()).toBe(result);
  });

  test("several readers see all; a late one sees what is to come; one after the end sees the result", async () => {
    const run = train(scripted());
    const [first, second] = await Promise.all([allOf(run), allOf(run)]);
    expect(first).toHaveLength(8);
    expect(second).toEqual(first);
    expect(await allOf(run)).toEqual([first.at(-1)]);
    const other = train(scripted());
    const late = new Promise<RunEvent[]>((resolve) => other.on("evaluation", () => resolve(allOf(other))));
    await other;
    expect((await late).map(step)).toContain("result 20");
    expect((await late).map(step)).not.toContain("start 20");
  });

  test("break ends one reader and nothing else", async () => {
    const run = train(scripted());
    for await (const { event } of run) if (event === "progress") break;
    expect(await run).toMatchObject({ outcome: "finished", steps: 20 });
  });

  test("a reader that falls behind loses the oldest progress events and nothing else", async () => {
    let handle!: RunHandle;
    let finish!: () => void;
    const run = startRun((given) => {
      handle = given;
      return new Promise((resolve) => {
        finish = () => resolve(ending);
      });
    });
    const reader = run[Symbol.asyncIterator]();
    await Promise.resolve();
    const warning = { event: "warning", step: 0, message: "kept" } as const;
    for (let i = 1; i <= 100; i++) handle.emit(progress(i));
    handle.emit(warning);
    for (let i = 101; i <= 200; i++) handle.emit(progress(i));
    for (let i = 0; i < 100; i++) handle.emit(warning);
    handle.emit(ending);
    finish();
    await run;
    const read: RunEvent[] = [];
    for (let next = await reader.next(); !next.done; next = await reader.next()) read.push(next.value);
    const steps = read.filter(({ event }) => event === "progress").map((event) => (event as { step: number }).step);
    expect(steps).toEqual(Array.from({ length: 64 }, (_, i) => 137 + i));
    expect(read.filter(({ event }) => event === "warning")).toHaveLength(101);
    expect(read[0]).toBe(warning);
    expect(read.at(-1)).toBe(ending);
  });

  test("a reader that reads again has room again", async () => {
    let handle!: RunHandle;
    const run = startRun((given) => {
      handle = given;
      return new Promise(() => {});
    });
    const reader = run[Symbol.asyncIterator]();
    await Promise.resolve();
    for (let round = 0; round < 3; round++) {
      for (let i = 0; i < 64; i++) handle.emit(progress(64 * round + i));
      for (let i = 0; i < 64; i++) expect((await reader.next()).value).toMatchObject({ step: 64 * round + i });
    }
    // waiting readers are served in their order
    const waiting = [reader.next(), reader.next()];
    for (const step of [7, 8]) handle.emit(progress(step));
    expect((await Promise.all(waiting)).map(({ value }) => (value as { step: number }).step)).toEqual([7, 8]);
  });

  test("the thread is given back while it trains", async () => {
    const run = train(scripted({ steps: 1e9, evalInterval: 1e9, reportInterval: 1e9 }));
    const asked = performance.now();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(await run.stop()).toMatchObject({ outcome: "stopped", evaluation: null });
    expect(performance.now() - asked).toBeLessThan(2_000);
  });
});

describe("failing", () => {
  const broken = () => train(scripted({ env: "Cartpol" }));

  test("the error reaches await, catch, stop and every reader, once each", async () => {
    const run = broken();
    const readers = [allOf(run), allOf(run)];
    const error = await run.catch((reason) => reason);
    expect(error).toBeInstanceOf(UsageError);
    for (const reader of readers) await expect(reader).rejects.toBe(error);
    await expect(run).rejects.toBe(error);
    await expect(run.stop()).rejects.toBe(error);
    await expect(run.finally(() => {})).rejects.toBe(error);
    const late = run[Symbol.asyncIterator]();
    await expect(late.next()).rejects.toBe(error);
    expect(await late.next()).toEqual({ done: true, value: undefined });
  });

  test("readers see what came before it", async () => {
    const run = train(
      scripted({
        agent: new SpyAgent({}, (steps) => {
          if (steps === 12) throw new Error("ill");
        }),
      }),
    );
    const seen: string[] = [];
    await expect(
      (async () => {
        for await (const event of run) seen.push(step(event));
      })(),
    ).rejects.toThrow("train: the agent failed at step 12 of 20: ill.");
    expect(seen).toEqual(["start 20", "progress 5", "progress 10", "evaluation 10"]);
  });

  test("where nobody waits for it Node reports it; who listens for events alone does not wait", async () => {
    const index = new URL("../../dist/train/index.js", import.meta.url).href;
    const program = (rest: string) => `
      import { train } from "${index}";
      process.on("unhandledRejection", (error) => console.log("unhandled", error.name));
      const run = train({ agent: "dqn", env: "Cartpol" });
      ${rest}
      setTimeout(() => {}, 50);
    `;
    const output = (rest: string) =>
      new Promise<string>((resolve) => {
        const words = ["--input-type=module", "--eval", program(rest)];
        execFile(process.execPath, words, { cwd: folder }, (_error, stdout, stderr) => resolve(stdout + stderr));
      });
    const [alone, listened, left, caught, stopped, iterated] = await Promise.all([
      output(""),
      output('run.on("event", () => {});'),
      output(`
        run.catch(() => {});
        const other = train({ agent: "dqn", env: "CartPole", steps: 600, out: null });
        other.on("progress", () => { throw new RangeError("after the reader left"); });
        for await (const _ of other) break;
      `),
      output("run.catch(() => {});"),
      output("run.stop().catch(() => {});"),
      output("try { for await (const _ of run); } catch {}"),
    ]);
    expect([alone, listened, left]).toEqual(["unhandled UsageError\n", "unhandled UsageError\n", "unhandled Error\n"]);
    expect([caught, stopped, iterated]).toEqual(["", "", ""]);
  });

  const failure = async (run: Run): Promise<Error> => {
    const error = await run.then(
      () => null,
      (reason) => reason as Error,
    );
    expect(error).toBeInstanceOf(Error);
    return error!;
  };

  const savedAt = (step: number) =>
    (
      readCheckpoint(path.join(directory, "checkpoints", `step-${step}.safetensors`)).state as {
        run: { agent: State; evalEnv: State };
      }
    ).run;

  test("the environment, in training: the step, and a checkpoint of it", async () => {
    const envs: ScriptedEnv[] = [];
    let ill = true;
    const env = () => {
      envs.push(
        new ScriptedEnv({
          onStep: (steps) => {
            if (ill && steps === 13) throw new TypeError("the simulator crashed");
          },
        }),
      );
      return envs.at(-1)!;
    };
    const error = await failure(train(scripted({ env, out: directory })));
    expect(error.message).toBe(
      "train: the environment failed at step 13 of 20: the simulator crashed. What was written is kept; " +
        `continue with rl resume ${directory}.`,
    );
    expect(error.cause).toBeInstanceOf(TypeError);
    expect(envs.map(({ closed }) => closed)).toEqual([true, true]);
    expect(fs.readdirSync(path.join(directory, "checkpoints")).sort()).toEqual([
      "step-10.safetensors",
      "step-13.safetensors",
    ]);
    // the agent has forgotten the action that got no answer
    expect(savedAt(13).agent).toEqual({ steps: 13, updates: 13, obs: null });
    ill = false;
    const agent = new SpyAgent();
    expect(await resume(directory, { agent, env })).toMatchObject({ outcome: "finished", steps: 20 });
    // it goes on with a new episode
    expect(agent.observed[0]!.obs[0]).toBe(0);
    expect(readMetrics(directory).map(({ step }) => step)).toEqual([5, 10, 10, 15, 20, 20, 20]);
  });

  test("the environment, on its first reset", async () => {
    class Unresettable extends ScriptedEnv {
      override reset(): never {
        throw new DeviceError("no display");
      }
    }
    const error = await failure(train(scripted({ env: () => new Unresettable(), out: directory })));
    expect(error.message).toContain(
      "train: the environment failed at step 0 of 20: no display. What was written is kept;",
    );
    expect(error).toBeInstanceOf(DeviceError);
    expect(await resume(directory, { agent: new SpyAgent(), env: () => new ScriptedEnv() })).toMatchObject({
      steps: 20,
    });
  });

  test("the environment, in an evaluation", async () => {
    let made = 0;
    let ill = true;
    const env = () => {
      const evaluates = made++ % 2 === 1;
      return new ScriptedEnv({
        onStep: (steps) => {
          if (ill && evaluates && steps === 7) throw new Error("no more");
        },
      });
    };
    const error = await failure(train(scripted({ env, out: directory })));
    expect(error.message).toContain("train: evaluation failed at step 10 of 20: no more. What was");
    // the evaluation will be played from its beginning
    expect(savedAt(10).evalEnv).toEqual(new ScriptedEnv().saveState());
    ill = false;
    const whole = `${directory}-whole`;
    await train(scripted({ out: whole }));
    await resume(directory, { agent: new SpyAgent(), env });
    expect(fs.readFileSync(path.join(directory, "metrics.ndjson"))).toEqual(
      fs.readFileSync(path.join(whole, "metrics.ndjson")),
    );
  });

  test("an episode's state that cannot be saved is said, and the checkpoint before is used", async () => {
    class Unsavable extends ScriptedEnv {
      override saveState() {
        const state = super.saveState() as { steps: number };
        if (state.steps > 10 && ill) throw new Error("the simulator is gone");
        return state;
      }
    }
    let ill = true;
    const env = () =>
      new Unsavable({
        onStep: (steps) => {
          if (ill && steps === 13) throw new Error("crash");
        },
      });
    const error = await failure(train(scripted({ env, out: directory })));
    expect(error.message).toBe(
      "train: the environment failed at step 13 of 20 (no checkpoint of this step could be written (the simulator is gone)): " +
        `crash. What was written is kept; continue with rl resume ${directory}.`,
    );
    ill = false;
    expect(await resume(directory, { agent: new SpyAgent(), env })).toMatchObject({ outcome: "finished" });
  });

  test("an agent whose loss is not finite: the step, its state beside the checkpoints, and a way on", async () => {
    const config: TrainConfig = {
      agent: "dqn",
      env: watchedCartPole(() => {}),
      ...small,
      hyperparameters: { ...smallHyperparameters, learningRate: 1e30 },
      checkpointInterval: 100,
      out: directory,
    };
    const error = await failure(train(config));
    expect(error).toBeInstanceOf(UsageError);
    expect(error.message.replaceAll(directory, "RUN")).toMatchInlineSnapshot(
      `"train: the agent failed at step 151 of 1500 (the state it failed in is kept in RUN/checkpoints/failed-151.safetensors): DQN.update: the loss must be finite; got Infinity at update 2 (step 152). Lower learningRate, or look at the environment's rewards and observations. What was written is kept; continue with rl resume RUN."`,
    );
    const names = fs.readdirSync(path.join(directory, "checkpoints")).sort();
    expect(names).toEqual(["failed-151.safetensors", "step-0.safetensors", "step-100.safetensors"]);
    // nothing is random: it fails again in the same way, from the checkpoint before
    const again = await failure(resume(directory, { env: watchedCartPole(() => {}) }));
    expect(again.message).toBe(error.message);
  });

  test("before the first checkpoint there is nothing to go on from, and the message does not say so", async () => {
    const agent = new SpyAgent({});
    agent.saveState = () => {
      throw new ShapeError("no state to save");
    };
    const error = await failure(train(scripted({ agent, out: directory })));
    expect(error).toBeInstanceOf(ShapeError);
    expect(error.message.replaceAll(directory, "RUN")).toMatchInlineSnapshot(
      `"train: the run failed at step 0 of 20 (no checkpoint of this step could be written (no state to save)): no state to save. It broke off before the first checkpoint of RUN: begin it again with another out."`,
    );
  });

  test("an agent that reports a loss that is not finite", async () => {
    const error = await failure(train(scripted({ agent: new SpyAgent({ averageLoss: Number.NaN }) })));
    expect(error.message).toBe(
      "train: the agent failed at step 5 of 20: Spy: averageLoss must be finite; got NaN. Lower the learning rate or clip gradients.",
    );
  });

  test("what is thrown need not be an error", async () => {
    const env = () =>
      new ScriptedEnv({
        onStep: () => {
          throw "a string";
        },
      });
    expect((await failure(train(scripted({ env })))).message).toBe(
      "train: the environment failed at step 0 of 20: a string.",
    );
  });
});

describe("parts that a script builds", () => {
  test("an agent, or what makes one from the spaces and the seed", async () => {
    const outcomes = [];
    for (const [i, agent] of [
      "dqn",
      ({ observationSpace, actionSpace, random }: ConstructorParameters<typeof DQN>[0]) =>
        new DQN({ observationSpace, actionSpace, random, ...smallHyperparameters }),
    ].entries()) {
      const out = `${directory}-${i}`;
      const hyperparameters = typeof agent === "string" ? smallHyperparameters : {};
      await train({ agent, env: watchedCartPole(() => {}), ...small, hyperparameters, out } as TrainConfig);
      outcomes.push(outcomeOf(out));
      const { agent: name, builtByScript } = JSON.parse(fs.readFileSync(path.join(out, "config.json"), "utf8"));
      expect({ name, builtByScript }).toEqual(
        i === 0 ? { name: "dqn", builtByScript: ["env"] } : { name: "DQN", builtByScript: ["agent", "env"] },
      );
    }
    expect(outcomes[1]).toEqual(outcomes[0]);
  });

  test("a factory of environments is called twice, and both are closed", async () => {
    const envs: ScriptedEnv[] = [];
    const env = () => {
      envs.push(new ScriptedEnv());
      return envs.at(-1)!;
    };
    await train(scripted({ env, seed: 7 }));
    expect(envs.map(({ closed }) => closed)).toEqual([true, true]);
    // the training environment is seeded once; every evaluation episode has a seed of its own
    expect(envs[0]!.seeds).toEqual([7, undefined, undefined, undefined]);
    expect(new Set(envs[1]!.seeds).size).toBe(2 + 2 + 3);
    expect(envs[1]!.seeds).not.toContain(undefined);
  });

  test("a factory that throws", async () => {
    let made: ScriptedEnv | undefined;
    const env = () => {
      if (made) throw new Error("only one");
      made = new ScriptedEnv();
      return made;
    };
    await expect(train(scripted({ env }))).rejects.toThrow("only one");
    expect(made?.closed).toBe(true);
  });
});
