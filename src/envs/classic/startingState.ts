/** What `reset` of a classic environment takes: a given state, or bounds to draw it from. */
import { UsageError } from "../../errors.ts";
import type { EnvRandom } from "../npRandom.ts";

export interface Start {
  /** Numbers of a state. */
  readonly size: number;
  /** How many of them are drawn, the first ones; the others are 0. All unless given. */
  readonly drawn?: number;
  /** What they are drawn between. */
  readonly low: number;
  readonly high: number;
}

/**
 * `options.state`: these numbers; else the drawn numbers, uniform in [options.low, options.high).
 * @throws UsageError for other options or values of another form
 */
export function startingState(
  name: string,
  options: Readonly<Record<string, unknown>> | undefined,
  start: Start,
  random: EnvRandom,
): ArrayLike<number> {
  const { size, drawn = size } = start;
  if (!options) return uniform(random, start.low, start.high, drawn);
  const unknown = Object.keys(options).find((key) => key !== "state" && key !== "low" && key !== "high");
  if (unknown !== undefined) {
    throw new UsageError(`${name}.reset: options must be state, or low and high; got ${unknown}. Check its spelling.`);
  }
  const { state, low = start.low, high = start.high } = options;
  if (state !== undefined) {
    const numbers = state as ArrayLike<number>;
    const isFit = typeof state === "object" && numbers?.length === size && Array.from(numbers).every(Number.isFinite);
    if (!isFit) {
      throw new UsageError(
        `${name}.reset: options.state must be ${size} finite numbers; got ${JSON.stringify(state)}.`,
      );
    }
    return numbers;
  }
  if (typeof low !== "number" || typeof high !== "number" || !(low <= high)) {
    throw new UsageError(
      `${name}.reset: options.low and options.high must be numbers, low at most high; got ${String(low)} and ${String(high)}.`,
    );
  }
  return uniform(random, low, high, drawn);
}

/** The numbers of `random.uniform`, in an array that every episode may afford. */
function uniform(random: EnvRandom, low: number, high: number, size: number): number[] {
  const numbers: number[] = [];
  for (let i = 0; i < size; i++) numbers.push(low + (high - low) * random.random());
  return numbers;
}
