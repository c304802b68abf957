import { alSpec } from "./al.ts";
import { categoricalDoubleDQNSpec } from "./categoricalDoubleDQN.ts";
import { categoricalDQNSpec } from "./categoricalDQN.ts";
import { doubleDQNSpec } from "./doubleDQN.ts";
import { doubleIQNSpec } from "./doubleIQN.ts";
import { doublePALSpec } from "./doublePAL.ts";
import { dppSpec } from "./dpp.ts";
import { dppGreedySpec } from "./dppGreedy.ts";
import { dppLSpec } from "./dppL.ts";
import { dqnSpec } from "./dqn.ts";
import { duelingDQNSpec } from "./duelingDQN.ts";
import { iqnSpec } from "./iqn.ts";
import { nafSpec } from "./naf.ts";
import { noisyDQNSpec } from "./noisyDQN.ts";
import { palSpec } from "./pal.ts";
import { rainbowSpec } from "./rainbow.ts";
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
  categoricalDQNSpec,
  categoricalDoubleDQNSpec,
  iqnSpec,
  doubleIQNSpec,
  rainbowSpec,
  nafSpec,
])
  registerAgent(spec);

export * from "./agent.ts";
export { AL } from "./al.ts";
export { CategoricalDoubleDQN } from "./categoricalDoubleDQN.ts";
export { CategoricalDQN } from "./categoricalDQN.ts";
export { DoubleDQN } from "./doubleDQN.ts";
export { DoubleIQN } from "./doubleIQN.ts";
export { DoublePAL } from "./doublePAL.ts";
export { DPP } from "./dpp.ts";
export { DPPGreedy } from "./dppGreedy.ts";
export { DPPL } from "./dppL.ts";
export { DQN } from "./dqn.ts";
export { type DQNHyperparameters, type DQNOptions, dqnHyperparameters } from "./dqnHyperparameters.ts";
export { DuelingDQN } from "./duelingDQN.ts";
export * from "./hyperparameters.ts";
export { IQN } from "./iqn.ts";
export { NAF } from "./naf.ts";
export { NoisyDQN } from "./noisyDQN.ts";
export { PAL } from "./pal.ts";
export { type NetworkParts, QAgent } from "./qAgent.ts";
export { Rainbow } from "./rainbow.ts";
export * from "./registry.ts";
export { ResidualDQN } from "./residualDQN.ts";
export { SARSA } from "./sarsa.ts";
