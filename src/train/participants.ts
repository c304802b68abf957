/** The agent and the environments of a run, built from what the run was told. */
import {
  type Action,
  type Agent,
  agentSpec,
  type BoxSpace,
  type DiscreteSpace,
  type Observation,
  type ObservationSpace,
} from "../agents/index.ts";
import { type Device, type DeviceName, openDevice } from "../device.ts";
import { make } from "../envs/index.ts";
import { UsageError } from "../errors.ts";
import { Random } from "../random.ts";
import type { Stateful } from "../state.ts";

/** What training needs of an environment; those of `make` are such. */
export interface TrainingEnv extends Stateful {
  readonly observationSpace: ObservationSpace;
  readonly actionSpace: DiscreteSpace | BoxSpace;
  readonly spec?: { readonly id: string; readonly rewardThreshold?: number | null } | null;
  /** Why a loaded state's episode cannot go on, or null, see `Env.lostEpisode`. */
  readonly lostEpisode?: string | null;
  reset(options?: { seed?: number }): readonly [obs: Observation, info: unknown];
  step(
    action: Action,
  ): readonly [obs: Observation, reward: number, terminated: boolean, truncated: boolean, info: unknown];
  close(): void;
}

/** Makes a new environment at every call, or a class of them: one is trained in, one is evaluated in. */
export type EnvFactory = (() => TrainingEnv) | (new (kwargs?: never) => TrainingEnv);

/** What a script's own agent is built from. */
export interface AgentParts {
  readonly observationSpace: ObservationSpace;
  readonly actionSpace: DiscreteSpace | BoxSpace;
  /** The run's seed as a stream for the agent. */
  readonly random: Random;
}
export type AgentFactory = (parts: AgentParts) => Agent;

/** What names the agent and the environment of a run. */
export interface Recipe {
  /** A registered id, an agent, or what makes one. */
  readonly agent: string | Agent | AgentFactory;
  /** A registered id, or what makes an environment. */
  readonly env: string | EnvFactory;
  readonly envKwargs: Readonly<Record<string, unknown>>;
}

/** Observations may live in memory that the environment uses again: agents copy what they keep. */
export function buildEnv({ env, envKwargs }: Pick<Recipe, "env" | "envKwargs">): TrainingEnv {
  if (typeof env === "string") return make(env, { ...envKwargs, reuseObs: true }) as TrainingEnv;
  if (typeof env !== "function") {
    throw new UsageError(
      "train: env must be an id, a class of environments, or a function that makes one each time; got an object. " +
        "Pass () => new YourEnv().",
    );
  }
  // a class is as good as a function that calls it
  const isClass = typeof (env.prototype as { step?: unknown } | undefined)?.step === "function";
  return isClass ? (Reflect.construct(env, [envKwargs]) as TrainingEnv) : (env as () => TrainingEnv)();
}

/** The environment to train in and the one to evaluate in. */
export function buildEnvs(recipe: Pick<Recipe, "env" | "envKwargs">): { env: TrainingEnv; evalEnv: TrainingEnv } {
  const env = buildEnv(recipe);
  try {
    const evalEnv = buildEnv(recipe);
    if (evalEnv === env) {
      throw new UsageError(
        "train: env must make a new environment each time, one to train in and one to evaluate in; got the same twice. " +
          "Pass () => new YourEnv().",
      );
    }
    return { env, evalEnv };
  } catch (error) {
    env.close();
    throw error;
  }
}

/** Opens the device of an agent that is built here; a script's agent brings its own, unless one is named. */
export async function deviceFor(agent: Recipe["agent"], device: string | undefined): Promise<Device | null> {
  if (device === undefined && typeof agent !== "string") return null;
  return openDevice((device ?? "auto") as DeviceName);
}

/**
 * @throws UsageError for an unknown id, and for an agent that cannot act in the environment's action space
 */
export function buildAgent(
  agent: Recipe["agent"],
  { observationSpace, actionSpace }: Pick<TrainingEnv, "observationSpace" | "actionSpace">,
  hyperparameters: Readonly<Record<string, unknown>>,
  seed: number,
): Agent {
  const parts = { observationSpace, actionSpace, random: new Random(seed).stream("agent") };
  if (typeof agent === "function") return agent(parts);
  if (typeof agent === "object") return agent;
  const spec = agentSpec(agent);
  const kind = "n" in actionSpace ? "Discrete" : "Box";
  if (!spec.actionSpaces.includes(kind)) {
    throw new UsageError(
      `train: ${agent} must have an action space of kind ${spec.actionSpaces.join(" or ")}; got ${kind}. ` +
        "Choose another agent with rl list agents, or another environment.",
    );
  }
  return spec.create({ ...parts, hyperparameters });
}
