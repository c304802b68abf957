/** The import rules of CONTRIBUTING.md, checked over the import statements of every file. */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));

interface Import {
  readonly from: string;
  /** A file of the project, or the name of a package. */
  readonly to: string;
  /** Gone when the program runs. */
  readonly isType: boolean;
}

function filesIn(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts") && !name.includes("node_modules"))
    .map((name) => `${folder}/${name}`)
    .sort();
}

const statement = /^\s*(?:import|export)\s+(type\s)?([^;'"]*?)\s*from\s*["']([^"']+)["']/gm;
const bare = /^\s*import\s*["']([^"']+)["']/gm;
const dynamic = /(?<!typeof )\bimport\(\s*["']([^"']+)["']\s*\)/g;

/** `{ type A, type B }` imports nothing when the program runs. */
const onlyTypes = (names: string) => {
  const inner = /^\{([\s\S]*)\}$/.exec(names.trim())?.[1];
  const parts = inner
    ?.split(",")
    .map((name) => name.trim())
    .filter(Boolean);
  return parts !== undefined && parts.length > 0 && parts.every((name) => name.startsWith("type "));
};

function importsOf(file: string): Import[] {
  const source = readFileSync(join(root, file), "utf8").replace(/\/\*[\s\S]*?\*\//g, "");
  const resolve = (name: string) => (name.startsWith(".") ? relative(root, join(root, dirname(file), name)) : name);
  return [
    ...[...source.matchAll(statement)].map(([, type, names, name]) => ({
      from: file,
      to: resolve(name!),
      isType: type !== undefined || onlyTypes(names!),
    })),
    ...[...source.matchAll(bare), ...source.matchAll(dynamic)].map(([, name]) => ({
      from: file,
      to: resolve(name!),
      isType: false,
    })),
  ];
}

const sources = filesIn("src");
const imports = sources.flatMap(importsOf);

/** `src/autograd/ops/tanh.ts` → `autograd`, `src/device.ts` → `device`. */
const partOf = (file: string) => file.split("/")[1]!.replace(/\.ts$/, "");

/** What the package exports, in Node and in a page. */
const entries = ["src/index.ts", "src/browser.ts"];

const everyone = ["errors", "random", "state", "debug"];
/** What each part may import besides itself and what everyone may. `returns` lies above `autograd` only. */
const allowed: Record<string, readonly string[]> = {
  errors: [],
  random: [],
  state: [],
  debug: [],
  kernel: [],
  cpu: ["kernel"],
  gpu: ["kernel"],
  deviceProfile: ["kernel"],
  device: ["kernel", "cpu", "gpu", "deviceProfile"],
  autograd: ["kernel", "device"],
  nets: ["autograd"],
  returns: ["autograd"],
  envs: [],
  replay: [],
  explorers: [],
  agents: ["autograd", "nets", "returns", "replay", "explorers", "device"],
  onnx: ["kernel", "device", "autograd", "agents"],
  train: ["agents", "envs", "device", "autograd", "nets", "returns", "replay", "explorers"],
  plots: [],
  cli: ["train", "onnx", "agents", "envs", "device", "plots", "autograd", "nets", "returns", "replay", "explorers"],
  notebook: ["plots", "envs"],
};

describe("import rules", () => {
  it("sees the imports", () => {
    expect(imports.length).toBeGreaterThan(300);
    expect(imports.filter(({ to }) => to.startsWith("src/") && !sources.includes(to))).toEqual([]);
  });

  it("every part imports what it may", () => {
    const broken = imports.filter(({ from, to }) => {
      // the command line hands environments in files the whole library under its name
      if (!to.startsWith("src/") || entries.includes(from) || (partOf(from) === "cli" && to === "src/index.ts")) {
        return false;
      }
      const [part, other] = [partOf(from), partOf(to)];
      return part !== other && !everyone.includes(other) && !allowed[part]?.includes(other);
    });
    expect(broken.map(({ from, to }) => `${from} imports ${to}`)).toEqual([]);
  });

  it.each(["cpu", "gpu"])("only device.ts knows the %s", (part) => {
    const users = imports.filter(({ from, to }) => partOf(from) !== part && to.startsWith(`src/${part}/`));
    expect([...new Set(users.map(({ from }) => from))]).toEqual(["src/device.ts"]);
  });

  it("the engine, environments, replay buffers and explorers import no package but seedrandom", () => {
    const parts = ["kernel", "cpu", "gpu", "autograd", "envs", "replay", "explorers", "nets", "returns"];
    const packages = imports.filter(
      ({ from, to, isType }) => parts.includes(partOf(from)) && !to.startsWith("src/") && !isType,
    );
    expect(packages.map(({ from, to }) => `${from} imports ${to}`).filter((line) => !line.includes("node:"))).toEqual(
      [],
    );
  });

  it("what a page loads imports no module of Node, and no package but zod, seedrandom and pbf", () => {
    const reached = new Set<string>();
    const visit = (file: string): void => {
      if (reached.has(file)) return;
      reached.add(file);
      for (const { from, to, isType } of imports) if (from === file && !isType) visit(to);
    };
    for (const file of ["src/browser.ts", "src/train/browser.ts"]) visit(file);
    expect(reached.size).toBeGreaterThan(150);
    expect([...reached].filter((file) => !file.startsWith("src/")).sort()).toEqual([
      "pbf",
      "seedrandom/lib/alea.js",
      "zod/mini",
    ]);
  });

  it("benchmarks and examples import public names only", () => {
    const outside = ["bench", "examples"].flatMap(filesIn).flatMap(importsOf);
    const inner = outside.filter(({ to }) => /^(src|dist)\//.test(to));
    expect(inner.map(({ from, to }) => `${from} imports ${to}`)).toEqual([]);
  });

  it("there are no cycles among files", () => {
    const next = new Map<string, string[]>();
    for (const { from, to, isType } of imports) {
      if (!isType) next.set(from, [...(next.get(from) ?? []), to]);
    }
    const cycles: string[] = [];
    const state = new Map<string, "open" | "done">();
    const path: string[] = [];
    const visit = (file: string): void => {
      if (state.get(file) === "done") return;
      if (state.get(file) === "open") {
        cycles.push([...path.slice(path.indexOf(file)), file].join(" → "));
        return;
      }
      state.set(file, "open");
      path.push(file);
      for (const to of next.get(file) ?? []) visit(to);
      path.pop();
      state.set(file, "done");
    };
    for (const file of sources) visit(file);
    expect(cycles).toEqual([]);
  });

  it("no file is called after nothing in particular", () => {
    const all = ["src", "test", "bench", "examples"].flatMap(filesIn);
    expect(all.filter((file) => /(^|\/)(utils?|common|helpers?|misc)(\.|\/)/i.test(file))).toEqual([]);
  });

  it("files are camelCase", () => {
    expect(sources.filter((file) => !/^[a-z][a-zA-Z0-9]*\.ts$/.test(file.split("/").at(-1)!))).toEqual([]);
  });
});
