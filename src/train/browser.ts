/** What there is of `index.ts` in a page: all but run directories. */
export { configSchema, declarationsSchema, parseConfig, splitConfig } from "./config.ts";
export { type RecordedEpisode, replayEpisode } from "./episode.ts";
export { evaluate, recordEpisode } from "./evaluate.ts";
export type * from "./events.ts";
export type { EvaluationLine, MetricsLine, ProgressLine, ResultLine, TimingLine } from "./metrics.ts";
export type { AgentFactory, AgentParts, EnvFactory } from "./participants.ts";
export { type Preset, presetFor, presets } from "./presets.ts";
export type { Run } from "./run.ts";
export { type TrainSettings, trainSettings } from "./settings.ts";
export { type ResolvedConfig, resolveConfig, type TrainConfig } from "./train.ts";
export { train } from "./trainInPage.ts";
export type { TrainingEnv } from "./trainingEnv.ts";
