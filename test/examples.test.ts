/** The scripts of the examples, for a few steps: in Node on the built package, in Deno on the sources as they are. */
import { execFile } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { findDeno } from "../scripts/notebook/findDeno.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const deno = findDeno();

const runtimes = {
  Node: [process.execPath, `${root}node_modules/jiti/lib/jiti-cli.mjs`],
  Deno: deno === null ? null : [deno, "run", "-A", "--no-lock"],
};

/** A script's arguments, and what it says in its last line. */
const scripts: Readonly<Record<string, readonly [args: readonly string[], last: RegExp]>> = {
  "cartpole/train.ts": [["1000"], /^saved in runs\/doubledqn-CartPole-v1-0-1$/],
  "cartpole/handWritten.ts": [["1000"], /^greedy returns \{ .*mean: [\d.]+/],
  "cartpole/ownNetwork.ts": [["1000"], /^(?:finished|solved): mean return [\d.]+ over 100 episodes$/],
  "cartpole/ownEnvironment.ts": [["1000"], /^mean return [\d.]+, an episode is in (runs\/.*\.gif)$/],
  "atari-lite/dqn.ts": [["Asterix", "2050"], /^an episode is in (runs\/Asterix\.gif)$/],
  "atari-lite/trainDqn.ts": [["Breakout", "3000", "2"], /^the curve is in (runs\/.*\.svg)$/],
};

/** Files that are no scripts to be run but parts of one. */
const parts = ["atari-lite/curve.ts"];

it("knows every script", () => {
  const files = ["cartpole", "atari-lite"].flatMap((folder) =>
    readdirSync(`${root}examples/${folder}`)
      .filter((name) => name.endsWith(".ts"))
      .map((name) => `${folder}/${name}`),
  );
  expect(files.sort()).toEqual([...Object.keys(scripts), ...parts].sort());
  for (const file of Object.keys(scripts)) {
    const lines = readFileSync(`${root}examples/${file}`, "utf8").trim().split("\n");
    expect(lines.length, file).toBeLessThanOrEqual(60);
  }
});

describe.each(Object.entries(runtimes))("%s", (_runtime, command) => {
  it.skipIf(command === null).each(Object.entries(scripts))("%s", async (file, [args, last]) => {
    const folder = mkdtempSync(path.join(tmpdir(), "example-"));
    try {
      const [program, ...flags] = command!;
      const { stdout } = await promisify(execFile)(program!, [...flags, `${root}examples/${file}`, ...args], {
        cwd: folder,
        env: { ...process.env, NO_COLOR: "1" },
      });
      const match = last.exec(
        stdout
          .trim()
          .split(/\n(?! |\})/)
          .at(-1)!
          .replaceAll(/\s+/g, " "),
      );
      expect(match, stdout).not.toBeNull();
      const made = match![1];
      if (made?.endsWith(".gif")) {
        expect(readFileSync(path.join(folder, made)).subarray(0, 6).toString()).toBe("GIF89a");
      } else if (made !== undefined) {
        // two runs and their mean, an evaluation at each thirtieth of the steps
        const lines = readFileSync(path.join(folder, made), "utf8").match(/<polyline points="[\d., ]+"/g)!;
        expect(lines.map((line) => line.split(" ").length)).toEqual([31, 31, 31]);
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
