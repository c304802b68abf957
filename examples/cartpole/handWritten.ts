/**
 * The loop in your own hands: an environment, a Double DQN agent made of parts, and twenty lines in between.
 *
 *   npm run build && npx jiti examples/cartpole/handWritten.ts [steps]
 *   deno run -A examples/cartpole/handWritten.ts [steps]
 */
import process from "node:process";
import { autograd, DoubleDQN, evaluate, Mlp, make, Random } from "kusari";

const steps = Number(process.argv[2] ?? 20_000);

// 1. The environment: four numbers in, two actions, 500 steps at most.
const env = make("CartPole-v1");
const { observationSpace, actionSpace } = env;
console.log("observations", String(observationSpace), "actions", String(actionSpace));

// 2. The Q-function: observations (batch, 4) to the values of both actions (batch, 2). Two of them, for the target.
const random = new Random(0);
const makeQ = () => new Mlp(4, 2, { hiddenSizes: [64, 64], random: random.stream("weights") });

// 3. The agent. A replay buffer and an explorer are made from hyperparameters: `rl train --agent doubledqn --help`.
const agent = new DoubleDQN({
  observationSpace,
  actionSpace,
  random,
  qFunction: makeQ(),
  targetQ: makeQ(),
  optimizer: new autograd.Adam({ alpha: 4e-3 }).addHook(new autograd.GradientClipping(10)),
  rewardScale: 0.1,
  replayStartSize: 500,
  updateInterval: 64, // every 64 steps …
  updatesPerInterval: 32, // … 32 gradient steps
  targetUpdateInterval: 32,
  decaySteps: 4_000, // ε falls from 1
  endEpsilon: 0.05,
});

// 4. The loop. An episode is over when it terminated (the pole fell) or was truncated (500 steps are up); only the
//    former means that there was nothing left to gain.
let [obs] = env.reset({ seed: 0 });
let episodeReturn = 0;
for (let step = 1, episode = 1; step <= steps; step++) {
  const action = agent.act(obs);
  const [nextObs, reward, terminated, truncated] = env.step(action);
  agent.observe(nextObs, reward, terminated, truncated);
  obs = nextObs;
  episodeReturn += reward;
  if (!terminated && !truncated) continue;
  if (episode++ % 20 === 0) console.log(`step ${step}: return ${episodeReturn}`, agent.statistics());
  episodeReturn = 0;
  [obs] = env.reset();
}

// 5. How good is it without exploration? And keep it: safetensors files that Python opens too.
console.log("greedy returns", await evaluate(agent, make("CartPole-v1"), { episodes: 20 }));
await agent.save("runs/quickstart");
