/** What a run directory says of where the run came from: versions, command line, commit. */
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";

/** The versions that config.json records. */
export function versions(): { kusari: string; node: string } {
  const manifest = fs.readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  return { kusari: (JSON.parse(manifest) as { version: string }).version, node: process.versions.node };
}

/** A word as a POSIX shell takes it: quoted where it holds anything but plain characters. */
export const shellWord = (word: string): string =>
  /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;

/** The command line as it can be typed again in this folder. */
export function commandLine(): string {
  const script = path.relative("", process.argv[1] ?? "");
  const words = [script.startsWith("..") ? path.basename(script) : script, ...process.argv.slice(2)];
  return ["node", ...words.map(shellWord)].join(" ");
}

/** `commit <hash>` and `dirty <true or false>`, or null outside a git checkout and without git. */
export function gitState(): string | null {
  try {
    const words = ["status", "--porcelain=v2", "--branch", "--untracked-files=no"];
    const text = execFileSync("git", words, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"], timeout: 5_000 });
    const commit = /^# branch\.oid (\S+)/m.exec(text)?.[1] ?? "none";
    return `commit ${commit}\ndirty ${/^[^#]/m.test(text)}\n`;
  } catch {
    return null;
  }
}
