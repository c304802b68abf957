/** The rows of what many environments say and are told at once: observations as a network gets them, and their outcomes. */
import { ShapeError, UsageError } from "../errors.ts";
import type { Observation } from "./agent.ts";

export class BatchRows {
  readonly n: number;
  /** Numbers in an observation as the network gets it. */
  readonly obsSize: number;
  readonly #name: string;
  readonly #phi: ((obs: Observation) => Observation) | null;

  /** @param name the agent's, for messages */
  constructor(name: string, n: number, obsSize: number, phi: ((obs: Observation) => Observation) | null) {
    this.n = n;
    this.obsSize = obsSize;
    this.#name = name;
    this.#phi = phi;
  }

  /** An observation of a row of (n, …obs), as the network gets it. @throws ShapeError for one of another size */
  seen(obs: Observation, row: number): Observation {
    const size = obs.length / this.n;
    const own = ArrayBuffer.isView(obs)
      ? (obs as Float32Array).subarray(row * size, (row + 1) * size)
      : Array.from({ length: size }, (_, i) => obs[row * size + i]!);
    const seen = this.#phi ? this.#phi(own) : own;
    if (seen.length === this.obsSize) return seen;
    throw new ShapeError(
      `${this.#name}.actBatch: observations must be (${this.n}, …obs) with ${this.obsSize} numbers each; got ${obs.length} numbers, ${seen.length} each. Pass what the VectorEnv returned, and its numEnvs.`,
    );
  }

  /** @throws ShapeError unless all of them are of as many environments */
  requireAll(...flags: readonly ArrayLike<number>[]): void {
    const odd = flags.find(({ length }) => length !== this.n);
    if (!odd) return;
    throw new ShapeError(
      `${this.#name}.observeBatch: rewards, terminated and truncated must be of the ${this.n} environments acted in; got ${odd.length}. Pass what the VectorEnv returned.`,
    );
  }

  /** For an outcome of a row in which no action waits for one. */
  unasked(row: number, reward: number): UsageError {
    return new UsageError(
      `${this.#name}.observeBatch: an action must come before its outcome; got a reward of ${reward} in row ${row} without actBatch(). Await actBatch(obs, n) first.`,
    );
  }
}

/** @throws UsageError unless n is a number of environments that a network can act in */
export function requireRows(name: string, n: number, isRecurrent: boolean): void {
  if (!(Number.isSafeInteger(n) && n > 0)) {
    throw new UsageError(`${name}.actBatch: n must be a whole number of at least 1; got ${n}. Pass envs.numEnvs.`);
  }
  if (!isRecurrent) return;
  throw new UsageError(
    `${name}.actBatch: a recurrent network must act in one environment; got ${n} rows. Use act(), or recurrent none.`,
  );
}

/** For outcomes of many environments in which nothing was done yet. */
export const unaskedBatch = (name: string, rewards: ArrayLike<number>): UsageError =>
  new UsageError(
    `${name}.observeBatch: actions must come before their outcomes; got ${rewards.length} rewards without actBatch(). Await actBatch(obs, n) first.`,
  );

/** For the outcome of one environment where there are many. */
export const oneOfMany = (name: string, n: number): UsageError =>
  new UsageError(
    `${name}.observe: an agent must learn from one environment or from many; got observe() after actBatch() with ${n} rows. Use observeBatch.`,
  );
