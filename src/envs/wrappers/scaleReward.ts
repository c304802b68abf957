import { RewardWrapper } from "../env.ts";
import { requireNumber, type WrappableEnv } from "./requireBox.ts";

export interface ScaleRewardOptions {
  readonly scale: number;
}

/** Rewards times a number, as ChainerRL's ScaleReward. */
export class ScaleReward<Obs, Act> extends RewardWrapper<Obs, Act> {
  readonly #scale: number;

  constructor(env: WrappableEnv, { scale }: ScaleRewardOptions) {
    super(env);
    requireNumber("ScaleReward", "scale", scale, { low: -Number.MAX_VALUE });
    this.#scale = scale;
  }

  reward(reward: number): number {
    return reward * this.#scale;
  }
}
