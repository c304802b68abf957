/** Environments of this thread, and the resets between their episodes. */
import type { State } from "../../state.ts";
import type { EnvSpec } from "../env.ts";
import type { DrawList } from "../render/index.ts";
import { type Batch, copyBatch, createBatch, getRow, setRow } from "./batchSpace.ts";
import type { Rows, RowsOutput } from "./rows.ts";
import {
  type AutoresetMode,
  type VectorActions,
  VectorEnv,
  type VectorResetOptions,
  type VectorStepResult,
} from "./vectorEnv.ts";
import { addInfo, type VectorInfos } from "./vectorInfos.ts";

/** What a step hands out, besides infos. */
export interface StepArrays extends RowsOutput {
  /** 1 where the step only began an episode; written in nextStep mode. */
  readonly isReset: Uint8Array;
}

export interface LocalOptions {
  readonly name: string;
  readonly spec: EnvSpec | null;
  readonly autoresetMode: AutoresetMode;
  /** Where the next step writes; by default into fresh arrays. */
  readonly nextArrays?: () => StepArrays;
  /** Two sets of arrays in turn. */
  readonly reuseObs?: boolean;
}

export class LocalVectorEnv extends VectorEnv {
  readonly #rows: Rows;
  readonly #nextArrays: () => StepArrays;
  readonly #skip: Uint8Array;
  /** The observations handed out last, for partial resets. */
  #obs: Batch;

  constructor(rows: Rows, { name, spec, autoresetMode, nextArrays, reuseObs = false }: LocalOptions) {
    super({
      numEnvs: rows.numRows,
      spec,
      name,
      singleObservationSpace: rows.observationSpace,
      singleActionSpace: rows.actionSpace,
      autoresetMode,
    });
    this.#rows = rows;
    this.#skip = new Uint8Array(rows.numRows);
    this.#nextArrays = nextArrays ?? arraysFor(this, reuseObs);
    this.#obs = createBatch(rows.observationSpace, rows.numRows);
  }

  override reset(resetOptions: VectorResetOptions = {}): [obs: Batch, infos: VectorInfos] {
    this.requireOpen("reset");
    const seeds = this.seedsOf(resetOptions);
    const mask = this.maskOf(resetOptions);
    const { resetMask, ...others } = resetOptions.options ?? {};
    const options = Object.keys(others).length > 0 ? others : undefined;
    const { obs } = this.#nextArrays();
    if (mask && obs !== this.#obs) copyBatch(this.#obs, obs);
    const infos: VectorInfos = {};
    for (let row = 0; row < this.numEnvs; row++) {
      if (mask?.[row] === 0) continue;
      addInfo(infos, this.#rows.reset(row, seeds[row], options, obs), row, this.numEnvs);
    }
    this.noteBeginnings(mask);
    this.#obs = obs;
    return [obs, infos];
  }

  override step(actions: VectorActions): VectorStepResult {
    this.requireOpen("step");
    const checked = this.actionsOf(actions);
    const { numEnvs, autoresetMode } = this;
    this.requireEpisodes();
    const skip = this.#skip;
    if (autoresetMode === "nextStep") skip.set(this.hasEnded);
    const arrays = this.#nextArrays();
    const { obs, rewards, terminated, truncated, isReset } = arrays;
    this.#rows.step(checked, skip, arrays);
    const infos: VectorInfos = {};
    if (autoresetMode === "sameStep") {
      for (let row = 0; row < numEnvs; row++) {
        if ((terminated[row]! | truncated[row]!) === 1) this.#beginAnew(row, obs, infos);
        else if (this.#rows.haveInfos) addInfo(infos, this.#rows.infoOf(row), row, numEnvs);
      }
    } else if (this.#rows.haveInfos) {
      for (let row = 0; row < numEnvs; row++) {
        if (skip[row] === 0) addInfo(infos, this.#rows.infoOf(row), row, numEnvs);
      }
    }
    if (autoresetMode === "nextStep") {
      isReset.set(skip);
      infos.isReset = isReset;
      for (let row = skip.indexOf(1); row >= 0; row = skip.indexOf(1, row + 1)) {
        rewards[row] = 0;
        terminated[row] = 0;
        truncated[row] = 0;
        addInfo(infos, this.#rows.reset(row, undefined, undefined, obs), row, numEnvs);
      }
    }
    if (autoresetMode !== "sameStep") this.noteEnds(terminated, truncated);
    this.#obs = obs;
    return [obs, rewards, terminated, truncated, infos];
  }

  /** The end of an episode and the beginning of the next in one step. */
  #beginAnew(row: number, obs: Batch, infos: VectorInfos): void {
    const { numEnvs, singleObservationSpace: space } = this;
    infos.finalObs ??= createBatch(space, numEnvs);
    infos._finalObs ??= new Uint8Array(numEnvs);
    setRow(space, infos.finalObs as Batch, row, getRow(space, obs, row));
    (infos._finalObs as Uint8Array)[row] = 1;
    addInfo(infos, { finalInfo: this.#rows.infoOf(row) }, row, numEnvs);
    addInfo(infos, this.#rows.reset(row, undefined, undefined, obs), row, numEnvs);
  }

  override draw(row: number): DrawList | null {
    this.requireOpen("draw");
    return this.#rows.draw(row);
  }

  override close(): void {
    if (!this.isClosed) this.#rows.close();
    super.close();
  }

  override saveState(): State {
    this.requireOpen("saveState");
    return { rows: this.#rows.saveState(), episodes: this.saveEpisodes(), obs: this.#copyOf(this.#obs) as State };
  }

  override loadState(state: State): void {
    this.requireOpen("loadState");
    const { rows, episodes, obs } = state as { rows: State; episodes: State; obs: State };
    this.#rows.loadState(rows);
    this.loadEpisodes(episodes);
    this.#obs = this.#copyOf(obs as Batch);
  }

  #copyOf(obs: Batch): Batch {
    const copy = createBatch(this.singleObservationSpace, this.numEnvs);
    copyBatch(obs, copy);
    return copy;
  }
}

/** Room for what a step of these environments hands out. */
function freshArrays({ numEnvs, singleObservationSpace }: VectorEnv): StepArrays {
  return {
    obs: createBatch(singleObservationSpace, numEnvs),
    rewards: new Float64Array(numEnvs),
    terminated: new Uint8Array(numEnvs),
    truncated: new Uint8Array(numEnvs),
    isReset: new Uint8Array(numEnvs),
  };
}

/** Fresh arrays for each step, or two sets in turn: what a step hands out stays valid until two steps later. */
export function arraysFor(envs: VectorEnv, reuseObs: boolean): () => StepArrays {
  if (!reuseObs) return () => freshArrays(envs);
  const pair = [freshArrays(envs), freshArrays(envs)] as const;
  let next = 0;
  return () => pair[next++ & 1]!;
}
