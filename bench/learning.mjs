/**
 * What agents learn with their default command: `rl train --agent … --env … --seed S`, each seed a process of its own, and
 * the mean return of the 100 greedy episodes behind it. Writes a row a task into the table of docs/results.md.
 *
 *   npm run bench:learning -- --agent c51 --env CartPole-v1 --seeds 0-4 [--dry] [--set key=value …]
 *
 * Without --agent and --env every task of the list below is run. --set tries a setting without writing the table.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

/**
 * `threshold`: what the median of the seeds' means is to reach; `steps` only where the default of train is not meant, `flags`
 * and the task's `name` where it is not the environment's default command.
 */
const tasks = [
  { agent: "dqn", env: "CartPole-v1", threshold: 475 },
  { agent: "doubledqn", env: "CartPole-v1", threshold: 475 },
  { agent: "dueling", env: "CartPole-v1", threshold: 475 },
  { agent: "c51", env: "CartPole-v1", threshold: 475 },
  { agent: "iqn", env: "CartPole-v1", threshold: 475 },
  { agent: "noisydqn", env: "CartPole-v1", threshold: 475 },
  { agent: "rainbow", env: "CartPole-v1", threshold: 475 },
  { agent: "sarsa", env: "CartPole-v1", threshold: 475 },
  { agent: "pal", env: "CartPole-v1", threshold: 475 },
  { agent: "naf", env: "Pendulum-v1", threshold: -200 },
  { agent: "reinforce", env: "CartPole-v1", threshold: 475 },
  { agent: "a2c", env: "CartPole-v1", threshold: 475 },
  { agent: "a3c", env: "CartPole-v1", threshold: 475 },
  { agent: "nsq", env: "CartPole-v1", threshold: 475 },
  { agent: "pcl", env: "CartPole-v1", threshold: 475 },
  { agent: "acer", env: "CartPole-v1", threshold: 475 },
  { agent: "ppo", env: "CartPole-v1", threshold: 475 },
  { agent: "trpo", env: "CartPole-v1", threshold: 475 },
  { agent: "ddpg", env: "Pendulum-v1", threshold: -200 },
  { agent: "svg0", env: "Pendulum-v1", threshold: -200 },
  { agent: "td3", env: "Pendulum-v1", threshold: -200 },
  { agent: "sac", env: "Pendulum-v1", threshold: -200 },
  { agent: "acer", env: "Pendulum-v1", threshold: -200 },
  { agent: "ddpg", env: "MountainCarContinuous-v0", threshold: 90 },
  {
    agent: "a3c",
    env: "CartPole-v1",
    name: "CartPole-v1 without velocities",
    steps: 500_000,
    threshold: 400,
    flags: (
      "--wrap SelectObservation:indices=0,2 --recurrent lstm --hidden-sizes 64 --shares-trunk --t-max 32 " +
      "--normalizes-by-t-max --learning-rate 1e-3 --rmsprop-eps 1e-5 --max-grad-norm 1 --reward-scale 0.1 " +
      "--eval-interval 10000"
    ).split(" "),
  },
  {
    agent: "doubledqn",
    env: "CartPole-v1",
    name: "CartPole-v1 without velocities",
    steps: 60_000,
    threshold: 400,
    flags: (
      "--wrap SelectObservation:indices=0,2 --recurrent lstm --hidden-sizes 64 --minibatch-size 8 --sequence-length 20 " +
      "--burn-in 10 --update-interval 8 --updates-per-interval 4 --learning-rate 1e-3 --target-update-interval 100 " +
      "--replay-start-size 1000"
    ).split(" "),
  },
  { agent: "dqn", env: "AtariLite/Breakout-v1", threshold: 8 },
  { agent: "rainbow", env: "AtariLite/Breakout-v1", threshold: 8 },
  { agent: "a3c", env: "AtariLite/Breakout-v1", threshold: 8 },
];
const nameOf = ({ name, env }) => name ?? env;

const { values } = parseArgs({
  options: {
    agent: { type: "string" },
    env: { type: "string" },
    seeds: { type: "string", default: "0-4" },
    dry: { type: "boolean", default: false },
    set: { type: "string", multiple: true, default: [] },
  },
});
const root = fileURLToPath(new URL("..", import.meta.url));
const page = join(root, "docs/results.md");
const git = (...words) => execFileSync("git", words, { cwd: root, encoding: "utf8" }).trim();
/** What the package was built from; with + where it was changed since. */
const commit = git("rev-parse", "--short", "HEAD") + (git("status", "--porcelain", "--", "src") ? "+" : "");
const [from, to = from] = values.seeds.split("-").map(Number);
const chosen = tasks.filter(
  (task) => [values.agent ?? task.agent, values.env ?? nameOf(task)].join() === [task.agent, nameOf(task)].join(),
);
if (chosen.length === 0 || !Number.isInteger(from) || !(to >= from)) {
  const known = tasks.map((task) => `${task.agent} in ${nameOf(task)}`).join(", ");
  console.error(
    `learning: --agent and --env take a task (${known}), --seeds a range such as 0-4; got ${process.argv.slice(2).join(" ")}.`,
  );
  process.exit(2);
}

const median = (numbers) => {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
};

/** The row of a task in the table is replaced, or added behind the others. */
function writeRow(agent, env, cells) {
  const lines = readFileSync(page, "utf8").split("\n");
  const row = `| ${[agent, env, ...cells].join(" | ")} |`;
  const at = lines.findIndex((line) => line.startsWith(`| ${agent} | ${env} |`));
  const head = lines.findIndex((line) => line.startsWith("|---"));
  let end = head + 1;
  while (lines[end]?.startsWith("|")) end++;
  if (at >= 0) lines[at] = row;
  else lines.splice(end, 0, row);
  writeFileSync(page, lines.join("\n"));
}

for (const task of chosen) {
  const { agent, env, steps, threshold, flags = [] } = task;
  const name = nameOf(task);
  const results = [];
  for (let seed = from; seed <= to; seed++) {
    const folder = mkdtempSync(join(tmpdir(), "kusari-learning-"));
    const settings = values.set.flatMap((pair) => [`--${pair.split("=")[0]}`, pair.slice(pair.indexOf("=") + 1)]);
    const words = [
      "train",
      "--agent",
      agent,
      "--env",
      env,
      "--seed",
      String(seed),
      ...(steps ? ["--steps", String(steps)] : []),
      ...flags,
    ];
    try {
      const began = performance.now();
      const out = ["--json", "--out", join(folder, "run")];
      const { stdout, stderr, status } = spawnSync(
        process.execPath,
        [join(root, "dist/cli/main.js"), ...words, ...settings, ...out],
        {
          encoding: "utf8",
          maxBuffer: 1 << 28,
        },
      );
      if (status !== 0) throw new Error(`${words.join(" ")}: exit ${status}: ${stderr}`);
      const result = JSON.parse(stdout.trimEnd().split("\n").at(-1));
      const seconds = (performance.now() - began) / 1000;
      results.push({ mean: result.evaluation.mean, steps: result.steps, seconds });
      console.log(
        `${agent} ${name} seed ${seed}: ${result.evaluation.mean.toFixed(1)} after ${result.steps} steps, ${seconds.toFixed(1)} s`,
      );
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }
  const middle = median(results.map(({ mean }) => mean));
  console.log(`${agent} ${name}: median ${middle.toFixed(1)}, to reach ${threshold}`);
  if (values.dry || values.set.length > 0) continue;
  writeRow(agent, name, [
    threshold,
    `**${middle.toFixed(1)}**${middle >= threshold ? "" : " (not reached)"}`,
    results.map(({ mean }) => mean.toFixed(1)).join(", "),
    `${from}–${to}`,
    median(results.map(({ steps: taken }) => taken)),
    median(results.map(({ seconds }) => seconds)).toFixed(1),
    commit,
  ]);
}
