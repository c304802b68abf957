/**
 * How many steps a second does each built-in environment make on one thread: alone through `make` and its wrappers, and
 * 1,024 together through `makeVec`?
 * Run after `npm run build`: node bench/envs.mjs [--only CartPole,Taxi] [--rounds 9] [--cpu]
 * With --cpu time is the processor's, which a machine busy with other things stretches less; threads add theirs.
 * Where python3 (or KUSARI_PYTHON) has Gymnasium, its own speed is measured beside, in the same rounds.
 */
import { spawnSync } from "node:child_process";
import { parseArgs } from "node:util";
import { listEnvs, make, makeVec, versionsOf } from "../dist/envs/node.js";

const { values } = parseArgs({
  options: {
    only: { type: "string" },
    rounds: { type: "string", default: "9" },
    cpu: { type: "boolean", default: false },
  },
});
const rounds = Number(values.rounds);
const newest = listEnvs().filter((id) => versionsOf(id)[0] === id);
const ids = values.only ? newest.filter((id) => values.only.split(",").some((name) => id.startsWith(name))) : newest;

/** Milliseconds, of the clock or of the processor. */
function now() {
  if (!values.cpu) return performance.now();
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e3;
}

/** Milliseconds that one measurement takes. */
const burst = 40;

/** Some hundred actions, so that drawing them is not measured; CartPole's are those of a controller that keeps it up. */
function actionsOf(env, n) {
  env.actionSpace.seed(1);
  return Array.from({ length: n }, () => env.actionSpace.sample());
}

/** What steps an environment alone, resets included. */
function alone(id, kwargs) {
  const env = make(id, kwargs);
  const actions = actionsOf(env, 512);
  let [obs] = env.reset({ seed: 1 });
  const isCartPole = id.startsWith("CartPole");
  return (steps) => {
    for (let i = 0; i < steps; i++) {
      const result = env.step(isCartPole ? (obs[2] + obs[3] > 0 ? 1 : 0) : actions[i & 511]);
      obs = result[0];
      if (result[2] || result[3]) obs = env.reset()[0];
    }
    return steps;
  };
}

/** What steps many together. */
function together(id, n, options) {
  const envs = makeVec(id, n, { reuseObs: true, ...options });
  const actions = actionsOf(envs, 16);
  let [obs] = envs.reset({ seed: 1 });
  const isCartPole = id.startsWith("CartPole");
  return (steps) => {
    const count = Math.ceil(steps / n);
    for (let i = 0; i < count; i++) {
      const given = actions[i & 15];
      if (isCartPole) for (let row = 0; row < n; row++) given[row] = obs[4 * row + 2] + obs[4 * row + 3] > 0 ? 1 : 0;
      obs = envs.step(given)[0];
    }
    return count * n;
  };
}

/** Thousands of steps a second in one burst; `pace` learns how many steps that is. */
function measure(work, pace) {
  const began = now();
  const steps = work(pace.steps);
  const time = now() - began;
  pace.steps = Math.max(1, Math.round((pace.steps * burst) / Math.max(time, 1)));
  return steps / time;
}

const median = (numbers) => numbers.toSorted((a, b) => a - b)[numbers.length >> 1];

/** The works take turns, so that a machine whose speed drifts slows all of them alike. */
function race(works) {
  const speeds = works.map(() => []);
  const paces = works.map(() => ({ steps: 1_000 }));
  for (let round = -4; round < rounds; round++) {
    for (const [i, work] of works.entries()) {
      const speed = work === null ? null : measure(work, paces[i]);
      if (round >= 0 && speed !== null) speeds[i].push(speed);
    }
  }
  return speeds.map((all) => (all.length === 0 ? null : { median: median(all), best: Math.max(...all) }));
}

const python = process.env.KUSARI_PYTHON ?? "python3";
const gymnasium = `
import sys, time, gymnasium
env = gymnasium.make(sys.argv[1])
env.action_space.seed(1)
actions = [env.action_space.sample() for _ in range(512)]
env.reset(seed=1)
began, steps = time.perf_counter(), 0
while time.perf_counter() - began < 1:
    for action in actions:
        _, _, terminated, truncated, _ = env.step(action)
        if terminated or truncated:
            env.reset()
    steps += 512
print(gymnasium.__version__, steps / (time.perf_counter() - began))
`;
const peer = (id) => {
  const { status, stdout } = spawnSync(python, ["-c", gymnasium, id], { encoding: "utf8" });
  return status === 0 ? Number(stdout.trim().split(" ")[1]) / 1e3 : null;
};
const hasPeer = spawnSync(python, ["-c", "import gymnasium"]).status === 0;

const show = (speed) =>
  speed === null ? "-" : `${(speed.median / 1e3).toFixed(2)} (${(speed.best / 1e3).toFixed(2)})`;
const row = (cells) => console.log(cells.map((cell, i) => (i === 0 ? cell.padEnd(26) : cell.padStart(16))).join(""));

/** Environments that have a mode batch. */
const hasBatch = (id) => {
  try {
    makeVec(id, 1, { mode: "batch" });
    return true;
  } catch {
    return false;
  }
};

console.log("M steps/s on one thread: median and, in parentheses, best of the rounds\n");
row(["id", "make", "make, reuseObs", "1,024 in sync", "1,024 in batch", hasPeer ? "times Gymnasium" : ""]);
for (const id of ids) {
  const works = [
    alone(id, {}),
    alone(id, { reuseObs: true }),
    together(id, 1024, { mode: "sync" }),
    hasBatch(id) ? together(id, 1024, {}) : null,
  ];
  const speeds = race(works);
  const ours = speeds[0].median;
  const theirs = hasPeer ? peer(id) : null;
  row([id, ...speeds.map(show), theirs === null ? "" : (ours / theirs).toFixed(0)]);
}

console.log("\nA step of n CartPoles, µs: median of the rounds");
row(["n", "sync", "batch", "worker"]);
for (const n of [2, 16, 128, 1024]) {
  const works = ["sync", "batch", "worker"].map((mode) => together("CartPole-v1", n, { mode }));
  row([String(n), ...race(works).map((speed) => ((n * 1e3) / speed.median).toFixed(1))]);
}
if (!hasPeer) console.log(`\nGymnasium: not measured, ${python} cannot import it`);
process.exit(0);
