/** Environments: the interface, spaces, the registry, wrappers, and those that come with the toolkit. */

import { CartPole } from "./classic/cartPole.ts";
import { register } from "./registry.ts";
import { Abc } from "./toy/abc.ts";

const cartPole = {
  entryPoint: (kwargs: object) => new CartPole(kwargs),
  kwargs: { suttonBartoReward: false, kinematicsIntegrator: "euler" },
  description: "Balance a pole on a cart",
};
register({ ...cartPole, id: "CartPole-v0", maxEpisodeSteps: 200, rewardThreshold: 195 });
register({ ...cartPole, id: "CartPole-v1", maxEpisodeSteps: 500, rewardThreshold: 475 });
register({
  id: "ABC-v0",
  entryPoint: (kwargs: object) => new Abc(kwargs),
  kwargs: { size: 2, discrete: true, partiallyObservable: false, episodic: true, deterministic: false },
  description: "Choose actions 0, 1, 2, … in this order; a toy for testing agents",
});

export { type CheckFinding, checkEnv } from "./checkEnv.ts";
export { CartPole, type CartPoleOptions } from "./classic/cartPole.ts";
export * from "./env.ts";
export { type EnvRandom, NpRandom, RecordedDraws } from "./npRandom.ts";
export * from "./registry.ts";
export * from "./spaces/index.ts";
export { Abc, type AbcOptions } from "./toy/abc.ts";
export * from "./wrappers/index.ts";
