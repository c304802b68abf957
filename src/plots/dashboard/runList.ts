/** The runs in a folder, in few words each. */
import fs from "node:fs";
import path from "node:path";
import { RunReader, type RunStatus } from "../runReader.ts";

export interface ListedRun {
  /** Its path inside the folder; empty where the folder is the run. */
  readonly name: string;
  readonly agent: string;
  readonly env: string;
  readonly seed: number | null;
  readonly status: RunStatus;
  /** When it was begun, milliseconds since 1970. */
  readonly begun: number;
}

/** Folders below the root in which runs are looked for. */
const depth = 3;

function directoriesBelow(folder: string, levels: number): string[] {
  if (fs.existsSync(path.join(folder, "config.json"))) return [folder];
  if (levels === 0) return [];
  let entries: fs.Dirent[];
  try {
    entries = fs.readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
  return entries
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith("."))
    .flatMap((entry) => directoriesBelow(path.join(folder, entry.name), levels - 1));
}

/** The newest first; directories without a run that can be read are left out. */
export function listRuns(root: string): ListedRun[] {
  const runs = directoriesBelow(root, depth).flatMap((directory): ListedRun[] => {
    try {
      const run = RunReader.open(directory);
      if (typeof run === "string") return [];
      const { agent, env, seed } = run.description;
      const begun = fs.statSync(path.join(directory, "config.json")).birthtimeMs;
      return [{ name: path.relative(root, directory), agent, env, seed, status: statusOf(run), begun }];
    } catch {
      // deleted meanwhile
      return [];
    }
  });
  return runs.sort((a, b) => b.begun - a.begun);
}

/** The end of metrics.ndjson tells how a run ended: the whole file need not be read for a list. */
function statusOf(run: RunReader): RunStatus {
  const { status } = run;
  if (status !== "stopped") return status;
  const file = path.join(run.directory, "metrics.ndjson");
  const size = fs.statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  const length = Math.min(size, 2_048);
  const bytes = Buffer.alloc(length);
  if (length === 0) return status;
  const fd = fs.openSync(file, "r");
  try {
    fs.readSync(fd, bytes, 0, length, size - length);
  } finally {
    fs.closeSync(fd);
  }
  const outcome = /"event":"result".*"outcome":"(solved|finished)"[^\n]*\n$/.exec(bytes.toString())?.[1];
  return (outcome as RunStatus | undefined) ?? status;
}
