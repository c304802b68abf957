/** The TypeScript in the documentation and the examples run as they stand, on the built package. */
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { createJiti } from "jiti";
import { describe, expect, it, vi } from "vitest";
import { withTables } from "../scripts/agentsPage.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const blocksOf = (file: string) =>
  [...readFileSync(`${root}${file}`, "utf8").matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(([, code]) => code!);

// the package's own name leads to dist/ from any file in its folder
const jiti = createJiti(`${root}documentation.ts`, { moduleCache: false });

const pages = [
  "README.md",
  "docs/agents.md",
  "docs/autograd.md",
  "docs/environments.md",
  "docs/recurrence.md",
  "docs/browser.md",
  "docs/plots.md",
];
describe.each(pages)("%s", (file) => {
  it.each(blocksOf(file).map((code, i) => [i + 1, code] as const))("block %i runs", async (_number, code) => {
    const log = vi.spyOn(console, "log").mockImplementation(() => {});
    // runs leave nothing behind
    const source = code.replace(/train\(\{(?! out)/, "train({ out: null,");
    await jiti.evalModule(source, { filename: `${root}documentation.ts`, async: true });
    expect(log.mock.calls.flat().every((value) => value !== undefined)).toBe(true);
    log.mockRestore();
  });
});

it("docs/agents.md lists the agents there are", () => {
  const page = readFileSync(`${root}docs/agents.md`, "utf8");
  expect(page, "run npx jiti scripts/agentsPage.ts").toBe(withTables(page));
});

describe("examples/cartpole", () => {
  const last = { "handWritten.ts": /greedy returns \[[\s\d,.]+\]\s*$/, "withTrain.ts": /everything is in runs\// };
  it.each(Object.entries(last))("%s", async (file, expected) => {
    const folder = mkdtempSync(path.join(tmpdir(), "example-"));
    try {
      const [jiti, script] = [`${root}node_modules/jiti/lib/jiti-cli.mjs`, `${root}examples/cartpole/${file}`];
      const { stdout } = await promisify(execFile)(process.execPath, [jiti, script], { cwd: folder });
      expect(stdout).toMatch(expected);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe("examples/atari-lite", () => {
  it("trainDqn.ts, for a few steps", async () => {
    const folder = mkdtempSync(path.join(tmpdir(), "example-"));
    try {
      const [jiti, script] = [`${root}node_modules/jiti/lib/jiti-cli.mjs`, `${root}examples/atari-lite/trainDqn.ts`];
      const args = [jiti, script, "Breakout", "3000", "2"];
      const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: folder });
      const file = /the curve is in (\S+)\n$/.exec(stdout)?.[1];
      const lines = readFileSync(path.join(folder, file!), "utf8").match(/<polyline points="[\d., ]+"/g);
      expect(lines?.length).toBe(3); // two runs and their mean
      expect(new Set(lines!.map((line) => line.split(" ").length))).toEqual(new Set([31]));
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
