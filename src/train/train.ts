/** Trains an agent in an environment: what `rl train` does, wherever the run is kept. It knows no files. */
import { type Agent, agentSpec } from "../agents/index.ts";
import { Env, spec } from "../envs/index.ts";
import { nearest, UsageError } from "../errors.ts";
import type { Actors } from "./actors.ts";
import { configSchema, layered, parseConfig, splitConfig } from "./config.ts";
import type { ResultEvent } from "./events.ts";
import { type RunStore, runLoop } from "./loop.ts";
import { initialLoopState } from "./loopState.ts";
import {
  type AgentFactory,
  buildAgent,
  buildEnvs,
  deviceFor,
  type EnvFactory,
  requireBatches,
  wholeSteps,
} from "./participants.ts";
import { presetFor } from "./presets.ts";
import type { RunConfig } from "./readRun.ts";
import { type Run, startRun } from "./run.ts";
import { type TrainSettings, trainSettings } from "./settings.ts";
import type { TrainingEnv } from "./trainingEnv.ts";

/**
 * What a run is told. Values stand in this order: the schema's default, the preset of the agent in the environment,
 * what is given here. An undefined value counts as not given.
 */
export interface TrainConfig extends Partial<TrainSettings> {
  /** A registered id such as "dqn", an agent, or what makes one from the environment's spaces. */
  readonly agent: string | Agent | AgentFactory;
  /** A registered id such as "CartPole-v1", or what makes an environment; it is called twice. */
  readonly env: string | EnvFactory;
  /** Keyword arguments of a registered environment. */
  readonly envKwargs?: Readonly<Record<string, unknown>>;
  /** Hyperparameters of a registered agent. */
  readonly hyperparameters?: Readonly<Record<string, unknown>>;
  /** Mean evaluation return that ends training; the environment's reward threshold unless given, null for none. */
  readonly stopAt?: number | null;
  /**
   * The directory to write; `runs/<agent>-<env>-<seed>-<n>` unless given, null to write nothing. In a page, which has no
   * files, nothing is ever written.
   */
  readonly out?: string | null;
  /** Aborting it is the same as `run.stop()`. */
  readonly signal?: AbortSignal;
  /** The device that a registered agent is built on, as for `openDevice`. */
  readonly device?: string;
  /** URL of a module that each actor imports first, where it is a script that registers the environment. */
  readonly actorModule?: string;
}

const ownKeys = ["agent", "env", "envKwargs", "hyperparameters", "out", "signal", "device", "actorModule"];

/** A config checked, with defaults and preset under it; `stopAt` is undefined where it is the environment's to say. */
export interface ResolvedConfig {
  readonly settings: Omit<TrainSettings, "stopAt"> & { readonly stopAt: number | null | undefined };
  readonly hyperparameters: Readonly<Record<string, unknown>>;
  readonly envKwargs: Readonly<Record<string, unknown>>;
}

/**
 * Checks a config and lays it over the preset and the defaults; `rl train --help` shows what it returns.
 * @throws UsageError for an unknown key (with a suggestion) or a value outside its declaration
 */
export function resolveConfig(config: TrainConfig): ResolvedConfig {
  const { agent, env, envKwargs = {}, hyperparameters = {}, out, signal, device, actorModule, ...settings } = config;
  if (agent === undefined || env === undefined) {
    const missing = agent === undefined ? "agent" : "env";
    throw new UsageError(`train: ${missing} must be given; got undefined. Pass {agent: "dqn", env: "CartPole-v1"}.`);
  }
  const declared = typeof agent === "string" ? agentSpec(agent).hyperparameters : {};
  const whose = typeof agent === "string" ? agent : "an agent that a script builds";
  for (const name of Object.keys(settings)) {
    if (name in trainSettings) continue;
    if (name in declared) {
      throw new UsageError(
        `train: ${name} must stand among the hyperparameters; got it beside them. Write hyperparameters: {${name}: …}.`,
      );
    }
    const known = [...ownKeys, ...Object.keys(trainSettings)];
    const near = nearest(name, known);
    const advice = near ? `Did you mean ${near}?` : "Check its spelling.";
    throw new UsageError(`train: keys must be known ones (${known.join(", ")}); got ${name}. ${advice}`);
  }
  for (const name of Object.keys(hyperparameters)) {
    if (name in declared) continue;
    const known = Object.keys(declared);
    const near = nearest(name, known);
    const advice = near
      ? `Did you mean ${near}?`
      : name in trainSettings
        ? `It is a setting of train: write it beside hyperparameters.`
        : known.length === 0
          ? "Give it to the agent where it is built."
          : "Check its spelling.";
    throw new UsageError(
      `train: hyperparameters of ${whose} must be known ones (${known.join(", ") || "none"}); got ${name}. ${advice}`,
    );
  }
  const given = splitConfig(parseConfig("train", configSchema(declared), { ...settings, ...hyperparameters }));
  const preset = typeof agent === "string" && typeof env === "string" ? presetFor(agent, spec(env).id) : undefined;
  const wanted = { ...preset?.settings, ...given.settings };
  const laid = layered(trainSettings, wanted);
  const laidHyperparameters = layered(declared, preset?.hyperparameters ?? {}, given.hyperparameters);
  if (laid.actors > 1) requireActors(config, laid.actors, laid.envs, laidHyperparameters);
  return { settings: { ...laid, stopAt: wanted.stopAt }, hyperparameters: laidHyperparameters, envKwargs };
}

/** @throws UsageError where a run cannot have several actors */
function requireActors(
  { agent, env, device }: TrainConfig,
  actors: number,
  envs: number,
  { recurrent = "none" }: Readonly<Record<string, unknown>>,
): void {
  const alone = "Leave actors at 1.";
  if (typeof agent !== "string" || !agentSpec(agent).async) {
    const got = typeof agent === "string" ? agent : "an agent that a script builds";
    throw new UsageError(
      `train: several actors must be of an agent that rl list agents calls async; got ${got} with ${actors} actors. ${alone}`,
    );
  }
  if (typeof env !== "string") {
    throw new UsageError(
      `train: the environment of ${actors} actors must be given by its id, as each makes its own; got what makes one. ` +
        "Register it in a module, and pass its URL as actorModule.",
    );
  }
  if (envs > 1) {
    throw new UsageError(
      `train: several actors must have one environment each; got ${actors} actors and envs ${envs}. Leave envs out.`,
    );
  }
  if (agentSpec(agent).async === "learner" && recurrent !== "none") {
    throw new UsageError(
      `train: a recurrent agent with a replay buffer must learn from one actor; got ${agent} with recurrent ${String(recurrent)} and ${actors} actors. ` +
        "Leave actors at 1, or recurrent at none.",
    );
  }
  if (agentSpec(agent).async === "shared" && (device === "gpu" || device === "reference")) {
    throw new UsageError(`train: several actors of ${agent} must learn on the cpu; got device ${device}. ${alone}`);
  }
}

/** What several actors are opened with. */
export interface ActorsSetup {
  /** Of the kind that its spec says: an `AsyncAgent` or a `LearnerAgent`. */
  readonly agent: Agent;
  readonly agentId: string;
  /** With its version. */
  readonly envId: string;
  readonly envKwargs: Readonly<Record<string, unknown>>;
  readonly hyperparameters: Readonly<Record<string, unknown>>;
  readonly module: string | null;
  readonly runDirectory: string | null;
  readonly settings: TrainSettings;
  readonly warn: (message: string) => void;
}
export type OpenActors = (setup: ActorsSetup) => Actors;

/** Whether an environment of the user's left saving its state to the base class. */
function savesNoState(env: TrainingEnv): boolean {
  const { unwrapped = env } = env as { unwrapped?: unknown };
  return unwrapped instanceof Env && unwrapped.saveState === Env.prototype.saveState;
}

/** What a run is told, less the versions of what it runs on. */
export type ToldConfig = Omit<RunConfig, "kusari" | "node">;

/** Opens the place that a run is kept in; null for a run that writes nothing. */
export type OpenStore = (told: ToldConfig) => (RunStore & { close(): void }) | null;

/**
 * Trains as `train` does.
 * @param open is called once the agent and the environments are built
 * @param openActors null where there are no threads
 * @param prepare is awaited before the config is looked at
 */
export function trainInto(
  config: TrainConfig,
  open: OpenStore,
  openActors: OpenActors | null,
  prepare?: () => Promise<unknown>,
): Run {
  return startRun(async (handle): Promise<ResultEvent> => {
    await prepare?.();
    const resolved = resolveConfig(config);
    const areSeveral = resolved.settings.actors > 1;
    if (areSeveral && openActors === null) {
      throw new UsageError(
        `train: actors must be 1 in a page; got ${resolved.settings.actors}. Train with several in Node.`,
      );
    }
    const { stepper, evalEnv } = buildEnvs({ env: config.env, envKwargs: resolved.envKwargs }, resolved.settings);
    let store: ReturnType<OpenStore> = null;
    try {
      // actors that share what they learn do so in memory of the cpu
      const isShared = areSeveral && agentSpec(config.agent as string).async === "shared";
      const deviceName = isShared ? "cpu" : config.device;
      const device = await deviceFor(config.agent, deviceName, evalEnv, resolved.hyperparameters);
      const stopAt =
        resolved.settings.stopAt === undefined ? (evalEnv.spec?.rewardThreshold ?? null) : resolved.settings.stopAt;
      const settings: TrainSettings = { ...resolved.settings, ...wholeSteps(resolved.settings), stopAt };
      const agent = buildAgent(config.agent, evalEnv, resolved.hyperparameters, settings.seed);
      requireBatches(agent, settings.envs);
      const byScript = (part: "agent" | "env") => (typeof config[part] === "string" ? [] : [part]);
      const told: ToldConfig = {
        kernel: device?.variant ?? null,
        // the one that "auto" took: a resume goes on with it
        device: device?.name ?? null,
        agent: typeof config.agent === "string" ? config.agent : agent.name,
        // with its version: a resume must not take a newer one
        env: evalEnv.spec?.id ?? "environment",
        builtByScript: [...byScript("agent"), ...byScript("env")],
        envKwargs: resolved.envKwargs,
        settings,
        hyperparameters: resolved.hyperparameters,
      };
      store = open(told);
      const { agent: agentName, env: envName } = told;
      const { seed, steps } = settings;
      const runDirectory = store?.directory ?? null;
      const parts = { device: device?.name ?? null, deviceReason: device?.reason ?? null };
      handle.emit({ event: "start", agent: agentName, env: envName, seed, steps, runDirectory, fromStep: 0, ...parts });
      if (store && savesNoState(evalEnv)) {
        const message =
          `train: an environment must save all it has to be resumed exactly; got ${envName} with Env's own saveState, ` +
          "which knows its random stream alone. Override saveState and loadState.";
        handle.emit({ event: "warning", step: 0, message });
      }
      const actors = areSeveral
        ? openActors!({
            agent,
            agentId: agentName,
            envId: config.env as string,
            envKwargs: resolved.envKwargs,
            hyperparameters: resolved.hyperparameters,
            module: config.actorModule ?? null,
            runDirectory,
            settings,
            warn: (message) => handle.emit({ event: "warning", step: 0, message }),
          })
        : null;
      const setup = { agent, agentName, envName, stepper, evalEnv, settings, store, actors };
      return await runLoop(setup, initialLoopState(), handle);
    } finally {
      store?.close();
      stepper.close();
      evalEnv.close();
    }
  }, config.signal);
}
