/** The works of bench/updates.mjs and cnn.mjs in Kusari, through the public API. Build first: npm run build. */
import { autograd, DDPG, DoubleDQN, DQN, MinAtarHead, make, NatureDQNHead, Random } from "../dist/index.js";
import { once, timed } from "./peers/timing.mjs";

const { matmul, noBackprop, persistent, scope } = autograd;
const spaces = { observationSpace: { shape: [4] }, actionSpace: { n: 2 } };

/** An agent whose replay buffer holds random transitions. */
function filledAgent(hidden, batch, double) {
  return once(`agent ${hidden} ${batch} ${double}`, () => {
    const random = new Random(0);
    const replayStartSize = Math.max(1000, batch);
    const sizes = { hiddenSizes: [hidden, hidden], minibatchSize: batch, replayStartSize, replayCapacity: 10_000 };
    const agent = new (double ? DoubleDQN : DQN)({ ...spaces, ...sizes, random });
    const obs = () => Float32Array.from({ length: 4 }, () => random.normal());
    for (let i = 0; i < replayStartSize; i++) {
      agent.act(obs());
      agent.observe(obs(), random.normal(), i % 20 === 19, false);
    }
    return agent;
  });
}

/** A convolutional q-function of six actions, its target network, and minibatches in the device's memory. */
function convolutionalLearner(network, batch) {
  return once(`cnn ${network} ${batch}`, () => {
    const { Adam, Linear, persistent, Sequential } = autograd;
    const random = new Random(0);
    const obsShape = network === "minatar" ? [4, 10, 10] : [4, 84, 84];
    const qFunction = () => {
      const options = { random, obsShape, channelsLast: false };
      const head = network === "minatar" ? new MinAtarHead(options) : new NatureDQNHead(options);
      return new Sequential(head, new Linear(head.outSize, 6, { random }));
    };
    const filled = (shape, draw) => {
      const x = persistent(shape);
      x.write(Float32Array.from({ length: x.size }, draw));
      return x;
    };
    const batches = Array.from({ length: 4 }, () => ({
      obs: filled([batch, ...obsShape], () => random.uniform(0, 1)),
      nextObs: filled([batch, ...obsShape], () => random.uniform(0, 1)),
      action: filled([batch], () => random.integer(6)),
      reward: filled([batch], () => random.normal()),
      discount: filled([batch], () => (random.uniform(0, 1) < 0.05 ? 0 : 0.99)),
    }));
    const online = qFunction();
    const optimizer = new Adam({ alpha: 1e-4 }).setup(online);
    const target = qFunction();
    target.copyParametersFrom(online);
    return { online, target, optimizer, batches };
  });
}

const works = {
  cnnUpdate({ network, batch, repeat }) {
    const { huberLoss, max, mean, selectItem } = autograd;
    const { online, target, optimizer, batches } = convolutionalLearner(network, batch);
    let minibatch;
    const targetBody = () => minibatch.reward.add(minibatch.discount.mul(max(target.forward(minibatch.nextObs), 1)));
    const updateBody = () => {
      const y = noBackprop(targetBody);
      const q = selectItem(online.forward(minibatch.obs), minibatch.action);
      online.clearGrads();
      mean(huberLoss(q, y, 1)).backward();
      optimizer.update();
    };
    return timed(repeat, (i) => {
      minibatch = batches[i % batches.length];
      scope(updateBody);
    });
  },

  dqnUpdate({ hidden, batch, double, repeat }) {
    const agent = filledAgent(hidden, batch, double);
    return timed(repeat, () => agent.update());
  },

  /** Pendulum's sizes; the minibatch is drawn from the replay buffer. */
  ddpgUpdate({ hidden, batch, repeat }) {
    const agent = once(`ddpg ${hidden} ${batch}`, () => {
      const random = new Random(0);
      const made = new DDPG({
        observationSpace: { shape: [3] },
        actionSpace: { shape: [1], low: [-2], high: [2] },
        hiddenSizes: [hidden, hidden],
        minibatchSize: batch,
        replayStartSize: 1000,
        replayCapacity: 10_000,
        random,
      });
      const obs = () => Float32Array.from({ length: 3 }, () => random.normal());
      for (let i = 0; i < 1000; i++) {
        made.act(obs());
        made.observe(obs(), random.normal(), i % 20 === 19, false);
      }
      return made;
    });
    return timed(repeat, () => agent.update());
  },

  act({ hidden = 64, repeat }) {
    const agent = filledAgent(hidden, 32, false);
    const obs = new Float32Array(4);
    return agent.evalMode(() =>
      timed(repeat, () => {
        obs[0] = 1 - obs[0];
        agent.act(obs);
      }),
    );
  },

  gemm({ m, k, n, repeat }) {
    const [a, b] = once(`gemm ${m} ${k} ${n}`, () =>
      [
        [m, k],
        [k, n],
      ].map((shape) => {
        const x = persistent(shape);
        x.data.forEach((_, i, data) => {
          data[i] = Math.sin(i);
        });
        return x;
      }),
    );
    const body = () => scope(() => noBackprop(() => void matmul(a, b)));
    return timed(repeat, body);
  },

  /** ChainerRL's quickstart: Double DQN, 4-50-50-2 tanh, one update a step; state is kept between calls. */
  quickstart({ steps }) {
    const state = once("quickstart", () => {
      const env = make("CartPole-v1", { reuseObs: true, maxEpisodeSteps: 200 });
      const agent = new DoubleDQN({
        ...spaces,
        hiddenSizes: [50, 50],
        activation: "tanh",
        learningRate: 1e-3,
        adamEps: 1e-2,
        gamma: 0.95,
        replayCapacity: 1_000_000,
        replayStartSize: 500,
        targetUpdateInterval: 100,
        startEpsilon: 0.3,
        endEpsilon: 0.3,
        random: new Random(0),
      });
      return { env, agent, obs: env.reset({ seed: 0 })[0] };
    });
    const { env, agent } = state;
    const step = () => {
      const [obs, reward, terminated, truncated] = env.step(agent.act(state.obs));
      agent.observe(obs, reward, terminated, truncated);
      state.obs = terminated || truncated ? env.reset()[0] : obs;
    };
    while (agent.updates < 1) step();
    return { ...timed(steps, step), steps };
  },
};

/** @returns {Promise<{seconds: number, repeat: number}>} */
export async function work(name, options) {
  return works[name](options);
}
