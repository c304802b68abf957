/** Many copies of one environment in flat arrays, stepped by one loop: what `makeVec` takes where a registration has it. */
import type { State, Stateful } from "../state.ts";
import { type Info, noInfo } from "./env.ts";
import { type EnvRandom, NpRandom } from "./npRandom.ts";
import type { DrawList } from "./render/index.ts";
import type { Space } from "./spaces/index.ts";

/** What a step writes, a row a copy. */
export interface BatchOutput {
  /** `(rows, …obs)`, of the type that the observation space asks for. */
  readonly obs: Float32Array | Int32Array;
  readonly rewards: Float64Array;
  /** 0 or 1. */
  readonly terminated: Uint8Array;
}

/**
 * A subclass keeps all it remembers of a row in `state`, does what its single environment does, through the same
 * functions, and knows nothing of time limits and of what happens after an end.
 */
export abstract class BatchEnv implements Stateful {
  abstract readonly observationSpace: Space<unknown>;
  abstract readonly actionSpace: Space<unknown>;
  /** Whether `infoOf` is worth a call. */
  readonly hasInfos: boolean = false;
  /** `(rows, stateSize)` */
  protected readonly state: Float64Array;
  protected readonly randoms: EnvRandom[] = [];

  constructor(rows: number, stateSize: number) {
    this.state = new Float64Array(rows * stateSize);
  }

  /** Restarts the stream of a row with a seed; without one it goes on. */
  seedRow(row: number, seed: number | undefined): void {
    if (seed !== undefined || !this.randoms[row]) this.randoms[row] = new NpRandom(seed);
  }

  /** Begins an episode in a row and writes its first observation there. */
  abstract reset(
    row: number,
    options: Readonly<Record<string, unknown>> | undefined,
    obs: Float32Array | Int32Array,
  ): Info;

  /**
   * One step of every row where `skip` is 0; the other rows of the output are left alone.
   * @param actions `(rows, …action)`, checked against the action space
   */
  abstract step(actions: ArrayLike<number>, skip: Uint8Array, output: BatchOutput): void;

  /** What the latest step of a row has to say. */
  infoOf(_row: number): Info {
    return noInfo;
  }

  /** The present state of a row as a picture; null where there is none. */
  draw(_row: number): DrawList | null {
    return null;
  }

  saveState(): State {
    return { state: this.state.slice(), randoms: this.randoms.map((random) => random.saveState()) };
  }

  loadState(saved: State): void {
    const { state, randoms } = saved as { state: Float64Array; randoms: State[] };
    this.state.set(state);
    for (const [row, random] of randoms.entries()) {
      this.seedRow(row, undefined);
      this.randoms[row]!.loadState(random);
    }
  }
}
