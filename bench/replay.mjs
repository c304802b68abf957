/**
 * Minibatches of 32 from a replay buffer of a million transitions, uniform and prioritized: µs a minibatch, and µs for
 * taking over its priorities.
 *
 *   npm run build && node bench/replay.mjs [capacity]
 */
import { PrioritizedReplayBuffer, Random, ReplayBuffer } from "../dist/index.js";

const capacity = Number(process.argv[2] ?? 1_000_000);
const n = 32;
const out = {
  obs: new Float32Array(4 * n),
  action: new Float32Array(n),
  reward: new Float32Array(n),
  nextObs: new Float32Array(4 * n),
  discount: new Float32Array(n),
  weight: new Float32Array(n),
};
const median = (numbers) => [...numbers].sort((a, b) => a - b)[numbers.length >> 1];

/** Median µs of a call, in bursts of 1,000. */
function time(body) {
  const bursts = [];
  for (let burst = 0; burst < 41; burst++) {
    const began = performance.now();
    for (let i = 0; i < 1_000; i++) body();
    bursts.push(performance.now() - began);
  }
  return median(bursts).toFixed(2);
}

for (const Replay of [ReplayBuffer, PrioritizedReplayBuffer]) {
  const random = new Random(0);
  const action = { dtype: "int32", shape: [] };
  const replay = new Replay({ capacity, obsShape: [4], action, gamma: 0.99, random });
  const obs = new Float32Array(4);
  const began = performance.now();
  for (let i = 0; i < capacity; i++) {
    obs[0] = i;
    replay.append(obs, 1, 0.5, obs, i % 200 === 199, false);
  }
  const append = ((performance.now() - began) * 1e3) / capacity;
  console.log(`${Replay.name}: append ${append.toFixed(2)} µs`);
  if (replay.isPrioritized) {
    // priorities as various as those of a real run
    const errors = Float32Array.from({ length: n }, () => 0);
    for (let i = 0; i < 50_000; i++) {
      replay.sample(n, out);
      for (let k = 0; k < n; k++) errors[k] = Math.abs(random.normal());
      replay.updatePriorities(errors);
    }
    console.log(`  updatePriorities ${n}: ${time(() => replay.updatePriorities(errors))} µs`);
  }
  console.log(`  sample ${n} of ${replay.size}: ${time(() => replay.sample(n, out))} µs`);
}
