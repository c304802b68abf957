import { UsageError } from "../../errors.ts";
import { ObservationWrapper } from "../env.ts";
import { Box, type BoxArray, type BoxDtype } from "../spaces/index.ts";
import { type AnyArray, observationBox, type WrappableEnv } from "./requireBox.ts";

export interface CastObservationOptions<D extends BoxDtype> {
  /** The type observations are given in; float32 unless given. */
  readonly dtype?: D;
}

/** Observations in another type of numbers, as ChainerRL's CastObservation and Gymnasium's DtypeObservation. */
export class CastObservation<Act, D extends BoxDtype = "float32"> extends ObservationWrapper<
  BoxArray<D>,
  Act,
  AnyArray
> {
  readonly #space: Box<D>;

  /** @throws UsageError where observations are no Box, or their bounds do not fit into the type */
  constructor(env: WrappableEnv, { dtype = "float32" as D }: CastObservationOptions<D> = {}) {
    super(env);
    const box = observationBox("CastObservation", env);
    const { low, high, shape } = box;
    try {
      this.#space = new Box<D>(low, high, { shape, dtype });
    } catch (error) {
      throw new UsageError(
        `CastObservation: bounds of ${env.name} must fit into dtype; got ${String(box)} and ${String(dtype)}. Change dtype.`,
        { cause: error },
      );
    }
  }

  override get observationSpace(): Box<D> {
    return this.#space;
  }

  observation(obs: AnyArray): BoxArray<D> {
    return this.#space.arrayOf(obs);
  }
}
