/** Agents: parameters and statistics after three updates. */
import { agentSpec, type QAgent } from "../../src/agents/index.ts";
import { Random } from "../../src/random.ts";
import { fill } from "../agents/fill.ts";
import type { Computation } from "./trained.ts";

const spaces = { observationSpace: { shape: [4] }, actionSpace: { n: 2 } };
const small = {
  replayStartSize: 40,
  minibatchSize: 32,
  replayCapacity: 100,
  hiddenSizes: [8, 8],
  updateInterval: 64,
  targetUpdateInterval: 2,
  maxGradNorm: 1,
  atoms: 7,
  samples: 4,
  targetSamples: 4,
  policySamples: 4,
  basis: 8,
};

function threeUpdates(id: string): Computation {
  return () => {
    const spec = agentSpec(id);
    const hyperparameters = Object.fromEntries(Object.entries(small).filter(([key]) => key in spec.hyperparameters));
    const agent = spec.create({ ...spaces, random: new Random(1), hyperparameters }) as QAgent<never, number>;
    fill(agent as never, 60);
    for (let i = 0; i < 3; i++) agent.update();
    return () => {
      const { averageLoss, averageQ } = agent.statistics();
      return [...agent.qFunction.parameters().map((p) => p.toArray()), [averageLoss!, averageQ!]];
    };
  };
}

/** Those whose updates run on a GPU. */
const ids = ["dqn", "doubledqn", "dueling", "sarsa", "al", "pal", "dppl", "residualdqn", "c51", "doublec51", "iqn"];

export const agentComputations: [string, Computation][] = ids.map((id) => [id, threeUpdates(id)]);
