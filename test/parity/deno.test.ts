/** The parity checks in Deno on the sources as they are, on its own WebGPU and on WebAssembly. */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { findDeno } from "../../scripts/notebook/findDeno.ts";
import type { ParityReport } from "./checks.ts";

const deno = findDeno();
const because = deno === null ? ` (skipped: npm's deno has no package for ${process.platform} ${process.arch})` : "";
// a machine of one's own may have no adapter; the software adapter is one for Linux on x64
const targets = process.platform === "linux" && process.arch === "x64" ? ["cpu", "gpu"] : ["cpu"];

describe.skipIf(deno === null)(`in Deno${because}`, () => {
  it.each(targets)(
    "operations, links, optimizers and agents on the %s are as on the reference",
    async (target) => {
      const script = fileURLToPath(new URL("./deno.ts", import.meta.url));
      const args = ["run", "--allow-read", "--allow-env", "--allow-sys", "--no-lock", script, target];
      const { stdout } = await promisify(execFile)(deno!, args, { env: { ...process.env, NO_COLOR: "1" } });
      const { passed, failures, variant } = JSON.parse(stdout.trim().split("\n").at(-1)!) as ParityReport;
      expect(failures).toEqual([]);
      expect(passed).toBeGreaterThan(80);
      expect(variant.startsWith("webgpu")).toBe(target === "gpu");
    },
    240_000,
  );
});
