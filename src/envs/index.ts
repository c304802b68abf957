/** Environments: the interface, spaces, the registry, wrappers, and those that come with the toolkit. */

import { Asterix, type AtariLiteOptions, Breakout, Freeway, Seaquest, SpaceInvaders } from "./atariLite/index.ts";
import { LunarLander } from "./box2d/index.ts";
import { Acrobot, AcrobotBatch } from "./classic/acrobot.ts";
import { CartPole, CartPoleBatch } from "./classic/cartPole.ts";
import { MountainCar, MountainCarBatch } from "./classic/mountainCar.ts";
import { MountainCarContinuous, MountainCarContinuousBatch } from "./classic/mountainCarContinuous.ts";
import { Pendulum, PendulumBatch } from "./classic/pendulum.ts";
import { register } from "./registry.ts";
import { Abc } from "./toy/abc.ts";
import { Blackjack } from "./toy/blackjack.ts";
import { CliffWalking } from "./toy/cliffWalking.ts";
import { FrozenLake } from "./toy/frozenLake.ts";
import { Taxi } from "./toy/taxi.ts";

const cartPole = {
  entryPoint: (kwargs: object) => new CartPole(kwargs),
  batch: (rows: number, kwargs: object) => new CartPoleBatch(rows, kwargs),
  kwargs: { suttonBartoReward: false, kinematicsIntegrator: "euler" },
  description: "Balance a pole on a cart",
};
register({ ...cartPole, id: "CartPole-v0", maxEpisodeSteps: 200, rewardThreshold: 195 });
register({ ...cartPole, id: "CartPole-v1", maxEpisodeSteps: 500, rewardThreshold: 475 });
register({
  id: "MountainCar-v0",
  entryPoint: (kwargs: object) => new MountainCar(kwargs),
  batch: (rows: number, kwargs: object) => new MountainCarBatch(rows, kwargs),
  kwargs: { goalVelocity: 0 },
  maxEpisodeSteps: 200,
  rewardThreshold: -110,
  description: "Swing an underpowered car up a hill",
});
register({
  id: "MountainCarContinuous-v0",
  entryPoint: (kwargs: object) => new MountainCarContinuous(kwargs),
  batch: (rows: number, kwargs: object) => new MountainCarContinuousBatch(rows, kwargs),
  kwargs: { goalVelocity: 0 },
  maxEpisodeSteps: 999,
  rewardThreshold: 90,
  description: "The same with an engine's force for an action",
});
register({
  id: "Pendulum-v1",
  entryPoint: (kwargs: object) => new Pendulum(kwargs),
  batch: (rows: number, kwargs: object) => new PendulumBatch(rows, kwargs),
  kwargs: { g: 10 },
  maxEpisodeSteps: 200,
  description: "Swing a pendulum up and hold it there",
});
register({
  id: "Acrobot-v1",
  entryPoint: (kwargs: object) => new Acrobot(kwargs),
  batch: (rows: number, kwargs: object) => new AcrobotBatch(rows, kwargs),
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

// version 0 offers all six actions, version 1 those that mean something in the game; idle players live on for ever in
// some of the games, so episodes are truncated, while Freeway ends by itself
for (const [name, Game, maxEpisodeSteps, description] of [
  ["Asterix", Asterix, 10_000, "Gold and enemies run through eight lanes: touch the gold alone"],
  ["Breakout", Breakout, 10_000, "Break bricks with a ball that a paddle keeps in play"],
  ["Freeway", Freeway, null, "Bring a chicken across eight lanes of cars, again and again"],
  ["Seaquest", Seaquest, 10_000, "Rescue divers from fish and submarines before the air runs out"],
  ["SpaceInvaders", SpaceInvaders, 10_000, "Shoot the aliens before they land"],
] as const) {
  for (const version of [0, 1]) {
    register({
      id: `AtariLite/${name}-v${version}`,
      entryPoint: (kwargs: AtariLiteOptions) => new Game(kwargs),
      kwargs: { stickyActionProbability: 0.1, difficultyRamping: true, minimalActionSet: version === 1 },
      maxEpisodeSteps,
      description,
    });
  }
}

const frozenLake = {
  entryPoint: (kwargs: object) => new FrozenLake(kwargs),
  description: "Walk over slippery ice, past holes",
};
const ice = { desc: null, isSlippery: true, successRate: 1 / 3, rewardSchedule: [1, 0, 0] };
register({
  ...frozenLake,
  id: "FrozenLake-v1",
  kwargs: { ...ice, mapName: "4x4" },
  maxEpisodeSteps: 100,
  rewardThreshold: 0.7,
});
register({
  ...frozenLake,
  id: "FrozenLake8x8-v1",
  kwargs: { ...ice, mapName: "8x8" },
  maxEpisodeSteps: 200,
  rewardThreshold: 0.85,
});
const cliffWalking = {
  entryPoint: (kwargs: object) => new CliffWalking(kwargs),
  description: "Walk along a cliff without falling",
};
register({ ...cliffWalking, id: "CliffWalking-v0", kwargs: {} });
register({ ...cliffWalking, id: "CliffWalking-v1", kwargs: { isSlippery: false } });
register({ ...cliffWalking, id: "CliffWalkingSlippery-v1", kwargs: { isSlippery: true } });
const taxi = {
  entryPoint: (kwargs: object) => new Taxi(kwargs),
  maxEpisodeSteps: 200,
  rewardThreshold: 8,
  description: "Fetch a passenger and bring them where they want to go",
};
const streets = { isRainy: false, rainyProbability: 0.8, ficklePassenger: false, fickleProbability: 0.3 };
register({ ...taxi, id: "Taxi-v3", kwargs: {} });
register({ ...taxi, id: "Taxi-v4", kwargs: streets });
register({
  id: "Blackjack-v1",
  entryPoint: (kwargs: object) => new Blackjack(kwargs),
  kwargs: { natural: false, sab: true },
  description: "Play cards against a dealer",
});

export * from "./atariLite/index.ts";
export { BatchEnv, type BatchOutput } from "./batchEnv.ts";
export * from "./box2d/index.ts";
export { type Check, type CheckFinding, type CheckOptions, checkEnv, inspectEnv } from "./checkEnv.ts";
export { Acrobot, type AcrobotOptions } from "./classic/acrobot.ts";
export { CartPole, type CartPoleOptions } from "./classic/cartPole.ts";
export { MountainCar, type MountainCarOptions } from "./classic/mountainCar.ts";
export { MountainCarContinuous, type MountainCarContinuousOptions } from "./classic/mountainCarContinuous.ts";
export { Pendulum, type PendulumOptions } from "./classic/pendulum.ts";
export * from "./env.ts";
export { type EnvRandom, NpRandom, RecordedDraws } from "./npRandom.ts";
export { RandomState } from "./randomState.ts";
export * from "./registry.ts";
export * from "./render/index.ts";
export * from "./spaces/index.ts";
export { Abc, type AbcOptions } from "./toy/abc.ts";
export { Blackjack, type BlackjackOptions } from "./toy/blackjack.ts";
export { CliffWalking, type CliffWalkingOptions } from "./toy/cliffWalking.ts";
export { FrozenLake, type FrozenLakeOptions, generateRandomMap, type RandomMapOptions } from "./toy/frozenLake.ts";
export { type Outcome, OutcomeTable, TabularEnv } from "./toy/tabular.ts";
export { Taxi, type TaxiOptions } from "./toy/taxi.ts";
export * from "./vector/index.ts";
export * from "./wrappers/index.ts";
