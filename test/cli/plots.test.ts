/** `rl plot`, `rl compare`, `rl runs` and `rl train --seeds` as a user runs them. */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { writeRun } from "../plots/writtenRun.ts";

const main = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
let folder: string;
const at = (...names: string[]) => path.join(folder, ...names);
const { RL_DEBUG: _, FORCE_COLOR: __, ...env } = process.env;

function rl(line: string): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [main, ...line.split(" ")], { cwd: folder, env }, (error, stdout, stderr) => {
      resolve({ code: error ? Number(error.code) : 0, stdout, stderr });
    });
  });
}

beforeAll(() => {
  if (!fs.existsSync(main)) throw new Error(`test: ${main} must be there; got no such file. Run npm run build first.`);
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "kusari-cli-plots-"));
  for (const seed of [0, 1, 2]) {
    writeRun(at("runs", "dqn", `seed-${seed}`), { seed, final: 480 + seed, outcome: "solved" });
    writeRun(at("runs", "ppo", `seed-${seed}`), { seed, agent: "ppo", evaluations: [10, 50, 90], final: 80 + seed });
  }
  writeRun(at("runs", "stopped"), { steps: 9_000, evaluations: [10, 20] });
});
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));

test("rl runs: a table, and JSON", async () => {
  const { code, stdout, stderr } = await rl("runs");
  expect([code, stderr]).toEqual([0, ""]);
  expect(`\n${stdout}`).toMatchInlineSnapshot(`
    "
    run              agent  environment  seed  steps           best          final  status
    runs/dqn/seed-0  dqn    CartPole-v1  0     3,000           480 at 3,000  480    solved
    runs/dqn/seed-1  dqn    CartPole-v1  1     3,000           480 at 3,000  481    solved
    runs/dqn/seed-2  dqn    CartPole-v1  2     3,000           480 at 3,000  482    solved
    runs/ppo/seed-0  ppo    CartPole-v1  0     3,000           90 at 3,000   80     finished
    runs/ppo/seed-1  ppo    CartPole-v1  1     3,000           90 at 3,000   81     finished
    runs/ppo/seed-2  ppo    CartPole-v1  2     3,000           90 at 3,000   82     finished
    runs/stopped     dqn    CartPole-v1  0     2,000 of 9,000  20 at 2,000   –      stopped
    "
  `);
  const json = JSON.parse((await rl("runs runs/stopped --json")).stdout);
  expect(json).toEqual([
    {
      directory: "runs/stopped",
      agent: "dqn",
      env: "CartPole-v1",
      seed: 0,
      step: 2_000,
      steps: 9_000,
      best: { step: 2_000, mean: 20 },
      final: null,
      status: "stopped",
    },
  ]);
});

test("rl compare: both sides, the probability, the verdict", async () => {
  const { code, stdout, stderr } = await rl("compare runs/dqn runs/ppo/seed-*");
  expect([code, stderr]).toEqual([0, ""]);
  expect(`\n${stdout}`).toMatchInlineSnapshot(`
    "
    Final return in CartPole-v1
                       runs  solved  IQM  95% interval  mean  median  steps (median)
    A runs/dqn         3     3       481  480 to 482    481   481     3,000
    B runs/ppo/seed-*  3     0       81   80 to 82      81    81      3,000
    P(A > B) = 1 (95% interval 1 to 1)

    runs/dqn is better: one of its runs beats one of runs/ppo/seed-* in 100% of pairs. Of so few runs intervals come out too narrow: train 5 or more seeds of each to be sure.
    "
  `);
  const json = JSON.parse((await rl("compare runs/dqn runs/ppo --json")).stdout);
  expect(json.comparisons[0].improvement).toEqual({ probability: 1, interval: { low: 1, high: 1 } });
});

test("rl plot: a page, pictures, the terminal", async () => {
  const page = await rl("plot runs/dqn runs/ppo");
  expect(page).toMatchObject({ code: 0, stderr: "" });
  expect(page.stdout).toMatch(/^wrote plot\.html \(1\.\d MB\)\nopen file:\/\/\/.*plot\.html\n$/);
  expect(fs.readFileSync(at("plot.html"), "utf8")).toContain("Learning curves of dqn and ppo in CartPole-v1");
  const pictures = await rl(
    "plot runs nothing --png new/a.png --svg a.svg --theme dark --ascii --smooth 3 --curves evaluation,epsilon",
  );
  expect(pictures.code).toBe(0);
  expect(pictures.stderr).toBe("warning: nothing is not there.\n");
  expect(pictures.stdout).toMatch(
    /^Learning curves of dqn and ppo in CartPole-v1\n\nReturn of greedy evaluations\n[\s\S]*\nε, the share/,
  );
  expect(pictures.stdout).toMatch(/\nwrote a\.svg \(\d+ kB\)\nwrote new\/a\.png \(\d+ kB\)\n$/);
  expect(fs.readFileSync(at("new", "a.png")).subarray(1, 4).toString()).toBe("PNG");
  expect(fs.existsSync(at("report.html"))).toBe(false);
});

test("bad input gets one line and its exit code", async () => {
  fs.mkdirSync(at("empty"));
  fs.mkdirSync(at("taken", "seed-0"), { recursive: true });
  fs.writeFileSync(at("taken", "seed-0", "config.json"), "{");
  writeRun(at("young"), { evaluations: [] });
  const train = "train --agent dqn --env CartPole";
  const lines = [
    "plot",
    "plot empty nothing x-*",
    "plot runs --png empty",
    "plot runs/stopped --out /proc/kusari/plot.html",
    "plot runs --smooth 0",
    "plot runs --theme blue",
    "plot runs --curves averageLos",
    "compare runs/dqn",
    "compare runs/dqn empty",
    "compare runs/dqn young",
    "compare runs/dqn runs/ppo runs",
    "runs nothing",
    `${train} --seeds`,
    `${train} --seeds a-b`,
    `${train} --seeds 3-1`,
    `${train} --seeds 0-99999`,
    `${train} --seeds 0-3 --seed 1`,
    `${train} --seeds 0-3 --parallel 0`,
    `${train} --seeds 0-3 --out none`,
    `${train} --seeds 0-3 --out taken`,
    `${train} --seeds 0-3 --out runs/stopped`,
    `${train} --seeds 0-3 --out /proc/kusari`,
    `${train} --parallel 2`,
  ];
  const said: Record<string, string> = {};
  // a few at a time: each is a process
  const queue = [...lines];
  const worker = async () => {
    for (let line = queue.shift(); line !== undefined; line = queue.shift()) {
      const { code, stdout, stderr } = await rl(line);
      expect(stdout, line).toBe("");
      said[line] = `${code} ${stderr.trimEnd()}`;
    }
  };
  await Promise.all([worker(), worker(), worker()]);
  expect(lines.map((line) => `rl ${line}\n  ${said[line]}`).join("\n")).toMatchInlineSnapshot(`
    "rl plot
      2 rl plot: a run must be given; got none. Write npx rl plot RUN, or npx rl plot runs for all.
    rl plot empty nothing x-*
      2 rl plot: there must be a run in empty, nothing, x-*; got none: empty holds no run. nothing is not there. no directory matches x-*. Check the path.
    rl plot runs --png empty
      2 rl plot: --png must be a file; got empty. Write --png plot.png.
    rl plot runs/stopped --out /proc/kusari/plot.html
      3 rl plot: /proc/kusari/plot.html must be writable; got ENOENT. Choose another place.
    rl plot runs --smooth 0
      2 rl plot: --smooth must be a whole number of at least 1; got 0. Meaning: reports that are averaged for a smooth line.
    rl plot runs --theme blue
      2 rl plot: --theme must be one of light, dark; got blue. Meaning: colours of pictures; a page follows the system's.
    rl plot runs --curves averageLos
      2 rl plot: --curves must be of evaluation, episodeReturn, averageLoss, averageQ, epsilon, stepsPerSecond; got averageLos. Did you mean averageLoss?
    rl compare runs/dqn
      2 rl compare: two sides must be given; got runs/dqn. Write npx rl compare A B.
    rl compare runs/dqn empty
      2 rl compare: there must be a run in empty; got none: empty holds no run. Check the path.
    rl compare runs/dqn young
      2 rl compare: young must hold a run with an evaluation; got 1 without. Train longer.
    rl compare runs/dqn runs/ppo runs
      2 rl compare: two sides must be given; got 3. Quote patterns: npx rl compare 'runs/dqn-*' 'runs/ppo-*'.
    rl runs nothing
      2 rl runs: there must be a run in nothing; got none: nothing is not there. Check the path.
    rl train --agent dqn --env CartPole --seeds
      2 rl train: --seeds needs a value; got none.
    rl train --agent dqn --env CartPole --seeds a-b
      2 rl train: --seeds must be whole numbers and ranges; got a-b. Write --seeds 0-9 or --seeds 0,3,5.
    rl train --agent dqn --env CartPole --seeds 3-1
      2 rl train: --seeds must be whole numbers and ranges; got 3-1, where 3-1 ends before it begins. Write --seeds 0-9 or --seeds 0,3,5.
    rl train --agent dqn --env CartPole --seeds 0-99999
      2 rl train: --seeds must be whole numbers and ranges; got 0-99999, which are more than 1000. Write --seeds 0-9 or --seeds 0,3,5.
    rl train --agent dqn --env CartPole --seeds 0-3 --seed 1
      2 rl train: one of --seed and --seeds can be given; got both. Write --seeds alone.
    rl train --agent dqn --env CartPole --seeds 0-3 --parallel 0
      2 rl train: --parallel must be a whole number of at least 1; got 0. Meaning: runs at a time, of --seeds.
    rl train --agent dqn --env CartPole --seeds 0-3 --out none
      2 rl train: runs of --seeds must be written; got --out none. Leave it out, or name a folder.
    rl train --agent dqn --env CartPole --seeds 0-3 --out taken
      2 rl train: taken/seed-0/config.json is damaged or of another program: it names no agent and environment. Delete the directory to train that seed anew.
    rl train --agent dqn --env CartPole --seeds 0-3 --out runs/stopped
      2 rl train: --out must be a folder for many runs; got runs/stopped, which is a run. Choose another.
    rl train --agent dqn --env CartPole --seeds 0-3 --out /proc/kusari
      3 rl train: /proc/kusari/seeds.json must be writable; got ENOENT. Choose another place.
    rl train --agent dqn --env CartPole --parallel 2
      2 rl train: --parallel is for many seeds; got none. Add --seeds 0-9."
  `);
});

describe("rl train --seeds", () => {
  const short =
    "train --agent dqn --env CartPole --steps 600 --stop-at none --eval-interval 300 --eval-episodes 2 --final-episodes 3";
  /** Long enough to be stopped on the way. */
  const long =
    "train --agent dqn --env CartPole --steps 400000 --stop-at none --eval-interval 200000 --eval-episodes 1 --final-episodes 1";

  /** What a process has said by the time that it matches; the rest is read and dropped. */
  const said = (child: ChildProcess, pattern: RegExp): Promise<string> =>
    new Promise((resolve) => {
      let text = "";
      child.stdout!.setEncoding("utf8").on("data", (piece: string) => {
        text += piece;
        if (pattern.test(text)) resolve(text);
      });
    });
  const stopped = (child: ChildProcess): Promise<number | null> =>
    once(child, "close").then(([code]) => code as number);

  test("each seed is a run; typed again, finished ones are passed over and a new one is trained", async () => {
    const first = await rl(`${short} --seeds 0,2 --parallel 2`);
    expect(first.code).toBe(0);
    const expected =
      /^2 seeds: 2 finished\nfinal return of 2: median \S+, interquartile mean \S+, median steps 600\nnext: npx rl plot runs\/dqn-CartPole-v1-seeds-1\n$/;
    expect(first.stdout).toMatch(expected);
    const metrics = (seed: number) =>
      fs.readFileSync(at("runs/dqn-CartPole-v1-seeds-1", `seed-${seed}`, "metrics.ndjson"), "utf8");
    const before = metrics(0);
    const again = await rl(`${short} --seeds 0-2 --json`);
    const events = again.stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(new Set(events.slice(0, -1).map(({ seed }) => seed))).toEqual(new Set([1]));
    expect(events.at(-1)).toMatchObject({
      event: "summary",
      folder: "runs/dqn-CartPole-v1-seeds-1",
      seeds: [0, 1, 2].map((seed) => ({ seed, status: "finished", steps: 600, score: expect.any(Number) })),
      iqm: expect.any(Number),
    });
    expect(metrics(0)).toBe(before);
    // the run of a seed is the one that --seed gives
    await rl(`${short} --seed 2 --out alone`);
    expect(metrics(2)).toBe(fs.readFileSync(at("alone", "metrics.ndjson"), "utf8"));
    // other values are another experiment
    const other = await rl(`${short} --seeds 0 --gamma 0.5 --quiet`);
    expect(other.stdout).toContain("next: npx rl plot runs/dqn-CartPole-v1-seeds-2\n");
    const refused = await rl(`${short} --seeds 0 --gamma 0.5 --out runs/dqn-CartPole-v1-seeds-1`);
    expect([refused.code, refused.stderr]).toEqual([
      2,
      "rl train: --out runs/dqn-CartPole-v1-seeds-1 must be of the same experiment; got one with other values: gamma 0.99 (now 0.5). Choose another folder.\n",
    ]);
  });

  test.runIf(process.platform !== "win32")("a signal saves; typed again, the seed goes on", async () => {
    const child = spawn(process.execPath, [main, ...`${long} --seeds 7,8 --out long --json`.split(" ")], {
      cwd: folder,
      env,
    });
    // well under way: later seeds must not begin
    await said(child, /"event":"progress"/);
    child.kill("SIGTERM");
    expect(await stopped(child)).toBe(143);
    const [row] = JSON.parse((await rl("runs long --json")).stdout);
    expect(row).toMatchObject({ seed: 7, status: "stopped", steps: 400_000 });
    expect(row.step).toBeLessThan(400_000);
    expect(fs.existsSync(at("long", "seed-8"))).toBe(false);
    const resumed = spawn(process.execPath, [main, ...`${long} --seeds 7,8 --out long --json`.split(" ")], {
      cwd: folder,
      env,
    });
    const start = JSON.parse((await said(resumed, /\n/)).split("\n", 1)[0]!);
    resumed.kill("SIGINT");
    expect(await stopped(resumed)).toBe(130);
    expect(start).toMatchObject({ event: "start", seed: 7, resumed: true, fromStep: expect.any(Number) });
    expect(start.fromStep).toBeGreaterThan(0);
  });

  test("a seed that fails is told; the others are trained", async () => {
    // a directory that can never be a run's
    fs.mkdirSync(at("some"));
    fs.writeFileSync(at("some", "seed-1"), "a file");
    const { code, stderr, stdout } = await rl(`${short} --seeds 0-2 --out some`);
    expect(code).toBe(2);
    expect(stderr).toMatch(
      /^seed 1: failed: rl train: out must be a directory; got some\/seed-1, where a file is\. Choose another\.$/m,
    );
    expect(stdout).toMatch(/^3 seeds: 2 finished, 1 not begun\n/);
  });
});
