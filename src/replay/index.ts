export { ActorReplay, type ActorReplayParts } from "./actorReplay.ts";
export {
  EpisodicReplayBuffer,
  type EpisodicReplayBufferOptions,
  type Sequence,
} from "./episodicReplayBuffer.ts";
export { EpisodicTrajectories, type EpisodicTrajectoriesOptions, type Stretch } from "./episodicTrajectories.ts";
export { PersistentReplayBuffer, type ReplayLog } from "./persistentReplayBuffer.ts";
export {
  PrioritizedEpisodicReplayBuffer,
  type PrioritizedEpisodicReplayBufferOptions,
} from "./prioritizedEpisodicReplayBuffer.ts";
export { PrioritizedReplayBuffer, type PrioritizedReplayBufferOptions } from "./prioritizedReplayBuffer.ts";
export type { Replay } from "./replay.ts";
export { ReplayBuffer, type ReplayBufferOptions } from "./replayBuffer.ts";
export { openReplayLog } from "./replayLog.ts";
export { SumTree } from "./sumTree.ts";
export { type Transition, type TransitionFormat, TransitionRing } from "./transitionRing.ts";
export {
  type ActionFormat,
  type BurnInBatch,
  type FrameBatch,
  type FrameRing,
  type SequenceBatch,
  type TransitionBatch,
  TransitionStore,
  type TransitionStoreOptions,
} from "./transitionStore.ts";
