/** A folder with an index.html, built by Vite as a user would, and served from localhost. */
import { mkdtempSync, rmSync } from "node:fs";
import type { AddressInfo } from "node:net";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { build, preview, type Rolldown } from "vite";

export interface Site {
  readonly url: string;
  /** What Vite made: chunks and other files. */
  readonly output: readonly (Rolldown.OutputChunk | Rolldown.OutputAsset)[];
  /** What it warned of. */
  readonly warnings: readonly string[];
  close(): Promise<void>;
}

/** @param folder relative to the project's root */
export async function openSite(folder: string): Promise<Site> {
  const root = fileURLToPath(new URL(`../../${folder}`, import.meta.url));
  const outDir = mkdtempSync(path.join(os.tmpdir(), "kusari-site-"));
  const warnings: string[] = [];
  const { output } = (await build({
    root,
    logLevel: "silent",
    build: {
      outDir,
      emptyOutDir: true,
      // a page that imports everything is large; what a page may load is counted by its test
      chunkSizeWarningLimit: 2_000,
      rolldownOptions: { onwarn: ({ message }) => warnings.push(message) },
    },
  })) as Rolldown.RolldownOutput;
  const server = await preview({
    root,
    logLevel: "silent",
    build: { outDir },
    preview: { port: 0, host: "127.0.0.1" },
  });
  const { port } = server.httpServer.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/`,
    output,
    warnings,
    async close() {
      await server.close();
      rmSync(outDir, { recursive: true });
    },
  };
}
