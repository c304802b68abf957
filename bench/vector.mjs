/**
 * DQN on CartPole-v1 with 1, 8 and 32 environments side by side: environment steps a second, with an update every step
 * and every eighth, and the ratio to one environment in the same round (medians over rounds, which take turns).
 *
 *   npm run build && node bench/vector.mjs [--rounds 5] [--device cpu]
 */
import { parseArgs } from "node:util";
import { train } from "../dist/index.js";

const { values } = parseArgs({
  options: { rounds: { type: "string", default: "5" }, device: { type: "string", default: "cpu" } },
});
const counts = [1, 8, 32];
const median = (numbers) => [...numbers].sort((a, b) => a - b)[numbers.length >> 1];

/** Environment steps a second, evaluations left out. */
async function stepsPerSecond(envs, updateInterval) {
  const steps = 8_000;
  const run = train({
    agent: "dqn",
    env: "CartPole-v1",
    envs,
    steps,
    device: values.device,
    stopAt: null,
    evalInterval: 10 * steps,
    reportInterval: 10 * steps,
    finalEpisodes: 1,
    out: null,
    hyperparameters: { hiddenSizes: [64, 64], minibatchSize: 32, updateInterval, updatesPerInterval: 1 },
  });
  return (await run).stepsPerSecond;
}

for (const updateInterval of [1, 8]) {
  const found = counts.map(() => []);
  for (let round = 0; round <= Number(values.rounds); round++) {
    for (const [i, envs] of counts.entries()) {
      const rate = await stepsPerSecond(envs, updateInterval);
      // the first round warms up
      if (round > 0) found[i].push(rate);
    }
  }
  console.log(`an update every ${updateInterval === 1 ? "step" : `${updateInterval} steps`}, ${values.device}`);
  for (const [i, envs] of counts.entries()) {
    const ratio = median(found[i].map((rate, round) => rate / found[0][round]));
    console.log(
      `  ${String(envs).padStart(2)} environments: ${Math.round(median(found[i]))} steps/s, ${ratio.toFixed(2)} times one`,
    );
  }
}
