import { ObservationWrapper } from "../env.ts";
import { flattenInto, flattenSpace } from "../spaces/index.ts";
import type { AnyArray, AnyBox, WrappableEnv } from "./requireBox.ts";

/** Observations of any space as one row of numbers, choices one-hot. */
export class FlattenObservation<Act> extends ObservationWrapper<AnyArray, Act, unknown> {
  readonly #space: AnyBox;

  constructor(env: WrappableEnv) {
    super(env);
    this.#space = flattenSpace(env.observationSpace);
  }

  override get observationSpace(): AnyBox {
    return this.#space;
  }

  observation(obs: unknown): AnyArray {
    const flat = this.#space.arrayOf();
    flattenInto(this.env.observationSpace, obs, flat);
    return flat;
  }
}
