/** Where npm put the program `deno`. */
import { createRequire } from "node:module";
import path from "node:path";

/**
 * npm's `deno` is a package a platform; its install script, which would link the program, need not have run.
 * @returns null where it has none for this platform
 */
export function findDeno(): string | null {
  const { platform, arch } = process;
  const name = `@deno/${platform}-${arch}${platform === "linux" ? "-glibc" : ""}`;
  try {
    const manifest = createRequire(import.meta.url).resolve(`${name}/package.json`);
    return path.join(path.dirname(manifest), platform === "win32" ? "deno.exe" : "deno");
  } catch {
    return null;
  }
}
