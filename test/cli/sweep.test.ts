/** `rl sweep` as a user runs it: the built dist/cli/main.js in processes of its own. */
import { execFile, spawn } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readResult } from "../../src/train/index.ts";

const main = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
let folder: string;
beforeAll(() => {
  if (!fs.existsSync(main)) throw new Error(`test: ${main} must be there; got no such file. Run npm run build first.`);
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "kusari-sweep-"));
});
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function rl(...args: readonly string[]): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(process.execPath, [main, ...args], { cwd: folder }, (error, stdout, stderr) => {
      resolve({ code: error ? Number(error.code) : 0, stdout, stderr });
    });
  });
}

const small =
  "sweep --agent a2c --env CartPole --steps 300 --stop-at none --eval-interval 100 --eval-episodes 1 --final-episodes 2";
const words = (line: string) => line.split(" ");

type Line = Record<string, unknown>;
const linesOf = (text: string): Line[] =>
  text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Line);
const linesIn = (sweep: string) => fs.readFileSync(path.join(folder, sweep, "trials.ndjson"), "utf8");

describe("a grid", () => {
  const grid = [
    ...words(small),
    "--search",
    "learningRate=1e-3,1e-2",
    "--search=gamma=0.9,0.99",
    "--algorithm",
    "grid",
  ];

  test("tries everything; each run is an ordinary one; the best can be trained again", async () => {
    const { code, stdout } = await rl(...grid, "--out", "grid", "--json");
    expect(code).toBe(0);
    const lines = linesOf(stdout);
    const result = lines.pop() as Line & { best: { trial: number; values: object }; command: string };
    expect(`${lines.map((line) => JSON.stringify(line)).join("\n")}\n`).toBe(linesIn("grid"));
    expect(lines.map(({ event, trial }) => `${event} ${trial}`)).toEqual(
      [0, 1, 2, 3].flatMap((trial) => [`trial ${trial}`, `run ${trial}`]),
    );
    expect(lines.filter(({ event }) => event === "trial").map(({ values }) => Object.values(values as object))).toEqual(
      [
        [1e-3, 0.9],
        [1e-3, 0.99],
        [1e-2, 0.9],
        [1e-2, 0.99],
      ],
    );
    for (const line of lines.filter(({ event }) => event === "run")) {
      const ended = readResult(path.join(folder, "grid", `trial-000${line.trial}`, "seed-0"))!;
      expect([ended.evaluation.mean, ended.step]).toEqual([line.value, line.steps]);
      expect((line.curve as number[][]).map(([step]) => step)).toEqual([100, 200, 300]);
    }
    expect(result).toMatchObject({ event: "sweep", folder: "grid", trials: 4 });
    const flags = Object.entries(result.best.values).map(([name, value]) =>
      name === "gamma" ? `--gamma ${value}` : `--learning-rate ${value}`,
    );
    expect(result.command).toBe(
      "rl train --agent a2c --env CartPole-v1 --steps 300 --eval-interval 100 --eval-episodes 1 --final-episodes 2 " +
        `--stop-at none ${flags.join(" ")}`,
    );
    const printed = await rl("train", "--config", "grid/best.json", "--print-config");
    expect(JSON.parse(printed.stdout)).toMatchObject({ agent: "a2c", steps: 300, hyperparameters: result.best.values });
    const typed = await rl(...words(result.command).slice(1), "--print-config");
    expect(JSON.parse(typed.stdout)).toEqual(JSON.parse(printed.stdout));
  });

  test("typed again it has nothing left to do, and shows its result", async () => {
    const before = linesIn("grid");
    const { code, stdout, stderr } = await rl(...grid, "--out", "grid");
    expect(code).toBe(0);
    expect(stderr).toBe("goes on with grid: 4 of 4 trials begun\n");
    expect(stdout).toMatch(/^rank {2}trial {2}return +steps +status +learningRate +gamma\n1 /);
    expect(stdout).toMatch(/\nimportance \(share of the variance of ranks\): \w+ \d+%, \w+ \d+%\n/);
    expect(stdout).toMatch(/\nbest: npx rl train --agent a2c --env CartPole-v1 /);
    expect(linesIn("grid")).toBe(before);
    const page = fs.readFileSync(path.join(folder, "grid", "report.html"), "utf8");
    expect(page).toContain("<h1>a2c in CartPole-v1</h1>");
    expect(page.match(/<polyline class="line (best|good|rest) finished"/g)?.length).toBe(4);
    expect(page.match(/<circle class="dot best /g)?.length).toBe(3);
  });

  test("rl runs lists its runs and nothing else", async () => {
    const { stdout } = await rl("runs", "grid", "--json");
    const runs = (JSON.parse(stdout) as Line[]).map(({ directory, env, status }) => `${directory} ${env} ${status}`);
    expect(runs).toEqual([0, 1, 2, 3].map((trial) => `grid/trial-000${trial}/seed-0 CartPole-v1 finished`));
  });

  test("another sweep does not go into its folder", async () => {
    const { code, stderr } = await rl(...grid, "--out", "grid", "--entropy-coefficient", "0.1");
    expect(code).toBe(2);
    expect(stderr).toBe(
      "rl sweep: --out grid must be of the same sweep; got one with another entropyCoefficient. Choose another folder.\n",
    );
  });
});

test("killed, it goes on with what was done: the same lines as of one that was not", async () => {
  const asha = [
    ...words(small),
    ..."--pruner asha --eta 2 --least-steps 60 --trials 4 --seeds 3 --steps 160 --algorithm random".split(" "),
    "--search",
    "learningRate=log:1e-4..1e-1",
  ];
  const whole = await rl(...asha, "--out", "whole", "--quiet");
  expect(whole.code).toBe(0);
  const lines = linesOf(linesIn("whole"));
  expect(lines.filter(({ event }) => event === "promoted").length).toBeGreaterThan(1);
  const child = spawn(process.execPath, [main, ...asha, "--out", "killed", "--json"], { cwd: folder });
  await new Promise<void>((resolve) => {
    let seen = 0;
    child.stdout.on("data", (text: Buffer) => {
      seen += text.toString().split("\n").length - 1;
      if (seen >= 3) child.kill("SIGKILL");
    });
    child.on("close", () => resolve());
  });
  expect(linesOf(linesIn("killed")).length).toBeLessThan(lines.length);
  fs.appendFileSync(path.join(folder, "killed", "trials.ndjson"), '{"event":"ru');
  // the run that was under way stops by itself, as nobody reads what it says
  let again = await rl(...asha, "--out", "killed", "--quiet");
  for (let i = 0; i < 5 && again.code !== 0; i++) again = await rl(...asha, "--out", "killed", "--quiet");
  expect(again.code).toBe(0);
  expect(linesIn("killed")).toBe(linesIn("whole"));
}, 180_000);

test("bad input gets one line", async () => {
  const typed = async (...more: readonly string[]) => {
    const { code, stderr } = await rl(...words(small), ...more);
    expect(code).toBe(2);
    return stderr.replaceAll(/of [^;]{60,};/g, "of …;");
  };
  expect([
    await typed("--search", "gama=0.9"),
    await typed("--search", "gamma=0.9", "--search", "gamma=0.99"),
    await typed("--seeds", "3-1"),
    await typed("--algorithm", "bayes"),
    await typed("--pruner", "asha", "--eta", "1"),
    await typed("--trials", "0"),
    await typed("--serach", "gamma=0.9"),
  ]).toMatchInlineSnapshot(`
    [
      "rl sweep: --search must name a hyperparameter, of …; got gama. Did you mean gamma?
    ",
      "rl sweep: --search must name a hyperparameter once; got gamma twice. Leave one out.
    ",
      "rl sweep: --seeds must be whole numbers and ranges; got 3-1, where 3-1 ends before it begins. Write --seeds 0-9 or --seeds 0,3,5.
    ",
      "rl sweep: --algorithm must be one of tpe, random, grid; got bayes. Meaning: how configurations are chosen.
    ",
      "rl sweep: --eta must be a whole number of at least 2; got 1. Meaning: asha: one trial of so many goes on, with so many times as many steps.
    ",
      "rl sweep: --trials must be a whole number of at least 1; got 0. Meaning: configurations to try; a grid has all of its own.
    ",
      "rl sweep: there is no flag --serach. Did you mean --search?
    ",
    ]
  `);
});
