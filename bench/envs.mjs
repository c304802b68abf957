/**
 * How many CartPole steps a second, on one thread, through `make` and its wrappers?
 * Run after `npm run build`: node bench/envs.mjs. Where python3 has Gymnasium, its own speed is measured beside.
 */
import { spawnSync } from "node:child_process";
import { make } from "../dist/envs/index.js";

/** Steps a second under a controller that keeps the pole up for some tens of steps, resets included. */
function measure(kwargs, steps) {
  const env = make("CartPole-v1", kwargs);
  let [obs] = env.reset({ seed: 1 });
  const began = performance.now();
  for (let i = 0; i < steps; i++) {
    const result = env.step(obs[2] + obs[3] > 0 ? 1 : 0);
    obs = result[0];
    if (result[2] || result[3]) obs = env.reset()[0];
  }
  return (steps * 1_000) / (performance.now() - began);
}

const median = (values) => values.sort((a, b) => a - b)[values.length >> 1];

const gymnasium = `
import time, gymnasium
env = gymnasium.make("CartPole-v1")
obs, _ = env.reset(seed=1)
steps = 100_000
began = time.perf_counter()
for _ in range(steps):
    obs, _, terminated, truncated, _ = env.step(1 if obs[2] + obs[3] > 0 else 0)
    if terminated or truncated:
        obs, _ = env.reset()
print(gymnasium.__version__, steps / (time.perf_counter() - began))
`;

const python = spawnSync("python3", ["-c", gymnasium], { encoding: "utf8" });
const [version, speed] = python.status === 0 ? python.stdout.trim().split(" ") : [];
const peer = speed === undefined ? null : Number(speed);

for (const [name, kwargs] of [
  ["fresh observations", {}],
  ["reuseObs", { reuseObs: true }],
]) {
  measure(kwargs, 1_000_000);
  const steps = median(Array.from({ length: 5 }, () => measure(kwargs, 2_000_000)));
  const ratio = peer === null ? "" : `, ${(steps / peer).toFixed(0)} times Gymnasium`;
  console.log(`CartPole-v1, ${name}: ${(steps / 1e6).toFixed(2)} M steps/s${ratio}`);
}
console.log(
  peer === null
    ? "Gymnasium: skipped, python3 cannot import gymnasium"
    : `CartPole-v1, Gymnasium ${version}: ${(peer / 1e6).toFixed(3)} M steps/s`,
);
