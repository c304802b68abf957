/** rl watch, rl record, and what rl dashboard and --dashboard refuse, on the built package. */
import { execFile } from "node:child_process";
import fs from "node:fs";
import http from "node:http";
import type { AddressInfo } from "node:net";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const main = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
let folder: string;

function rl(line: string): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    const env = { ...process.env, NO_COLOR: "1" };
    execFile(process.execPath, [main, ...line.split(" ")], { cwd: folder, env }, (error, stdout, stderr) =>
      resolve({ code: error ? Number(error.code) : 0, stdout, stderr }),
    );
  });
}

const short = "--steps 600 --stop-at none --eval-interval 300 --eval-episodes 2 --final-episodes 2 --quiet";

beforeAll(async () => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "kusari-watch-"));
  expect((await rl(`train --agent dqn --env CartPole --out done ${short}`)).code).toBe(0);
  fs.mkdirSync(path.join(folder, "young"));
  fs.copyFileSync(path.join(folder, "done", "config.json"), path.join(folder, "young", "config.json"));
});
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));

describe("rl watch", () => {
  it("draws the last picture of each episode in a pipe, and says how it went", async () => {
    const { code, stdout } = await rl("watch done --episodes 2 --seed 7");
    expect(code).toBe(0);
    const lines = stdout.trimEnd().split("\n");
    const told = lines.filter((line) => line.startsWith("seed"));
    expect(told).toHaveLength(2);
    expect(told[0]).toMatch(/^seed 7: return (\d+) in \1 steps, terminated$/);
    expect(told[1]).toMatch(/^seed 8: /);
    // the cart stands on its track
    expect(lines.some((line) => /[#@*%+=-]{5}/.test(line))).toBe(true);
    // the same seed, the same episode
    expect((await rl("watch done --episodes 1 --seed 7")).stdout).toContain(`${told[0]}\n`);
  });

  it("needs weights", async () => {
    const { code, stderr } = await rl("watch young");
    expect([code, stderr.trim().split("\n")]).toEqual([
      2,
      [expect.stringMatching(/^rl watch: young must hold weights in best\/; got none/)],
    ]);
  });
});

describe("rl record", () => {
  it("writes a GIF of as many frames as there are steps, and one more", async () => {
    const { code, stdout } = await rl("record done --gif play.gif --seed 7 --fps 50");
    const steps = Number(/^wrote play\.gif \(\d+ kB\): (\d+) steps, return \d+\n$/.exec(stdout)?.[1]);
    expect([code, steps]).toEqual([0, expect.any(Number)]);
    const gif = fs.readFileSync(path.join(folder, "play.gif"));
    expect(gif.subarray(0, 6).toString()).toBe("GIF89a");
    expect(gif.at(-1)).toBe(0x3b);
    const frames = gif.toString("latin1").split("\x21\xf9\x04\x04\x02\x00").length - 1;
    expect(frames).toBe(steps + 1);
  });

  it.each([
    ["record done", 2, /^rl record: --gif must be given; got none\. Write npx rl record RUN --gif episode\.gif\.$/],
    [
      "record done --gif /proc/kusari/play.gif",
      3,
      /^rl record: \/proc\/kusari\/play\.gif must be writable; got ENOENT\. /,
    ],
    [
      "record absent --gif play.gif",
      2,
      /^rl record: the run directory must be one that train made; got absent, which is not there\. /,
    ],
    ["record done --gif play.gif --fps 90", 2, /^rl record: --fps must be a number between 1 and 50; got 90\. /],
  ])("%s", async (line, exitCode, message) => {
    const { code, stderr } = await rl(line);
    expect(stderr.trim()).toMatch(message);
    expect(code).toBe(exitCode);
  });
});

describe("what a dashboard refuses", () => {
  it.each([
    [
      "train --agent dqn --env CartPole --seeds 0-1 --dashboard",
      /^rl train: --dashboard must come without --seeds; got both\. /,
    ],
    [
      "dashboard absent",
      /^rl dashboard: the folder of runs must be there; got absent\. Train with npx rl train first, or name another\.$/,
    ],
    ["dashboard --port 70000", /^rl dashboard: --port must be a whole number .*; got 70000\. /],
    [
      "train --agent dqn --env CartPole --dashboard --out none",
      /^rl train: --dashboard must have a run directory to read; got --out none\. /,
    ],
    ["train --agent dqn --env CartPole --port 8000", /^rl train: --port must come with --dashboard; got it alone\. /],
    ["watch done --port 8000", /^rl watch: --port must come with --browser; got it alone\. /],
  ])("%s", async (line, message) => {
    const { code, stderr } = await rl(line);
    expect(stderr.trim()).toMatch(message);
    expect(code).toBe(2);
  });

  it("a port in use, before anything begins", async () => {
    const taken = http.createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => taken.once("listening", resolve));
    const { port } = taken.address() as AddressInfo;
    for (const line of [
      "dashboard done",
      "watch done --browser",
      `train --agent dqn --env CartPole --dashboard --out new ${short}`,
    ]) {
      const { code, stderr } = await rl(`${line} --port ${port}`);
      expect(stderr.trim()).toMatch(new RegExp(`^rl \\w+: --port must be a free one; got ${port}, which is in use\\.`));
      expect(code).toBe(2);
    }
    expect(fs.existsSync(path.join(folder, "new"))).toBe(false);
    taken.close();
  });
});
