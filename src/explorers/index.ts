export {
  AdditiveGaussian,
  type AdditiveGaussianOptions,
  AdditiveOrnsteinUhlenbeck,
  type AdditiveOrnsteinUhlenbeckOptions,
} from "./additiveNoise.ts";
export { Boltzmann, type BoltzmannOptions } from "./boltzmann.ts";
export {
  ConstantEpsilonGreedy,
  type ConstantEpsilonGreedyOptions,
  type EpsilonGreedyOptions,
  ExponentialDecayEpsilonGreedy,
  type ExponentialDecayEpsilonGreedyOptions,
  LinearDecayEpsilonGreedy,
  type LinearDecayEpsilonGreedyOptions,
} from "./epsilonGreedy.ts";
export type { Explorer } from "./explorer.ts";
export { Greedy } from "./greedy.ts";
export { exponentialDecay, linearDecay } from "./schedules.ts";
