/** Many environments of one id: `makeVec(id, n)`. */
import { nearest, UsageError } from "../../errors.ts";
import type { EnvSpec } from "../env.ts";
import { type AnyEnv, type MakeOptions, make, prepare } from "../registry.ts";
import { LocalVectorEnv } from "./localVectorEnv.ts";
import { BatchRows, type Rows, SingleRows } from "./rows.ts";
import { type AutoresetMode, autoresetModes, type VectorEnv } from "./vectorEnv.ts";
import type { WorkerVectorOptions } from "./workerVectorEnv.ts";

/**
 * `sync`: one environment after the other. `batch`: all in flat arrays and one loop, where the environment can.
 * `worker`: spread over threads, each doing one of the two. All give the same numbers.
 */
export type VectorMode = "sync" | "batch" | "worker";
const modes: readonly VectorMode[] = ["sync", "batch", "worker"];

type ThreadMaker = (numEnvs: number, settings: WorkerVectorOptions) => VectorEnv;
let threads: ThreadMaker | null = null;

/** How mode `worker` is made; told by node.ts, where there are threads. */
export function provideWorkers(make: ThreadMaker): void {
  threads = make;
}

/** What `makeVec` takes besides what `make` takes. */
export interface MakeVecOptions extends Omit<MakeOptions, "wrappers"> {
  /** By default `batch` where the environment can, else `sync`. */
  readonly mode?: VectorMode;
  /** `nextStep` by default, as in Gymnasium. */
  readonly autoresetMode?: AutoresetMode;
  /** What a step hands out is written into two sets of arrays in turn and stays valid until two steps later. */
  readonly reuseObs?: boolean;
  /** Wraps each environment (mode `sync`). */
  readonly wrappers?: readonly ((env: AnyEnv) => AnyEnv)[];
  /** Threads, one less than there are cores by default, at most one an environment (mode `worker`). */
  readonly workers?: number;
  /** URL of a module that registers the environment; each thread imports it (mode `worker`). */
  readonly module?: string;
  /** Seconds to wait for a thread, 60 by default (mode `worker`). */
  readonly workerTimeout?: number;
}

function requireOneOf<T extends string>(name: string, value: T, known: readonly T[]): void {
  if (known.includes(value)) return;
  const near = nearest(String(value), known);
  throw new UsageError(
    `makeVec: ${name} must be ${known.slice(0, -1).join(", ")} or ${known.at(-1)}; got ${String(value)}.${near ? ` Did you mean ${near}?` : ""}`,
  );
}

/** Environments of this thread; `isBatch` undefined: whatever they can. */
export function makeRows(
  id: string,
  numEnvs: number,
  options: MakeOptions,
  isBatch?: boolean,
  wrappers: readonly ((env: AnyEnv) => AnyEnv)[] = [],
): { rows: Rows; spec: EnvSpec } {
  const { registration, spec } = prepare(id, options);
  const batch = isBatch === false ? null : (registration.batch?.(numEnvs, spec.kwargs) ?? null);
  if (batch) return { rows: new BatchRows(batch, numEnvs, spec.maxEpisodeSteps), spec };
  if (isBatch) {
    throw new UsageError(
      `makeVec: mode batch must be one that ${registration.id} has with these keyword arguments; got batch where it has sync and worker. Leave mode out.`,
    );
  }
  const envs = Array.from({ length: numEnvs }, () =>
    wrappers.reduce((env, wrap) => wrap(env), make(id, { ...options, reuseObs: true })),
  );
  return { rows: new SingleRows(envs), spec };
}

/**
 * Makes n environments that are stepped together.
 *
 * @param options `mode`, `autoresetMode` and the others of `MakeVecOptions`; keyword arguments as for `make`
 * @throws UsageError for an unknown id, mode or keyword argument
 */
export function makeVec(id: string, numEnvs: number, options: MakeVecOptions = {}): VectorEnv {
  const {
    mode,
    autoresetMode = "nextStep",
    reuseObs = false,
    wrappers,
    workers,
    module,
    workerTimeout,
    ...others
  } = options;
  if (!(Number.isSafeInteger(numEnvs) && numEnvs > 0)) {
    throw new UsageError(`makeVec: the number of environments must be a positive whole number; got ${numEnvs}.`);
  }
  if (mode !== undefined) requireOneOf("mode", mode, modes);
  requireOneOf("autoresetMode", autoresetMode, autoresetModes);
  if (wrappers !== undefined && mode !== undefined && mode !== "sync") {
    throw new UsageError(`makeVec: wrappers must come with mode sync; got mode ${mode}. Leave mode out.`);
  }
  if (mode !== "worker") {
    const given = Object.entries({ workers, module, workerTimeout }).find(([, value]) => value !== undefined);
    if (given)
      throw new UsageError(`makeVec: ${given[0]} must come with mode worker; got mode ${mode ?? "by default"}.`);
  }
  const { registration } = prepare(id, others);
  const name = registration.id.replace(/-v\d+$/, "");
  if (mode === "worker") {
    const settings = { id, options: others, name, autoresetMode, reuseObs };
    if (threads) return threads(numEnvs, { ...settings, workers, module, timeout: workerTimeout });
    throw new UsageError(
      "makeVec: mode worker must have threads of Node; got a page, which has none. Use sync or batch.",
    );
  }
  const isBatch = mode === undefined ? (wrappers ? false : undefined) : mode === "batch";
  const { rows, spec } = makeRows(id, numEnvs, others, isBatch, wrappers);
  return new LocalVectorEnv(rows, { name, spec, autoresetMode, reuseObs });
}
