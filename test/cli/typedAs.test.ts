/** Commands are printed in the form in which they can be typed, and errors say where they are in the words of a command. */
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { errorText } from "../../src/cli/exitCodes.ts";
import { rlTyped, withTyped } from "../../src/cli/typedAs.ts";
import { DeviceError, ShapeError, UsageError } from "../../src/errors.ts";
import { FileError } from "../../src/train/fileError.ts";

let folder: string;
let main: string;
beforeAll(() => {
  folder = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), "kusari-typed-")));
  main = path.join(folder, "kusari", "dist", "cli", "main.js");
  fs.mkdirSync(path.dirname(main), { recursive: true });
  fs.writeFileSync(main, "");
  for (const bin of ["bin", "node_modules/.bin", "_npx/1f/node_modules/.bin", "other"]) {
    fs.mkdirSync(path.join(folder, bin), { recursive: true });
    fs.symlinkSync(bin === "other" ? folder : main, path.join(folder, bin, "rl"));
  }
});
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));

describe("what is printed for rl", () => {
  const at = (script: string, folders: readonly string[], env: Record<string, string> = {}, cwd = folder) =>
    rlTyped({
      env: { PATH: folders.map((name) => path.join(folder, name)).join(path.delimiter), ...env },
      script: path.join(folder, script),
      cwd,
    });

  test("started through npx, or a script of package.json", () => {
    expect(at("node_modules/.bin/rl", ["node_modules/.bin"], { npm_command: "exec" })).toBe("npx rl");
    expect(at("kusari/dist/cli/main.js", ["node_modules/.bin"], { npm_command: "run-script" })).toBe("npx rl");
    expect(at("node_modules/.bin/rl", ["node_modules/.bin"], { npm_config_user_agent: "pnpm/9.0.0" })).toBe("npx rl");
    // in a clone, whose npx makes a link to it
    expect(at("_npx/1f/node_modules/.bin/rl", ["_npx/1f/node_modules/.bin"], { npm_command: "exec" })).toBe("npx rl");
    // of a package that is not installed here
    const fetched = "_npx/2e/node_modules/kusari/dist/cli/main.js";
    const bin = "_npx/2e/node_modules/.bin";
    for (const file of [fetched, `${bin}/rl`]) fs.mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
    fs.writeFileSync(path.join(folder, fetched), "");
    fs.symlinkSync(path.join(folder, fetched), path.join(folder, bin, "rl"));
    expect(at(`${bin}/rl`, [bin], { npm_command: "exec" })).toBe("npx kusari");
  });
  test("on PATH", () => {
    expect(at("bin/rl", ["nowhere", "bin"])).toBe("rl");
    expect(at("kusari/dist/cli/main.js", ["bin"])).toBe("rl");
  });
  test("not on PATH, or another program of that name", () => {
    expect(at("node_modules/.bin/rl", ["other"])).toBe("npx rl");
    expect(at("kusari/dist/cli/main.js", ["other"])).toBe("node kusari/dist/cli/main.js");
    expect(at("kusari/dist/cli/main.js", [], {}, path.join(folder, "kusari", "dist", "cli"))).toBe("node main.js");
    expect(at("kusari/dist/cli/main.js", [], {}, "/")).toBe(`node ${main.slice(1)}`);
  });
  test("in a text: commands, not the name of the one that speaks", () => {
    expect(
      withTyped(
        "rl train: out holds a run. Continue with rl resume done, see rl --help (or `rl list envs`).",
        "npx rl",
      ),
    ).toBe("rl train: out holds a run. Continue with npx rl resume done, see npx rl --help (or `npx rl list envs`).");
  });
});

describe("an error", () => {
  test.each([
    [new UsageError("make: an id must be known; got x."), "rl train: an id must be known; got x."],
    [new UsageError("train: out must be free; got x."), "rl train: out must be free; got x."],
    [new UsageError("rl train: --env must be given; got none."), "rl train: --env must be given; got none."],
    [new DeviceError("gpu: there must be an adapter; got none."), "rl train: there must be an adapter; got none."],
    [new FileError("resume: a is cut off. resume: b is cut off."), "rl train: a is cut off. b is cut off."],
    [
      new UsageError("CartPole.step: the action must be 0; got 7."),
      "rl train: CartPole.step: the action must be 0; got 7.",
    ],
    [new ShapeError("linear: x and w must agree; got 1."), "rl train: linear: x and w must agree; got 1."],
    [new UsageError("train: see\n rl list envs."), "rl train: see npx rl list envs."],
    [new Error("boom"), "rl: unexpected error: boom (RL_DEBUG=1 shows where it came from)"],
  ])("%s", (error, text) => {
    expect(errorText(error, false, "train", "npx rl")).toBe(text);
  });
});
