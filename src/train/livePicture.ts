/**
 * The live picture of a run, in the folder `live/` of its directory. Whoever looks (the dashboard's server, in this process
 * or in another) touches `live/watched` twice a second; meanwhile this side replaces `live/picture.json` at most four times
 * a second. While nobody looks nothing is drawn, explained or written: four times a second it is looked whether the mark is
 * there.
 */
import fs from "node:fs";
import path from "node:path";
import type { LiveSource } from "./liveScene.ts";

/** Milliseconds between pictures. */
const interval = 250;
/** Milliseconds that a mark holds which nobody renews. */
const markHolds = 2_500;

const folderOf = (directory: string): string => path.join(directory, "live");

/** A place that cannot be written ends the run where something that must be kept is refused, not here. */
function quietly(work: () => void): void {
  try {
    work();
  } catch {
    // the next look tries again
  }
}

/** Removes what a process left behind that could not do so itself. */
export const clearLive = (directory: string): void =>
  quietly(() => fs.rmSync(folderOf(directory), { recursive: true, force: true }));

/**
 * Begins to show a run.
 * @returns what ends it
 */
export function showLive(directory: string, source: LiveSource): () => void {
  const folder = folderOf(directory);
  const mark = path.join(folder, "watched");
  const file = path.join(folder, "picture.json");
  let [markedAt, heardAt] = [0, 0];
  let shown: string | null = null;

  function isWatched(): boolean {
    const at = fs.statSync(mark, { throwIfNoEntry: false })?.mtimeMs ?? 0;
    const now = performance.now();
    // by this clock alone: the one of whoever looks may be another machine's
    if (at !== markedAt) [markedAt, heardAt] = [at, now];
    return at !== 0 && now - heardAt < markHolds;
  }

  function hide(): void {
    if (shown === null) return;
    shown = null;
    fs.rmSync(file, { force: true });
  }

  function show(): void {
    if (!isWatched()) {
      hide();
      return;
    }
    const key = source.key();
    if (key === shown) return;
    const scene = source.scene();
    if (scene === null) return;
    // whole for whoever reads it meanwhile; not worth waiting for the disk
    fs.writeFileSync(`${file}.tmp`, JSON.stringify(scene));
    fs.renameSync(`${file}.tmp`, file);
    shown = key;
  }

  clearLive(directory);
  const timer = setInterval(quietly, interval, show);
  timer.unref();
  return () => {
    clearInterval(timer);
    quietly(hide);
  };
}
