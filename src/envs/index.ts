/** Environments: the interface, spaces, the registry, wrappers, and those that come with the toolkit. */

import { LunarLander } from "./box2d/index.ts";
import { Acrobot } from "./classic/acrobot.ts";
import { CartPole } from "./classic/cartPole.ts";
import { MountainCar } from "./classic/mountainCar.ts";
import { MountainCarContinuous } from "./classic/mountainCarContinuous.ts";
import { Pendulum } from "./classic/pendulum.ts";
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
  id: "MountainCar-v0",
  entryPoint: (kwargs: object) => new MountainCar(kwargs),
  kwargs: { goalVelocity: 0 },
  maxEpisodeSteps: 200,
  rewardThreshold: -110,
  description: "Swing an underpowered car up a hill",
});
register({
  id: "MountainCarContinuous-v0",
  entryPoint: (kwargs: object) => new MountainCarContinuous(kwargs),
  kwargs: { goalVelocity: 0 },
  maxEpisodeSteps: 999,
  rewardThreshold: 90,
  description: "The same with an engine's force for an action",
});
register({
  id: "Pendulum-v1",
  entryPoint: (kwargs: object) => new Pendulum(kwargs),
  kwargs: { g: 10 },
  maxEpisodeSteps: 200,
  description: "Swing a pendulum up and hold it there",
});
register({
  id: "Acrobot-v1",
  entryPoint: (kwargs: object) => new Acrobot(kwargs),
  kwargs: { bookOrNips: "book" },
  maxEpisodeSteps: 500,
  rewardThreshold: -100,
  description: "Swing the tip of two links above a line",
});
for (const continuous of [false, true]) {
  register({
    id: continuous ? "LunarLanderContinuous-v3" : "LunarLander-v3",
    entryPoint: (kwargs: object) => new LunarLander(kwargs),
    kwargs: { continuous, gravity: -10, enableWind: false, windPower: 15, turbulencePower: 1.5 },
    maxEpisodeSteps: 1000,
    rewardThreshold: 200,
    description: continuous ? "The same with throttles for an action" : "Land between two flags (needs planck)",
  });
}
register({
  id: "ABC-v0",
  entryPoint: (kwargs: object) => new Abc(kwargs),
  kwargs: { size: 2, discrete: true, partiallyObservable: false, episodic: true, deterministic: false },
  description: "Choose actions 0, 1, 2, … in this order; a toy for testing agents",
});

export * from "./box2d/index.ts";
export { type Check, type CheckFinding, type CheckOptions, checkEnv, inspectEnv } from "./checkEnv.ts";
export { Acrobot, type AcrobotOptions } from "./classic/acrobot.ts";
export { CartPole, type CartPoleOptions } from "./classic/cartPole.ts";
export { MountainCar, type MountainCarOptions } from "./classic/mountainCar.ts";
export { MountainCarContinuous, type MountainCarContinuousOptions } from "./classic/mountainCarContinuous.ts";
export { Pendulum, type PendulumOptions } from "./classic/pendulum.ts";
export * from "./env.ts";
export { type EnvRandom, NpRandom, RecordedDraws } from "./npRandom.ts";
export * from "./python/index.ts";
export * from "./registry.ts";
export * from "./render/index.ts";
export * from "./spaces/index.ts";
export { Abc, type AbcOptions } from "./toy/abc.ts";
export * from "./wrappers/index.ts";
