/** The thread that serves the dashboard of a run under way, so that pages cost the training nothing. */
import { parentPort, workerData } from "node:worker_threads";
import "../agents/registerAll.ts";
import { type LiveStatus, serveDashboard } from "../plots/dashboard/index.ts";
import { loadEnvFile } from "./envFile.ts";
import { dashboardHooks } from "./episodePictures.ts";
import type { FromDashboard, ThreadSettings } from "./liveDashboard.ts";

const { root, directory, port, envFile } = workerData as ThreadSettings;
const say = (message: FromDashboard): void => parentPort!.postMessage(message);

let status: LiveStatus | null = null;
parentPort!.on("message", (message: LiveStatus | null) => {
  status = message;
});

try {
  if (envFile !== null) await loadEnvFile("dashboard", envFile);
  const live = {
    directory,
    status: () => status,
    command: (command: Extract<FromDashboard, { kind: "command" }>["command"]) => say({ kind: "command", command }),
  };
  const { url } = await serveDashboard({ root, port, hooks: dashboardHooks, live });
  say({ kind: "open", url });
} catch (error) {
  say({ kind: "failed", message: error instanceof Error ? error.message : String(error) });
}
