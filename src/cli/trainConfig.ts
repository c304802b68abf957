/** What `rl train` was told, by flags and config file, as the config of `train`. */
import { readFileSync } from "node:fs";
import { type AgentSpec, agentSpec, defaultsOf, hp } from "../agents/index.ts";
import { isPython, listEnvs, spec } from "../envs/node.ts";
import { nearest, UsageError } from "../errors.ts";
import { presetFor, resolveConfig, type TrainConfig, trainSettings } from "../train/index.ts";
import { kwargsOf } from "./envArgument.ts";
import { actorModuleOf, type EnvFile, isEnvFile, loadEnvFile } from "./envFile.ts";
import { type Argv, type OtherDefault, readFlags } from "./flags.ts";

/** Declared like hyperparameters, so that they are read, checked and shown alike. */
export const deviceFlag = {
  device: hp.choice(
    ["auto", "cpu", "gpu", "reference"],
    "auto",
    "device that runs the networks",
    "cpu is WebAssembly SIMD, gpu is WebGPU",
  ),
} as const;

type Values = Readonly<Record<string, unknown>>;

/** Keys of a run's config.json that tell about it and are no settings. */
const records = ["kusari", "node", "kernel", "builtByScript"];
const ownKeys = ["agent", "env", "envKwargs", "out", "device"];
const parts = ["settings", "hyperparameters"];

const isObject = (value: unknown): value is Values =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/**
 * The values of a config file: what `--print-config` prints, or a run's config.json. Settings and hyperparameters may
 * stand at the top or in an object of that name; here they all stand at the top.
 */
function readConfigFile(where: string, file: string): Values {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new UsageError(`${where}: --config must be a file that can be read; got ${file} (${code}). Check the path.`);
  }
  let values: unknown;
  try {
    values = JSON.parse(text);
  } catch (error) {
    throw new UsageError(`${where}: ${file} must be JSON; ${(error as Error).message}.`);
  }
  if (!isObject(values))
    throw new UsageError(`${where}: ${file} must hold an object; got ${text.trim().slice(0, 40)}.`);
  const nested = parts.map((part) => values[part] ?? {});
  const odd = nested.findIndex((part) => !isObject(part));
  if (odd >= 0)
    throw new UsageError(`${where}: ${parts[odd]} in ${file} must be an object; got ${String(nested[odd])}.`);
  const own = Object.entries(values).filter(([name]) => !parts.includes(name) && !records.includes(name));
  return Object.assign(Object.fromEntries(own), ...nested) as Values;
}

/** The values of `--config`, none where it was not typed. */
export const configFileOf = (where: string, { config }: Argv): Values =>
  config === undefined ? {} : readConfigFile(where, String(config));

export interface GivenConfig {
  readonly agent: AgentSpec;
  /** As typed: an id, or a file. */
  readonly env: string;
  readonly envFile: EnvFile | null;
  /** For `train`; the environment's id stands for the file. */
  readonly config: TrainConfig;
}

/**
 * Lays the flags over the config file.
 * @throws UsageError for an unknown agent, environment or config key, with a suggestion, and for bad values
 */
export async function givenConfig(where: string, argv: Argv, file: Values): Promise<GivenConfig> {
  const agent = requiredAgent(where, argv, file);
  const env = envOf(argv, file);
  if (env === undefined) {
    throw new UsageError(`${where}: --env must be given; got none. Choose one with rl list envs, or pass a file.`);
  }
  if (/^file:/.test(env) && !listEnvs().includes(env)) {
    throw new UsageError(
      `${where}: the environment ${env} came from a file, which must be given; got none. Add --env FILE.`,
    );
  }
  const { out, device, envKwargs = {}, ...rest } = file;
  if (!isObject(envKwargs)) {
    throw new UsageError(`${where}: envKwargs must be an object; got ${String(envKwargs)}. Write {name: value}.`);
  }
  const settings: Record<string, unknown> = {};
  const hyperparameters: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(rest)) {
    if (ownKeys.includes(name)) continue;
    if (name in trainSettings) settings[name] = value;
    else if (name in agent.hyperparameters) hyperparameters[name] = value;
    else throw unknownKey(where, name, agent);
  }
  const envFile = isEnvFile(env) ? await loadEnvFile(where, env) : null;
  const config = {
    agent: agent.id,
    env: envFile?.id ?? spec(env).id,
    envKwargs: {
      ...envKwargs,
      ...kwargsOf(where, argv),
    },
    ...(envFile ? { actorModule: actorModuleOf(env) } : {}),
    device: device ?? deviceFlag.device.value,
    ...readFlags(where, deviceFlag, argv),
    ...(out === undefined ? {} : { out }),
    ...outOf(argv),
    ...settings,
    ...readFlags(where, trainSettings, argv),
    hyperparameters: { ...hyperparameters, ...readFlags(where, agent.hyperparameters, argv) },
  } as TrainConfig;
  return { agent, env, envFile, config };
}

function unknownKey(where: string, name: string, agent: AgentSpec): UsageError {
  const known = [...ownKeys, ...Object.keys(trainSettings), ...Object.keys(agent.hyperparameters)];
  const near = nearest(name, known);
  const advice = near ? `Did you mean ${near}?` : `See rl train --agent ${agent.id} --help.`;
  return new UsageError(`${where}: there is no config key ${name} for ${agent.id}. ${advice}`);
}

/** `--out none` writes nothing. */
function outOf({ out }: Argv): { out?: string | null } {
  if (out === undefined) return {};
  return { out: out === "none" ? null : String(out) };
}

/** The agent that was typed or stands in the config file. */
export function agentOf(where: string, argv: Argv, file: Values): AgentSpec | undefined {
  const id = argv.agent ?? file.agent;
  if (id === "") throw new UsageError(`${where}: --agent needs a value; got none.`);
  return id === undefined ? undefined : agentSpec(String(id));
}

/** @throws UsageError where there is none */
export function requiredAgent(where: string, argv: Argv, file: Values): AgentSpec {
  const agent = agentOf(where, argv, file);
  if (agent) return agent;
  throw new UsageError(`${where}: --agent must be given; got none. Choose one with rl list agents.`);
}

const envOf = (argv: Argv, file: Values): string | undefined => {
  const env = argv.env ?? file.env;
  return env === undefined ? undefined : String(env);
};

/** Everything `train` will go by, as JSON that `--config` takes. */
export function completeConfig({ config, env }: GivenConfig): Values {
  const { settings, hyperparameters, envKwargs } = resolveConfig(config);
  const threshold = spec(config.env as string).rewardThreshold;
  const { agent, device, out } = config;
  // what is not known before the environment is made stays open
  const known = settings.stopAt !== undefined || isPython(config.env as string);
  const stopAt = known ? settings.stopAt : threshold;
  return { agent, env, envKwargs, device, ...(out === undefined ? {} : { out }), ...settings, stopAt, hyperparameters };
}

/** Defaults that stand above a schema's own for an agent in an environment: its preset, and the reward threshold. */
export function otherDefaults(agent: AgentSpec | undefined, argv: Argv, file: Values): Record<string, OtherDefault> {
  const env = envOf(argv, file);
  const found = env === undefined || isEnvFile(env) ? undefined : spec(env);
  const preset = agent && found ? presetFor(agent.id, found.id) : undefined;
  const values = { ...preset?.settings, ...preset?.hyperparameters };
  const shown = Object.entries(values).map(([name, value]) => [name, { value, source: `preset for ${preset!.env}` }]);
  const threshold =
    found && !isPython(found.id)
      ? { value: found.rewardThreshold, source: `reward threshold of ${found.id}` }
      : { value: "the environment's reward threshold", source: null };
  const given = Object.entries({ ...defaultsOf(trainSettings), ...(agent ? defaultsOf(agent.hyperparameters) : {}) })
    .filter(([name]) => name in file)
    .map(([name]) => [name, { value: file[name], source: "config file" }]);
  return { stopAt: threshold, ...Object.fromEntries(shown), ...Object.fromEntries(given) };
}
