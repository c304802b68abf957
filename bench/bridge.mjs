/**
 * What does a step of an environment in Python cost through the bridge, beside the same step in Python itself?
 * Run after `npm run build`: node bench/bridge.mjs. Needs Gymnasium in KUSARI_PYTHON or python3.
 */
import { spawnSync } from "node:child_process";
import { make, PythonVector } from "../dist/envs/node.js";

const python = process.env.KUSARI_PYTHON ?? "python3";
const steps = 5_000;
const rounds = 7;

/** µs a step in Python, actions and ends as in `bridged`. */
const inPython = `
import sys, time, gymnasium
env = gymnasium.make(sys.argv[1])
env.reset(seed=1)
action = [0.5] if sys.argv[1] == "Pendulum-v1" else 0
import numpy as np
action = np.array(action, np.float32) if isinstance(action, list) else action
began = time.perf_counter()
for i in range(${steps}):
    _, _, terminated, truncated, _ = env.step(action)
    if terminated or truncated:
        env.reset()
print((time.perf_counter() - began) * 1e6 / ${steps})
`;

const actionOf = (id) => (id === "Pendulum-v1" ? [0.5] : 0);

/** A function that measures µs a step of one environment. */
function single(id) {
  const env = make(`python:${id}`, { reuseObs: true });
  env.reset({ seed: 1 });
  const action = actionOf(id);
  return () => {
    const began = performance.now();
    for (let i = 0; i < steps; i++) {
      const [, , terminated, truncated] = env.step(action);
      if (terminated || truncated) env.reset();
    }
    return ((performance.now() - began) * 1_000) / steps;
  };
}

/** The same for µs an environment and step, n in a message. */
function vector(id, n) {
  const envs = new PythonVector({ id, n, autoreset: "sameStep" });
  envs.reset(Array.from({ length: n }, (_, i) => i));
  const action = actionOf(id);
  const messages = Math.ceil(steps / n);
  return () => {
    const began = performance.now();
    for (let i = 0; i < messages; i++) {
      for (let k = 0; k < n; k++) envs.setAction(k, action);
      envs.step();
    }
    return ((performance.now() - began) * 1_000) / (messages * n);
  };
}

const there = (id) => () => {
  const { status, stdout } = spawnSync(python, ["-c", inPython, id], { encoding: "utf8" });
  if (status === 0) return Number(stdout);
  console.log(
    `skipped: ${python} cannot import gymnasium. Install it, or name another interpreter with KUSARI_PYTHON.`,
  );
  process.exit();
};

const median = (values) => values.sort((a, b) => a - b)[values.length >> 1];

console.log(`µs an environment and step, resets included; medians of ${rounds} rounds in turns\n`);
console.log("| environment | in Python | bridged | bridged, 8 a message | bridged, 32 a message |");
console.log("|---|---|---|---|---|");
for (const id of ["CartPole-v1", "Pendulum-v1"]) {
  const inPythonItself = there(id);
  inPythonItself();
  const works = [inPythonItself, single(id), vector(id, 8), vector(id, 32)];
  const times = works.map(() => []);
  for (let round = 0; round < rounds; round++) for (const [i, work] of works.entries()) times[i].push(work());
  console.log(`| ${id} | ${times.map((each) => median(each).toFixed(1)).join(" | ")} |`);
}
