/** Settings known to work for one agent in one environment; they stand between the defaults and what the caller gives. */
import type { TrainSettings } from "./settings.ts";

export interface Preset {
  readonly agents: readonly string[];
  readonly env: string;
  /** Where the values come from. */
  readonly source: string;
  readonly settings: Partial<TrainSettings>;
  readonly hyperparameters: Readonly<Record<string, unknown>>;
}

const cartPole: Pick<Preset, "env" | "source" | "settings"> = {
  env: "CartPole-v1",
  source: "searched for Kusari, judged with Double DQN on 100 fresh seeds: 99 solved, median 10,500 steps",
  settings: { evalInterval: 500, evalEpisodes: 10, confirmEpisodes: 90 },
};

const cartPoleValues = {
  gamma: 0.99,
  learningRate: 4e-3,
  adamEps: 1e-8,
  hiddenSizes: [64, 64],
  activation: "relu",
  replayCapacity: 50_000,
  replayStartSize: 500,
  minibatchSize: 32,
  updateInterval: 64,
  updatesPerInterval: 32,
  targetUpdateInterval: 32,
  maxGradNorm: 10,
  rewardScale: 0.1,
};

/** Of agents that explore ε-greedily. */
const greedyValues = { startEpsilon: 1, endEpsilon: 0.05, decaySteps: 4_000 };

const atariLite = ["Asterix", "Breakout", "Freeway", "Seaquest", "SpaceInvaders"].map((game) => `AtariLite/${game}-v1`);

const boardValues = {
  learningRate: 5e-4,
  hiddenSizes: [128],
  replayStartSize: 5_000,
  updateInterval: 4,
  targetUpdateInterval: 250,
};

export const presets: readonly Preset[] = [
  {
    ...cartPole,
    agents: ["dqn", "doubledqn", "dueling", "sarsa", "al", "pal", "doublepal"],
    hyperparameters: { ...cartPoleValues, ...greedyValues, nStep: 1 },
  },
  {
    ...cartPole,
    source: "those of Double DQN; returns of at most 10 in units of 0.1",
    agents: ["c51", "doublec51"],
    hyperparameters: { ...cartPoleValues, ...greedyValues, learningRate: 1e-3, vMin: 0, vMax: 10 },
  },
  {
    ...cartPole,
    source: "those of Double DQN; N and N′ as small as Dabney et al. 2018, figure 2, show to suffice",
    agents: ["iqn", "doubleiqn"],
    hyperparameters: { ...cartPoleValues, ...greedyValues, learningRate: 1e-3, samples: 8, targetSamples: 8 },
  },
  {
    ...cartPole,
    source: "those of Double DQN",
    agents: ["noisydqn"],
    hyperparameters: { ...cartPoleValues, learningRate: 1e-3 },
  },
  {
    ...cartPole,
    source: "those of Double DQN; returns of at most 10 in units of 0.1",
    agents: ["rainbow"],
    hyperparameters: { ...cartPoleValues, learningRate: 1e-3, vMin: 0, vMax: 10 },
  },
  ...atariLite.flatMap((env): Preset[] => [
    {
      env,
      source:
        "Young & Tian 2019, MinAtar: network, exploration, target network each 1,000 steps; an update each 4 steps",
      agents: ["dqn", "doubledqn", "dueling", "sarsa", "al", "pal", "doublepal", "residualdqn"],
      settings: { steps: 1_000_000, evalInterval: 20_000 },
      hyperparameters: { ...boardValues, decaySteps: 100_000 },
    },
    {
      env,
      source: "those of DQN; returns of at most 100",
      agents: ["rainbow"],
      settings: { steps: 1_000_000, evalInterval: 20_000 },
      hyperparameters: { ...boardValues, hiddenSizes: [128, 128], vMin: 0, vMax: 100 },
    },
    {
      env,
      source: "Young & Tian 2019, MinAtar: one network for policy and value",
      agents: ["a3c", "a2c"],
      settings: { steps: 1_000_000, evalInterval: 20_000 },
      hyperparameters: { hiddenSizes: [128], activation: "relu", sharesTrunk: true },
    },
  ]),
  {
    env: "Pendulum-v1",
    source: "Gu et al. 2016 and ChainerRL's train_dqn_gym.py, rewards brought near 1",
    agents: ["naf"],
    settings: { steps: 40_000, evalInterval: 2_000 },
    hyperparameters: {
      learningRate: 1e-3,
      hiddenSizes: [64, 64],
      replayStartSize: 1_000,
      minibatchSize: 64,
      tau: 0.005,
      rewardScale: 0.1,
      maxGradNorm: 10,
    },
  },
  {
    agents: ["nsq"],
    env: "CartPole-v1",
    source: "Kusari: without it the squared errors of returns near 100 swing the network about",
    settings: {},
    hyperparameters: { rewardScale: 0.1 },
  },
  {
    agents: ["acer"],
    env: "CartPole-v1",
    source: "searched for Kusari",
    settings: {},
    hyperparameters: { tMax: 20, learningRate: 1.5e-3 },
  },
  {
    agents: ["acer"],
    env: "Pendulum-v1",
    // c far below the paper's 5: most of the policy's gradient is that of the critic, which is less noisy than returns
    source: "searched for Kusari; δ and α from Wang et al. 2017, section 5",
    settings: {},
    hyperparameters: {
      gamma: 0.95,
      learningRate: 1.5e-3,
      rmspropEps: 1e-3,
      tMax: 20,
      truncation: 0.3,
      trustRegionDelta: 0.1,
      trustRegionDecay: 0.995,
      beta: 1e-4,
      rewardScale: 0.1,
      boundsMean: true,
    },
  },
  {
    agents: ["ddpg", "svg0", "td3", "sac"],
    env: "Pendulum-v1",
    source: "Kusari: solved by then; rewards reach −16 a step, and returns −1,600",
    settings: { steps: 25_000 },
    hyperparameters: { rewardScale: 0.1 },
  },
];

/** The preset of an agent id in an environment id, where there is one. */
export const presetFor = (agent: string, env: string): Preset | undefined =>
  presets.find((preset) => preset.env === env && preset.agents.includes(agent));
