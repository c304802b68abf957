/** The trained agent of a run. */
import "../envs/node.ts";
import fs from "node:fs";
import path from "node:path";
import type { Agent } from "../agents/index.ts";
import { UsageError } from "../errors.ts";
import { buildAgent, buildEnv, deviceFor } from "./participants.ts";
import { readConfig } from "./readRun.ts";
import { recipeOf, type ScriptParts } from "./resume.ts";
import type { TrainingEnv } from "./trainingEnv.ts";

/** Weights that a run keeps: those of its best evaluation so far, or those its result speaks of. */
export type Kept = "best" | "finish";

/**
 * The environment of a run, made anew.
 * @throws UsageError when the directory holds no run, or a script made its environment and does not give it
 */
export function loadEnv(runDirectory: string, given: ScriptParts = {}): TrainingEnv {
  const config = readConfig("eval", runDirectory);
  const builtByScript = config.builtByScript.filter((part) => part === "env");
  return buildEnv(recipeOf("eval", runDirectory, { ...config, builtByScript }, given));
}

/**
 * The folder of the weights to take.
 * @throws UsageError when there are none yet
 */
export function keptIn(where: string, runDirectory: string, which: Kept | undefined): Kept {
  const has = (name: Kept) => fs.existsSync(path.join(runDirectory, name, "score.json"));
  const kept = which ?? (has("finish") ? "finish" : "best");
  if (has(kept)) return kept;
  const advice = kept === "finish" || !has("finish") ? `Go on with rl resume ${runDirectory}.` : "Take finish.";
  throw new UsageError(
    `${where}: ${runDirectory} must hold weights in ${kept}/; got none, as the run has not come that far. ${advice}`,
  );
}

/**
 * The agent of a run with the weights it kept.
 * @param which `finish/` where the run has come to its end and `best/` otherwise, unless given
 * @throws UsageError when there are no such weights yet, or a script built the agent and does not give it
 */
export async function loadAgent(runDirectory: string, which?: Kept, given: ScriptParts = {}): Promise<Agent> {
  const config = readConfig("eval", runDirectory);
  const kept = keptIn("eval", runDirectory, which);
  const recipe = recipeOf("eval", runDirectory, config, given);
  const env = buildEnv(recipe);
  try {
    await deviceFor(recipe.agent, config.device ?? undefined, env, config.hyperparameters);
    const agent = buildAgent(recipe.agent, env, config.hyperparameters, config.settings.seed);
    await agent.load(path.join(runDirectory, kept));
    return agent;
  } finally {
    env.close();
  }
}
