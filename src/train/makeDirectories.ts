/** Folders with those above them. */
import fs from "node:fs";
import path from "node:path";

/** Like `mkdirSync` with `recursive`, which never returns in some places where nothing can be made (/proc on Node 20). */
export function makeDirectories(directory: string): void {
  if (fs.existsSync(directory)) return;
  const parent = path.dirname(directory);
  if (parent !== directory) makeDirectories(parent);
  try {
    fs.mkdirSync(directory);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
}
