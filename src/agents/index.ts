import { doubleDQNSpec } from "./doubleDQN.ts";
import { dqnSpec } from "./dqn.ts";
import { registerAgent } from "./registry.ts";

for (const spec of [dqnSpec, doubleDQNSpec]) registerAgent(spec);

export * from "./agent.ts";
export { DoubleDQN } from "./doubleDQN.ts";
export { DQN, type DQNHyperparameters, type DQNOptions, dqnHyperparameters } from "./dqn.ts";
export * from "./hyperparameters.ts";
export * from "./registry.ts";
