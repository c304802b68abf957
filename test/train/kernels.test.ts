/** Kernels that one thread has compiled are posted to others, which do not compile them again. */
import { Worker } from "node:worker_threads";
import { expect, test } from "vitest";
import { type AsyncAgent, agentSpec, type LearnerAgent } from "../../src/agents/index.ts";
import { type KernelModules, kernelModules } from "../../src/device.ts";
import { make } from "../../src/envs/index.ts";
import { Random } from "../../src/random.ts";
import type { TrainingEnv } from "../../src/train/index.ts";

const { observationSpace, actionSpace } = make("CartPole-v1") as TrainingEnv;
const build = (id: string) =>
  agentSpec(id).create({ observationSpace, actionSpace, random: new Random(1), hyperparameters: {} });

function compiledBy(
  agent: string,
  kernels: KernelModules,
): Promise<{ compiled: number; updates: number; values: number[] }> {
  const url = new URL("../fixtures/actors/kernelCounter.mjs", import.meta.url);
  return new Promise((resolve, reject) => {
    new Worker(url, { workerData: { agent, kernels } }).on("message", resolve).on("error", reject);
  });
}

test("nothing is left to compile where they are taken over", async () => {
  for (const id of ["a3c", "nsq"]) (build(id) as AsyncAgent).rehearse();
  const dqn = build("dqn") as LearnerAgent;
  dqn.evalMode(() => dqn.act(new Float32Array(4)));
  const kernels = kernelModules();
  for (const [id, updates] of [
    ["a3c", 8],
    ["nsq", 8],
    ["dqn", 0],
  ] as const) {
    const alone = await compiledBy(id, new Map());
    expect(alone.compiled, id).toBeGreaterThan(updates > 0 ? 15 : 2);
    expect(alone.updates, id).toBeGreaterThanOrEqual(updates);
    expect(await compiledBy(id, kernels), id).toEqual({ ...alone, compiled: 0 });
  }
});

test.each(["a3c", "nsq", "pcl", "acer"])("%s: a rehearsal leaves no trace", (id) => {
  const agent = build(id) as AsyncAgent;
  for (let step = 1; step <= 33; step++) {
    agent.act([0, step, 0, 0]);
    agent.observe([0, step, 0, 0], 1, step % 13 === 0, false);
  }
  const before = structuredClone(agent.saveState());
  agent.rehearse();
  expect(agent.saveState()).toEqual(before);
});
