/** The agent and the environments of a run, built from what the run was told. */
import {
  type ActorSetup,
  type Agent,
  agentSpec,
  type BoxSpace,
  type DiscreteSpace,
  type ObservationSpace,
} from "../agents/index.ts";
import { countWork, type Device, type DeviceName, openDevice } from "../device.ts";
import { Env, LocalVectorEnv, make, makeVec, SingleRows, type VectorEnv } from "../envs/index.ts";
import { UsageError } from "../errors.ts";
import { Random } from "../random.ts";
import type { TrainSettings } from "./settings.ts";
import { SingleStepper } from "./singleStepper.ts";
import type { Stepper } from "./stepper.ts";
import type { TrainingEnv } from "./trainingEnv.ts";
import { VectorStepper } from "./vectorStepper.ts";

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

/** What is said of the environments to train in. */
type Side = Pick<TrainSettings, "envs" | "vectorMode">;

/** The environments to train in, side by side. */
function buildVector({ env, envKwargs }: Pick<Recipe, "env" | "envKwargs">, { envs, vectorMode }: Side): VectorEnv {
  const autoresetMode = "sameStep";
  const mode = vectorMode === "auto" ? undefined : vectorMode;
  // wrappers by name, as the command line gives them, are known to make alone
  if (typeof env === "string" && envKwargs.wrappers === undefined) {
    return makeVec(env, envs, { ...envKwargs, autoresetMode, reuseObs: true, ...(mode ? { mode } : {}) });
  }
  if (mode !== undefined && mode !== "sync") {
    throw new UsageError(
      `train: vectorMode must be sync for environments that are wrapped or made by a script; got ${mode}. Leave vectorMode out.`,
    );
  }
  const made = Array.from({ length: envs }, () => buildEnv({ env, envKwargs }));
  const odd = made.find((one) => !(one instanceof Env));
  if (odd) {
    throw new UsageError(
      `train: environments stepped side by side must be of the class Env; got ${odd.constructor.name}. Extend Env, or leave envs out.`,
    );
  }
  const all = made as unknown as Env<unknown, unknown>[];
  const { spec, name } = all[0]!;
  return new LocalVectorEnv(new SingleRows(all), { name, spec, autoresetMode, reuseObs: true });
}

/** What takes the steps, and the environment to evaluate in. */
export function buildEnvs(
  recipe: Pick<Recipe, "env" | "envKwargs">,
  settings: Side,
): { stepper: Stepper; evalEnv: TrainingEnv } {
  if (settings.envs > 1) {
    const stepper = new VectorStepper(buildVector(recipe, settings));
    try {
      return { stepper, evalEnv: buildEnv(recipe) };
    } catch (error) {
      stepper.close();
      throw error;
    }
  }
  const env = buildEnv(recipe);
  try {
    const evalEnv = buildEnv(recipe);
    if (evalEnv === env) {
      throw new UsageError(
        "train: env must make a new environment each time, one to train in and one to evaluate in; got the same twice. " +
          "Pass () => new YourEnv().",
      );
    }
    return { stepper: new SingleStepper(env), evalEnv };
  } catch (error) {
    env.close();
    throw error;
  }
}

/** Steps are taken in all environments at once: their number is rounded up. */
export function wholeSteps({ steps, envs }: Pick<TrainSettings, "steps" | "envs">): Pick<TrainSettings, "steps"> {
  return { steps: envs > 1 ? Math.ceil(steps / envs) * envs : steps };
}

/** Tells the agent of its environments. @throws UsageError where it cannot learn from so many */
export function requireBatches(agent: Agent, envs: number): void {
  if (!(envs > 1)) {
    agent.requireEnvs?.(1);
    return;
  }
  if (agent.setEnvs && agent.actBatch && agent.observeBatch) {
    agent.setEnvs(envs);
    return;
  }
  throw new UsageError(
    `train: an agent must act on batches to learn from ${envs} environments side by side; got ${agent.name}, which acts on one observation at a time. Leave envs out, or use an agent of DQN's family, A2C, PPO or TRPO.`,
  );
}

/** Passes through networks in an update, beside those of acting: the online one, a target, and back through weights and activations. */
const passesOfUpdate = 4;

/** Floating-point operations of an update, about: those of acting on one observation, times the minibatch, back and forth. */
function workOf(
  agent: string,
  spaces: Pick<TrainingEnv, "observationSpace" | "actionSpace">,
  hyperparameters: Readonly<Record<string, unknown>>,
): number {
  const acting = countWork(() => {
    const trial = buildAgent(agent, spaces, hyperparameters, 0);
    const size = spaces.observationSpace.shape?.reduce((product, n) => product * n, 1) ?? 1;
    trial.evalMode(() => trial.act(new Float32Array(size)));
  });
  const { minibatchSize, tMax } = hyperparameters;
  return acting * passesOfUpdate * Number(minibatchSize ?? tMax ?? 1);
}

/**
 * Opens the device of an agent that is built here; a script's agent brings its own, unless one is named. "auto" looks at
 * how much an update of this agent in this environment has to compute.
 */
export async function deviceFor(
  agent: Recipe["agent"],
  device: string | undefined,
  spaces: Pick<TrainingEnv, "observationSpace" | "actionSpace">,
  hyperparameters: Readonly<Record<string, unknown>>,
): Promise<Device | null> {
  if (device === undefined && typeof agent !== "string") return null;
  const name = (device ?? "auto") as DeviceName;
  const work = name === "auto" && typeof agent === "string" ? workOf(agent, spaces, hyperparameters) : 0;
  return openDevice(name, { work });
}

/**
 * @param more what only an actor is given
 * @throws UsageError for an unknown id, and for an agent that cannot act in the environment's action space
 */
export function buildAgent(
  agent: Recipe["agent"],
  { observationSpace, actionSpace }: Pick<TrainingEnv, "observationSpace" | "actionSpace">,
  hyperparameters: Readonly<Record<string, unknown>>,
  seed: number,
  more: Partial<Pick<ActorSetup, "replay">> = {},
): Agent {
  const parts = { observationSpace, actionSpace, random: new Random(seed).stream("agent"), ...more };
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
