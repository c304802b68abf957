import { doubleDQNSpec } from "./doubleDQN.ts";
import { dqnSpec } from "./dqn.ts";
import { registerAgent } from "./registry.ts";

for (const spec of [dqnSpec, doubleDQNSpec]) registerAgent(spec);

export * from "./agent.ts";
export { DoubleDQN } from "./doubleDQN.ts";
export { DQN } from "./dqn.ts";
export { type DQNHyperparameters, type DQNOptions, dqnHyperparameters } from "./dqnHyperparameters.ts";
export * from "./hyperparameters.ts";
export { type NetworkParts, QAgent } from "./qAgent.ts";
export * from "./registry.ts";
