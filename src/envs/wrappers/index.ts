export { OrderEnforcing } from "./orderEnforcing.ts";
export { type EpisodeStatistics, RecordEpisodeStatistics } from "./recordEpisodeStatistics.ts";
export { TimeLimit } from "./timeLimit.ts";
