/**
 * An agent on CartPole-v1 with 1, 8 and 32 environments side by side: environment steps a second, and the ratio to one
 * environment in the same round (medians over rounds, which take turns). DQN with an update every step and every eighth; A2C
 * and PPO as they are.
 *
 *   npm run build && node bench/vector.mjs [--agent dqn|a2c|ppo] [--rounds 5] [--device cpu]
 */
import { parseArgs } from "node:util";
import { train } from "../dist/index.js";

const { values } = parseArgs({
  options: {
    agent: { type: "string", default: "dqn" },
    rounds: { type: "string", default: "5" },
    device: { type: "string", default: "cpu" },
  },
});
const counts = [1, 8, 32];
const median = (numbers) => [...numbers].sort((a, b) => a - b)[numbers.length >> 1];

/** What is measured of an agent: steps of a run, and settings by what they are called. */
const dqn = (updateInterval) => ({ hiddenSizes: [64, 64], minibatchSize: 32, updateInterval, updatesPerInterval: 1 });
const measured = {
  dqn: { steps: 8_000, settings: { "an update every step": dqn(1), "an update every 8 steps": dqn(8) } },
  a2c: { steps: 32_000, settings: { "an update every 5 steps of each environment": {} } },
  // whole rollouts of all environments
  ppo: { steps: 65_536, settings: { "an update every 2048 steps of each environment": {} } },
}[values.agent];

/** Environment steps a second, evaluations left out. */
async function stepsPerSecond(envs, hyperparameters) {
  const { steps } = measured;
  const run = train({
    agent: values.agent,
    env: "CartPole-v1",
    envs,
    steps,
    device: values.device,
    stopAt: null,
    evalInterval: 10 * steps,
    reportInterval: 10 * steps,
    finalEpisodes: 1,
    out: null,
    hyperparameters,
  });
  return (await run).stepsPerSecond;
}

for (const [name, hyperparameters] of Object.entries(measured.settings)) {
  const found = counts.map(() => []);
  for (let round = 0; round <= Number(values.rounds); round++) {
    for (const [i, envs] of counts.entries()) {
      const rate = await stepsPerSecond(envs, hyperparameters);
      // the first round warms up
      if (round > 0) found[i].push(rate);
    }
  }
  console.log(`${values.agent}, ${name}, ${values.device}`);
  for (const [i, envs] of counts.entries()) {
    const ratio = median(found[i].map((rate, round) => rate / found[0][round]));
    console.log(
      `  ${String(envs).padStart(2)} environments: ${Math.round(median(found[i]))} steps/s, ${ratio.toFixed(2)} times one`,
    );
  }
}
