/** The actors of a run in Node. */
import { availableParallelism } from "node:os";
import { type AsyncAgent, agentSpec, type LearnerAgent } from "../../agents/index.ts";
import type { Actors } from "../actors.ts";
import type { ActorsSetup } from "../train.ts";
import { LearnerActors } from "./learnerActors.ts";
import { SharedActors } from "./sharedActors.ts";

export function openActors(setup: ActorsSetup): Actors {
  const { agent, agentId, envId, envKwargs, hyperparameters, module, runDirectory, settings, warn } = setup;
  const { actors, restartActors: restarts, seed, steps } = settings;
  const cores = availableParallelism();
  if (actors > cores) {
    warn(`train: actors should not be more than the machine's ${cores} cores; got ${actors}, which share them.`);
  }
  const recipe = { agent: agentId, env: envId, envKwargs, hyperparameters, module, runDirectory };
  const all = { recipe, actors, restarts, seed, steps, warn };
  return agentSpec(agentId).async === "learner"
    ? new LearnerActors({ agent: agent as LearnerAgent, ...all })
    : new SharedActors({ agent: agent as AsyncAgent, ...all });
}
