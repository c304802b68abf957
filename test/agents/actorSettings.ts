/** How the suite in actors.test.ts trains each agent that acts by a policy, or learns from rollouts. */
export interface ActorSettings {
  /** For a few quick updates with a network of one hidden layer of 16 units. */
  readonly fast: Readonly<Record<string, unknown>>;
  /** What differs there with a recurrent network. */
  readonly fastRecurrent?: Readonly<Record<string, unknown>>;
  /** The name and shape that the first weights have in a network of 17. */
  readonly firstWeights: string;
  /** Settings that learn the ABC problem, by what is special about them; `steps` in the environment. */
  readonly learns: readonly {
    readonly what: string;
    readonly actions: "discrete" | "continuous";
    readonly size?: number;
    /** The first observation of an episode alone tells what is right: only what remembers it learns that. */
    readonly partiallyObservable?: boolean;
    readonly steps: number;
    readonly hyperparameters: Readonly<Record<string, unknown>>;
  }[];
}

const small = { hiddenSizes: [32], gamma: 0.9 };
const tMaxes = [1, 2, 5];

type Learns = ActorSettings["learns"][number];
/** The partially observable ABC, which no feed-forward network learns. */
const remembering = (
  what: string,
  recurrent: "lstm" | "gru",
  { hyperparameters, ...settings }: Omit<Learns, "what">,
) => ({
  ...settings,
  what: `partially observable, ${recurrent}, ${what}`,
  partiallyObservable: true,
  hyperparameters: { ...small, ...hyperparameters, recurrent },
});
/** Of agents that learn from rollouts in minibatches. */
const inMinibatches = {
  fast: { hiddenSizes: [16], updateInterval: 12, minibatchSize: 4, epochs: 2 },
  fastRecurrent: { sequenceLength: 3 },
  firstWeights: "policy.trunk.layers.0.w",
};
/** Without a step back in time, with one, and with whole episodes; both layers. */
const rememberingBy = (name: string, steps: number, hyperparameters: Readonly<Record<string, unknown>>) =>
  tMaxes.map((tMax) =>
    remembering(`${name} ${tMax}`, tMax === 2 ? "gru" : "lstm", {
      actions: "discrete",
      size: tMax === 5 ? 3 : 2,
      steps,
      hyperparameters: { ...hyperparameters, [name]: tMax },
    }),
  );

export const actorSettings: Readonly<Record<string, ActorSettings>> = {
  reinforce: {
    fast: { hiddenSizes: [16], batchEpisodes: 2 },
    firstWeights: "trunk.layers.0.w",
    learns: [
      { what: "softmax", actions: "discrete", steps: 2000, hyperparameters: { ...small, learningRate: 1e-2 } },
      {
        what: "mellowmax",
        actions: "discrete",
        steps: 3000,
        hyperparameters: { ...small, learningRate: 1e-2, discretePolicy: "mellowmax" },
      },
      { what: "Gaussian", actions: "continuous", steps: 6000, hyperparameters: { ...small, learningRate: 1e-2 } },
      remembering("softmax", "lstm", { actions: "discrete", steps: 2000, hyperparameters: { learningRate: 1e-2 } }),
      remembering("Gaussian", "gru", { actions: "continuous", steps: 4000, hyperparameters: { learningRate: 1e-2 } }),
    ],
  },
  a2c: {
    fast: { hiddenSizes: [16] },
    firstWeights: "policy.trunk.layers.0.w",
    learns: [
      ...tMaxes.map((updateSteps) => ({
        what: `${updateSteps} steps`,
        actions: "discrete" as const,
        steps: 4000,
        hyperparameters: { ...small, learningRate: 3e-3, updateSteps },
      })),
      {
        what: "generalised advantages, shared trunk",
        actions: "discrete",
        size: 3,
        steps: 6000,
        hyperparameters: { ...small, learningRate: 3e-3, usesGae: true, sharesTrunk: true },
      },
      {
        what: "Gaussian",
        actions: "continuous",
        steps: 8000,
        hyperparameters: { ...small, learningRate: 3e-3, updateSteps: 10 },
      },
      ...rememberingBy("updateSteps", 3000, { learningRate: 3e-3 }),
      remembering("Gaussian", "gru", {
        actions: "continuous",
        steps: 4000,
        hyperparameters: { learningRate: 3e-3, updateSteps: 10 },
      }),
    ],
  },
  a3c: {
    fast: { hiddenSizes: [16] },
    firstWeights: "policy.trunk.layers.0.w",
    learns: [
      ...tMaxes.map((tMax) => ({
        what: `tMax ${tMax}`,
        actions: "discrete" as const,
        steps: 4000,
        hyperparameters: { ...small, learningRate: 1e-2, tMax },
      })),
      {
        what: "normalised gradients, variance by the observation",
        actions: "continuous",
        steps: 8000,
        hyperparameters: {
          ...small,
          learningRate: 1e-2,
          normalizesByTMax: true,
          keepsLossScale: true,
          covariance: "dependent",
        },
      },
      ...rememberingBy("tMax", 4000, { learningRate: 3e-3, rmspropEps: 1e-3 }),
      remembering("shared trunk", "gru", {
        actions: "continuous",
        steps: 4000,
        hyperparameters: { learningRate: 3e-3, tMax: 10, rmspropEps: 1e-3, sharesTrunk: true },
      }),
    ],
  },
  nsq: {
    fast: { hiddenSizes: [16], targetUpdateInterval: 10 },
    firstWeights: "layers.0.w",
    learns: [
      ...tMaxes.map((tMax) => ({
        what: `tMax ${tMax}`,
        actions: "discrete" as const,
        size: 3,
        steps: 6000,
        hyperparameters: { ...small, learningRate: 1e-2, tMax, decaySteps: 2000, targetUpdateInterval: 100 },
      })),
      ...rememberingBy("tMax", 3000, { learningRate: 1e-2, decaySteps: 2000, targetUpdateInterval: 100 }),
    ],
  },
  ddpg: {
    fast: { hiddenSizes: [16], replayStartSize: 32, minibatchSize: 8 },
    fastRecurrent: { hiddenSizes: [8, 8] },
    firstWeights: "trunk.layers.0.w",
    learns: [
      {
        what: "soft targets, Ornstein–Uhlenbeck noise",
        actions: "continuous",
        steps: 3000,
        hyperparameters: { ...small, replayStartSize: 200, minibatchSize: 32, tau: 0.02 },
      },
      {
        what: "hard targets, Gaussian noise",
        actions: "continuous",
        steps: 3000,
        hyperparameters: {
          ...small,
          replayStartSize: 200,
          minibatchSize: 32,
          targetUpdateMethod: "hard",
          targetUpdateInterval: 50,
          explorer: "gaussian",
          noiseScale: 0.2,
        },
      },
    ],
  },
  svg0: {
    fast: { hiddenSizes: [16], replayStartSize: 32, minibatchSize: 8 },
    fastRecurrent: { hiddenSizes: [8, 8] },
    firstWeights: "trunk.layers.0.w",
    learns: [
      {
        what: "variance by the observation",
        actions: "continuous",
        steps: 3000,
        hyperparameters: { ...small, replayStartSize: 200, minibatchSize: 32, tau: 0.02 },
      },
    ],
  },
  pgt: {
    fast: { hiddenSizes: [16], replayStartSize: 32, minibatchSize: 8 },
    fastRecurrent: { hiddenSizes: [8, 8] },
    firstWeights: "trunk.layers.0.w",
    learns: [
      {
        what: "likelihood ratios",
        actions: "continuous",
        steps: 4000,
        hyperparameters: { ...small, replayStartSize: 200, minibatchSize: 32, tau: 0.02 },
      },
    ],
  },
  pcl: {
    fast: { hiddenSizes: [16], tMax: 4, rolloutLength: 2, replayStartSize: 8 },
    firstWeights: "policy.trunk.layers.0.w",
    learns: [
      ...tMaxes.map((tMax) => ({
        what: `tMax ${tMax}, online`,
        actions: "discrete" as const,
        steps: 3000,
        hyperparameters: { ...small, learningRate: 3e-3, tMax, rolloutLength: tMax, replays: 0 },
      })),
      {
        what: "whole episodes, replayed alone",
        actions: "discrete",
        size: 3,
        steps: 3000,
        hyperparameters: { ...small, learningRate: 3e-3, learnsOnline: false, replayBatch: 4 },
      },
      {
        what: "drawn by returns, replayed alone",
        actions: "discrete",
        size: 3,
        steps: 3000,
        hyperparameters: { ...small, learningRate: 3e-3, learnsOnline: false, replayBatch: 4, sampling: "prioritized" },
      },
      {
        what: "both, a constant value at the path's end",
        actions: "continuous",
        steps: 6000,
        hyperparameters: { ...small, learningRate: 3e-3, backpropagatesFutureValues: false, temperature: 0.05 },
      },
      ...rememberingBy("tMax", 2000, { learningRate: 3e-3, rolloutLength: 2, replays: 0 }),
      remembering("stretches of 2 replayed alone", "lstm", {
        actions: "discrete",
        steps: 2000,
        hyperparameters: { learningRate: 3e-3, tMax: 2, rolloutLength: 2, learnsOnline: false },
      }),
      remembering("online and replayed", "gru", {
        actions: "continuous",
        steps: 3000,
        hyperparameters: { learningRate: 3e-3, temperature: 0.05 },
      }),
    ],
  },
  acer: {
    fast: { hiddenSizes: [16], tMax: 4, replayStartSize: 8 },
    firstWeights: "policy.trunk.layers.0.w",
    learns: [
      ...tMaxes.map((tMax) => ({
        what: `tMax ${tMax}`,
        actions: "discrete" as const,
        steps: 3000,
        hyperparameters: { ...small, learningRate: 3e-3, tMax, replayStartSize: 100 },
      })),
      {
        what: "replayed alone, no trust region, advantages of Q_opc",
        actions: "discrete",
        size: 3,
        steps: 3000,
        hyperparameters: {
          ...small,
          learningRate: 3e-3,
          learnsOnline: false,
          usesTrustRegion: false,
          usesQopc: true,
          replayStartSize: 100,
        },
      },
      {
        what: "stochastic dueling",
        actions: "continuous",
        steps: 6000,
        hyperparameters: { ...small, learningRate: 3e-3, replayStartSize: 100 },
      },
      ...rememberingBy("tMax", 1500, { learningRate: 3e-3, beta: 1e-2, replays: 1, replayStartSize: 100 }),
      remembering("stochastic dueling", "gru", {
        actions: "continuous",
        steps: 1500,
        hyperparameters: { learningRate: 3e-3, replays: 1, replayStartSize: 100 },
      }),
    ],
  },
  td3: {
    fast: { hiddenSizes: [16], replayStartSize: 32, minibatchSize: 8 },
    firstWeights: "trunk.layers.0.w",
    learns: [
      {
        what: "twins",
        actions: "continuous",
        steps: 3000,
        hyperparameters: { ...small, replayStartSize: 200, minibatchSize: 32, tau: 0.02 },
      },
    ],
  },
  sac: {
    fast: { hiddenSizes: [16], replayStartSize: 32, minibatchSize: 8 },
    firstWeights: "trunk.layers.0.w",
    learns: [
      {
        what: "learned temperature",
        actions: "continuous",
        steps: 3000,
        hyperparameters: { ...small, replayStartSize: 200, minibatchSize: 32, tau: 0.02 },
      },
      {
        what: "constant temperature",
        actions: "continuous",
        steps: 3000,
        hyperparameters: {
          ...small,
          replayStartSize: 200,
          minibatchSize: 32,
          tau: 0.02,
          learnsTemperature: false,
          initialTemperature: 0.02,
        },
      },
    ],
  },
  ppo: {
    ...inMinibatches,
    learns: [
      {
        what: "softmax",
        actions: "discrete",
        size: 3,
        steps: 4000,
        hyperparameters: { ...small, learningRate: 3e-3, updateInterval: 100, minibatchSize: 50 },
      },
      {
        what: "Gaussian, values clipped too",
        actions: "continuous",
        steps: 6000,
        hyperparameters: { ...small, learningRate: 3e-3, updateInterval: 200, minibatchSize: 50, valueClip: 0.2 },
      },
      ...([1, 2, 32] as const).map((sequenceLength) =>
        remembering(`sequences of ${sequenceLength}`, sequenceLength === 2 ? "gru" : "lstm", {
          actions: sequenceLength === 2 ? "continuous" : "discrete",
          steps: 6000,
          hyperparameters: { learningRate: 3e-3, updateInterval: 200, minibatchSize: 50, sequenceLength },
        }),
      ),
    ],
  },
  trpo: {
    ...inMinibatches,
    learns: [
      {
        what: "softmax",
        actions: "discrete",
        size: 3,
        steps: 4000,
        hyperparameters: { ...small, maxKl: 0.05, updateInterval: 100, minibatchSize: 50 },
      },
      {
        what: "Gaussian",
        actions: "continuous",
        steps: 6000,
        hyperparameters: { ...small, maxKl: 0.05, updateInterval: 200, minibatchSize: 50 },
      },
      remembering("LSTM", "lstm", {
        actions: "discrete",
        steps: 6000,
        hyperparameters: { maxKl: 0.05, updateInterval: 200, minibatchSize: 50, sequenceLength: 4 },
      }),
    ],
  },
};
