/** The actors of a run in Node. */
import { availableParallelism } from "node:os";
import type { Actors } from "../actors.ts";
import type { ActorsSetup } from "../train.ts";
import { ActorPool } from "./actorPool.ts";

export function openActors({ agent, agentId, envId, envKwargs, hyperparameters, module, settings, warn }: ActorsSetup) {
  const { actors, restartActors, seed, steps } = settings;
  const cores = availableParallelism();
  if (actors > cores) {
    warn(`train: actors should not be more than the machine's ${cores} cores; got ${actors}, which share them.`);
  }
  const recipe = { agent: agentId, env: envId, envKwargs, hyperparameters, module };
  return new ActorPool({ agent, recipe, actors, restarts: restartActors, seed, steps, warn }) satisfies Actors;
}
