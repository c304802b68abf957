import { ObservationWrapper } from "../env.ts";
import type { Space } from "../spaces/index.ts";
import type { WrappableEnv } from "./requireBox.ts";

/** Observations through a function of your own; a space of its results is given where it is another one. */
export class TransformObservation<Obs, Act, InnerObs = Obs> extends ObservationWrapper<Obs, Act, InnerObs> {
  readonly #transform: (obs: InnerObs) => Obs;
  readonly #space: Space<Obs>;

  constructor(env: WrappableEnv, transform: (obs: InnerObs) => Obs, space?: Space<Obs>) {
    super(env);
    this.#transform = transform;
    this.#space = space ?? env.observationSpace;
  }

  override get observationSpace(): Space<Obs> {
    return this.#space;
  }

  observation(obs: InnerObs): Obs {
    return this.#transform(obs);
  }
}
