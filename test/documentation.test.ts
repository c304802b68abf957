/** The TypeScript in the documentation runs as it stands, on the built package. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { createJiti } from "jiti";
import { describe, expect, it, vi } from "vitest";
import { withTables } from "../scripts/agentsPage.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const blocksOf = (file: string) =>
  [...readFileSync(`${root}${file}`, "utf8").matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(([, code]) => code!);

// the package's own name leads to dist/ from any file in its folder
const jiti = createJiti(`${root}documentation.ts`, { moduleCache: false });

const names = ["agents", "autograd", "environments", "browser", "plots", "recurrence", "export", "notebook"];
const pages = names.map((name) => `docs/${name}.md`);
describe.each(["README.md", ...pages])("%s", (file) => {
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
