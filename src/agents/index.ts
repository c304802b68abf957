import { a2cSpec } from "./a2c.ts";
import { a3cSpec } from "./a3c.ts";
import { acerSpec } from "./acerSpec.ts";
import { ddpgSpec } from "./ddpg.ts";
import { doubleDQNSpec } from "./doubleDQN.ts";
import { dqnSpec } from "./dqn.ts";
import { nsqSpec } from "./nsq.ts";
import { pclSpec } from "./pcl.ts";
import { ppoSpec } from "./ppo.ts";
import { registerAgent } from "./registry.ts";
import { reinforceSpec } from "./reinforce.ts";
import { sacSpec } from "./sac.ts";
import { svg0Spec } from "./svg0.ts";
import { td3Spec } from "./td3.ts";

for (const spec of [dqnSpec, doubleDQNSpec]) registerAgent(spec);
for (const spec of [
  reinforceSpec,
  a2cSpec,
  a3cSpec,
  nsqSpec,
  ddpgSpec,
  svg0Spec,
  pclSpec,
  acerSpec,
  td3Spec,
  sacSpec,
  ppoSpec,
])
  registerAgent(spec);

export { A2C, type A2CHyperparameters, type A2COptions, a2cHyperparameters } from "./a2c.ts";
export { A3C, type A3CHyperparameters, type A3COptions, a3cHyperparameters } from "./a3c.ts";
export { type ACERHyperparameters, type ACEROptions, acerHyperparameters } from "./acer.ts";
export * from "./agent.ts";
export { ContinuousACER } from "./continuousACER.ts";
export { DDPG, type DDPGHyperparameters, type DDPGOptions, ddpgHyperparameters } from "./ddpg.ts";
export { DiscreteACER } from "./discreteACER.ts";
export { DoubleDQN } from "./doubleDQN.ts";
export { DQN, type DQNHyperparameters, type DQNOptions, dqnHyperparameters } from "./dqn.ts";
export * from "./hyperparameters.ts";
export { NSQ, type NSQHyperparameters, type NSQOptions, nsqHyperparameters } from "./nsq.ts";
export { PCL, type PCLHyperparameters, type PCLOptions, pclHyperparameters } from "./pcl.ts";
export { PPO, type PPOHyperparameters, type PPOOptions, ppoHyperparameters } from "./ppo.ts";
export * from "./registry.ts";
export {
  REINFORCE,
  type REINFORCEHyperparameters,
  type REINFORCEOptions,
  reinforceHyperparameters,
} from "./reinforce.ts";
export { SAC, type SACHyperparameters, type SACOptions, sacHyperparameters } from "./sac.ts";
export { SVG0, type SVG0Hyperparameters, type SVG0Options, svg0Hyperparameters } from "./svg0.ts";
export { TD3, type TD3Hyperparameters, type TD3Options, td3Hyperparameters } from "./td3.ts";
