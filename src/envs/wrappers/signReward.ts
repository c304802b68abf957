import { RewardWrapper } from "../env.ts";

/** −1, 0 or 1 by the reward's sign: what ChainerRL's ClipRewardEnv does, and DQN's paper in Atari games. */
export class SignReward<Obs, Act> extends RewardWrapper<Obs, Act> {
  reward(reward: number): number {
    return Math.sign(reward);
  }
}
