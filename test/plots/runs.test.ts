/** Reading run directories, and what charts are made of them. */
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  compareRuns,
  findRuns,
  groupRuns,
  plotlyColours,
  plotlyFigure,
  pngPicture,
  RunReader,
  readRuns,
  reportOf,
  svgPicture,
  terminalChart,
  themes,
} from "../../src/plots/index.ts";
import { writeRun } from "./writtenRun.ts";

let folder: string;
const at = (...names: string[]) => path.join(folder, ...names);
/** Sentences without the temporary folder's name. */
const plain = (sentences: readonly string[]) => sentences.map((text) => text.replaceAll(`${folder}/`, ""));

beforeEach(() => (folder = fs.mkdtempSync(path.join(os.tmpdir(), "kusari-plots-"))));
afterEach(() => fs.rmSync(folder, { recursive: true }));

const opened = (directory: string): RunReader => {
  const run = RunReader.open(directory);
  if (typeof run === "string") throw new Error(run);
  return run.refresh();
};

describe("a run directory", () => {
  test("its curves, best evaluation and result", () => {
    const run = opened(writeRun(at("a"), { evaluations: [10, 300, 200], final: 250 }));
    expect(run.description).toMatchObject({ agent: "dqn", env: "CartPole-v1", seed: 0, stopAt: 475 });
    expect([...run.curves.get("evaluation")!.values]).toEqual([10, 300, 200]);
    expect([...run.curves.get("episodeReturn")!.steps]).toEqual([500, 1_000, 1_500, 2_000, 2_500, 3_000]);
    expect([...run.curves.get("stepsPerSecond")!.values].slice(0, 2)).toEqual([5_500, 6_000]);
    expect(run.curves.best).toMatchObject({ step: 2_000, evaluation: { mean: 300 } });
    expect(run.curves.result).toMatchObject({ outcome: "finished", evaluation: { mean: 250 } });
    expect(run.status).toBe("finished");
    expect(run.warnings).toEqual([]);
  });

  test("what is appended is read on, also half a line; what a resume cuts back is read anew", () => {
    const run = opened(writeRun(at("a"), { evaluations: [10] }));
    const file = at("a", "metrics.ndjson");
    const line = JSON.stringify({
      event: "evaluation",
      step: 2_000,
      episodes: 3,
      evaluation: { mean: 99 },
      best: true,
    });
    fs.appendFileSync(file, line.slice(0, 20));
    expect([...run.refresh().curves.get("evaluation")!.values]).toEqual([10]);
    fs.appendFileSync(file, `${line.slice(20)}\n`);
    expect([...run.refresh().curves.get("evaluation")!.values]).toEqual([10, 99]);
    writeRun(at("a"), { evaluations: [] });
    expect(run.refresh().curves.names).toEqual([]);
    expect(run.warnings).toEqual([]);
  });

  test("statistics that are averages of nothing yet, and numbers that are none, are no points", () => {
    const directory = writeRun(at("a"), { evaluations: [] });
    const statistics = (averageLoss: number | null, updates: number) => ({ averageLoss, updates, epsilon: 1 });
    const lines = [statistics(0, 0), statistics(null, 1), statistics(0, 2)].map((values, i) =>
      JSON.stringify({ event: "progress", step: 10 * i, episodes: 0, episodeReturn: null, statistics: values }),
    );
    fs.writeFileSync(path.join(directory, "metrics.ndjson"), `${lines.join("\n")}\n`);
    const { curves } = opened(directory);
    expect([...curves.get("averageLoss")!.steps]).toEqual([20]);
    expect([...curves.get("epsilon")!.steps]).toEqual([0, 10, 20]);
    expect(curves.get("episodeReturn")).toBeUndefined();
  });

  test("status: from the lock, the result and what a failure leaves", () => {
    const run = opened(writeRun(at("a")));
    expect(run.status).toBe("stopped");
    const lock = (pid: number, host = os.hostname()) =>
      fs.writeFileSync(at("a", "lock"), JSON.stringify({ pid, host }));
    lock(process.pid);
    expect(run.status).toBe("running");
    // no process has a number that large
    lock(2 ** 30);
    expect(run.status).toBe("stopped");
    // on another machine only its writing can be seen
    lock(1, "elsewhere");
    expect(run.status).toBe("running");
    const hourAgo = Date.now() / 1_000 - 3_600;
    fs.utimesSync(at("a", "metrics.ndjson"), hourAgo, hourAgo);
    expect(run.status).toBe("stopped");
    fs.rmSync(at("a", "lock"));
    fs.writeFileSync(at("a", "checkpoints", "failed-900.safetensors"), "");
    fs.writeFileSync(at("a", "checkpoints", "step-500.safetensors"), "");
    expect(run.status).toBe("failed");
    // resumed, and gone on
    fs.writeFileSync(at("a", "checkpoints", "step-1000.safetensors"), "");
    expect(run.status).toBe("stopped");
    expect(opened(writeRun(at("b"), { final: 480, outcome: "solved" })).status).toBe("solved");
  });
});

describe("finding runs", () => {
  test("directories, folders and patterns, seeds in the order of their numbers, none twice", () => {
    for (const seed of [10, 2, 1]) writeRun(at("set", `seed-${seed}`), { seed });
    writeRun(at("single"));
    fs.mkdirSync(at("set", "notes"));
    const names = (...words: string[]) =>
      plain(findRuns(words.map((word) => at(word))).runs.map((run) => run.directory));
    expect(names("set")).toEqual(["set/seed-1", "set/seed-2", "set/seed-10"]);
    expect(names("single", "set/seed-1?", "s*")).toEqual(["single", "set/seed-10", "set/seed-1", "set/seed-2"]);
    expect(names(".")).toHaveLength(4);
  });

  test("what cannot be used is one sentence each, the rest is read", () => {
    writeRun(at("whole"));
    fs.mkdirSync(at("empty"));
    writeRun(at("older"), { evaluations: [1] });
    const config = JSON.parse(fs.readFileSync(at("older", "config.json"), "utf8"));
    fs.writeFileSync(at("older", "config.json"), JSON.stringify({ ...config, kusari: "0.0.1", settings: undefined }));
    writeRun(at("corrupt"));
    const text = fs.readFileSync(at("corrupt", "metrics.ndjson"), "utf8").split("\n");
    text[1] = '{"event":"progress","st';
    text[4] = "42";
    fs.writeFileSync(at("corrupt", "metrics.ndjson"), text.join("\n"));
    writeRun(at("foreign"));
    fs.writeFileSync(at("foreign", "config.json"), "GIF89a");
    writeRun(at("early"), { evaluations: [] });
    const words = ["whole", "empty", "deleted", "older", "corrupt", "foreign", "early", "pattern-*"];
    const { runs, warnings } = readRuns(
      "rl plot",
      words.map((word) => at(word)),
      "0.1.0",
    );
    expect(plain(runs.map((run) => run.directory))).toEqual(["whole", "older", "corrupt", "early"]);
    expect([...runs[2]!.curves.get("evaluation")!.values]).toEqual([10, 200, 480]);
    expect(runs[1]!.description).toMatchObject({ seed: null, steps: null });
    expect(plain(warnings)).toMatchInlineSnapshot(`
      [
        "empty holds no run.",
        "deleted is not there.",
        "foreign/config.json is damaged or of another program: it names no agent and environment.",
        "no directory matches pattern-*.",
        "older was written by kusari 0.0.1; this is 0.1.0.",
        "corrupt/metrics.ndjson: 2 lines, the first of them line 2, cannot be read; the rest is shown.",
        "early has no metrics: it ended before its first report.",
      ]
    `);
    expect(() => readRuns("rl plot", [at("empty")])).toThrow(/^rl plot: there must be a run in .*empty; got none: /);
  });
});

describe("groups", () => {
  test("the same agent, environment and hyperparameters are one experiment; labels say what differs", () => {
    writeRun(at("a"), { seed: 1 });
    writeRun(at("b"), { seed: 0, steps: 9_000 });
    writeRun(at("c"), { hyperparameters: { gamma: 0.9, hiddenSizes: [64, 64] } });
    writeRun(at("d"), { agent: "ppo", hyperparameters: { gamma: 0.5 } });
    writeRun(at("e"), { env: "Acrobot-v1" });
    const groups = groupRuns(readRuns("test", [folder]).runs);
    expect([...groups.keys()]).toEqual(["CartPole-v1", "Acrobot-v1"]);
    const shown = groups.get("CartPole-v1")!.map(({ label, runs }) => [label, runs.map((run) => run.description.seed)]);
    expect(shown).toEqual([
      ["dqn, gamma 0.99", [0, 1]],
      ["dqn, gamma 0.9", [0]],
      ["ppo", [0]],
    ]);
  });
});

describe("charts", () => {
  const sectionsOf = (...words: string[]) =>
    reportOf(
      readRuns(
        "test",
        words.map((word) => at(word)),
      ).runs,
      { thresholdOf: () => 475 },
    );

  test("of one run: evaluations over training returns, raw and smoothed; every other statistic", () => {
    writeRun(at("a"));
    const [section] = sectionsOf("a");
    expect(section!.charts.map(({ title }) => title)).toEqual([
      "Return of evaluations and training episodes",
      "Loss",
      "Mean Q-value",
      "ε, the share of random actions",
      "Environment steps per second",
    ]);
    const main = section!.charts[0]!;
    expect(main.lines.map(({ role }) => role)).toEqual(["raw", "smooth", "centre"]);
    expect(main.threshold).toBe(475);
    expect(main.summary).toEqual(["dqn: from 10 at 1k steps to 480 at 3k steps."]);
  });

  test("of several environments: each as if it were alone", () => {
    writeRun(at("a"));
    writeRun(at("b"), { env: "Acrobot-v1" });
    const [first, second] = sectionsOf("a", "b");
    const titles = (section: typeof first) => section!.charts.map(({ title }) => title);
    expect(titles(first)).toEqual(titles(second));
    expect(titles(first)).toEqual(sectionsOf("a")[0]!.charts.map(({ title }) => title));
    expect(new Set([...first!.charts, ...second!.charts].map(({ id }) => id)).size).toBe(2 * titles(first).length);
  });

  test("of seeds: each faint, the interquartile mean with its band", () => {
    for (const seed of [0, 1, 2, 3]) writeRun(at(`s${seed}`), { seed, evaluations: [10 * seed, 100 + seed] });
    const main = sectionsOf("s*")[0]!.charts[0]!;
    expect(main.lines.map(({ role }) => role)).toEqual(["seed", "seed", "seed", "seed", "centre"]);
    const centre = main.lines.at(-1)!;
    expect(centre.name).toBe("dqn, interquartile mean of 4 seeds");
    expect([...centre.curve.values]).toEqual([15, 101.5]);
    expect(centre.band!.low[0]).toBeGreaterThanOrEqual(0);
    expect(centre.band!.high[0]).toBeLessThanOrEqual(30);
  });

  test("a loss over decades is logarithmic; its band is as long as its line", () => {
    for (const seed of [0, 1]) writeRun(at(`s${seed}`), { seed, evaluations: Array<number>(100).fill(1) });
    const loss = sectionsOf("s*")[0]!.charts.find(({ title }) => title === "Loss")!;
    expect(loss.isLogarithmic).toBe(true);
    const { curve, band } = loss.lines.at(-1)!;
    expect(band!.low.length).toBe(curve.values.length);
  });

  test("as plotly's figure: traces behind each other, numbers packed, a colour for each in both themes", () => {
    for (const seed of [0, 1]) writeRun(at(`s${seed}`), { seed, evaluations: [10 * seed, 100.5] });
    const chart = sectionsOf("s*")[0]!.charts[0]!;
    const { data, layout } = plotlyFigure(chart);
    expect(data.map(({ meta }) => (meta as { role: string }).role)).toEqual(["band", "seed", "seed", "centre"]);
    const { dtype, bdata } = data[2]!.y as { dtype: string; bdata: string };
    expect(dtype).toBe("f4");
    expect([...new Float32Array(Uint8Array.from(Buffer.from(bdata, "base64")).buffer)]).toEqual([10, 100.5]);
    expect(layout).toMatchObject({ shapes: [{ y0: 475 }], annotations: [{ text: "solved at 475" }] });
    for (const theme of Object.values(themes)) {
      const colours = plotlyColours(chart, theme);
      expect(colours.data["line.color"]).toHaveLength(data.length);
      expect(colours.layout["font.color"]).toBe(theme.text);
    }
  });

  test("as SVG and as PNG", async () => {
    writeRun(at("a"));
    writeRun(at("b"), { agent: "a<b" });
    const svg = svgPicture("Curves", sectionsOf("a", "b"), { theme: themes.light, width: 640 });
    expect(svg.match(/<path /g)!.length).toBeGreaterThan(8);
    expect(svg).toContain("a&lt;b");
    expect(svg).not.toMatch(/NaN|Infinity|undefined/);
    const png = Buffer.from(await pngPicture(svg));
    expect(png.subarray(1, 4).toString()).toBe("PNG");
    expect(png.readUInt32BE(16)).toBe(640);
    expect(png.readUInt32BE(20)).toBe(Number(/ height="(\d+)"/.exec(svg)![1]));
  });

  test("in a terminal", () => {
    writeRun(at("a"), { evaluations: [0, 100, 250, 400, 480] });
    const chart = sectionsOf("a")[0]!.charts[0]!;
    const text = terminalChart(chart, { width: 50, height: 8, isColoured: false });
    expect(
      Math.max(
        ...text
          .split("\n")
          .slice(1, 11)
          .map((line) => line.length),
      ),
    ).toBeLessThanOrEqual(50);
    expect(`\n${text}`).toMatchInlineSnapshot(`
      "
      Return of evaluations and training episodes
          │⠒ ⠒ ⠒ ⠒ ⠒ ⠒ ⠒ ⠒ ⠒ ⠒ ⠒ ⠒ ⠒ ⠒ ⠒ ⠒ ⠒ ⠒ ⠒ ⠒ ⢒⣀⠶⠤⠒
      400 ┤                                  ⢀⡠⠔⠒⠊⠉⠁
          │                              ⢀⡠⠔⠊⠁
          │                          ⢀⡠⠔⠊⠁
      200 ┤                      ⢀⡠⠔⠊⠁
          │                  ⢀⡠⠔⠊⠁
          │             ⣀⡠⠤⠒⠊⠁
        0 ┤         ⠤⠒⠊⠉
          └─────────────────────────────────────────────
           0                2k               4k
      ╌╌ solved at 475
      ━━ dqn: from 0 at 1k steps to 480 at 5k steps.
      "
    `);
  });
});

describe("comparison", () => {
  const side = (name: string) => ({ name, runs: readRuns("test", [at(name)]).runs });

  test("scores are those of the kept weights; the verdict says what the interval allows", () => {
    for (const seed of [0, 1, 2, 3, 4]) {
      writeRun(at("good", `${seed}`), { seed, final: 480 + seed });
      writeRun(at("bad", `${seed}`), { seed, final: 100 + 10 * seed, agent: "ppo" });
      writeRun(at("alike", `${seed}`), { seed, final: 478 + 2 * seed, agent: "sac" });
    }
    const [good, bad, alike] = [side("good"), side("bad"), side("alike")];
    const better = compareRuns("test", good, bad);
    expect(better.comparisons[0]).toMatchObject({
      env: "CartPole-v1",
      a: { runs: 5, iqm: 482, median: 482, mean: 482 },
    });
    expect(better.comparisons[0]!.improvement).toEqual({ probability: 1, interval: { low: 1, high: 1 } });
    expect(better.verdict).toBe("good is better: one of its runs beats one of bad in 100% of pairs.");
    expect(compareRuns("test", bad, good).verdict).toBe(better.verdict);
    expect(compareRuns("test", good, alike).verdict).toMatch(
      /^No difference can be told: .* the interval holds one half\.$/,
    );
    const solved = (threshold: number) =>
      compareRuns("test", good, bad, { thresholdOf: () => threshold }).comparisons[0]!;
    expect(solved(482).a.solved).toBe(3);
  });

  test("several environments: scaled to 0…1, drawn within each", () => {
    for (const seed of [0, 1, 2]) {
      for (const env of ["CartPole-v1", "Acrobot-v1"]) {
        writeRun(at("a", env, `${seed}`), { env, seed, final: seed });
        writeRun(at("b", env, `${seed}`), { env, seed, final: seed + (env === "CartPole-v1" ? 2 : 0), agent: "ppo" });
      }
    }
    const { overall, comparisons } = compareRuns("test", side("a"), side("b"));
    expect(comparisons.map(({ env }) => env)).toEqual(["Acrobot-v1", "CartPole-v1"]);
    // in Acrobot they are alike; in CartPole one of nine pairs is a tie and eight are lost
    expect(overall!.improvement.probability).toBeCloseTo((0.5 + 0.5 / 9) / 2, 12);
    // 0, 0.5, 1 and 0, 0.25, 0.5: one of six cut off at each end
    expect(overall!.a.iqm).toBeCloseTo((0 + 0.25 + 0.5 + 0.5) / 4, 12);
  });

  test("what it warns of, and what it refuses", () => {
    for (const seed of [0, 1]) writeRun(at("a", `${seed}`), { seed, final: 10, agent: seed === 0 ? "dqn" : "ppo" });
    writeRun(at("b", "0"));
    writeRun(at("b", "other"), { env: "Acrobot-v1", final: 1 });
    writeRun(at("c"), { evaluations: [] });
    writeRun(at("d"), { env: "Pendulum-v1" });
    const { warnings, verdict } = compareRuns("test", side("a"), side("b"));
    expect(verdict).toBe("Nothing can be told from a single run of a side: train at least 3 seeds of each, better 10.");
    expect(warnings).toMatchInlineSnapshot(`
      [
        "a holds runs of 2 different agents or hyperparameters.",
        "1 of 2 runs of b have not ended: they count with their newest evaluation, if any.",
        "Acrobot-v1: only b has runs there; they are left out.",
      ]
    `);
    expect(() => compareRuns("rl compare", side("a"), side("c"))).toThrowErrorMatchingInlineSnapshot(
      `[UsageError: rl compare: c must hold a run with an evaluation; got 1 without. Train longer.]`,
    );
    expect(() => compareRuns("rl compare", side("a"), side("d"))).toThrowErrorMatchingInlineSnapshot(
      `[UsageError: rl compare: both sides must have runs in the same environment; got CartPole-v1 and Pendulum-v1. Compare runs of one environment.]`,
    );
  });
});
