/**
 * How fast a large report opens: 50 runs of 100,000 reports each are written into a temporary folder, `rl plot` makes its
 * page of them, and headless Chromium opens that from the disk, without a network.
 *
 *   npm run build && node bench/report.mjs [--runs 50] [--points 100000] [--rounds 7]
 *
 * Times are from navigation on, until what was drawn has been painted; a window of 1440 by 900 shows the first charts, one
 * that is as tall as the page shows all. Beside them the processor time of the page's main thread, which other load does
 * not touch.
 */
import { execFileSync } from "node:child_process";
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, statSync, writeFileSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { createJiti } from "jiti";

const { values } = parseArgs({
  options: {
    runs: { type: "string", default: "50" },
    points: { type: "string", default: "100000" },
    rounds: { type: "string", default: "7" },
  },
});
const [runs, points, rounds] = [values.runs, values.points, values.rounds].map(Number);
const main = fileURLToPath(new URL("../dist/cli/main.js", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "kusari-bench-"));
/** Runs are seeds of so many agents. */
const agents = ["dqn", "doubledqn", "rainbow", "iqn", "ppo"];
/** Reports of a run between two evaluations. */
const evaluateEvery = 250;

/** Writes a run that learns, with noise. @returns bytes */
function writeRun(number) {
  const agent = agents[number % agents.length];
  const seed = Math.floor(number / agents.length);
  const directory = join(folder, "runs", `${agent}-${seed}`);
  mkdirSync(directory, { recursive: true });
  const steps = 100 * points;
  const settings = { steps, seed, envs: 1, actors: 1, stopAt: 475 };
  const config = {
    kusari: "0.1.0",
    agent,
    env: "CartPole-v1",
    envKwargs: {},
    settings,
    hyperparameters: { gamma: 0.99 },
  };
  writeFileSync(join(directory, "config.json"), JSON.stringify(config));
  let state = 12345 + number;
  const noise = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32 - 0.5;
  };
  const files = ["metrics.ndjson", "timing.ndjson"].map((name) => openSync(join(directory, name), "w"));
  let texts = ["", ""];
  const flush = () => {
    for (const [i, file] of files.entries()) writeSync(file, texts[i]);
    texts = ["", ""];
  };
  for (let i = 1; i <= points; i++) {
    const step = 100 * i;
    const mean = 500 * (1 - Math.exp((-3 * i) / points)) + 60 * noise();
    const statistics = { averageQ: mean / 5, averageLoss: Math.exp(2 * noise() - (2 * i) / points), updates: step };
    const progress = { event: "progress", step, episodes: i, episodeReturn: mean + 200 * noise(), statistics };
    texts[0] += `${JSON.stringify(progress)}\n`;
    texts[1] += `${JSON.stringify({ step, seconds: step / 5_000, stepsPerSecond: 5_000 + 900 * noise() })}\n`;
    if (i % evaluateEvery === 0) {
      const evaluation = { episodes: 10, mean, median: mean, stdev: 20, min: mean - 40, max: mean + 40 };
      texts[0] += `${JSON.stringify({ event: "evaluation", step, episodes: i, evaluation, best: false })}\n`;
    }
    if (i % 2_000 === 0) flush();
  }
  flush();
  for (const file of files) closeSync(file);
  return statSync(join(directory, "metrics.ndjson")).size;
}

/** In the page: notes when each chart was drawn and painted. */
function watchCharts() {
  window.drawnAt = [];
  const seen = new Set();
  new MutationObserver(() => {
    for (const chart of document.querySelectorAll(".plot:has(.main-svg)")) {
      if (seen.has(chart)) continue;
      seen.add(chart);
      requestAnimationFrame(() => setTimeout(() => window.drawnAt.push(performance.now())));
    }
  }).observe(document, { childList: true, subtree: true });
}

/** Opens the page once in a window of some height; when the first and the last of `count` charts were seen. */
async function open(browser, url, height, count) {
  const context = await browser.newContext({ viewport: { width: 1440, height }, offline: true });
  const page = await context.newPage();
  await page.addInitScript(watchCharts);
  const session = await context.newCDPSession(page);
  await session.send("Performance.enable", { timeDomain: "threadTicks" });
  const busy = async () =>
    (await session.send("Performance.getMetrics")).metrics.find(({ name }) => name === "TaskDuration").value;
  const before = await busy();
  await page.goto(url);
  await page.waitForFunction((n) => window.drawnAt.length >= n, count, { polling: 20 });
  const drawnAt = await page.evaluate(() => window.drawnAt);
  const cpu = 1_000 * ((await busy()) - before);
  await context.close();
  return { first: drawnAt[0], all: drawnAt.at(-1), cpu, charts: drawnAt.length };
}

try {
  let bytes = 0;
  for (let number = 0; number < runs; number++) bytes += writeRun(number);
  const report = join(folder, "report.html");
  const begun = performance.now();
  execFileSync(process.execPath, [main, "plot", "runs", "--out", report], { cwd: folder, stdio: "ignore" });
  const seconds = (performance.now() - begun) / 1_000;
  console.log(
    `${runs} runs of ${points.toLocaleString("en-US")} reports (${Math.round(bytes / 1e6)} MB): rl plot took ` +
      `${seconds.toFixed(1)} s, the page has ${(statSync(report).size / 1e6).toFixed(1)} MB`,
  );
  const { launchChromium } = await createJiti(import.meta.url).import("../test/browser/chromium.ts");
  const browser = await launchChromium();
  const url = pathToFileURL(report).href;
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
  await page.goto(url);
  const count = await page.locator(".plot").count();
  const tall = await page.evaluate(() => document.documentElement.scrollHeight);
  await page.close();
  const ways = { window: [], page: [] };
  for (let round = 0; round < rounds; round++) {
    ways.window.push(await open(browser, url, 900, 1));
    ways.page.push(await open(browser, url, tall, count));
  }
  await browser.close();
  const median = (list, what) => Math.round(list.map((x) => x[what]).sort((a, b) => a - b)[list.length >> 1]);
  const range = (list, what) => list.map((x) => Math.round(x[what])).sort((a, b) => a - b);
  const told = (list, what) => `${median(list, what)} ms (${range(list, what).at(0)} to ${range(list, what).at(-1)})`;
  console.log(`first chart, window of 900 pixels:  ${told(ways.window, "first")}`);
  console.log(`first chart, page as tall as it is: ${told(ways.page, "first")}`);
  console.log(`all ${count} charts, the same:          ${told(ways.page, "all")}`);
  console.log(`processor time of the page for all: ${told(ways.page, "cpu")}`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
