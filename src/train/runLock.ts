/** One process writes a run directory at a time. */
import { randomUUID } from "node:crypto";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { UsageError } from "../errors.ts";

interface Lock {
  readonly pid: number;
  readonly host: string;
  readonly token: string;
}

/** The locks this process holds. */
const held = new Set<string>();

function isHeld({ pid, host, token }: Lock): boolean {
  // of a process elsewhere nothing can be said; a run taken over by another machine must be able to go on
  if (host !== os.hostname()) return false;
  // containers often give the same process number again
  if (pid === process.pid) return held.has(token);
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** Whether a living process of this machine writes a run directory. */
export function isLocked(directory: string): boolean {
  try {
    return isHeld(JSON.parse(fs.readFileSync(path.join(directory, "lock"), "utf8")) as Lock);
  } catch {
    return false;
  }
}

/**
 * Locks a run directory. A lock that a killed process left behind counts for nothing.
 * @returns what unlocks it
 * @throws UsageError while another run writes the directory
 */
export function lockRun(where: string, directory: string): () => void {
  const file = path.join(directory, "lock");
  const lock: Lock = { pid: process.pid, host: os.hostname(), token: randomUUID() };
  for (;;) {
    try {
      fs.writeFileSync(file, JSON.stringify(lock), { flag: "wx" });
      break;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
    let other: Lock | null = null;
    try {
      other = JSON.parse(fs.readFileSync(file, "utf8")) as Lock;
    } catch {
      // half-written by a process that was killed, or just gone
    }
    if (other && isHeld(other)) {
      throw new UsageError(
        `${where}: ${directory} must be written by one process at a time; got process ${other.pid} at it. ` +
          `Stop that one first; if it is no run, delete ${file}.`,
      );
    }
    fs.rmSync(file, { force: true });
  }
  held.add(lock.token);
  return () => {
    held.delete(lock.token);
    fs.rmSync(file, { force: true });
  };
}
