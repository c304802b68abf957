/**
 * What the dashboard costs: steps per second of `rl train` alone, with --dashboard and a client that reads every message,
 * with one that looks at the live picture too, and with the page open in headless Chromium on the same machine; rounds
 * side by side, and the ratios within a round. Beside them the steps per second of processor time of the thread that trains
 * (Linux), which other load does not touch.
 *
 *   npm run build && node bench/dashboard.mjs [--rounds 7] [--steps 60000] [--agent doubledqn] [--env CartPole]
 *
 * Chromium draws in software here and takes turns with the training where there are few cores: its row is the worst case.
 */
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import http from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { createJiti } from "jiti";

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "7" },
    steps: { type: "string", default: "60000" },
    agent: { type: "string", default: "doubledqn" },
    env: { type: "string", default: "CartPole" },
  },
});
const main = fileURLToPath(new URL("../dist/cli/main.js", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "kusari-bench-"));
const { launchChromium } = await createJiti(import.meta.url).import("../test/browser/chromium.ts");
const browser = await launchChromium();

/** Processor seconds that the main thread of a process has used; null where the system does not tell. */
function threadSeconds(pid) {
  try {
    const fields = readFileSync(`/proc/${pid}/task/${pid}/stat`, "utf8").split(") ")[1].split(" ");
    return (Number(fields[11]) + Number(fields[12])) / 100;
  } catch {
    return null;
  }
}

/** Trains once and resolves to its speeds; `visit` is given the dashboard's address. */
function train(name, visit) {
  const { agent, env, steps } = values;
  const words = [
    "train",
    "--agent",
    agent,
    "--env",
    env,
    "--steps",
    steps,
    "--stop-at",
    "none",
    "--final-episodes",
    "1",
  ];
  const out = ["--out", join("runs", name), "--quiet", "--json", ...(visit ? ["--dashboard"] : [])];
  const child = spawn(process.execPath, [main, ...words, ...out], { cwd: folder });
  return new Promise((resolve, reject) => {
    let [said, lines, speed, left, busy] = ["", "", null, null, 0];
    const watching = setInterval(() => {
      if (speed === null) busy = threadSeconds(child.pid) ?? busy;
    }, 20);
    child.stderr.on("data", (text) => {
      said += text;
      const url = /http:\/\/\S+/.exec(said)?.[0];
      if (url && left === null) left = Promise.resolve(visit(url));
      if (said.includes("Ctrl-C closes it")) child.kill("SIGINT");
    });
    child.stdout.on("data", (text) => {
      lines += text;
      const result = lines.split("\n").find((line) => line.startsWith('{"event":"result"'));
      if (result && speed === null) speed = JSON.parse(result).stepsPerSecond;
    });
    child.on("exit", async () => {
      clearInterval(watching);
      (await left)?.();
      if (speed === null) reject(new Error(said));
      else resolve({ speed, perCpuSecond: busy === 0 ? Number.NaN : Number(values.steps) / busy });
    });
  });
}

/** A page that shows nothing: it asks for the events and reads them. */
function read(url) {
  const request = http.get(`${url}api/events?run=${encodeURIComponent(current)}`, (response) => response.resume());
  request.on("error", () => {});
  return () => request.destroy();
}

/** The same for a page that shows the environment as it trains: the run draws and explains for it four times a second. */
function look(url) {
  const requests = ["events", "live"].map((what) => {
    const request = http.get(`${url}api/${what}?run=${encodeURIComponent(current)}`, (response) => response.resume());
    return request.on("error", () => {});
  });
  return () => {
    for (const request of requests) request.destroy();
  };
}

async function show(url) {
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
  await page.goto(url).catch(() => {});
  return () => page.close();
}

const ways = [
  ["alone", null],
  ["read", read],
  ["live", look],
  ["shown", show],
];
let current = "";
const speeds = Object.fromEntries(ways.map(([way]) => [way, []]));
for (let round = 0; round < Number(values.rounds); round++) {
  // the order turns, so that no way is always the first
  for (let i = 0; i < ways.length; i++) {
    const [way, visit] = ways[(i + round) % ways.length];
    current = `${way}-${round}`;
    speeds[way].push(await train(current, visit));
    console.error(`${current}: ${Math.round(speeds[way][round].speed)} steps/s`);
  }
}
await browser.close();
rmSync(folder, { recursive: true, force: true });

const median = (list) => [...list].sort((a, b) => a - b)[list.length >> 1];
const medianRatio = (way, what) => median(speeds[way].map((x, round) => x[what] / speeds.alone[round][what]));
for (const [way] of ways) {
  const speed = Math.round(median(speeds[way].map((x) => x.speed)));
  const cpu = Math.round(median(speeds[way].map((x) => x.perCpuSecond)));
  console.log(
    `${way.padEnd(6)} ${speed} steps/s, ratio ${medianRatio(way, "speed").toFixed(3)}; ` +
      `${cpu} steps a second of the training thread, ratio ${medianRatio(way, "perCpuSecond").toFixed(3)}`,
  );
}
