/** Convolutions in front of, and memory behind, the hidden layers of networks that agents make for themselves. */
import { type ConvolutionName, type Convolutions, convolutionNames, recurrentNames } from "../nets/index.ts";
import type { ObservationSpace } from "./agent.ts";
import { hp } from "./hyperparameters.ts";

export const convolutionsHyperparameter = hp.choice(
  convolutionNames,
  "auto",
  "convolutions in front of the hidden layers; auto: where observations are pictures",
  "Young & Tian 2019 for small boards, Mnih et al. 2015",
);

/** Of agents that learn from their own recent steps. */
export const recurrentHyperparameter = hp.choice(
  recurrentNames,
  "none",
  "layer with a memory behind the hidden layers, as wide as the last of them",
  "Mnih et al. 2016, section 5.1: an LSTM",
);

/**
 * What a network is told of its convolutions. Bytes up to 255 become numbers from 0 to 1.
 * @param isPrepared whether something stands between observations and the network
 */
export function convolutionsFor(
  name: ConvolutionName,
  observationSpace: ObservationSpace,
  obsShape: readonly number[],
  isPrepared: boolean,
): Convolutions {
  const { dtype, high } = observationSpace;
  const areBytes =
    !isPrepared && dtype === "uint8" && high !== undefined && Array.from(high).some((bound) => bound > 1);
  return { name, obsShape, inputScale: areBytes ? 1 / 255 : 1 };
}
