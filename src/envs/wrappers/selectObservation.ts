import { UsageError } from "../../errors.ts";
import { ObservationWrapper } from "../env.ts";
import { Box, type BoxDtype } from "../spaces/index.ts";
import { type AnyArray, type AnyBox, observationBox, type WrappableEnv } from "./requireBox.ts";

export interface SelectObservationOptions {
  /** The places of the numbers that stay, in their new order. */
  readonly indices: number | readonly number[];
}

/**
 * Some numbers of a flat observation: without its velocities a task is only partially observable. Source: Wierstra,
 * Foerster, Peters, Schmidhuber 2007, "Solving deep memory POMDPs with recurrent policy gradients".
 */
export class SelectObservation<Act> extends ObservationWrapper<AnyArray, Act, AnyArray> {
  readonly #space: AnyBox;
  readonly #indices: readonly number[];

  /** @throws UsageError where observations are not flat, or an index is not one of a number in them */
  constructor(env: WrappableEnv, { indices }: SelectObservationOptions) {
    super(env);
    const box = observationBox("SelectObservation", env);
    const list = typeof indices === "number" ? [indices] : indices;
    if (box.shape.length !== 1) {
      throw new UsageError(
        `SelectObservation: observations of ${env.name} must have one axis; got ${String(box)}. Put FlattenObservation around it first.`,
      );
    }
    const isPlace = (i: unknown) => Number.isInteger(i) && (i as number) >= 0 && (i as number) < box.flatDim;
    if (!Array.isArray(list) || list.length === 0 || !list.every(isPlace)) {
      throw new UsageError(
        `SelectObservation: indices must be whole numbers from 0 to ${box.flatDim - 1}; got ${JSON.stringify(indices)}. Pass indices: [0, 2], or indices=0,2 to --wrap.`,
      );
    }
    const { dtype } = box;
    this.#indices = [...list];
    const chosen = (bounds: AnyArray) => this.#indices.map((i) => bounds[i]!);
    this.#space = new Box<BoxDtype>(chosen(box.low), chosen(box.high), { dtype });
  }

  override get observationSpace(): AnyBox {
    return this.#space;
  }

  observation(obs: AnyArray): AnyArray {
    return this.#space.arrayOf(this.#indices.map((i) => obs[i]!));
  }
}
