export { EpisodicTrajectories, type EpisodicTrajectoriesOptions, type Stretch } from "./episodicTrajectories.ts";
export { ReplayBuffer, type ReplayBufferOptions } from "./replayBuffer.ts";
export {
  type ActionFormat,
  type TransitionBatch,
  TransitionStore,
  type TransitionStoreOptions,
} from "./transitionStore.ts";
