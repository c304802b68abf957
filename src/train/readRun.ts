/** What stands in a run directory, for whoever looks at the run without writing it. */
import fs from "node:fs";
import path from "node:path";
import { UsageError } from "../errors.ts";
import { FileError } from "./fileError.ts";
import type { MetricsLine, ResultLine } from "./metrics.ts";
import { parseMetrics } from "./metrics.ts";
import type { TrainSettings } from "./settings.ts";

/** The name of the file of what happened. */
export const metricsFile = "metrics.ndjson";

/** What config.json holds. */
export interface RunConfig {
  readonly kusari: string;
  readonly node: string;
  /** The variant of the kernels, in whose last bits results may differ; null where the run opened no device. */
  readonly kernel: string | null;
  readonly device: string | null;
  /** The id, or the name of what a script built. */
  readonly agent: string;
  readonly env: string;
  /** What cannot be built again from this file: a resume needs it from the script. */
  readonly builtByScript: readonly ("agent" | "env")[];
  readonly envKwargs: Readonly<Record<string, unknown>>;
  readonly settings: TrainSettings;
  readonly hyperparameters: Readonly<Record<string, unknown>>;
}

/** @throws UsageError when the directory holds no run; FileError when its config.json is damaged */
export function readConfig(where: string, directory: string): RunConfig {
  let text: string;
  try {
    text = fs.readFileSync(path.join(directory, "config.json"), "utf8");
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code !== "ENOENT" && code !== "ENOTDIR") throw error;
    const got = fs.existsSync(directory)
      ? `${directory}, which has no config.json`
      : `${directory}, which is not there`;
    throw new UsageError(`${where}: the run directory must be one that train made; got ${got}. Check the path.`);
  }
  try {
    const config = JSON.parse(text) as RunConfig;
    if (typeof config.agent === "string" && typeof config.settings === "object") return config;
  } catch {
    // said below
  }
  throw new FileError(
    `${where}: ${directory}/config.json must be what train wrote; got ${text.length} characters of something else. ` +
      "It is damaged: restore it or begin a new run.",
  );
}

/**
 * The lines of a run's metrics.ndjson, of a run in progress as far as it is written.
 * @throws UsageError when the directory holds no run
 */
export function readMetrics(runDirectory: string): MetricsLine[] {
  readConfig("readMetrics", runDirectory);
  const file = path.join(runDirectory, metricsFile);
  return fs.existsSync(file) ? parseMetrics(fs.readFileSync(file, "utf8")) : [];
}

/** How a run ended, or null while it can go on. */
export function readResult(runDirectory: string): ResultLine | null {
  const last = readMetrics(runDirectory).at(-1);
  return last?.event === "result" ? last : null;
}
