import type { Action, BoxSpace, DiscreteSpace, Observation, ObservationSpace } from "../agents/index.ts";
import type { Stateful } from "../state.ts";

/** What training needs of an environment; those of `make` are such. */
export interface TrainingEnv extends Stateful {
  readonly observationSpace: ObservationSpace;
  readonly actionSpace: DiscreteSpace | BoxSpace;
  readonly spec?: { readonly id: string; readonly rewardThreshold?: number | null } | null;
  /** Why a loaded state's episode cannot go on, or null, see `Env.lostEpisode`. */
  readonly lostEpisode?: string | null;
  reset(options?: { seed?: number }): readonly [obs: Observation, info: unknown];
  step(
    action: Action,
  ): readonly [obs: Observation, reward: number, terminated: boolean, truncated: boolean, info: unknown];
  close(): void;
}
