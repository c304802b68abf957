import { alSpec } from "./al.ts";
import { doubleDQNSpec } from "./doubleDQN.ts";
import { doublePALSpec } from "./doublePAL.ts";
import { dppSpec } from "./dpp.ts";
import { dppGreedySpec } from "./dppGreedy.ts";
import { dppLSpec } from "./dppL.ts";
import { dqnSpec } from "./dqn.ts";
import { duelingDQNSpec } from "./duelingDQN.ts";
import { noisyDQNSpec } from "./noisyDQN.ts";
import { palSpec } from "./pal.ts";
import { registerAgent } from "./registry.ts";
import { residualDQNSpec } from "./residualDQN.ts";
import { sarsaSpec } from "./sarsa.ts";

for (const spec of [
  dqnSpec,
  doubleDQNSpec,
  duelingDQNSpec,
  sarsaSpec,
  alSpec,
  palSpec,
  doublePALSpec,
  dppSpec,
  dppLSpec,
  dppGreedySpec,
  residualDQNSpec,
  noisyDQNSpec,
])
  registerAgent(spec);

export * from "./agent.ts";
export { AL } from "./al.ts";
export { DoubleDQN } from "./doubleDQN.ts";
export { DoublePAL } from "./doublePAL.ts";
export { DPP } from "./dpp.ts";
export { DPPGreedy } from "./dppGreedy.ts";
export { DPPL } from "./dppL.ts";
export { DQN } from "./dqn.ts";
export { type DQNHyperparameters, type DQNOptions, dqnHyperparameters } from "./dqnHyperparameters.ts";
export { DuelingDQN } from "./duelingDQN.ts";
export * from "./hyperparameters.ts";
export { NoisyDQN } from "./noisyDQN.ts";
export { PAL } from "./pal.ts";
export { type NetworkParts, QAgent } from "./qAgent.ts";
export * from "./registry.ts";
export { ResidualDQN } from "./residualDQN.ts";
export { SARSA } from "./sarsa.ts";
