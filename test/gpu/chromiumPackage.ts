/**
 * npm's @sparticuz/chromium: a headless Chromium and SwiftShader, a Vulkan driver in software, as archives in the package
 * itself. They are unpacked beside it once.
 */
import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { brotliDecompressSync } from "node:zlib";

/** Its binaries are those of one platform. */
export const fitsPlatform = process.platform === "linux" && process.arch === "x64";

/**
 * Unpacks archives of the package into a folder of it, whole or not at all.
 * @param folder its name; nothing is done where it is there
 * @param archives as in the package's bin/: a tar goes into the folder, anything else becomes an executable file
 * @param finish is given the folder before it gets its name
 */
export function unpacked(folder: string, archives: readonly string[], finish?: (folder: string) => void): string {
  const require = createRequire(import.meta.url);
  const entry = require.resolve("@sparticuz/chromium");
  const root = entry.slice(0, entry.lastIndexOf(`${path.sep}chromium${path.sep}`) + `${path.sep}chromium`.length);
  const place = path.join(root, folder);
  if (existsSync(place)) return place;
  const unpacking = `${place}.${process.pid}`;
  mkdirSync(unpacking);
  for (const archive of archives) {
    const file = path.join(unpacking, path.basename(archive, ".br"));
    writeFileSync(file, brotliDecompressSync(readFileSync(path.join(root, "bin", archive))));
    if (!file.endsWith(".tar")) {
      chmodSync(file, 0o755);
      continue;
    }
    execFileSync("tar", ["xf", file, "-C", unpacking]);
    rmSync(file);
  }
  finish?.(unpacking);
  try {
    renameSync(unpacking, place);
  } catch (error) {
    // another process was faster
    if (!existsSync(place)) throw error;
    rmSync(unpacking, { recursive: true });
  }
  return place;
}
