/** Goes on with a run that was stopped, killed or broke off. */
import "../envs/node.ts";
import type { Agent } from "../agents/index.ts";
import { UsageError } from "../errors.ts";
import { openActors } from "./actors/openActors.ts";
import { declarationsSchema, parseConfig } from "./config.ts";
import type { ResultEvent } from "./events.ts";
import { restoreState, runLoop } from "./loop.ts";
import {
  type AgentFactory,
  buildAgent,
  buildEnvs,
  deviceFor,
  type EnvFactory,
  type Recipe,
  requireBatches,
  wholeSteps,
} from "./participants.ts";
import { type RunConfig, readConfig, readResult } from "./readRun.ts";
import { type Run, startRun } from "./run.ts";
import { RunDirectory } from "./runDirectory.ts";
import { trainSettings } from "./settings.ts";

/** What only a script can build again. */
export interface ScriptParts {
  /** The run's agent, where a script built it; freshly built, its state comes from the checkpoint. */
  readonly agent?: Agent | AgentFactory;
  /** The run's environment, where a script made it. */
  readonly env?: EnvFactory;
}

export interface ResumeOverrides extends ScriptParts {
  /** Environment steps to train for at most, counted from the run's beginning. */
  readonly steps?: number;
  /** The checkpoint file to go on from, instead of the newest. */
  readonly checkpoint?: string;
  readonly signal?: AbortSignal;
  /** As for `train`. */
  readonly actorModule?: string;
}

/**
 * What a run's agent and environment are built from.
 * @throws UsageError when a script built one and does not give it
 */
export function recipeOf(where: string, directory: string, config: RunConfig, given: ScriptParts): Recipe {
  for (const part of config.builtByScript) {
    if (given[part] !== undefined) continue;
    throw new UsageError(
      `${where}: the ${part} of ${directory} must be given, since a script built it; got none. ` +
        `Pass {${part}: …} as the script did.`,
    );
  }
  return { agent: given.agent ?? config.agent, env: given.env ?? config.env, envKwargs: config.envKwargs };
}

/**
 * Goes on from the newest checkpoint that is whole. The run ends with the same weights and the same metrics.ndjson,
 * byte for byte, as if it had never been interrupted.
 *
 * @returns the run, which begins in the next turn; it rejects with a UsageError when the run has come to its end (unless
 *   `steps` goes beyond it), with a FileError when no checkpoint can be used
 */
export function resume(runDirectory: string, overrides: ResumeOverrides = {}): Run {
  return startRun(async (handle): Promise<ResultEvent> => {
    const config = readConfig("resume", runDirectory);
    const { steps = config.settings.steps } = parseConfig(
      "resume",
      declarationsSchema({ steps: trainSettings.steps }),
      { steps: overrides.steps },
    ) as { steps?: number };
    const ended = readResult(runDirectory);
    if (ended && !(overrides.steps !== undefined && steps > ended.step)) {
      throw new UsageError(
        `resume: a run must not have come to its end; got ${runDirectory}, ${ended.outcome} at step ${ended.step} with ` +
          `mean return ${Number(ended.evaluation.mean.toFixed(2))}. Train on with --steps above ${ended.step}, or ` +
          `look at it with rl eval ${runDirectory}.`,
      );
    }
    const recipe = recipeOf("resume", runDirectory, config, overrides);
    const settings = { ...config.settings, ...wholeSteps({ ...config.settings, steps }) };
    const { stepper, evalEnv } = buildEnvs(recipe, settings);
    let store: RunDirectory | null = null;
    try {
      const device = await deviceFor(recipe.agent, config.device ?? undefined, evalEnv, config.hyperparameters);
      const agent = buildAgent(recipe.agent, evalEnv, config.hyperparameters, settings.seed);
      requireBatches(agent, settings.envs);
      store = RunDirectory.open(runDirectory, config);
      const warnings: string[] = [];
      const found = store.findCheckpoint((message) => warnings.push(message), overrides.checkpoint);
      const actors =
        settings.actors > 1
          ? openActors({
              agent,
              agentId: config.agent,
              envId: config.env,
              envKwargs: config.envKwargs,
              hyperparameters: config.hyperparameters,
              module: overrides.actorModule ?? null,
              runDirectory,
              settings,
              warn: (message) => handle.emit({ event: "warning", step: 0, message }),
            })
          : null;
      const { agent: agentName, env: envName } = config;
      const setup = { agent, agentName, envName, stepper, evalEnv, settings, store, actors };
      const { loop, lost } = restoreState(setup, found.run);
      if (steps < loop.step) {
        throw new UsageError(
          `resume: steps must be at least the ${loop.step} that ${runDirectory} has taken; got ${steps}. Pass more.`,
        );
      }
      if (ended) loop.solved = false;
      if (lost !== null) {
        warnings.push(
          `resume: the episode under way must go on for the run to stay the same bit for bit; got an environment that ` +
            `lost it, since ${lost}. The run goes on with a new episode.`,
        );
      }
      if (device && device.variant !== config.kernel) {
        warnings.push(
          `resume: the run must go on with kernels ${config.kernel} to stay the same bit for bit; got ${device.variant}. ` +
            "It goes on, with other last bits.",
        );
      }
      found.rewind();
      if (steps !== config.settings.steps) store.saveConfig({ ...config, settings });
      const { seed } = settings;
      const fromStep = loop.step;
      handle.emit({
        event: "start",
        agent: agentName,
        env: envName,
        seed,
        steps,
        runDirectory,
        device: device?.name ?? null,
        deviceReason: device?.reason ?? null,
        fromStep,
        resumed: true,
      });
      for (const message of warnings) handle.emit({ event: "warning", step: fromStep, message });
      return await runLoop(setup, loop, handle);
    } finally {
      store?.close();
      stepper.close();
      evalEnv.close();
    }
  }, overrides.signal);
}
