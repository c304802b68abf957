/**
 * Runs of several actors whose steps one agent learns from: what is learned, how they end, break off and go on. They run the
 * compiled thread.
 */
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import type { Worker } from "node:worker_threads";
import { afterAll, describe, expect, test } from "vitest";
import type { LearnerAgent } from "../../src/agents/index.ts";
import { make } from "../../src/envs/index.ts";
import { DeviceError, UsageError } from "../../src/errors.ts";
import { LearnerActors } from "../../src/train/actors/learnerActors.ts";
import {
  type ProgressEvent,
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

const folder = fs.mkdtempSync(path.join(os.tmpdir(), "kusari-learner-"));
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));
let count = 0;
const freshDirectory = () => path.join(folder, `run${count++}`);

const hyperparameters = {
  hiddenSizes: [8],
  replayStartSize: 100,
  minibatchSize: 8,
  updateInterval: 4,
  updatesPerInterval: 1,
};
const config = (more: Partial<TrainConfig> = {}): TrainConfig => ({
  agent: "dqn",
  env: "CartPole-v1",
  steps: 2_000,
  actors: 2,
  stopAt: null,
  evalInterval: 900,
  evalEpisodes: 2,
  finalEpisodes: 2,
  checkpointInterval: 700,
  reportInterval: 300,
  hyperparameters,
  out: null,
  ...more,
});
const breaking = (how: string, failsAt: number, more: Partial<TrainConfig> = {}) =>
  config({ env: "Breaking-v0", envKwargs: { how, failsAt }, actorModule, steps: 1_000_000, ...more });

interface SavedReplay {
  readonly stores: readonly { readonly reward: Float32Array }[];
}
interface SavedAgent {
  readonly steps: number;
  readonly updates: number;
  readonly replay?: SavedReplay;
  readonly parts?: { readonly replay: SavedReplay };
}
/** Transitions of each actor in the replay buffer. */
const stored = ({ replay, parts }: SavedAgent) => (replay ?? parts!.replay).stores.map(({ reward }) => reward.length);

const stepsOf = (events: readonly RunEvent[], kind: string) =>
  events.filter(({ event }) => event === kind).map((event) => (event as { step: number }).step);

describe("several actors", () => {
  test.each([
    ["dqn", "CartPole-v1"],
    ["rainbow", "CartPole-v1"],
    ["ddpg", "Pendulum-v1"],
    ["sac", "Pendulum-v1"],
  ])("%s: every step is learned from once, as often as the hyperparameters say", async (agent, env) => {
    const out = freshDirectory();
    const events = await eventsOf(train(config({ agent, env, out })));
    expect(events.at(-1)).toMatchObject({ event: "result", outcome: "finished", steps: 2_000 });
    expect(stepsOf(events, "progress")).toEqual([300, 600, 900, 1_200, 1_500, 1_800]);
    expect(stepsOf(events, "evaluation")).toEqual([900, 1_800]);
    expect(stepsOf(events, "checkpoint")).toEqual([0, 700, 1_400, 2_000]);
    const { agent: saved } = newest<SavedAgent>(out);
    expect(saved.steps).toBe(2_000);
    const isNStep = agent === "rainbow";
    // from step 100 on every fourth; transitions of several steps are complete a little later
    if (!isNStep) expect(saved.updates).toBe(1 + (2_000 - 100) / 4);
    const lanes = stored(saved);
    expect(lanes).toHaveLength(2);
    expect(lanes[0]! + lanes[1]!).toBeGreaterThanOrEqual(isNStep ? 1_996 : 2_000);
    const progress = events.filter((event): event is ProgressEvent => event.event === "progress");
    for (const { actorStepsPerSecond, actorUpdatesBehind } of progress) {
      expect(actorStepsPerSecond).toHaveLength(2);
      expect(actorUpdatesBehind).toHaveLength(2);
      for (const behind of actorUpdatesBehind!) expect(behind).toBeLessThan(saved.updates);
    }
    const last = readMetrics(out).findLast((line) => line.event === "progress")!;
    expect(last.episodes).toBeGreaterThan(env === "CartPole-v1" ? 10 : 3);
    for (const value of Object.values(last.statistics)) expect(value).not.toBeNaN();
  });

  test("ε is that of the steps of all", async () => {
    const [startEpsilon, endEpsilon, decaySteps] = [1, 0.1, 1_000];
    const hyper = { ...hyperparameters, startEpsilon, endEpsilon, decaySteps };
    const events = await eventsOf(train(config({ reportInterval: 600, hyperparameters: hyper })));
    const progress = events.filter((event): event is ProgressEvent => event.event === "progress");
    const last = progress.at(-1)!;
    expect([last.step, last.statistics.epsilon]).toEqual([1_800, endEpsilon]);
  });

  test("learn CartPole", async () => {
    const result = await train({ agent: "doubledqn", env: "CartPole-v1", actors: 2, steps: 40_000, out: null });
    expect(result.evaluation!.mean).toBeGreaterThan(300);
  }, 120_000);

  test("stop, and go on with all that was stored", async () => {
    const out = freshDirectory();
    const run = train(config({ steps: 1_000_000, out }));
    run.on("progress", ({ step }) => step >= 600 && void run.stop());
    const { outcome, steps } = await run;
    expect(outcome).toBe("stopped");
    const before = newest<SavedAgent>(out);
    expect(before.step).toBe(steps);
    expect(before.agent.steps).toBe(steps);
    const events = await eventsOf(resume(out, { steps: steps + 500 }));
    expect(events[0]).toMatchObject({ event: "start", fromStep: steps });
    expect(events.at(-1)).toMatchObject({ outcome: "finished", steps: steps + 500 });
    const after = newest<SavedAgent>(out).agent;
    expect(after.updates).toBe(before.agent.updates + Math.floor((steps + 500) / 4) - Math.floor(steps / 4));
    const sum = (lanes: number[]) => lanes.reduce((a, b) => a + b);
    expect(sum(stored(after))).toBe(sum(stored(before.agent)) + 500);
  });

  test("a stop ends actors that hang in a step, and saves", async () => {
    const out = freshDirectory();
    const run = train(breaking("hang", 2_000, { out }));
    run.on("progress", ({ step }) => step >= 3_000 && void run.stop());
    expect((await run).outcome).toBe("stopped");
    expect(newest<SavedAgent>(out).step).toBeGreaterThanOrEqual(3_000);
  });
});

test("one actor is the run without actors", async () => {
  const [plain, one] = [freshDirectory(), freshDirectory()];
  const { actors: _, ...unsaid } = config({ steps: 1_500 });
  await train({ ...unsaid, out: plain });
  await train(config({ steps: 1_500, actors: 1, out: one }));
  expect(outcomeOf(one)).toEqual(outcomeOf(plain));
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
    // what the other one had not handed over when it was stopped is no step
    expect(step).toBeGreaterThanOrEqual(999);
    expect(agent.steps).toBe(step);
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

  test("its agent cannot act on what the environment returns: what was learned is kept to go on from", async () => {
    const out = freshDirectory();
    const error = await failureOf(train(breaking("nan", 1_000, { out })));
    expect(error.message).toMatch(/^train: the run failed at step \d+ of 1000000: .*must be finite.*rl resume/);
    expect(newest<SavedAgent>(out).step).toBeGreaterThanOrEqual(999);
  });

  test("it is replaced where restartActors is set, and no step is lost or learned twice", async () => {
    const out = freshDirectory();
    const events = await eventsOf(train(breaking("throw", 1_000, { restartActors: true, steps: 5_000, out })));
    const warnings = events.flatMap((event) => (event.event === "warning" ? [event.message] : []));
    expect(warnings.length).toBeGreaterThanOrEqual(4);
    for (const warning of warnings)
      expect(warning).toMatch(/^train: actor \d failed and was replaced: the pole is gone$/);
    expect(events.at(-1)).toMatchObject({ outcome: "finished", steps: 5_000 });
    const { agent } = newest<SavedAgent>(out);
    expect(stored(agent).reduce((a, b) => a + b)).toBe(5_000);
  });

  test("one that fails before its first step is not replaced again and again", async () => {
    const error = await failureOf(train(breaking("throw", 1, { restartActors: true })));
    expect(error.message).toContain("the pole is gone");
  });

  test("what learns breaks off: the run ends with its error", async () => {
    const out = freshDirectory();
    const error = await failureOf(train(config({ out, hyperparameters: { ...hyperparameters, learningRate: 1e38 } })));
    expect(error.message).toMatch(/^train: the agent failed at step \d+ of 2000 .*kept in .*finite/);
  });

  test.each([false, true])("its thread is killed from outside (replaced: %s)", async (restarts) => {
    const { settings, ...resolved } = resolveConfig(config({ steps: 1_000_000, reportInterval: 500 }));
    const [env, evalEnv] = [make("CartPole-v1") as TrainingEnv, make("CartPole-v1") as TrainingEnv];
    const agent = buildAgent("dqn", env, resolved.hyperparameters, 0) as LearnerAgent;
    const threads: Worker[] = [];
    const warnings: string[] = [];
    const actors = new LearnerActors({
      agent,
      recipe: { agent: "dqn", env: "CartPole-v1", module: null, runDirectory: null, ...resolved },
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
    const setup = { agent, agentName: "dqn", stepper, envName: "CartPole-v1", evalEnv, store: null, actors };
    const handle = { stop, hold: new HoldRequest(), emit };
    const run = runLoop({ ...setup, settings: { ...settings, stopAt: null } }, initialLoopState(), handle);
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

test("devices that an agent may learn on", () => {
  expect(() => resolveConfig(config({ device: "gpu" }))).not.toThrow();
  expect(() => resolveConfig(config({ agent: "a3c", hyperparameters: {}, device: "gpu" }))).toThrow(
    "train: several actors of a3c must learn on the cpu; got device gpu. Leave actors at 1.",
  );
});
