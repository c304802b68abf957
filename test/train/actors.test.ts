/** Runs of several actors in threads: what they share, how they end, break off and go on. They run the compiled thread. */
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import type { Worker } from "node:worker_threads";
import { afterAll, describe, expect, test } from "vitest";
import { type AsyncAgent, agentSpec } from "../../src/agents/index.ts";
import { make } from "../../src/envs/index.ts";
import { DeviceError, UsageError } from "../../src/errors.ts";
import { Random } from "../../src/random.ts";
import { SharedActors } from "../../src/train/actors/sharedActors.ts";
import {
  type RunEvent,
  readMetrics,
  resume,
  type TrainConfig,
  type TrainingEnv,
  train,
} from "../../src/train/index.ts";
import { runLoop } from "../../src/train/loop.ts";
import { initialLoopState } from "../../src/train/loopState.ts";
import { buildAgent } from "../../src/train/participants.ts";
import { HoldRequest } from "../../src/train/run.ts";
import { SingleStepper } from "../../src/train/singleStepper.ts";
import { resolveConfig } from "../../src/train/train.ts";
import { actorModule, eventsOf, failureOf, newest } from "./actorRuns.ts";
import { outcomeOf } from "./smallRun.ts";

const folder = fs.mkdtempSync(path.join(os.tmpdir(), "kusari-actors-"));
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));
let count = 0;
const freshDirectory = () => path.join(folder, `run${count++}`);

const config = (more: Partial<TrainConfig> = {}): TrainConfig => ({
  agent: "a3c",
  env: "CartPole-v1",
  steps: 2_000,
  actors: 2,
  stopAt: null,
  evalInterval: 900,
  evalEpisodes: 2,
  finalEpisodes: 2,
  checkpointInterval: 700,
  reportInterval: 300,
  hyperparameters: { hiddenSizes: [8] },
  out: null,
  ...more,
});
const breaking = (how: string, failsAt: number, more: Partial<TrainConfig> = {}) =>
  config({ env: "Breaking-v0", envKwargs: { how, failsAt }, actorModule, steps: 1_000_000, ...more });

interface SavedAgent {
  readonly steps: number;
  readonly updates: number;
  readonly parts: { readonly optimizer: { readonly statistics: { readonly ms: Float32Array } } };
}

describe("agents that share what they learn", () => {
  const { observationSpace, actionSpace } = make("CartPole-v1") as TrainingEnv;
  const build = (id: string, seed: number) =>
    agentSpec(id).create({
      observationSpace,
      actionSpace,
      random: new Random(seed),
      hyperparameters: { hiddenSizes: [8], ...(id === "nsq" ? { targetUpdateInterval: 10 } : {}) },
    }) as AsyncAgent;
  /** An episode of so many steps. */
  const practise = (agent: AsyncAgent, steps: number) => {
    for (let i = 1; i <= steps; i++) {
      agent.act([0.1 * i, 0, -0.1 * i, 0]);
      agent.observe([0.1 * i + 0.1, 0, -0.1 * i - 0.1, 0], 1, i === steps, false);
    }
  };
  const weights = (agent: AsyncAgent) => {
    const { parts } = agent.saveState() as unknown as { parts: Record<string, unknown> };
    return Object.entries(parts).filter(([name]) => /model|target|optimizer/i.test(name));
  };

  test.each(["a3c", "nsq", "pcl", "acer"])("%s: each update is of what all have learned", (id) => {
    const [first, second] = [build(id, 1), build(id, 2)];
    expect(weights(second)).not.toEqual(weights(first));
    const memory = new SharedArrayBuffer(first.sharedBytes);
    first.share(memory, true);
    second.share(memory, false);
    expect(weights(second)).toEqual(weights(first));
    const before = weights(first);
    practise(first, 25);
    second.followShared();
    expect(weights(second)).toEqual(weights(first));
    expect(weights(second)).not.toEqual(before);
    const { updates } = first;
    practise(second, 15);
    first.followShared();
    expect(weights(first)).toEqual(weights(second));
    expect([first.steps, second.steps]).toEqual([40, 40]);
    expect(first.updates).toBeGreaterThan(updates);
    expect(first.updates).toBe(second.updates);
  });

  test("alone, sharing changes no bit", () => {
    const [plain, sharing] = [build("a3c", 1), build("a3c", 1)];
    sharing.share(new SharedArrayBuffer(sharing.sharedBytes), true);
    for (const agent of [plain, sharing]) practise(agent, 33);
    expect(sharing.saveState()).toEqual(plain.saveState());
  });
});

describe("one actor", () => {
  test("is the run without actors, and resumes to the same bytes", async () => {
    const [plain, one, halted] = [freshDirectory(), freshDirectory(), freshDirectory()];
    const { actors: _, ...unsaid } = config({ steps: 1_500 });
    await train({ ...unsaid, out: plain });
    await train(config({ steps: 1_500, actors: 1, out: one }));
    expect(outcomeOf(one)).toEqual(outcomeOf(plain));
    const run = train(config({ steps: 1_500, actors: 1, out: halted }));
    run.on("progress", ({ step }) => step >= 600 && void run.stop());
    expect((await run).outcome).toBe("stopped");
    await resume(halted);
    expect(outcomeOf(halted)).toEqual(outcomeOf(plain));
  });
});

describe("several actors", () => {
  test.each(["a3c", "nsq", "pcl", "acer"])("%s: take the steps, report, and keep what they learned", async (agent) => {
    const out = freshDirectory();
    const events = await eventsOf(
      train(config({ agent, out, hyperparameters: { hiddenSizes: [8], learningRate: 0.01 } })),
    );
    expect(events.at(-1)).toMatchObject({ event: "result", outcome: "finished", steps: 2_000 });
    const progress = events.filter((event) => event.event === "progress");
    for (const { actorStepsPerSecond } of progress) expect(actorStepsPerSecond).toHaveLength(2);
    const last = readMetrics(out).findLast((line) => line.event === "progress")!;
    expect(last.episodes).toBeGreaterThan(10);
    for (const value of Object.values(last.statistics)) expect(value).not.toBeNaN();
    expect(events.some((event) => event.event === "evaluation")).toBe(true);
    const saved = newest<SavedAgent>(out);
    expect(saved.step).toBe(2_000);
    expect(saved.agent.updates).toBeGreaterThan(20);
    expect(saved.agent.parts.optimizer.statistics).toSatisfy((runs: Record<string, Float32Array>) =>
      Object.values(runs).every((run) => run.some((x) => x !== 0)),
    );
  });

  test("stop, and go on from what was saved", async () => {
    const out = freshDirectory();
    const run = train(config({ steps: 1_000_000, out }));
    run.on("progress", () => void run.stop());
    const { outcome, steps } = await run;
    expect(outcome).toBe("stopped");
    const before = newest<SavedAgent>(out);
    expect(before.step).toBe(steps);
    expect(before.agent.steps).toBe(steps);
    const events = await eventsOf(resume(out, { steps: steps + 500 }));
    expect(events[0]).toMatchObject({ event: "start", fromStep: steps });
    expect(events.at(-1)).toMatchObject({ outcome: "finished", steps: steps + 500 });
    const after = newest<SavedAgent>(out).agent;
    expect(after.updates).toBeGreaterThan(before.agent.updates);
    // the statistics of RMSprop went on as well
    expect(after.parts.optimizer.statistics.ms).not.toEqual(before.agent.parts.optimizer.statistics.ms);
  });

  test("a stop ends actors that hang in a step, and saves", async () => {
    const out = freshDirectory();
    const run = train(breaking("hang", 2_000, { out }));
    run.on("progress", ({ step }) => step >= 3_000 && void run.stop());
    expect((await run).outcome).toBe("stopped");
    expect(newest<SavedAgent>(out).step).toBeGreaterThanOrEqual(3_000);
  });

  test("more than the machine has cores: a warning", async () => {
    const actors = os.availableParallelism() + 1;
    const events = await eventsOf(train(config({ actors, steps: 500 })));
    const warnings = events.flatMap((event) => (event.event === "warning" ? [event.message] : []));
    expect(warnings).toEqual([
      `train: actors should not be more than the machine's ${actors - 1} cores; got ${actors}, which share them.`,
    ]);
    expect(events.at(-1)).toMatchObject({ outcome: "finished", steps: 500 });
  });
});

describe("an actor that breaks off", () => {
  test("its environment throws: the run ends with the error and a checkpoint to go on from", async () => {
    const out = freshDirectory();
    const error = await failureOf(train(breaking("throw", 1_000, { out })));
    expect(error).toBeInstanceOf(UsageError);
    expect(error.message).toMatch(
      /^train: the environment failed at step \d+ of 1000000: the pole is gone\. .*rl resume/,
    );
    const { step, agent } = newest<SavedAgent>(out);
    expect(step).toBeGreaterThanOrEqual(999);
    expect(agent.updates).toBeGreaterThanOrEqual(199);
    const { steps } = await resume(out, { steps: step + 100, actorModule });
    expect(steps).toBe(step + 100);
  });

  test("its thread ends: the same", async () => {
    const out = freshDirectory();
    const error = await failureOf(train(breaking("exit", 1_000, { out })));
    expect(error).toBeInstanceOf(DeviceError);
    expect(error.message).toMatch(
      /actor \d must act until it is told to stop; got the end of its thread \(exit code 3\)/,
    );
    expect(newest<SavedAgent>(out).step).toBeGreaterThanOrEqual(999);
  });

  test("it is replaced where restartActors is set", async () => {
    const events = await eventsOf(train(breaking("throw", 1_000, { restartActors: true, steps: 5_000 })));
    const warnings = events.flatMap((event) => (event.event === "warning" ? [event.message] : []));
    expect(warnings.length).toBeGreaterThanOrEqual(4);
    expect(warnings[0]).toMatch(/^train: actor \d failed and was replaced: the pole is gone$/);
    expect(events.at(-1)).toMatchObject({ outcome: "finished", steps: 5_000 });
  });

  test("one that fails before its first step is not replaced again and again", async () => {
    const error = await failureOf(train(breaking("throw", 1, { restartActors: true })));
    expect(error.message).toContain("the pole is gone");
  });

  test.each([false, true])("its thread is killed from outside (replaced: %s)", async (restarts) => {
    const given = config({ steps: 1_000_000, reportInterval: 500 });
    const { settings, hyperparameters } = resolveConfig(given);
    const [env, evalEnv] = [make("CartPole-v1") as TrainingEnv, make("CartPole-v1") as TrainingEnv];
    const agent = buildAgent("a3c", env, hyperparameters, 0) as AsyncAgent;
    const threads: Worker[] = [];
    const warnings: string[] = [];
    const actors = new SharedActors({
      agent,
      recipe: { agent: "a3c", env: "CartPole-v1", envKwargs: {}, hyperparameters, module: null, runDirectory: null },
      actors: 2,
      restarts,
      seed: 0,
      steps: settings.steps,
      warn: (message) => warnings.push(message),
      onThread: (_, thread) => threads.push(thread),
    });
    const stop = { requested: false };
    let killed = false;
    const emit = (event: RunEvent) => {
      if (event.event !== "progress") return;
      const moves = event.actorStepsPerSecond!.every((speed) => speed > 0);
      if (!killed && moves) {
        killed = true;
        void threads[0]!.terminate();
      } else if (threads.length > 2 && moves) {
        stop.requested = true;
      }
    };
    const stepper = new SingleStepper(env);
    const setup = { agent, agentName: "a3c", stepper, envName: "CartPole-v1", evalEnv, store: null, actors };
    const run = runLoop({ ...setup, settings: { ...settings, stopAt: null } }, initialLoopState(), {
      stop,
      hold: new HoldRequest(),
      emit,
    });
    if (restarts) {
      expect((await run).outcome).toBe("stopped");
      expect(warnings).toHaveLength(1);
    } else {
      expect((await failureOf(run)).message).toMatch(
        /actor 0 must act until it is told to stop; got the end of its thread/,
      );
    }
    // every thread has ended
    expect(threads.map(({ threadId }) => threadId)).toEqual(threads.map(() => -1));
  });
});

describe("mistakes are told before anything begins", () => {
  const messageOf = (more: Partial<TrainConfig>) => {
    try {
      resolveConfig(config(more));
    } catch (error) {
      expect(error).toBeInstanceOf(UsageError);
      return (error as Error).message;
    }
    return null;
  };

  test("numbers, agents, environments and devices that cannot be", () => {
    expect(messageOf({})).toBeNull();
    expect([
      messageOf({ actors: 0 }),
      messageOf({ agent: "ppo" }),
      messageOf({ agent: () => null as never, hyperparameters: {} }),
      messageOf({ env: () => make("CartPole-v1") as TrainingEnv }),
      messageOf({ device: "gpu" }),
      messageOf({ envs: 4 }),
      messageOf({ agent: "dqn", hyperparameters: { recurrent: "lstm" } }),
    ]).toMatchInlineSnapshot(`
      [
        "train: actors must be a whole number of at least 1; got 0. Meaning: threads that act at once, of an agent that rl list agents calls async.",
        "train: several actors must be of an agent that rl list agents calls async; got ppo with 2 actors. Leave actors at 1.",
        "train: several actors must be of an agent that rl list agents calls async; got an agent that a script builds with 2 actors. Leave actors at 1.",
        "train: the environment of 2 actors must be given by its id, as each makes its own; got what makes one. Register it in a module, and pass its URL as actorModule.",
        "train: several actors of a3c must learn on the cpu; got device gpu. Leave actors at 1.",
        "train: several actors must have one environment each; got 2 actors and envs 4. Leave envs out.",
        "train: a recurrent agent with a replay buffer must learn from one actor; got dqn with recurrent lstm and 2 actors. Leave actors at 1, or recurrent at none.",
      ]
    `);
  });
});

test("the command line: an environment from a file, with two actors", () => {
  const file = path.join(folder, "my-env.mjs");
  fs.writeFileSync(
    file,
    `import { Box, Discrete, Env } from "kusari";
export default class Mine extends Env {
  observationSpace = new Box(-1, 1, { shape: [1] });
  actionSpace = new Discrete(2);
  taken = 0;
  reset() { return [Float32Array.of(0), {}]; }
  step(action) { return [Float32Array.of(0), action, ++this.taken % 5 === 0, false, {}]; }
  saveState() { return this.taken; }
  loadState(taken) { this.taken = taken; }
}
`,
  );
  const out = freshDirectory();
  const rl = (...args: string[]) =>
    spawnSync(process.execPath, [fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url)), ...args], {
      encoding: "utf8",
      env: { ...process.env, NO_COLOR: "1" },
    });
  const sizes = ["--hidden-sizes", "8", "--eval-interval", "1000", "--final-episodes", "2", "--stop-at", "none"];
  const first = rl(
    "train",
    "--agent",
    "a3c",
    "--env",
    file,
    "--actors",
    "2",
    "--steps",
    "2000",
    "--out",
    out,
    ...sizes,
  );
  expect(first.status).toBe(0);
  const second = rl("resume", out, "--env", file, "--steps", "3000", "--json");
  expect(second.status).toBe(0);
  expect(JSON.parse(second.stdout.trim().split("\n").at(-1)!)).toMatchObject({ outcome: "finished", steps: 3_000 });
});
