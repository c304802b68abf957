export { EpisodicTrajectories, type EpisodicTrajectoriesOptions, type Stretch } from "./episodicTrajectories.ts";
export { PrioritizedReplayBuffer, type PrioritizedReplayBufferOptions } from "./prioritizedReplayBuffer.ts";
export type { Replay } from "./replay.ts";
export { ReplayBuffer, type ReplayBufferOptions } from "./replayBuffer.ts";
export { SumTree } from "./sumTree.ts";
export {
  type ActionFormat,
  type TransitionBatch,
  TransitionStore,
  type TransitionStoreOptions,
} from "./transitionStore.ts";
