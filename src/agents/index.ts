import "./registerAll.ts";

export { A2C, type A2CHyperparameters, type A2COptions, a2cHyperparameters } from "./a2c.ts";
export { A3C, type A3CHyperparameters, type A3COptions, a3cHyperparameters } from "./a3c.ts";
export { type ACERHyperparameters, type ACEROptions, acerHyperparameters } from "./acer.ts";
export * from "./agent.ts";
export { AL } from "./al.ts";
export { BaseAgent } from "./baseAgent.ts";
export { CategoricalDoubleDQN } from "./categoricalDoubleDQN.ts";
export { CategoricalDQN } from "./categoricalDQN.ts";
export { ContinuousACER } from "./continuousACER.ts";
export { DDPG, type DDPGHyperparameters, type DDPGOptions, ddpgHyperparameters } from "./ddpg.ts";
export { DiscreteACER } from "./discreteACER.ts";
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
export { PGT, type PGTHyperparameters, type PGTOptions, pgtHyperparameters } from "./pgt.ts";
export { PolicyAgent } from "./policyAgent.ts";
export { PPO, type PPOHyperparameters, type PPOOptions, ppoHyperparameters } from "./ppo.ts";
export { type NetworkParts, QAgent } from "./qAgent.ts";
export { Rainbow } from "./rainbow.ts";
export * from "./registry.ts";
export {
  REINFORCE,
  type REINFORCEHyperparameters,
  type REINFORCEOptions,
  reinforceHyperparameters,
} from "./reinforce.ts";
export { ReplayAgent } from "./replayAgent.ts";
export { ResidualDQN } from "./residualDQN.ts";
export { RolloutAgent } from "./rolloutAgent.ts";
export { SAC, type SACHyperparameters, type SACOptions, sacHyperparameters } from "./sac.ts";
export { SARSA } from "./sarsa.ts";
export { SVG0, type SVG0Hyperparameters, type SVG0Options, svg0Hyperparameters } from "./svg0.ts";
export { TD3, type TD3Hyperparameters, type TD3Options, td3Hyperparameters } from "./td3.ts";
export { TRPO, type TRPOHyperparameters, type TRPOOptions, trpoHyperparameters } from "./trpo.ts";
