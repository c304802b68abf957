/** What the dashboard says about a run: alerts, differences, and its reading of a directory. */
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { describe, expect, it } from "vitest";
import {
  type AlertInput,
  alertsOf,
  configDiff,
  type DashboardHooks,
  serveDashboard,
} from "../../src/plots/dashboard/index.ts";
import { writeRun } from "./writtenRun.ts";

const curve = (values: readonly number[]) => ({
  steps: Float64Array.from(values, (_, i) => 500 * (i + 1)),
  values: Float64Array.from(values),
});
const range = (n: number, f: (i: number) => number) => curve(Array.from({ length: n }, (_, i) => f(i)));
const healthy: AlertInput = {
  curves: new Map([
    ["episodeReturn", range(40, (i) => 10 + 5 * i)],
    ["averageQ", range(40, (i) => 20 + i)],
    ["averageLoss", range(40, (i) => 0.5 + (i % 3) / 10)],
  ]),
  hyperparameters: { learningRate: 1e-3, targetUpdateInterval: 100 },
  evaluations: { means: [10, 50, 90, 120, 150, 200], stdevs: [2, 5, 8, 8, 8, 8] },
  actionCounts: [60, 40],
  stopAt: 475,
};
const withCurves = (curves: Record<string, ReturnType<typeof curve>>, more: Partial<AlertInput> = {}): AlertInput => ({
  ...healthy,
  curves: new Map([...healthy.curves, ...Object.entries(curves)]),
  ...more,
});
const said = (input: AlertInput) => alertsOf(input).map(({ level, text }) => `${level}: ${text}`);

describe("alerts", () => {
  it("are silent about a healthy run, and about one that has just begun", () => {
    expect(said(healthy)).toEqual([]);
    const empty = { means: [], stdevs: [] };
    expect(said({ ...healthy, curves: new Map(), evaluations: empty, actionCounts: null })).toEqual([]);
  });

  it("tell of values that grow without bound, and what to turn", () => {
    const growing = { averageQ: range(40, (i) => 1.3 ** i), episodeReturn: range(40, () => 30) };
    expect(said(withCurves(growing))).toEqual([
      "bad: Q grows without bound: its mean is 27,784, while no episode returned more than 30. Next time lower the learning rate or raise targetUpdateInterval.",
    ]);
    const soft = { learningRate: 1e-3, tau: 0.01 };
    expect(said(withCurves(growing, { hyperparameters: soft }))[0]).toMatch(/lower the learning rate or lower tau\.$/);
    // as large as the returns are: no growth of its own
    expect(said(withCurves({ ...growing, episodeReturn: range(40, () => 30_000) }))).toEqual([]);
    // large, but it has come to rest
    expect(said(withCurves({ ...growing, averageQ: range(40, (i) => 1_000 * (1 - 0.8 ** i)) }))).toEqual([]);
  });

  it("tell of a loss that multiplies", () => {
    expect(said(withCurves({ averageLoss: range(40, (i) => 0.01 * 1.3 ** i) }))).toEqual([
      expect.stringMatching(
        /^bad: The loss \(averageLoss\) has grown from 0\.0\d+ to \d+(\.\d)? and goes on growing: /,
      ),
    ]);
  });

  it("tell of a policy that does not explore, returns that are lost, that never change, and one action alone", () => {
    expect(said(withCurves({ averageEntropy: range(40, (i) => 0.69 * 0.8 ** i) }))).toEqual([
      expect.stringMatching(
        /^warn: The policy hardly explores any more: its entropy fell from 0\.\d+ to 0?\.?\d.*raise the weight/,
      ),
    ]);
    const lost = { means: [10, 200, 210, 80, 40, 30], stdevs: [1, 10, 10, 10, 5, 5] };
    expect(said({ ...healthy, evaluations: lost })).toEqual([
      "warn: What was learned is being lost: the last two evaluations have a mean return of 35, the best had 210. Its weights are kept in best/; a lower learning rate holds on to more.",
    ]);
    const same = { means: new Array(10).fill(-200), stdevs: new Array(10).fill(0) };
    expect(said({ ...healthy, evaluations: same })[0]).toMatch(
      /^warn: All 10 evaluations returned −200: nothing is learned/,
    );
    expect(said({ ...healthy, evaluations: { ...same, means: new Array(10).fill(500) } })).toEqual([]);
    expect(said({ ...healthy, actionCounts: [0, 100, 1] })).toEqual([
      "warn: The last evaluation episode took action 1 in 99% of its 101 steps: early in training that is usual; later explore longer or look at the observations.",
    ]);
  });
});

describe("the difference of two configurations", () => {
  it("is every value that is not the same, as it would be typed", () => {
    const one = {
      settings: { steps: 1_000, seed: 1 },
      hyperparameters: { hiddenSizes: [64, 64], clip: null },
      envKwargs: {},
    };
    const other = {
      settings: { steps: 1_000, seed: 2 },
      hyperparameters: { hiddenSizes: [64] },
      envKwargs: { size: 4 },
    };
    expect(configDiff(one, one)).toEqual([]);
    expect(configDiff(one, other)).toEqual([
      { name: "hiddenSizes", value: "64, 64", other: "64" },
      { name: "clip", value: "none", other: "–" },
      { name: "seed", value: "1", other: "2" },
      { name: "env.size", value: "–", other: "4" },
    ]);
  });
});

describe("the stream of a run's events", () => {
  it("has the run whole, then what is new, and not more often than four times a second", async () => {
    const root = fs.mkdtempSync(path.join(os.tmpdir(), "kusari-stream-"));
    const run = path.join(root, "one");
    fs.mkdirSync(run);
    const settings = { seed: 0, steps: 1_000, stopAt: 475 };
    const config = { kusari: "1", agent: "dqn", env: "CartPole-v1", settings, hyperparameters: {}, envKwargs: {} };
    fs.writeFileSync(path.join(run, "config.json"), JSON.stringify(config));
    const line = (step: number) =>
      fs.appendFileSync(
        path.join(run, "metrics.ndjson"),
        `${JSON.stringify({ event: "progress", step, episodes: 1, episodeReturn: step, statistics: { averageLoss: 1 / step } })}\n`,
      );
    line(100);
    const absent = () => Promise.reject(new Error("not here"));
    const hooks: DashboardHooks = { version: "1", preset: () => null, replay: absent, play: absent, gif: absent };
    const dashboard = await serveDashboard({ root, hooks });
    const stop = new AbortController();
    const response = await fetch(`${dashboard.url}api/events?run=one`, { signal: stop.signal });
    const heard: { event: string; data: Record<string, unknown>; at: number }[] = [];
    const read = async () => {
      let text = "";
      for await (const piece of response.body!.pipeThrough(new TextDecoderStream())) {
        text += piece;
        const messages = text.split("\n\n");
        text = messages.pop()!;
        for (const message of messages) {
          const [, event, data] = /^event: (.*)\ndata: (.*)$/.exec(message) ?? [];
          if (event) heard.push({ event, data: JSON.parse(data!) as Record<string, unknown>, at: performance.now() });
        }
      }
    };
    const reading = read().catch(() => undefined);
    const until = async (condition: () => boolean) => {
      for (let i = 0; i < 400 && !condition(); i++) await new Promise((resolve) => setTimeout(resolve, 10));
      expect(condition()).toBe(true);
    };
    await until(() => heard.some(({ event }) => event === "run"));
    const whole = heard.find(({ event }) => event === "run")!.data;
    expect(whole).toMatchObject({
      isWhole: true,
      head: { name: "one", agent: "dqn", againstPreset: null, previous: null },
      state: { status: "stopped", step: 100, isMine: false, warnings: [], alerts: [] },
      curves: { episodeReturn: { steps: [100], values: [100] } },
    });
    // many lines in between are one message
    for (let step = 101; step < 200; step++) line(step);
    await until(() => heard.some(({ event }) => event === "state"));
    const news = heard.filter(({ event }) => event === "curves").map(({ data }) => data);
    const points = news.flatMap((data) => (data.curves as { episodeReturn: { steps: number[] } }).episodeReturn.steps);
    expect(points).toEqual(Array.from({ length: 99 }, (_, i) => 101 + i));
    expect(news.length).toBeLessThanOrEqual(2);
    // a resume cuts the file back: the run comes whole again
    heard.length = 0;
    fs.truncateSync(path.join(run, "metrics.ndjson"), 0);
    line(50);
    await until(() => heard.some(({ event }) => event === "run"));
    expect(heard.find(({ event }) => event === "run")!.data).toMatchObject({
      curves: { episodeReturn: { steps: [50], values: [50] } },
    });
    stop.abort();
    await reading;
    await dashboard.close();
    fs.rmSync(root, { recursive: true });
  });

  it("of a folder that is not there is refused in a sentence, and so is a port in use", async () => {
    const absent = () => Promise.reject(new Error("not here"));
    const hooks: DashboardHooks = { version: "1", preset: () => null, replay: absent, play: absent, gif: absent };
    await expect(serveDashboard({ root: "/nowhere/runs", hooks })).rejects.toThrow(
      "dashboard: the folder of runs must be there; got /nowhere/runs. Train with rl train first, or name another.",
    );
    const first = await serveDashboard({ root: os.tmpdir(), hooks });
    const port = Number(new URL(first.url).port);
    await expect(serveDashboard({ root: os.tmpdir(), hooks, port })).rejects.toThrow(
      `dashboard: port must be a free one; got ${port}, which is in use. Leave --port out.`,
    );
    await first.close();
  });
});

describe("the live picture of a run", () => {
  const absent = () => Promise.reject(new Error("not here"));
  const hooks: DashboardHooks = { version: "1", preset: () => null, replay: absent, play: absent, gif: absent };

  /** What the server says of a run until `enough`. */
  async function heard(root: string, run: string, enough: (said: string) => boolean, meanwhile = () => {}) {
    const dashboard = await serveDashboard({ root, hooks });
    const stop = new AbortController();
    const response = await fetch(`${dashboard.url}api/live?run=${run}`, { signal: stop.signal });
    meanwhile();
    let said = "";
    for await (const piece of response.body!.pipeThrough(new TextDecoderStream())) {
      said += piece;
      if (enough(said)) break;
    }
    stop.abort();
    await dashboard.close();
    return said;
  }

  /** A run that this process seems to write. */
  function runUnderWay(root: string, name: string): string {
    const directory = writeRun(path.join(root, name));
    fs.writeFileSync(path.join(directory, "lock"), JSON.stringify({ pid: process.pid, host: os.hostname() }));
    return directory;
  }

  it("is asked for by a mark, and handed on as it comes", async () => {
    const root = fs.mkdtempSync(path.join(os.tmpdir(), "kusari-live-"));
    const live = path.join(runUnderWay(root, "one"), "live");
    const show = (step: number) => {
      fs.writeFileSync(path.join(live, "next"), JSON.stringify({ step }, null, 2));
      fs.renameSync(path.join(live, "next"), path.join(live, "picture.json"));
    };
    let shown = 0;
    const said = await heard(
      root,
      "one",
      (text) => {
        const pictures = text.split("event: picture").length - 1;
        if (pictures === shown && shown < 3) show(++shown);
        return pictures === 3;
      },
      () => {
        expect(fs.existsSync(path.join(live, "watched"))).toBe(true);
        show(++shown);
      },
    );
    expect(said.match(/^data: .*$/gm)).toEqual([1, 2, 3].map((step) => `data: {"step":${step}}`));
    fs.rmSync(root, { recursive: true });
  });

  it("is not asked of a run that has ended, nor through links out of the folder", async () => {
    const root = fs.mkdtempSync(path.join(os.tmpdir(), "kusari-live-"));
    writeRun(path.join(root, "ended"));
    const elsewhere = path.join(root, "elsewhere");
    fs.mkdirSync(elsewhere);
    fs.symlinkSync(elsewhere, path.join(runUnderWay(root, "linked"), "live"));
    const marked = path.join(root, "marked");
    fs.writeFileSync(marked, "");
    fs.utimesSync(marked, 1, 1);
    fs.mkdirSync(path.join(runUnderWay(root, "marks"), "live"));
    fs.symlinkSync(marked, path.join(root, "marks", "live", "watched"));
    for (const [run, why] of [
      ["ended", "There is no live picture: the run is not under way."],
      ["linked", "There is no live picture: the folder live/ of the run is a link to another place."],
      [
        "marks",
        "There is no live picture: this dashboard cannot write into the run's directory (ELOOP), so the run does not know that somebody looks.",
      ],
    ]) {
      const said = await heard(root, run!, (text) => text.includes("event: none"));
      expect(said).toContain(`event: none\ndata: ${JSON.stringify(why)}\n\n`);
    }
    expect(fs.existsSync(path.join(root, "ended", "live"))).toBe(false);
    expect(fs.readdirSync(elsewhere)).toEqual([]);
    expect(fs.statSync(marked).mtimeMs).toBe(1_000);
    fs.rmSync(root, { recursive: true });
  });
});
