/** Agents that learn on the adapter that is there and act on the cpu. */
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { agentSpec, DoubleDQN, DQN } from "../../src/agents/index.ts";
import { openDevice } from "../../src/device.ts";
import { Mlp } from "../../src/nets/index.ts";
import { Random } from "../../src/random.ts";
import { resume, train } from "../../src/train/index.ts";
import { fill } from "../agents/fill.ts";
import { because, missingAdapter } from "./adapter.ts";

const spaces = { observationSpace: { shape: [4] }, actionSpace: { n: 2 } };
const small = { replayStartSize: 40, minibatchSize: 32, replayCapacity: 100, hiddenSizes: [8, 8], updateInterval: 64 };

const parameters = (agent: DQN) => agent.qFunction.parameters().flatMap((p) => p.toArray());

describe.skipIf(missingAdapter).each([DQN, DoubleDQN])(`%o${because}`, (Agent) => {
  it("learns in three updates what it learns on the reference", async () => {
    const learn = async (name: "gpu" | "reference") => {
      const device = await openDevice(name);
      const agent = new Agent({ ...spaces, ...small, targetUpdateInterval: 2, maxGradNorm: 1, random: new Random(1) });
      fill(agent, 60);
      for (let i = 0; i < 3; i++) agent.update();
      await device.sync();
      const { averageLoss, averageQ } = agent.statistics();
      return [...parameters(agent), averageLoss!, averageQ!];
    };
    const expected = await learn("reference");
    const found = await learn("gpu");
    found.forEach((x, i) => {
      expect(Math.abs(x - expected[i]!)).toBeLessThan(1e-5 * (1 + Math.abs(expected[i]!)));
    });
  });
});

describe.skipIf(missingAdapter).each(["dueling", "pal", "dppl", "residualdqn", "c51", "doublec51", "iqn"])(
  `%s${because}`,
  (id) => {
    it("learns in three updates what it learns on the reference", async () => {
      const learn = async (name: "gpu" | "reference") => {
        const device = await openDevice(name);
        const own = { atoms: 7, samples: 4, targetSamples: 4, policySamples: 4, basis: 8 };
        const known = Object.entries({ ...small, ...own, targetUpdateInterval: 2 });
        const spec = agentSpec(id);
        const hyperparameters = Object.fromEntries(known.filter(([key]) => key in spec.hyperparameters));
        const agent = spec.create({ ...spaces, random: new Random(1), hyperparameters }) as DQN;
        fill(agent, 60);
        for (let i = 0; i < 3; i++) agent.update();
        await device.sync();
        const { averageLoss, averageQ } = agent.statistics();
        return [...parameters(agent), averageLoss!, averageQ!];
      };
      const expected = await learn("reference");
      const found = await learn("gpu");
      found.forEach((x, i) => {
        expect(Math.abs(x - expected[i]!)).toBeLessThan(1e-4 * (1 + Math.abs(expected[i]!)));
      });
    });
  },
);

describe.skipIf(missingAdapter)(`acting${because}`, () => {
  it("is done by a copy on the cpu, which follows at fixed steps", async () => {
    const device = await openDevice("gpu");
    const agent = new DQN({ ...spaces, ...small, replayStartSize: 32, random: new Random(1) });
    const q = (obs: number[]) => agent.evalMode(() => agent.act(obs));
    const obs = Array.from({ length: 40 }, (_, i) => [Math.sin(i), Math.cos(3 * i), Math.sin(7 * i), Math.cos(5 * i)]);
    const before = obs.map(q);
    fill(agent, 63);
    // the learner gets the opposite opinion of everything
    await device.sync();
    const numbers = Object.entries(agent.qFunction.saveState());
    const last = numbers.slice(-2).map(([path]) => path);
    const opposite = numbers.map(([path, x]) => [path, last.includes(path) ? x.map((v) => -v) : x]);
    agent.qFunction.loadState(Object.fromEntries(opposite));
    agent.update();
    expect(agent.wantsTurn).toBe(false);
    expect(obs.map(q)).toEqual(before);
    fill(agent, 1);
    expect(agent.steps).toBe(64);
    expect(agent.wantsTurn).toBe(true);
    await agent.turn();
    expect(agent.wantsTurn).toBe(false);
    expect(obs.map(q).filter((action, i) => action !== before[i]).length).toBeGreaterThan(30);
    // and the copy's actions are those of the learner's own numbers
    await device.sync();
    const learned = agent.qFunction.saveState();
    const after = obs.map(q);
    await openDevice("cpu");
    const other = new DQN({ ...spaces, ...small, random: new Random(2) });
    other.qFunction.loadState(learned as never);
    expect(obs.map((x) => other.evalMode(() => other.act(x)))).toEqual(after);
  });

  it("with a network of one's own needs a third one", async () => {
    await openDevice("gpu");
    const network = () => new Mlp(4, 2, { hiddenSizes: [8], random: new Random(0) });
    expect(() => new DQN({ ...spaces, qFunction: network(), targetQ: network() })).toThrowErrorMatchingInlineSnapshot(
      `[UsageError: act: a network of your own that learns on a GPU must come with one like it for acting on the cpu; got none. Pass actingQ, built inside onHost().]`,
    );
  });
});

describe.skipIf(missingAdapter)(`reading${because}`, () => {
  it("at once is refused until the device was synced", async () => {
    const device = await openDevice("gpu");
    const agent = new DQN({ ...spaces, ...small });
    expect(() => parameters(agent)).toThrowErrorMatchingInlineSnapshot(
      `[UsageError: gpu: numbers must be read when they are computed; got a look at them at once. Write await x.read(), or await device.sync() before.]`,
    );
    await device.sync();
    expect(parameters(agent)).toHaveLength(4 * 8 + 8 + 8 * 8 + 8 + 8 * 2 + 2);
  });
});

describe.skipIf(missingAdapter)(`a run${because}`, () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "kusari-gpu-"));
  afterAll(() => fs.rmSync(folder, { recursive: true }));
  beforeAll(async () => {
    await openDevice("cpu");
  });
  const config = {
    agent: "dqn",
    env: "CartPole-v1",
    device: "gpu",
    steps: 400,
    seed: 3,
    stopAt: null,
    evalInterval: 150,
    evalEpisodes: 2,
    finalEpisodes: 2,
    reportInterval: 100,
    checkpointInterval: 100,
    hyperparameters: { hiddenSizes: [8], replayStartSize: 50, updateInterval: 8, updatesPerInterval: 2 },
  } as const;
  const bytes = (run: string, file: string) => fs.readFileSync(path.join(folder, run, file));
  const same = ["metrics.ndjson", "finish/model.safetensors", "finish/optimizer.safetensors", "best/model.safetensors"];

  it("on the gpu resumes bit for bit, wherever it was stopped", async () => {
    await train({ ...config, out: path.join(folder, "whole") });
    for (const at of [131, 250]) {
      const out = path.join(folder, `stopped${at}`);
      const first = train({ ...config, out, hyperparameters: { ...config.hyperparameters } });
      first.on("progress", ({ step }) => {
        if (step >= at - 100) void first.stop();
      });
      expect((await first).outcome).toBe("stopped");
      expect((await resume(out)).outcome).toBe("finished");
      for (const file of same) expect(bytes(`stopped${at}`, file).equals(bytes("whole", file)), file).toBe(true);
    }
  });
});
