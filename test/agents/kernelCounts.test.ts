/** How many kernels one update of each agent of the DQN family launches: a number that may fall, not rise unseen. */
import { afterEach, expect, it } from "vitest";
import { DQN, listAgents } from "../../src/agents/index.ts";
import { openDevice } from "../../src/device.ts";
import { backend } from "../../src/kernel/backend.ts";
import type { NullBackend } from "../../src/kernel/nullBackend.ts";
import { Random } from "../../src/random.ts";

afterEach(async () => {
  await openDevice("cpu");
});

it("one update takes the kernels it should and no more", async () => {
  await openDevice("null");
  const { launches, reset } = backend() as NullBackend;
  const observationSpace = { shape: [4] };
  const small = {
    replayStartSize: 40,
    minibatchSize: 32,
    replayCapacity: 100,
    hiddenSizes: [8, 8],
    targetUpdateInterval: 1000,
  };
  const counts: Record<string, number> = {};
  for (const spec of listAgents()) {
    if (!Object.keys(small).every((name) => name in spec.hyperparameters)) continue;
    const actionSpace = spec.actionSpaces.includes("Discrete") ? { n: 2 } : { shape: [2], low: [-1, -1], high: [1, 1] };
    const hyperparameters = small;
    const agent = spec.create({ observationSpace, actionSpace, random: new Random(0), hyperparameters });
    if (!(agent instanceof DQN)) continue;
    for (let i = 0; i < 39; i++) {
      agent.act([1, 2, 3, 4]);
      agent.observe([1, 2, 3, 4], 1, i % 10 === 9, false);
    }
    reset();
    agent.update();
    counts[spec.id] = launches.length;
  }
  expect(counts).toMatchInlineSnapshot(`
    {
      "al": 34,
      "c51": 41,
      "doublec51": 44,
      "doubledqn": 32,
      "doubleiqn": 64,
      "doublepal": 43,
      "dpp": 34,
      "dppgreedy": 34,
      "dppl": 34,
      "dqn": 28,
      "dueling": 51,
      "iqn": 63,
      "naf": 58,
      "noisydqn": 112,
      "pal": 35,
      "rainbow": 259,
      "residualdqn": 43,
      "sarsa": 30,
    }
  `);
});
