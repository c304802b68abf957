/** How many kernels one update takes, by agent: a slower update is a failing test. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { type AgentSpec, listAgents } from "../../src/agents/index.ts";
import { openDevice } from "../../src/device.ts";
import { backend } from "../../src/kernel/backend.ts";
import type { NullBackend } from "../../src/kernel/nullBackend.ts";
import { Random } from "../../src/random.ts";
import { actorSettings } from "./actorSettings.ts";

beforeAll(async () => {
  await openDevice("null");
});
afterAll(async () => {
  await openDevice("cpu");
});

const spaces = { Discrete: { n: 2 }, Box: { shape: [2], low: [-1, -1], high: [1, 1] } };
const settings = {
  hiddenSizes: [8, 8],
  replayStartSize: 32,
  minibatchSize: 8,
  updateInterval: 16,
  tMax: 4,
  batchEpisodes: 2,
  epochs: 1,
  replays: 0,
};

/** Launches between two updates of agents that make several, the acting in between left out; one otherwise. */
function count(spec: AgentSpec, kind: "Discrete" | "Box", recurrent: string): number {
  const all = { ...settings, recurrent };
  const hyperparameters = Object.fromEntries(Object.entries(all).filter(([name]) => name in spec.hyperparameters));
  const agent = spec.create({
    observationSpace: { shape: [4] },
    actionSpace: spaces[kind],
    random: new Random(0),
    hyperparameters,
  });
  const { launches, reset } = backend() as NullBackend;
  const obs = new Float32Array(4);
  for (let step = 0; agent.updates < 4; step++) {
    agent.act(obs);
    reset();
    agent.observe(obs, 1, step % 6 === 5, false);
  }
  return launches.length;
}

it("is what is recorded", () => {
  const counts: Record<string, number> = {};
  for (const spec of listAgents().filter(({ id }) => id in actorSettings)) {
    for (const kind of spec.actionSpaces) {
      counts[`${spec.name} ${kind}`] = count(spec, kind, "none");
      if (spec.recurrent) counts[`${spec.name} ${kind}, LSTM`] = count(spec, kind, "lstm");
    }
  }
  expect(counts).toMatchInlineSnapshot(`
    {
      "A2C Box": 85,
      "A2C Box, LSTM": 336,
      "A2C Discrete": 77,
      "A2C Discrete, LSTM": 328,
      "A3C Box": 80,
      "A3C Box, LSTM": 261,
      "A3C Discrete": 72,
      "A3C Discrete, LSTM": 253,
      "ACER Box": 319,
      "ACER Box, LSTM": 612,
      "ACER Discrete": 142,
      "ACER Discrete, LSTM": 359,
      "DDPG Box": 61,
      "DDPG Box, LSTM": 1270,
      "NSQ Discrete": 56,
      "NSQ Discrete, LSTM": 181,
      "PCL Box": 173,
      "PCL Box, LSTM": 354,
      "PCL Discrete": 166,
      "PCL Discrete, LSTM": 347,
      "PGT Box": 105,
      "PGT Box, LSTM": 1428,
      "PPO Box": 232,
      "PPO Box, LSTM": 674,
      "PPO Discrete": 213,
      "PPO Discrete, LSTM": 663,
      "REINFORCE Box": 85,
      "REINFORCE Box, LSTM": 298,
      "REINFORCE Discrete": 77,
      "REINFORCE Discrete, LSTM": 290,
      "SAC Box": 170,
      "SVG0 Box": 89,
      "SVG0 Box, LSTM": 1310,
      "TD3 Box": 98,
      "TRPO Box": 3101,
      "TRPO Box, LSTM": 11934,
      "TRPO Discrete": 2600,
      "TRPO Discrete, LSTM": 11433,
    }
  `);
});
