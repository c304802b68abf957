/** Many environments stepped together: Gymnasium's VectorEnv, with what training needs to know of resets. */
import { UsageError } from "../../errors.ts";
import type { State, Stateful } from "../../state.ts";
import type { EnvSpec } from "../env.ts";
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

/** Where an environment stands between two steps. */
export const phase = { new: 0, running: 1, terminated: 2, truncated: 3 } as const;

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
  /** Of each environment, see `phase`. */
  protected readonly phases: Uint8Array;
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
    this.phases = new Uint8Array(numEnvs);
    this.#actionSize = singleActionSpace.shape === null ? 0 : rowSize(singleActionSpace);
    const isFloat = singleActionSpace.dtype?.startsWith("float") ?? false;
    this.#actions =
      this.#actionSize === 0 ? null : new (isFloat ? Float32Array : Int32Array)(numEnvs * this.#actionSize);
  }

  /** Begins an episode in every row, or in those of `options.resetMask`. */
  abstract reset(options?: VectorResetOptions): [obs: Batch, infos: VectorInfos];

  /** @throws UsageError where an action is outside its space; no row has been stepped then */
  abstract step(actions: VectorActions): VectorStepResult;

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

  /** @throws UsageError where a step may not come, since there is no episode */
  protected requireRunning(): void {
    const { phases, autoresetMode, name } = this;
    for (let row = 0; row < phases.length; row++) {
      const at = phases[row];
      if (at === phase.running || (at !== phase.new && autoresetMode === "nextStep")) continue;
      throw new UsageError(
        at === phase.new
          ? `${name}.step: an episode must be running in each environment; got a step before the first reset of environment ${row}. Call reset() first.`
          : `${name}.step: the episode of environment ${row} has ended (${at === phase.terminated ? "terminated" : "truncated"}). Call reset({ options: { resetMask } }) with a 1 for it first.`,
      );
    }
  }

  /** After a step that began no episodes in its ended rows. */
  protected noteEnds(terminated: Uint8Array, truncated: Uint8Array): void {
    const { phases } = this;
    for (let row = 0; row < phases.length; row++) {
      phases[row] = terminated[row] === 1 ? phase.terminated : truncated[row] === 1 ? phase.truncated : phase.running;
    }
  }

  /** The seed of each row. */
  protected seedsOf({ seed }: VectorResetOptions): readonly (number | undefined)[] {
    if (seed === undefined || typeof seed === "number") {
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
    if (isFlat) {
      for (let i = 0; i < flat.length; i++) flat[i] = actions[i] as number;
    } else {
      for (let row = 0; row < numEnvs; row++) {
        const action = actions[row] as ArrayLike<number>;
        if (action?.length !== size) this.#refuse(row, action);
        for (let i = 0; i < size; i++) flat[row * size + i] = action[i]!;
      }
    }
    if (space instanceof Discrete) {
      const { n, start } = space;
      for (let row = 0; row < numEnvs; row++) {
        // a fraction was cut on its way into whole numbers
        const action = flat[row]!;
        if (action !== actions[row] || action < start || action >= start + n) this.#refuse(row, actions[row]);
      }
    } else if (flat instanceof Float32Array) {
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
