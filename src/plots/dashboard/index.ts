export { type Alert, type AlertInput, alertsOf } from "./alerts.ts";
export { type ComparedConfig, type ConfigDifference, configDiff } from "./configDiff.ts";
export type { DashboardHooks, LiveRun, LiveStatus, RunCommand, ShownEpisode } from "./hooks.ts";
export { type Dashboard, type DashboardOptions, serveDashboard } from "./server.ts";
