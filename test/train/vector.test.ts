/** Runs in several environments side by side. */
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { make } from "../../src/envs/index.ts";
import { type RunEvent, readMetrics, resolveConfig, resume, type TrainConfig, train } from "../../src/train/index.ts";
import { ScriptedEnv, SpyAgent } from "./scriptedParts.ts";
import { outcomeOf, small, smallHyperparameters } from "./smallRun.ts";

const envs = 6;
const folder = fs.mkdtempSync(path.join(os.tmpdir(), "kusari-vector-"));
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));

const config = (out: string, more: Partial<TrainConfig> = {}): TrainConfig => ({
  agent: "dqn",
  env: "CartPole-v1",
  ...small,
  envs,
  hyperparameters: smallHyperparameters,
  out: path.join(folder, out),
  ...more,
});
/** What is the same in two runs that differ in how environments are stepped. */
const outcome = (name: string) => outcomeOf(path.join(folder, name));

let events: RunEvent[];
beforeAll(async () => {
  events = [];
  const run = train(config("reference"));
  run.on("event", (event) => events.push(event));
  expect(await run).toMatchObject({ outcome: "finished", steps: small.steps });
});

describe("a run in six environments", () => {
  it("does what is due with the first step that reaches it", () => {
    const steps = (kind: string) =>
      events.filter(({ event }) => event === kind).map((event) => (event as { step: number }).step);
    expect(steps("progress")).toEqual([252, 504, 750, 1_002, 1_254, 1_500]);
    expect(steps("evaluation")).toEqual([504, 1_002, 1_500]);
    expect(steps("checkpoint")).toEqual([0, 402, 804, 1_200, 1_500]);
    const last = readMetrics(path.join(folder, "reference")).at(-1) as { episodes: number };
    expect(last.episodes).toBeGreaterThan(20);
  });

  it.each(["sync", "batch", "worker"] as const)("is the same to the last bit in mode %s", async (vectorMode) => {
    await train(config(vectorMode, { vectorMode }));
    const { "the last checkpoint": checkpoint, ...files } = outcome(vectorMode);
    const { "the last checkpoint": reference, ...expected } = outcome("reference");
    expect(files).toEqual(expected);
    // environments keep their states in forms of their own
    const agentOf = (state: unknown) => (state as { agent: unknown }).agent;
    expect(agentOf(checkpoint)).toEqual(agentOf(reference));
  });

  it.each([200, 700, 1_100])("ends the same after a stop at about step %i and a resume", async (step) => {
    const name = `stopped${step}`;
    const run = train(config(name));
    run.on("progress", (event) => {
      if (event.step >= step) void run.stop();
    });
    run.on("checkpoint", (event) => {
      if (event.step > 0 && event.step >= step) void run.stop();
    });
    expect(await run).toMatchObject({ outcome: "stopped" });
    expect(await resume(path.join(folder, name))).toMatchObject({ outcome: "finished", steps: small.steps });
    expect(outcome(name)).toEqual(outcome("reference"));
  });

  it("replays by priority too, and goes on the same after a stop", async () => {
    const { decaySteps: _, ...hyperparameters } = smallHyperparameters;
    const rainbow = (out: string) => train(config(out, { agent: "rainbow", steps: 600, hyperparameters }));
    expect(await rainbow("rainbow")).toMatchObject({ outcome: "finished", steps: 600 });
    const run = rainbow("stoppedRainbow");
    run.on("progress", () => void run.stop());
    expect(await run).toMatchObject({ outcome: "stopped" });
    await resume(path.join(folder, "stoppedRainbow"));
    expect(outcomeOf(path.join(folder, "stoppedRainbow"), 600)).toEqual(outcomeOf(path.join(folder, "rainbow"), 600));
  });

  it.each(["a2c", "ppo", "trpo"])(
    "%s goes on the same after stops in the middle of rollouts, in every mode",
    async (agent) => {
      const hyperparameters =
        agent === "a2c" ? { usesGae: true } : { updateInterval: 40, minibatchSize: 16, epochs: 2 };
      const start = (out: string, more: Partial<TrainConfig> = {}) =>
        train(config(out, { agent, hyperparameters: { hiddenSizes: [8], ...hyperparameters }, ...more }));
      expect(await start(agent)).toMatchObject({ outcome: "finished", steps: small.steps });
      const halted = `stopped-${agent}`;
      const run = start(halted, { vectorMode: "batch" });
      run.on("checkpoint", ({ step }) => step > 0 && void run.stop());
      run.on("progress", ({ step }) => step > 700 && void run.stop());
      expect(await run).toMatchObject({ outcome: "stopped" });
      expect(await resume(path.join(folder, halted))).toMatchObject({ outcome: "finished" });
      const { "the last checkpoint": checkpoint, ...files } = outcome(halted);
      const { "the last checkpoint": reference, ...expected } = outcome(agent);
      expect(files).toEqual(expected);
      const agentOf = (state: unknown) => (state as { agent: unknown }).agent;
      expect(agentOf(checkpoint)).toEqual(agentOf(reference));
    },
  );

  it("takes environments that a script makes", async () => {
    // a preset goes by the environment's id
    const { hyperparameters } = resolveConfig(config("unused"));
    await train(config("made", { env: () => make("CartPole-v1", { reuseObs: true }), hyperparameters }));
    const read = (name: string) => fs.readFileSync(path.join(folder, name, "metrics.ndjson"), "utf8");
    expect(read("made")).toBe(read("reference"));
  });

  it("wraps each environment", async () => {
    const wrappers = [{ name: "FrameStackObservation", stackSize: 2 }];
    await train(config("wrapped", { steps: 60, evalInterval: 60, finalEpisodes: 1, envKwargs: { wrappers } }));
    const { "the last checkpoint": checkpoint } = outcomeOf(path.join(folder, "wrapped"), 60);
    const { obs } = (checkpoint as { stepper: { obs: Float32Array } }).stepper;
    expect(obs).toHaveLength(envs * 2 * 4);
  });

  it("rounds its steps up to whole ones of all environments", async () => {
    const result = await train(config("rounded", { steps: 100, out: null, finalEpisodes: 1 }));
    expect(result.steps).toBe(102);
  });
});

it("learns CartPole", async () => {
  const result = await train({ agent: "doubledqn", env: "CartPole-v1", envs: 8, seed: 1, steps: 40_000, out: null });
  expect(result.evaluation!.mean).toBeGreaterThan(300);
}, 120_000);

describe("refusals", () => {
  it("say what must hold before the run begins", async () => {
    const said: string[] = [];
    const refuse = async (more: Partial<TrainConfig>) => {
      const started: RunEvent[] = [];
      const run = train({ ...config("refused"), out: null, ...more });
      run.on("start", (event) => started.push(event));
      said.push(await run.then(() => "no error", String));
      expect(started).toEqual([]);
    };
    await refuse({ agent: "reinforce", hyperparameters: {} });
    await refuse({ agent: new SpyAgent(), hyperparameters: {} });
    await refuse({ env: () => new ScriptedEnv() });
    await refuse({ env: () => make("CartPole-v1"), vectorMode: "worker" });
    const hyperparameters = { minibatchSize: 64, updateInterval: 8 };
    await refuse({ agent: "ppo", hyperparameters });
    await refuse({ agent: "trpo", hyperparameters, envs: 1 });
    expect(said.join("\n")).toMatchInlineSnapshot(`
      "UsageError: train: an agent must act on batches to learn from 6 environments side by side; got REINFORCE, which acts on one observation at a time. Leave envs out, or use an agent of DQN's family, A2C, PPO or TRPO.
      UsageError: train: an agent must act on batches to learn from 6 environments side by side; got Spy, which acts on one observation at a time. Leave envs out, or use an agent of DQN's family, A2C, PPO or TRPO.
      UsageError: train: environments stepped side by side must be of the class Env; got ScriptedEnv. Extend Env, or leave envs out.
      UsageError: train: vectorMode must be sync for environments that are wrapped or made by a script; got worker. Leave vectorMode out.
      UsageError: PPO: minibatchSize ≤ updateInterval · environments must hold; got 64 and 8 · 6. Raise updateInterval.
      UsageError: TRPO: minibatchSize ≤ updateInterval · environments must hold; got 64 and 8 · 1. Raise updateInterval."
    `);
  });
});
