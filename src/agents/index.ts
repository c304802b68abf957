import { a2cSpec } from "./a2c.ts";
import { a3cSpec } from "./a3c.ts";
import { alSpec } from "./al.ts";
import { categoricalDoubleDQNSpec } from "./categoricalDoubleDQN.ts";
import { categoricalDQNSpec } from "./categoricalDQN.ts";
import { ddpgSpec } from "./ddpg.ts";
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
import { nsqSpec } from "./nsq.ts";
import { palSpec } from "./pal.ts";
import { pclSpec } from "./pcl.ts";
import { rainbowSpec } from "./rainbow.ts";
import { registerAgent } from "./registry.ts";
import { reinforceSpec } from "./reinforce.ts";
import { residualDQNSpec } from "./residualDQN.ts";
import { sarsaSpec } from "./sarsa.ts";
import { svg0Spec } from "./svg0.ts";

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
  reinforceSpec,
  a2cSpec,
  a3cSpec,
  nsqSpec,
  ddpgSpec,
  svg0Spec,
  pclSpec,
])
  registerAgent(spec);

export { A2C, type A2CHyperparameters, type A2COptions, a2cHyperparameters } from "./a2c.ts";
export { A3C, type A3CHyperparameters, type A3COptions, a3cHyperparameters } from "./a3c.ts";
export * from "./agent.ts";
export { AL } from "./al.ts";
export { CategoricalDoubleDQN } from "./categoricalDoubleDQN.ts";
export { CategoricalDQN } from "./categoricalDQN.ts";
export { DDPG, type DDPGHyperparameters, type DDPGOptions, ddpgHyperparameters } from "./ddpg.ts";
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
export { NSQ, type NSQHyperparameters, type NSQOptions, nsqHyperparameters } from "./nsq.ts";
export { PAL } from "./pal.ts";
export { PCL, type PCLHyperparameters, type PCLOptions, pclHyperparameters } from "./pcl.ts";
export { type NetworkParts, QAgent } from "./qAgent.ts";
export { Rainbow } from "./rainbow.ts";
export * from "./registry.ts";
export {
  REINFORCE,
  type REINFORCEHyperparameters,
  type REINFORCEOptions,
  reinforceHyperparameters,
} from "./reinforce.ts";
export { ResidualDQN } from "./residualDQN.ts";
export { SARSA } from "./sarsa.ts";
export { SVG0, type SVG0Hyperparameters, type SVG0Options, svg0Hyperparameters } from "./svg0.ts";
