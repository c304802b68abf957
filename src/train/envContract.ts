/** What the loop relies on in what an environment returns: a mistake there teaches nonsense, and nothing else would tell. */
import type { Observation, ObservationSpace } from "../agents/index.ts";
import { UsageError } from "../errors.ts";

const kindOf = (x: unknown): string => {
  if (x === null || x === undefined) return String(x);
  if (x instanceof Promise) return "a Promise";
  if (Array.isArray(x)) return `an array of ${x.length}`;
  if (ArrayBuffer.isView(x)) return `a ${x.constructor.name} of ${(x as Float32Array).length}`;
  return typeof x === "object" ? "an object" : typeof x === "number" ? String(x) : typeof x;
};

const tuple = (x: unknown): string => (Array.isArray(x) ? `[${x.map(kindOf).join(", ")}]` : kindOf(x));

/** The number of numbers of an observation, or null where the space does not say. */
const sizeOfObs = ({ shape }: ObservationSpace): number | null => shape?.reduce((product, n) => product * n, 1) ?? null;

interface NamedEnv {
  readonly observationSpace: ObservationSpace;
  readonly spec?: { readonly id: string } | null;
}

export class EnvContract {
  readonly #name: string;
  readonly #size: number | null;

  constructor(env: NamedEnv) {
    this.#name = env.spec?.id ?? env.constructor.name;
    this.#size = sizeOfObs(env.observationSpace);
  }

  #fits(obs: unknown): boolean {
    if (typeof obs !== "object" || obs === null) return false;
    const { length } = obs as { length?: unknown };
    return typeof length === "number" && (this.#size === null || length === this.#size);
  }

  /** @throws UsageError unless it is [obs, info] */
  reset(result: readonly [obs: Observation, info: unknown]): Observation {
    if (Array.isArray(result) && result.length === 2 && this.#fits(result[0])) return result[0];
    throw new UsageError(
      `${this.#name}.reset: it must return [obs, info], obs with ${this.#size ?? "its"} numbers; got ${tuple(result)}. ` +
        "Return the observation as one flat array, and an object beside it.",
    );
  }

  /** @throws UsageError unless it is [obs, reward, terminated, truncated, info] */
  step(
    result: readonly [obs: Observation, reward: number, terminated: boolean, truncated: boolean, info: unknown],
  ): void {
    if (
      typeof result[1] === "number" &&
      !Number.isNaN(result[1]) &&
      typeof result[2] === "boolean" &&
      typeof result[3] === "boolean" &&
      this.#fits(result[0])
    ) {
      return;
    }
    throw new UsageError(
      `${this.#name}.step: it must return [obs, reward, terminated, truncated, info], obs with ${this.#size ?? "its"} ` +
        `numbers, reward a number, two booleans; got ${tuple(result)}. The task's end and a time limit are two flags.`,
    );
  }
}
