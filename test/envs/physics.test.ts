import { afterEach, expect, it, vi } from "vitest";

afterEach(() => vi.unstubAllGlobals());

/** The environments as they are loaded anew: planck is looked for once a process. */
async function fresh() {
  vi.resetModules();
  return import("../../src/envs/index.ts");
}

it("without planck a lander is made and listed, and its first reset says what to install", async () => {
  const { make } = await fresh();
  const modules = {
    createRequire: () => () => {
      throw new Error("Cannot find module 'planck'");
    },
  };
  vi.stubGlobal("process", { ...process, getBuiltinModule: () => modules });
  const env = make("LunarLander-v3");
  expect(env.actionSpace.n).toBe(4);
  expect(() => env.reset()).toThrowErrorMatchingInlineSnapshot(
    `[DeviceError: LunarLander: planck must be installed; got none. Install it with npm install planck@1.4.2.]`,
  );
});

it("where nothing can be required planck is handed over", async () => {
  const { make, usePlanck } = await fresh();
  vi.stubGlobal("process", undefined);
  const env = make("LunarLander-v3");
  expect(() => env.reset()).toThrowErrorMatchingInlineSnapshot(
    `[DeviceError: LunarLander: planck must be loaded before the first reset; got none. Import the package and hand it to usePlanck().]`,
  );
  const parts: string[] = [];
  class World {
    constructor() {
      parts.push("World");
      throw new Error("enough");
    }
  }
  usePlanck({ default: { World, Vec2: class {} } });
  expect(() => env.reset()).toThrow("enough");
  expect(parts).toEqual(["World"]);
  expect(() => make("python:CartPole-v1")).toThrowErrorMatchingInlineSnapshot(
    `[UsageError: make: an environment in Python must have a process of its own; got python:CartPole-v1 in a page, which has none. Run it in Node or Deno.]`,
  );
});
