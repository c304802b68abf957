/** Environments in one thread, a row each: what LocalVectorEnv steps. */
import { UsageError } from "../../errors.ts";
import type { State, Stateful } from "../../state.ts";
import type { BatchEnv, BatchOutput } from "../batchEnv.ts";
import { type Info, noInfo } from "../env.ts";
import type { AnyEnv } from "../registry.ts";
import type { DrawList } from "../render/index.ts";
import { Discrete, type Space } from "../spaces/index.ts";
import { type Batch, rowSize, setRow } from "./batchSpace.ts";

/** What a step writes, a row an environment. */
export interface RowsOutput {
  readonly obs: Batch;
  readonly rewards: Float64Array;
  readonly terminated: Uint8Array;
  readonly truncated: Uint8Array;
}

export interface Rows extends Stateful {
  readonly observationSpace: Space<unknown>;
  readonly actionSpace: Space<unknown>;
  readonly numRows: number;
  /** Whether a step may have something to say: else `infoOf` need not be asked. */
  readonly haveInfos: boolean;
  /** Begins an episode in a row and writes its first observation. */
  reset(
    row: number,
    seed: number | undefined,
    options: Readonly<Record<string, unknown>> | undefined,
    obs: Batch,
  ): Info;
  /** One step of every row where `skip` is 0. */
  step(actions: ArrayLike<number> | readonly unknown[], skip: Uint8Array, output: RowsOutput): void;
  /** What the latest step of a row has to say. */
  infoOf(row: number): Info;
  /** The present state of a row as a picture; null where there is none. */
  draw(row: number): DrawList | null;
  close(): void;
}

/** Environments of `make`, one after the other. */
export class SingleRows implements Rows {
  readonly observationSpace: Space<unknown>;
  readonly actionSpace: Space<unknown>;
  readonly numRows: number;
  readonly haveInfos = true;
  readonly #envs: readonly AnyEnv[];
  readonly #infos: Info[];
  /** Numbers of an action; 0 for an action that is one number; null where actions come as they are. */
  readonly #actionSize: number | null;

  /** @throws UsageError where they differ in their spaces */
  constructor(envs: readonly AnyEnv[]) {
    const { observationSpace, actionSpace, name } = envs[0]!;
    for (const [row, env] of envs.entries()) {
      if (observationSpace.equals(env.observationSpace) && actionSpace.equals(env.actionSpace)) continue;
      throw new UsageError(
        `VectorEnv: all environments must have the spaces of the first, ${name}: ${observationSpace} and ${actionSpace}; got ${env.observationSpace} and ${env.actionSpace} in row ${row}.`,
      );
    }
    this.observationSpace = observationSpace;
    this.actionSpace = actionSpace;
    this.numRows = envs.length;
    this.#envs = envs;
    this.#infos = envs.map(() => noInfo);
    this.#actionSize = actionSpace instanceof Discrete ? 0 : actionSpace.shape === null ? null : rowSize(actionSpace);
  }

  reset(
    row: number,
    seed: number | undefined,
    options: Readonly<Record<string, unknown>> | undefined,
    obs: Batch,
  ): Info {
    const [first, info] = this.#envs[row]!.reset({
      ...(seed === undefined ? {} : { seed }),
      ...(options === undefined ? {} : { options }),
    });
    setRow(this.observationSpace, obs, row, first);
    return info;
  }

  step(actions: ArrayLike<number> | readonly unknown[], skip: Uint8Array, output: RowsOutput): void {
    const size = this.#actionSize;
    for (let row = 0; row < this.numRows; row++) {
      if (skip[row] === 1) continue;
      const action = size ? (actions as Float32Array).slice(row * size, (row + 1) * size) : actions[row];
      const [obs, reward, terminated, truncated, info] = this.#envs[row]!.step(action);
      setRow(this.observationSpace, output.obs, row, obs);
      output.rewards[row] = reward;
      output.terminated[row] = terminated ? 1 : 0;
      output.truncated[row] = truncated ? 1 : 0;
      this.#infos[row] = info;
    }
  }

  infoOf(row: number): Info {
    return this.#infos[row]!;
  }

  draw(row: number): DrawList | null {
    const env = this.#envs[row]!;
    return env.metadata.renderModes.includes("drawList") ? env.draw() : null;
  }

  close(): void {
    for (const env of this.#envs) env.close();
  }

  saveState(): State {
    return this.#envs.map((env) => env.saveState());
  }

  loadState(state: State): void {
    for (const [row, env] of this.#envs.entries()) env.loadState((state as readonly State[])[row]!);
  }
}

/** A BatchEnv with its time limit. */
export class BatchRows implements Rows {
  readonly observationSpace: Space<unknown>;
  readonly actionSpace: Space<unknown>;
  readonly numRows: number;
  readonly haveInfos: boolean;
  readonly #batch: BatchEnv;
  readonly #limit: number;
  readonly #elapsed: Int32Array;

  constructor(batch: BatchEnv, numRows: number, maxEpisodeSteps: number | null) {
    this.observationSpace = batch.observationSpace;
    this.actionSpace = batch.actionSpace;
    this.numRows = numRows;
    this.haveInfos = batch.hasInfos;
    this.#batch = batch;
    this.#limit = maxEpisodeSteps ?? 2 ** 31 - 1;
    this.#elapsed = new Int32Array(numRows);
  }

  reset(
    row: number,
    seed: number | undefined,
    options: Readonly<Record<string, unknown>> | undefined,
    obs: Batch,
  ): Info {
    this.#batch.seedRow(row, seed);
    this.#elapsed[row] = 0;
    return this.#batch.reset(row, options, obs as Float32Array);
  }

  step(actions: ArrayLike<number> | readonly unknown[], skip: Uint8Array, output: RowsOutput): void {
    this.#batch.step(actions as ArrayLike<number>, skip, output as BatchOutput & RowsOutput);
    const elapsed = this.#elapsed;
    const limit = this.#limit;
    const { truncated } = output;
    // a row that was skipped begins anew, with 0 steps
    for (let row = 0; row < elapsed.length; row++) {
      const steps = elapsed[row]! + 1;
      elapsed[row] = steps;
      truncated[row] = steps >= limit ? 1 : 0;
    }
  }

  infoOf(row: number): Info {
    return this.#batch.infoOf(row);
  }

  draw(row: number): DrawList | null {
    return this.#batch.draw(row);
  }

  close(): void {}

  saveState(): State {
    return { batch: this.#batch.saveState(), elapsed: this.#elapsed.slice() };
  }

  loadState(state: State): void {
    const { batch, elapsed } = state as { batch: State; elapsed: Int32Array };
    this.#batch.loadState(batch);
    this.#elapsed.set(elapsed);
  }
}
