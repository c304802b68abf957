import { RewardWrapper } from "../env.ts";
import type { WrappableEnv } from "./requireBox.ts";

/** Rewards through a function of your own. */
export class TransformReward<Obs, Act> extends RewardWrapper<Obs, Act> {
  readonly #transform: (reward: number) => number;

  constructor(env: WrappableEnv, transform: (reward: number) => number) {
    super(env);
    this.#transform = transform;
  }

  reward(reward: number): number {
    return this.#transform(reward);
  }
}
