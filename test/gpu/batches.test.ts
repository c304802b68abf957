/** Acting on batches where the learner is: on the adapter that is there. */
import { describe, expect, it } from "vitest";
import { A2C, DQN, PPO, type PPOOptions } from "../../src/agents/index.ts";
import { openDevice } from "../../src/device.ts";
import { Random } from "../../src/random.ts";
import { because, missingAdapter } from "./adapter.ts";

const parts = {
  observationSpace: { shape: [4] },
  actionSpace: { n: 3 },
  replayStartSize: 16,
  minibatchSize: 8,
  replayCapacity: 60,
  hiddenSizes: [8],
};

/** Vector steps with random observations (4, 4). */
async function learn(agent: DQN, steps: number): Promise<void> {
  const random = new Random(2);
  const draw = () => Float32Array.from({ length: 16 }, () => random.normal());
  for (let i = 0; i < steps; i++) {
    await agent.actBatch(draw(), 4);
    const ends = [0, 1, 2, 3].map((row) => ((i + row) % 5 === 4 ? 1 : 0));
    agent.observeBatch({ count: 4, rows: [0, 1, 2, 3], nextObs: draw() }, [1, 0, -1, 0], ends, [0, 0, 0, 0]);
  }
}

describe.skipIf(missingAdapter)(`a batch${because}`, () => {
  it.each([{}, { replayDevice: "gpu" }] as const)("gets the greedy actions of the cpu, %o", async (more) => {
    const device = await openDevice("gpu");
    const agent = new DQN({ ...parts, ...more, random: new Random(1) });
    await learn(agent, 12);
    expect(agent.updates).toBeGreaterThan(30);
    const random = new Random(3);
    const obs = Float32Array.from({ length: 4 * 50 }, () => random.normal());
    const onGpu = await agent.evalMode(() => agent.actBatch(obs, 50));
    await device.sync();
    const learned = agent.qFunction.saveState();
    await openDevice("cpu");
    const other = new DQN({ ...parts, random: new Random(4) });
    other.qFunction.loadState(learned as never);
    const onCpu = Array.from({ length: 50 }, (_, i) => other.evalMode(() => other.act(obs.subarray(4 * i, 4 * i + 4))));
    expect(new Set(onCpu).size).toBeGreaterThan(1);
    expect([...onGpu]).toEqual(onCpu);
  });

  it("learns the same from frames that stay on the gpu, to the last bit", async () => {
    const learned = async (replayDevice: "cpu" | "gpu") => {
      const device = await openDevice("gpu");
      const agent = new DQN({ ...parts, replayDevice, random: new Random(1) });
      await learn(agent, 40);
      await device.sync();
      return agent.qFunction.parameters().flatMap((p) => p.toArray());
    };
    expect(await learned("gpu")).toEqual(await learned("cpu"));
  });
});

describe.skipIf(missingAdapter)(`rollouts of many environments${because}`, () => {
  const spaces = { observationSpace: { shape: [4] }, actionSpace: { n: 3 } };
  const inMinibatches = { hiddenSizes: [8], updateInterval: 6, minibatchSize: 8, epochs: 2 };
  const ppo = (more: Partial<PPOOptions>) => (seed: number) =>
    new PPO({ ...spaces, random: new Random(seed), ...inMinibatches, ...more });
  const makers = {
    A2C: (seed: number) => new A2C({ ...spaces, random: new Random(seed), hiddenSizes: [8], updateSteps: 4 }),
    "A2C with a memory": (seed: number) =>
      new A2C({ ...spaces, random: new Random(seed), hiddenSizes: [8], updateSteps: 4, recurrent: "lstm" }),
    "PPO, observations normalised": ppo({ normalizesObs: true }),
    "PPO with a memory": ppo({ recurrent: "gru", sequenceLength: 3 }),
  };

  it.each(Object.entries(makers))(
    "%s learns what it learns on the cpu, and goes on from a saved state",
    async (_name, make) => {
      const run = async (name: "cpu" | "gpu") => {
        const device = await openDevice(name);
        const [agent, other] = [make(1), make(2)];
        const actions: number[] = [];
        const random = new Random(2);
        const draw = () => Float32Array.from({ length: 16 }, () => random.normal());
        const steps = Array.from({ length: 18 }, () => ({ obs: draw(), nextObs: draw() }));
        const practise = async (one: A2C | PPO, from: number, to: number) => {
          for (let i = from; i < to; i++) {
            const { obs, nextObs } = steps[i]!;
            actions.push(...(await one.actBatch(obs, 4)));
            const ends = [0, 1, 2, 3].map((row) => ((i + row) % 5 === 4 ? 1 : 0));
            one.observeBatch({ count: 4, rows: [0, 1, 2, 3], nextObs }, [1, 0, -1, 0], ends, [0, 0, 0, 0]);
          }
        };
        await practise(agent, 0, 10);
        await device.sync();
        other.loadState(structuredClone(agent.saveState()));
        for (const one of [agent, other]) await practise(one, 10, 18);
        await device.sync();
        expect(other.saveState()).toEqual(agent.saveState());
        const files = new Map<string, Uint8Array>();
        await agent.save(files);
        return { actions, parameters: agent.model.parameters().flatMap((x) => x.toArray()), files: [...files.keys()] };
      };
      const [onGpu, onCpu] = [await run("gpu"), await run("cpu")];
      expect(onGpu.actions).toEqual(onCpu.actions);
      expect(onGpu.files).toEqual(onCpu.files);
      onGpu.parameters.forEach((x, i) => void expect(x).toBeCloseTo(onCpu.parameters[i]!, 4));
    },
  );
});
