/**
 * What does a step of an environment in Python cost through the bridge, beside the same step in Python itself?
 * Run after `npm run build`: node bench/bridge.mjs. Needs Gymnasium in KUSARI_PYTHON or python3.
 */
import { spawnSync } from "node:child_process";
import { make, PythonVector } from "../dist/envs/index.js";

const python = process.env.KUSARI_PYTHON ?? "python3";
const steps = 20_000;

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

function single(id) {
  const env = make(`python:${id}`, { reuseObs: true });
  env.reset({ seed: 1 });
  const action = id === "Pendulum-v1" ? [0.5] : 0;
  const run = () => {
    const began = performance.now();
    for (let i = 0; i < steps; i++) {
      const [, , terminated, truncated] = env.step(action);
      if (terminated || truncated) env.reset();
    }
    return ((performance.now() - began) * 1_000) / steps;
  };
  run();
  const time = run();
  env.close();
  return time;
}

/** µs an environment and step, n in a message. */
function vector(id, n) {
  const envs = new PythonVector({ id, n, autoreset: "sameStep" });
  envs.reset(Array.from({ length: n }, (_, i) => i));
  const action = id === "Pendulum-v1" ? [0.5] : 0;
  const rounds = Math.ceil(steps / n);
  const run = () => {
    const began = performance.now();
    for (let i = 0; i < rounds; i++) {
      for (let k = 0; k < n; k++) envs.setAction(k, action);
      envs.step();
    }
    return ((performance.now() - began) * 1_000) / (rounds * n);
  };
  run();
  const time = run();
  envs.close();
  return time;
}

const rows = [];
for (const id of ["CartPole-v1", "Pendulum-v1"]) {
  const { status, stdout } = spawnSync(python, ["-c", inPython, id], { encoding: "utf8" });
  if (status !== 0) {
    console.log(
      `skipped: ${python} cannot import gymnasium. Install it, or name another interpreter with KUSARI_PYTHON.`,
    );
    process.exit();
  }
  rows.push([id, Number(stdout), single(id), vector(id, 8), vector(id, 32)]);
}
console.log("µs an environment and step, resets included\n");
console.log("| environment | in Python | bridged | bridged, 8 a message | bridged, 32 a message |");
console.log("|---|---|---|---|---|");
for (const [id, ...times] of rows) console.log(`| ${id} | ${times.map((time) => time.toFixed(1)).join(" | ")} |`);
