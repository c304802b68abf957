/** Agents: parameters and statistics after three updates. */
import { DoubleDQN, DQN, type DQNOptions } from "../../src/agents/index.ts";
import { Random } from "../../src/random.ts";
import { fill } from "../agents/fill.ts";
import type { Computation } from "./trained.ts";

const spaces = { observationSpace: { shape: [4] }, actionSpace: { n: 2 } };
const small = { replayStartSize: 40, minibatchSize: 32, replayCapacity: 100, hiddenSizes: [8, 8], updateInterval: 64 };

function threeUpdates(make: (options: DQNOptions) => DQN): Computation {
  return () => {
    const agent = make({ ...spaces, ...small, targetUpdateInterval: 2, maxGradNorm: 1, random: new Random(1) });
    fill(agent, 60);
    for (let i = 0; i < 3; i++) agent.update();
    return () => {
      const { averageLoss, averageQ } = agent.statistics();
      return [...agent.qFunction.parameters().flatMap((p) => p.toArray()), averageLoss!, averageQ!];
    };
  };
}

export const agentComputations: [string, Computation][] = [
  ["DQN", threeUpdates((options) => new DQN(options))],
  ["DoubleDQN", threeUpdates((options) => new DoubleDQN(options))],
];
