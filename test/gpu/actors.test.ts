/** Agents that act by a policy learn on the adapter that is there what they learn on the reference. */
import { describe, expect, it } from "vitest";
import { type Agent, agentSpec } from "../../src/agents/index.ts";
import { openDevice } from "../../src/device.ts";
import { Random } from "../../src/random.ts";
import { because, missingAdapter } from "./adapter.ts";

const discrete = { n: 2 };
const continuous = { shape: [2], low: [-1, -2], high: [1, 2] };
const settings = {
  hiddenSizes: [8, 8],
  replayStartSize: 20,
  minibatchSize: 8,
  tMax: 4,
  updateSteps: 4,
  updateInterval: 8,
  batchEpisodes: 1,
  epochs: 2,
  replays: 1,
  // more of TRPO's divide by ever smaller curvatures, which makes rounding errors of float32 larger, on the cpu too
  conjugateGradientSteps: 2,
};

/** Steps with random observations; an episode ends every tenth. */
async function play(agent: Agent, steps: number): Promise<void> {
  const random = new Random(4);
  const obs = () => Float32Array.from({ length: 4 }, () => random.normal());
  for (let i = 0; i < steps; i++) {
    agent.act(obs());
    agent.observe(obs(), random.normal(), i % 10 === 9, false);
    if (agent.wantsTurn) await agent.turn?.();
  }
}

/** All numbers of the networks. */
function numbers(state: unknown): number[] {
  const { parts } = state as { parts: Record<string, Record<string, ArrayLike<number>>> };
  const networks = ["model", "policy", "qFunction", "qFunctions", "target", "targetQ"];
  return networks.flatMap((name) => Object.values(parts[name] ?? {}).flatMap((values) => Array.from(values)));
}

describe.skipIf(missingAdapter)(`on a GPU${because}`, () => {
  it.each([
    ["a2c", discrete],
    ["a3c", continuous],
    ["reinforce", discrete],
    ["nsq", discrete],
    ["pcl", discrete],
    ["acer", discrete],
    ["acer", continuous],
    ["ppo", continuous],
    ["trpo", discrete],
    ["trpo", continuous],
    ["ddpg", continuous],
    ["svg0", continuous],
    ["pgt", continuous],
    ["td3", continuous],
    ["sac", continuous],
    ["a2c", discrete, "lstm"],
    ["a3c", continuous, "gru"],
    ["reinforce", discrete, "gru"],
    ["nsq", discrete, "lstm"],
    ["pcl", discrete, "gru"],
    ["acer", discrete, "lstm"],
    ["acer", continuous, "gru"],
    ["ddpg", continuous, "lstm"],
  ])(
    "%s learns what it learns on the reference, actions %o, memory %s",
    async (id, actionSpace, recurrent = "none") => {
      const spec = agentSpec(id);
      const known = Object.entries({ ...settings, recurrent }).filter(([name]) => name in spec.hyperparameters);
      const learn = async (name: "gpu" | "reference") => {
        const device = await openDevice(name);
        const agent = spec.create({
          observationSpace: { shape: [4] },
          actionSpace,
          random: new Random(1),
          hyperparameters: Object.fromEntries(known),
        });
        await play(agent, 40);
        await device.sync();
        expect(agent.updates).toBeGreaterThan(1);
        return numbers(agent.saveState());
      };
      const expected = await learn("reference");
      const found = await learn("gpu");
      expect(found.length).toBe(expected.length);
      found.forEach((x, i) => {
        expect(Math.abs(x - expected[i]!)).toBeLessThan(2e-4 * (1 + Math.abs(expected[i]!)));
      });
    },
  );
});
