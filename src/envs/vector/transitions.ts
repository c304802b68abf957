/** Which rows of a vector step are transitions, and where they led: what a training loop learns from. */
import { ShapeError } from "../../errors.ts";
import type { Space } from "../spaces/index.ts";
import { type Batch, copyBatch, createBatch, getRow, setRow } from "./batchSpace.ts";
import type { VectorEnv, VectorStepResult } from "./vectorEnv.ts";

/**
 * The transitions of a step, in any autoreset mode: `for (let k = 0; k < count; k++)`, row `rows[k]` led from the
 * observation that was acted on, by its action, to the same row of `nextObs`, with the step's rewards and flags.
 *
 * A row of `infos.isReset` (`nextStep` mode) is none: its action was ignored. A row of `infos._finalObs` (`sameStep` mode)
 * led to `infos.finalObs`. Everything else led to the step's observation.
 */
export class Transitions {
  /** How many rows count. */
  count = 0;
  /** `(n)`: their numbers, ascending; what follows after `count` of them says nothing. */
  readonly rows: Int32Array;
  /**
   * `(n, …obs)`: the step's own observations, or a copy in which rows that ended and began anew hold the last observation
   * of the old episode. Act next on the step's own.
   */
  nextObs: Batch;
  readonly #space: Space<unknown>;
  /** The copy. */
  readonly #patched: Batch;

  constructor({ singleObservationSpace, numEnvs }: Pick<VectorEnv, "singleObservationSpace" | "numEnvs">) {
    this.rows = new Int32Array(numEnvs);
    this.#space = singleObservationSpace;
    this.#patched = createBatch(singleObservationSpace, numEnvs);
    this.nextObs = this.#patched;
  }

  /**
   * Looks at a step, of which it changes nothing, and allocates nothing.
   * @throws ShapeError for a step of another number of environments
   */
  read([obs, rewards, , , infos]: VectorStepResult): this {
    const { rows } = this;
    if (rewards.length !== rows.length) {
      throw new ShapeError(
        `Transitions.read: the step must be of the ${rows.length} environments it was made for; got one of ${rewards.length}. Make one for each VectorEnv.`,
      );
    }
    const isReset = infos.isReset as Uint8Array | undefined;
    this.count = 0;
    for (let row = 0; row < rows.length; row++) if (isReset?.[row] !== 1) rows[this.count++] = row;
    const hasEnded = infos._finalObs as Uint8Array | undefined;
    this.nextObs = obs;
    if (hasEnded) {
      this.nextObs = this.#patched;
      copyBatch(obs, this.#patched);
      for (let row = 0; row < rows.length; row++) {
        if (hasEnded[row] === 0) continue;
        setRow(this.#space, this.#patched, row, getRow(this.#space, infos.finalObs as Batch, row));
      }
    }
    return this;
  }
}

/** The transitions of one step of these environments; in a loop, make `Transitions` once and let them `read`. */
export const transitionsOf = (envs: VectorEnv, step: VectorStepResult): Transitions => new Transitions(envs).read(step);
