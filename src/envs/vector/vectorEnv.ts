/** Many environments stepped together: Gymnasium's VectorEnv, with what training needs to know of resets. */
import { UsageError } from "../../errors.ts";
import type { State, Stateful } from "../../state.ts";
import type { EnvSpec } from "../env.ts";
import type { DrawList } from "../render/index.ts";
import { Discrete, type Space } from "../spaces/index.ts";
import { type Batch, batchSpace, rowSize } from "./batchSpace.ts";
import type { VectorInfos } from "./vectorInfos.ts";

/**
 * What happens after an episode's end. `nextStep`: the next step ignores the action and begins an episode; such a row is
 * no transition, `infos.isReset` says so. `sameStep`: the episode begins at once, the last observation and info are in
 * `infos.finalObs` and `infos.finalInfo`. `disabled`: the caller resets with `options.resetMask`.
 */
export type AutoresetMode = "nextStep" | "sameStep" | "disabled";
export const autoresetModes: readonly AutoresetMode[] = ["nextStep", "sameStep", "disabled"];

export interface VectorResetOptions {
  /** Row i gets seed + i; or a seed each, undefined where a stream goes on. */
  readonly seed?: number | readonly (number | undefined)[];
  /** `resetMask`, `(n)` of 0 and 1: only these rows begin an episode; what else there is goes to each environment. */
  readonly options?: Readonly<Record<string, unknown>> & { readonly resetMask?: ArrayLike<number> };
}

/** A row each: `obs (n, …obs)`, `rewards (n)`, and flags of 0 and 1, `(n)`. */
export type VectorStepResult = [
  obs: Batch,
  rewards: Float64Array,
  terminated: Uint8Array,
  truncated: Uint8Array,
  infos: VectorInfos,
];

/** Actions `(n, …action)`: flat numbers, or an array with an action each. */
export type VectorActions = ArrayLike<number> | readonly unknown[];

export interface VectorSettings {
  readonly numEnvs: number;
  readonly spec: EnvSpec | null;
  /** Name in messages. */
  readonly name: string;
  readonly singleObservationSpace: Space<unknown>;
  readonly singleActionSpace: Space<unknown>;
  readonly autoresetMode: AutoresetMode;
}

const isNumbers = (x: unknown): x is ArrayLike<number> =>
  (ArrayBuffer.isView(x) && !(x instanceof DataView)) || (Array.isArray(x) && typeof x[0] === "number");

export abstract class VectorEnv implements Stateful {
  readonly numEnvs: number;
  readonly spec: EnvSpec | null;
  readonly name: string;
  /** Of one environment. */
  readonly singleObservationSpace: Space<unknown>;
  readonly singleActionSpace: Space<unknown>;
  /** Of all together. */
  readonly observationSpace: Space<unknown>;
  readonly actionSpace: Space<unknown>;
  readonly autoresetMode: AutoresetMode;
  /** 1 for each environment that has begun an episode. */
  readonly #hasBegun: Uint8Array;
  #mayStep = false;
  /** 1 for each environment whose episode has ended without a new one. */
  readonly #hasEnded: Uint8Array;
  readonly #actions: Float32Array | Int32Array | null;
  readonly #actionSize: number;
  #isClosed = false;

  constructor(settings: VectorSettings) {
    const { numEnvs, spec, name, singleObservationSpace, singleActionSpace, autoresetMode } = settings;
    this.numEnvs = numEnvs;
    this.spec = spec;
    this.name = name;
    this.singleObservationSpace = singleObservationSpace;
    this.singleActionSpace = singleActionSpace;
    this.autoresetMode = autoresetMode;
    this.observationSpace = batchSpace(singleObservationSpace, numEnvs);
    this.actionSpace = batchSpace(singleActionSpace, numEnvs);
    this.#hasBegun = new Uint8Array(numEnvs);
    this.#hasEnded = new Uint8Array(numEnvs);
    this.#actionSize = singleActionSpace.shape === null ? 0 : rowSize(singleActionSpace);
    const isFloat = singleActionSpace.dtype?.startsWith("float") ?? false;
    this.#actions =
      this.#actionSize === 0 ? null : new (isFloat ? Float32Array : Int32Array)(numEnvs * this.#actionSize);
  }

  /** Begins an episode in every row, or in those of `options.resetMask`. */
  abstract reset(options?: VectorResetOptions): [obs: Batch, infos: VectorInfos];

  /** @throws UsageError where an action is outside its space; no row has been stepped then */
  abstract step(actions: VectorActions): VectorStepResult;

  /** The present state of a row as a picture; null where there is none. */
  draw(_row: number): DrawList | null {
    return null;
  }

  abstract saveState(): State;
  abstract loadState(state: State): void;

  /** Closes every environment; nothing may be called afterwards. */
  close(): void {
    this.#isClosed = true;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  protected requireOpen(method: string): void {
    if (!this.#isClosed) return;
    throw new UsageError(
      `${this.name}.${method}: the environments must be open; got a call after close(). Make new ones with makeVec.`,
    );
  }

  /** 1 for each environment whose episode has ended without a new one. */
  protected get hasEnded(): Uint8Array {
    return this.#hasEnded;
  }

  /** @throws UsageError where a step may not come, since there is no episode */
  protected requireEpisodes(): void {
    if (this.#mayStep) return;
    const fresh = this.#hasBegun.indexOf(0);
    throw new UsageError(
      fresh >= 0
        ? `${this.name}.step: an episode must be running in each environment; got a step before the first reset of environment ${fresh}. Call reset() first.`
        : `${this.name}.step: an episode must be running in each environment; got a step after the end in environment ${this.#hasEnded.indexOf(1)}. Call reset({ options: { resetMask } }) with a 1 for it first.`,
    );
  }

  /** These rows have begun episodes: those with a 1, or all. */
  protected noteBeginnings(mask: Uint8Array | null): void {
    for (let row = 0; row < this.numEnvs; row++) {
      if (mask?.[row] === 0) continue;
      this.#hasBegun[row] = 1;
      this.#hasEnded[row] = 0;
    }
    this.#mayStep = !this.#hasBegun.includes(0) && (this.autoresetMode === "nextStep" || !this.#hasEnded.includes(1));
  }

  /** After a step that left rows ended. */
  protected noteEnds(terminated: Uint8Array, truncated: Uint8Array): void {
    const hasEnded = this.#hasEnded;
    let any = 0;
    for (let row = 0; row < hasEnded.length; row++) {
      const ended = terminated[row]! | truncated[row]!;
      hasEnded[row] = ended;
      any |= ended;
    }
    this.#mayStep = any === 0 || this.autoresetMode === "nextStep";
  }

  /** Which rows have begun and ended episodes. */
  protected saveEpisodes(): State {
    return { hasBegun: this.#hasBegun.slice(), hasEnded: this.#hasEnded.slice() };
  }

  protected loadEpisodes(state: State): void {
    const { hasBegun, hasEnded } = state as { hasBegun: Uint8Array; hasEnded: Uint8Array };
    this.#hasBegun.set(hasBegun);
    this.#hasEnded.set(hasEnded);
    this.noteBeginnings(new Uint8Array(this.numEnvs));
  }

  /** The seed of each row. */
  protected seedsOf({ seed }: VectorResetOptions): readonly (number | undefined)[] {
    const isSeed = (value: unknown) => value === undefined || (Number.isSafeInteger(value) && (value as number) >= 0);
    const wrong = typeof seed === "object" ? seed.findIndex((value) => !isSeed(value)) : isSeed(seed) ? -1 : 0;
    if (wrong >= 0) {
      throw new UsageError(
        `${this.name}.reset: a seed must be a whole number from 0 to 2^53 - 1; got ${String(typeof seed === "object" ? seed[wrong] : seed)}. Change the seed.`,
      );
    }
    if (typeof seed !== "object") {
      return Array.from({ length: this.numEnvs }, (_, row) => (seed === undefined ? undefined : seed + row));
    }
    if (seed.length === this.numEnvs) return seed;
    throw new UsageError(
      `${this.name}.reset: there must be one seed for each of ${this.numEnvs} environments; got ${seed.length}. Pass one number for seed, seed + 1, ….`,
    );
  }

  /** The rows to reset; null for all. */
  protected maskOf({ options }: VectorResetOptions): Uint8Array | null {
    const mask = options?.resetMask;
    if (mask === undefined) return null;
    const values = Array.from(mask, Number);
    if (values.length !== this.numEnvs || !values.every((value) => value === 0 || value === 1) || !values.includes(1)) {
      throw new UsageError(
        `${this.name}.reset: resetMask must have ${this.numEnvs} numbers, 0 or 1 and not all 0; got [${values}]. Leave it out for all.`,
      );
    }
    return Uint8Array.from(values);
  }

  /**
   * Actions in flat numbers `(n, …action)` where the space has a shape, else as they came.
   * @throws UsageError for another number of actions, or one that is not in the space
   */
  protected actionsOf(actions: VectorActions): ArrayLike<number> | readonly unknown[] {
    const { numEnvs, singleActionSpace: space, name } = this;
    const flat = this.#actions;
    const isFlat = flat !== null && isNumbers(actions) && actions.length === flat.length;
    if (!isFlat && actions?.length !== numEnvs) {
      throw new UsageError(
        `${name}.step: there must be one action for each of ${numEnvs} environments; got ${String(actions?.length)}. Pass ${String(this.actionSpace)}.`,
      );
    }
    if (flat === null) {
      for (let row = 0; row < numEnvs; row++) if (!space.contains(actions[row])) this.#refuse(row, actions[row]);
      return actions;
    }
    const size = this.#actionSize;
    if (space instanceof Discrete) {
      const { n, start } = space;
      for (let row = 0; row < numEnvs; row++) {
        // a number that is no whole one is changed on its way into a whole one
        const action = actions[row] as number;
        flat[row] = action;
        if (flat[row] !== action || action < start || action >= start + n) this.#refuse(row, action);
      }
      return flat;
    }
    if (isFlat) {
      for (let i = 0; i < flat.length; i++) flat[i] = actions[i] as number;
    } else {
      for (let row = 0; row < numEnvs; row++) {
        const action = actions[row] as ArrayLike<number>;
        if (action?.length !== size) this.#refuse(row, action);
        for (let i = 0; i < size; i++) flat[row * size + i] = action[i]!;
      }
    }
    if (flat instanceof Float32Array) {
      // beyond the bounds environments do as they do alone: most of them clip
      for (let i = 0; i < flat.length; i++) {
        if (!Number.isFinite(flat[i]))
          this.#refuse(Math.floor(i / size), flat.subarray(i - (i % size), i - (i % size) + size));
      }
    } else {
      for (let row = 0; row < numEnvs; row++) {
        const action = Array.from(flat.subarray(row * size, (row + 1) * size));
        if (!space.contains(action)) this.#refuse(row, action);
      }
    }
    return flat;
  }

  #refuse(row: number, action: unknown): never {
    const shown = ArrayBuffer.isView(action) ? `[${String(action)}]` : (JSON.stringify(action) ?? String(action));
    throw new UsageError(
      `${this.name}.step: the action of environment ${row} must be in ${String(this.singleActionSpace)}; got ${shown}. No environment has been stepped.`,
    );
  }
}
