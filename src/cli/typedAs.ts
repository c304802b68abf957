/** How `rl` was started, so that the commands it prints can be typed as they are. */
import fs from "node:fs";
import path from "node:path";
import { shellWord } from "../train/runOrigin.ts";

/** Where a process stands. */
export interface Started {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Path of the program: `process.argv[1]`. */
  readonly script: string;
  readonly cwd: string;
}

const realPath = (file: string): string | null => {
  try {
    return fs.realpathSync(file);
  } catch {
    return null;
  }
};

/** Whether typing `rl` starts that very program; on Windows it is started by a file of its own. */
function isOnPath({ env, script }: Started): boolean {
  const mine = realPath(script);
  const folders = (env.PATH ?? env.Path ?? "").split(path.delimiter).filter((folder) => folder !== "");
  return folders.some(
    (folder) => realPath(path.join(folder, "rl")) === mine || fs.existsSync(path.join(folder, "rl.cmd")),
  );
}

/** What to type for `rl`: `npx rl`, `rl`, or `node` with the program's path. */
export function rlTyped(
  started: Started = { env: process.env, script: process.argv[1] ?? "rl", cwd: process.cwd() },
): string {
  const { env, script, cwd } = started;
  // npx puts folders into PATH where the next command line will not find them; so do npm run and its like
  if ((env.npm_command ?? env.npm_config_user_agent) !== undefined) {
    // a clone of its own stands there as a link
    return /[\\/]_npx[\\/]/.test(realPath(script) ?? script) ? "npx kusari" : "npx rl";
  }
  if (isOnPath(started)) return "rl";
  if (script.includes(`${path.sep}node_modules${path.sep}.bin${path.sep}`)) return "npx rl";
  const relative = path.relative(cwd, script);
  return `node ${shellWord(relative.length < script.length ? relative : script)}`;
}

/** Commands of `rl` inside a text; the name of the one that speaks, `rl train: …`, is none. */
const commands =
  /(?<=[\s(`])rl (?=(?:train|resume|watch|record|eval|plot|compare|runs|dashboard|sweep|export|list|play|check-env|devices|--help)\b(?!:))/g;

/** A text with the commands in it as they can be typed. */
export const withTyped = (text: string, rl: string): string => text.replaceAll(commands, `${rl} `);
