/** The package bundled by Vite for a page: nothing of Node in it, small, and running in headless Chromium. */
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import * as inNode from "../../src/index.ts";
import { because, launchChromium, missingChromium } from "./chromium.ts";
import { openSite, type Site } from "./site.ts";

let site: Site;
beforeAll(async () => {
  site = await openSite("test/browser/packagePage");
});
afterAll(() => site?.close());

const root = fileURLToPath(new URL("../../", import.meta.url));

it("package.json names every file that does something when it is loaded: bundlers may drop the others", () => {
  const files = readdirSync(`${root}src`, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".ts"));
  // outside the command line, which nobody bundles, and the script of a report, which is text; a page loads
  // registerAll.ts, which is named, where it needs it
  const others = ["agents/index.ts", "plots/reportScript.ts"];
  const acting = files.filter((name) => {
    const source = readFileSync(`${root}src/${name}`, "utf8");
    return !name.startsWith("cli") && !others.includes(name) && /^(?:[\w.]+\(|for |if |await |import ")/m.test(source);
  });
  const { sideEffects } = JSON.parse(readFileSync(`${root}package.json`, "utf8")) as { sideEffects: string[] };
  const expected = [...acting.map((name) => `./dist/${name.replace(/\.ts$/, ".js")}`), "./dist/cli/main.js"];
  expect([...sideEffects].sort()).toEqual(expected.sort());
});

/** Bytes, gzipped, that a page loads at once: its entry and what that imports, not what it may import later. */
function sizeOfEntry(output: Site["output"]): number {
  const chunks = new Map(output.flatMap((file) => (file.type === "chunk" ? [[file.fileName, file]] : [])));
  const loaded = new Set<string>();
  const load = (name: string): void => {
    if (loaded.has(name)) return;
    loaded.add(name);
    for (const imported of chunks.get(name)!.imports) load(imported);
  };
  for (const { fileName, isEntry } of chunks.values()) if (isEntry) load(fileName);
  return [...loaded].reduce((sum, name) => sum + gzipSync(chunks.get(name)!.code).length, 0);
}

describe("the bundle", () => {
  it("has every import in it, without a word from Vite", () => {
    const chunks = site.output.filter((file) => file.type === "chunk");
    const names = new Set(chunks.map(({ fileName }) => fileName));
    const imported = chunks.flatMap(({ imports, dynamicImports }) => [...imports, ...dynamicImports]);
    expect(imported.filter((name) => !names.has(name))).toEqual([]);
    const modules = chunks.flatMap(({ moduleIds }) => moduleIds);
    expect(modules.length).toBeGreaterThan(150);
    expect(modules.filter((id) => /external|^node:/.test(id))).toEqual([]);
    // and looks for nothing at run time but its own chunks, and Dawn where a page has no WebGPU
    const code = chunks.map(({ code }) => code).join("\n");
    const calls = [...code.matchAll(/\b(?:import|require)\s*\([^)]{0,40}/g)].map(([call]) => call);
    expect(calls.filter((call) => !/\(`(?:webgpu|\.\/[\w-]+\.js)`$/.test(call))).toEqual([]);
    expect(site.warnings).toEqual([]);
  });

  it("takes less than 120 kB, gzipped, where a page trains one agent; the others are a chunk of their own", async () => {
    const small = await openSite("test/browser/smallPage");
    const sizes = [small, site].map(({ output }) => sizeOfEntry(output));
    const [one, all] = sizes.map((size) => `${(size / 1000).toFixed(1)} kB`);
    console.log(`kusari in a page, gzipped: ${one} to train one agent, ${all} with everything imported`);
    expect(sizes[0]).toBeLessThan(120_000);
    await small.close();
  });
});

/** What needs files or processes. */
const nodeOnly = [
  "FileError",
  "PythonEnv",
  "PythonVector",
  "exportWeights",
  "loadAgent",
  "loadEnv",
  "readConfig",
  "readMetrics",
  "readResult",
  "resume",
];

describe.skipIf(missingChromium)(`in Chromium${because}`, () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchChromium();
  });
  afterAll(() => browser?.close());

  it.each(["cpu", "gpu"] as const)(
    "has all but run directories, trains on the %s and keeps what was learned",
    async (device) => {
      const page = await browser.newPage();
      await page.goto(site.url);
      const report = await page.evaluate((name) => globalThis.usePackage(name), device);
      expect(report.six).toBe(6);
      const names = Object.keys(inNode).filter((name) => !nodeOnly.includes(name));
      expect(report.names).toEqual(names.sort());
      expect(report.outcome).toBe("finished");
      expect(report.events.join(" ")).toBe("start progress evaluation progress progress evaluation result");
      expect(report.sameActions).toBe(true);
      expect(report.files.map(([name]) => name)).toEqual([
        "model.safetensors",
        "target.safetensors",
        "optimizer.safetensors",
      ]);
      expect(report.refusals).toMatchInlineSnapshot(`
        [
          "UsageError: train: out must be null in a page, which has no files; got runs/a. Save the agent into a Map at the end.",
          "UsageError: save: a directory must be in a file system; got a page, which has none. Pass a Map, whose entries are files.",
          "UsageError: load: a directory must be in a file system; got a page, which has none. Pass a Map, whose entries are files.",
          "UsageError: load: the Map must hold target.safetensors, as DoubleDQN.save fills it; got model.safetensors. Save into it first.",
        ]
      `);
      await page.close();
    },
  );
});
