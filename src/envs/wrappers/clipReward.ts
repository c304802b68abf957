import { UsageError } from "../../errors.ts";
import { RewardWrapper } from "../env.ts";
import { requireNumber, type WrappableEnv } from "./requireBox.ts";

export interface ClipRewardOptions {
  /** −1 unless given. */
  readonly minReward?: number;
  /** 1 unless given. */
  readonly maxReward?: number;
}

/** Rewards cut to bounds. */
export class ClipReward<Obs, Act> extends RewardWrapper<Obs, Act> {
  readonly #minReward: number;
  readonly #maxReward: number;

  constructor(env: WrappableEnv, { minReward = -1, maxReward = 1 }: ClipRewardOptions = {}) {
    super(env);
    requireNumber("ClipReward", "minReward", minReward, { low: Number.NEGATIVE_INFINITY });
    requireNumber("ClipReward", "maxReward", maxReward, { low: Number.NEGATIVE_INFINITY });
    if (minReward > maxReward) {
      throw new UsageError(
        `ClipReward: minReward must not be above maxReward; got ${minReward} and ${maxReward}. Swap or change them.`,
      );
    }
    this.#minReward = minReward;
    this.#maxReward = maxReward;
  }

  reward(reward: number): number {
    return Math.min(Math.max(reward, this.#minReward), this.#maxReward);
  }
}
