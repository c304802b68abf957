/**
 * Vitest's global setup: a GPU for the tests of a machine without one. SwiftShader comes in npm's @sparticuz/chromium;
 * the processes of the tests, started after this, find it through their environment.
 */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { brotliDecompressSync } from "node:zlib";

/** Set KUSARI_GPU=own to test on the machine's own adapter. */
export default function setup(): void {
  if (process.platform !== "linux" || process.arch !== "x64" || process.env.KUSARI_GPU === "own") return;
  const require = createRequire(import.meta.url);
  const entry = require.resolve("@sparticuz/chromium");
  const root = entry.slice(0, entry.lastIndexOf(`${path.sep}chromium${path.sep}`) + `${path.sep}chromium`.length);
  const folder = path.join(root, "swiftshader");
  if (!existsSync(folder)) {
    const unpacking = `${folder}.${process.pid}`;
    mkdirSync(unpacking);
    const archive = path.join(unpacking, "swiftshader.tar");
    writeFileSync(archive, brotliDecompressSync(readFileSync(path.join(root, "bin/swiftshader.tar.br"))));
    execFileSync("tar", ["xf", archive, "-C", unpacking]);
    renameSync(unpacking, folder);
  }
  process.env.VK_DRIVER_FILES = path.join(folder, "vk_swiftshader_icd.json");
  process.env.LD_LIBRARY_PATH = [folder, process.env.LD_LIBRARY_PATH].filter(Boolean).join(":");
}
