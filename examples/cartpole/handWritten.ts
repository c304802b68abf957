/**
 * The quickstart with the loop in your own hands: a Q-network, an optimizer, a replay buffer, an explorer, and a Double
 * DQN agent made of them, trained on CartPole.
 *
 *   npm run build && npx jiti examples/cartpole/handWritten.ts [steps]
 */
import { autograd, DoubleDQN, LinearDecayEpsilonGreedy, Mlp, make, Random, ReplayBuffer } from "kusari";

const steps = Number(process.argv[2] ?? 20_000);

// 1. The environment: four numbers in, two actions, 500 steps at most.
const env = make("CartPole-v1");
const { observationSpace, actionSpace } = env;
console.log("observations", String(observationSpace), "actions", String(actionSpace));

// 2. Everything random draws from a named stream of one seed.
const random = new Random(0);

// 3. The Q-function: observations (batch, 4) to the values of both actions (batch, 2). Two of them, for the target.
const makeQ = () => new Mlp(4, 2, { hiddenSizes: [64, 64], activation: "relu", random: random.stream("weights") });

// 4. The agent. Parts that are left out are made from hyperparameters, see `rl train --agent doubledqn --help`.
const agent = new DoubleDQN({
  observationSpace,
  actionSpace,
  qFunction: makeQ(),
  targetQ: makeQ(),
  optimizer: new autograd.Adam({ alpha: 4e-3 }).addHook(new autograd.GradientClipping(10)),
  replay: new ReplayBuffer({
    capacity: 50_000,
    obsShape: [4],
    action: { dtype: "int32", shape: [] },
    gamma: 0.99,
    random: random.stream("replay"),
  }),
  explorer: new LinearDecayEpsilonGreedy({
    startEpsilon: 1,
    endEpsilon: 0.05,
    decaySteps: 4_000,
    startStep: 500,
    randomAction: (stream) => stream.integer(2),
    random: random.stream("explorer"),
  }),
  replayStartSize: 500,
  updateInterval: 64,
  updatesPerInterval: 32,
  targetUpdateInterval: 32,
  rewardScale: 0.1,
});

// 5. The loop. An episode is over when it terminated (the pole fell) or was truncated (500 steps are up); only
//    the former means that there was nothing left to gain.
let [obs] = env.reset({ seed: 0 });
let episodeReturn = 0;
let episodes = 0;
for (let step = 1; step <= steps; step++) {
  const action = agent.act(obs);
  const [nextObs, reward, terminated, truncated] = env.step(action);
  agent.observe(nextObs, reward, terminated, truncated);
  episodeReturn += reward;
  obs = nextObs;
  if (terminated || truncated) {
    episodes++;
    if (episodes % 20 === 0)
      console.log(`step ${step}, episode ${episodes}: return ${episodeReturn}`, agent.statistics());
    episodeReturn = 0;
    [obs] = env.reset();
  }
}

// 6. How good is it without exploration?
const returns = agent.evalMode(() =>
  Array.from({ length: 10 }, (_, episode) => {
    let [evalObs] = env.reset({ seed: 1000 + episode });
    for (let total = 0; ; ) {
      const [nextObs, reward, terminated, truncated] = env.step(agent.act(evalObs));
      total += reward;
      if (terminated || truncated) return total;
      evalObs = nextObs;
    }
  }),
);
console.log("greedy returns", returns);

// 7. Keep it: safetensors files that Python opens too.
await agent.save("runs/quickstart");
