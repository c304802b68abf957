/** Environments by id, as in Gymnasium: `register`, `make`, `spec`. */
import { nearest, UsageError } from "../errors.ts";
import type { BatchEnv } from "./batchEnv.ts";
import type { Env, EnvSpec } from "./env.ts";
import type { RenderMode } from "./render/index.ts";
import { OrderEnforcing } from "./wrappers/orderEnforcing.ts";
import { TimeLimit } from "./wrappers/timeLimit.ts";
import { type NamedWrapper, wrapBy } from "./wrappers/wrapBy.ts";

/** An environment by its id: which observations, actions and spaces it has, only the id tells. */
// biome-ignore lint/suspicious/noExplicitAny: the registry holds environments of every observation and action
export interface AnyEnv extends Env<any, any> {
  // biome-ignore lint/suspicious/noExplicitAny: see above
  readonly observationSpace: any;
  // biome-ignore lint/suspicious/noExplicitAny: see above
  readonly actionSpace: any;
}

export interface EnvRegistration {
  /** `[namespace/]Name[-vN]`, as in `AtariLite/Breakout-v1`. */
  readonly id: string;
  /** Makes the environment from its keyword arguments. */
  // biome-ignore lint/suspicious/noExplicitAny: each environment declares its own keyword arguments
  readonly entryPoint: (kwargs: any) => AnyEnv;
  /** Makes many copies in flat arrays, for `makeVec`; null where it cannot with these keyword arguments. */
  // biome-ignore lint/suspicious/noExplicitAny: see above
  readonly batch?: (rows: number, kwargs: any) => BatchEnv | null;
  readonly maxEpisodeSteps?: number | null;
  readonly rewardThreshold?: number | null;
  readonly nondeterministic?: boolean;
  /** Every keyword argument with its default. Where it is given, `make` refuses others. */
  readonly kwargs?: Readonly<Record<string, unknown>>;
  /** One line for lists. */
  readonly description?: string;
}

/** What `make` takes besides the environment's own keyword arguments. */
export interface MakeOptions {
  /** Instead of the registered limit; null for none. */
  readonly maxEpisodeSteps?: number | null;
  /** Observations are written into two buffers in turn and stay valid until two steps later. */
  readonly reuseObs?: boolean;
  /** The form `render` gives pictures in. */
  readonly renderMode?: RenderMode | null;
  /** Wrappers to put around it by name, the first one innermost; see `wrapperNames`. */
  readonly wrappers?: readonly (string | NamedWrapper)[];
  readonly [kwarg: string]: unknown;
}

const registry = new Map<string, EnvRegistration>();
const idPattern = /^(?:([\w:.-]+)\/)?([\w:.-]+?)(?:-v(\d+))?$/;

interface ParsedId {
  /** Id without the version. */
  readonly name: string;
  readonly version: number | null;
}

function parseId(id: string): ParsedId {
  const match = idPattern.exec(id);
  if (!match) {
    throw new UsageError(`make: an id must look like Name-v0 or namespace/Name-v0; got "${id}". Check its spelling.`);
  }
  const [, namespace, name, version] = match;
  return { name: namespace ? `${namespace}/${name}` : name!, version: version === undefined ? null : Number(version) };
}

/** Adds an environment, or replaces the one of that id. */
export function register(registration: EnvRegistration): void {
  parseId(registration.id);
  registry.set(registration.id, registration);
}

/** The ids of all environments. */
export const listEnvs = (): readonly string[] => [...registry.keys()];

/** The ids of one environment in all its versions, the newest first. */
export function versionsOf(id: string): string[] {
  const { name } = parseId(id);
  return [...registry.keys()]
    .filter((id) => parseId(id).name === name)
    .sort((a, b) => (parseId(b).version ?? -1) - (parseId(a).version ?? -1));
}

const warned = new Set<string>();

/** A name without its namespace. */
const bareName = (name: string): string => name.slice(name.lastIndexOf("/") + 1);

/** The registered names that a name stands for: itself, or those it is without their namespaces. */
function namesOf(name: string): string[] {
  const names = new Set([...registry.keys()].map((known) => parseId(known).name));
  return names.has(name) ? [name] : [...names].filter((known) => bareName(known) === name);
}

/** The registration an id stands for: itself, or the newest version of an unversioned name, namespace or not. */
function resolve(id: string): EnvRegistration {
  const { name: given, version } = parseId(id);
  const names = namesOf(given);
  if (names.length > 1) {
    throw new UsageError(`make: ${given} must be one of ${names.join(", ")}; got ${id}. Give its namespace.`);
  }
  const name = names[0] ?? given;
  const exact = registry.get(id) ?? registry.get(version === null ? name : `${name}-v${version}`);
  if (exact) {
    const newest = versionsOf(name)[0]!;
    if (newest !== exact.id && !warned.has(exact.id)) {
      warned.add(exact.id);
      console.warn(`make: ${exact.id} is not the newest version; ${newest} is.`);
    }
    return exact;
  }
  const versions = versionsOf(name);
  if (versions.length > 0) {
    if (version === null) return registry.get(versions[0]!)!;
    throw new UsageError(
      `make: ${name} must be one of ${versions.join(", ")}; got ${id}. Leave the version out for the newest.`,
    );
  }
  const known = [...registry.keys()].map((id) => parseId(id).name);
  const near = nearest(name, [...known, ...known.map(bareName)]);
  const suggestion = near ? ` Did you mean ${versionsOf(namesOf(near)[0]!)[0]}?` : "";
  throw new UsageError(
    `make: an environment's id must be a registered one; got ${id}.${suggestion || " See rl list envs, or register your own with register()."}`,
  );
}

function specOf(registration: Omit<EnvRegistration, "entryPoint">, kwargs: Readonly<Record<string, unknown>>): EnvSpec {
  return {
    id: registration.id,
    maxEpisodeSteps: registration.maxEpisodeSteps ?? null,
    rewardThreshold: registration.rewardThreshold ?? null,
    nondeterministic: registration.nondeterministic ?? false,
    kwargs,
  };
}

/** What follows it is an id of Python's Gymnasium. */
const pythonPrefix = "python:";
/** Whether an id names an environment in Python, of which nothing is known before it is made. */
export const isPython = (id: string): boolean => id.startsWith(pythonPrefix);

type Maker = (id: string, options: MakeOptions) => AnyEnv;
let python: Maker | null = null;

/** How environments in Python are made, by what follows the prefix; told by node.ts, where there are processes. */
export function providePython(make: Maker): void {
  python = make;
}

/**
 * What is known of an id, with the defaults of its keyword arguments; see `isPython`.
 * @throws UsageError for an unknown id
 */
export function spec(id: string): EnvSpec {
  if (isPython(id)) return specOf({ id }, {});
  const registration = resolve(id);
  return specOf(registration, registration.kwargs ?? {});
}

/** The one-line description an environment was registered with. */
export const describe = (id: string): string =>
  isPython(id) ? "Gymnasium's, in a Python process" : (resolve(id).description ?? "");

export interface Made {
  readonly registration: EnvRegistration;
  readonly spec: EnvSpec;
  readonly reuseObs: boolean;
  readonly renderMode: RenderMode | null;
  readonly wrappers: NonNullable<MakeOptions["wrappers"]>;
}

/** Looks an id up and checks what it is to be made with. @throws UsageError, as `make` does */
export function prepare(id: string, options: MakeOptions = {}): Made {
  const registration = resolve(id);
  const {
    maxEpisodeSteps = registration.maxEpisodeSteps ?? null,
    reuseObs = false,
    renderMode = null,
    wrappers = [],
    ...kwargs
  } = options;
  const known = registration.kwargs;
  if (known) {
    const unknown = Object.keys(kwargs).find((name) => !(name in known));
    if (unknown !== undefined) {
      const names = [...Object.keys(known), "maxEpisodeSteps", "reuseObs", "renderMode", "wrappers"];
      const near = nearest(unknown, names);
      throw new UsageError(
        `make: ${registration.id} takes ${names.join(", ")}; got ${unknown}.${near ? ` Did you mean ${near}?` : " Check its spelling."}`,
      );
    }
    for (const [name, value] of Object.entries(kwargs)) {
      if (typeof value !== typeof known[name]) {
        throw new UsageError(
          `make: ${name} of ${registration.id} must be a ${typeof known[name]}; got ${JSON.stringify(value)}.`,
        );
      }
    }
  }
  const settings = { spec: { ...specOf(registration, { ...known, ...kwargs }), maxEpisodeSteps }, reuseObs };
  return { registration, ...settings, renderMode, wrappers };
}

/**
 * Makes an environment: with errors for steps out of order, and truncated at its time limit.
 *
 * @param id a registered one, or `python:` and an id of Python's Gymnasium, which has its own time limit
 * @param options keyword arguments of the environment, `maxEpisodeSteps`, `reuseObs`, `renderMode` and `wrappers`; for
 *   Python also `python`, the interpreter
 * @throws UsageError for an unknown id, keyword argument, render mode or wrapper, with a suggestion; DeviceError where
 *   Python is missing
 */
export function make(id: string, options: MakeOptions = {}): AnyEnv {
  if (isPython(id)) {
    if (python) return python(id.slice(pythonPrefix.length), options);
    throw new UsageError(
      `make: an environment in Python must have a process of its own; got ${id} in a page, which has none. Run it in Node or Deno.`,
    );
  }
  const { registration, spec, reuseObs, renderMode, wrappers } = prepare(id, options);
  const env = registration.entryPoint(spec.kwargs);
  env.spec = spec;
  env.reuseObs = reuseObs;
  env.renderMode = renderMode;
  const { maxEpisodeSteps } = spec;
  const ordered = new OrderEnforcing(maxEpisodeSteps === null ? env : new TimeLimit(env, maxEpisodeSteps));
  return wrapBy(ordered, wrappers);
}
