/** Convolutions in front of the networks that agents make for themselves. */
import { type ConvolutionName, type Convolutions, convolutionNames } from "../nets/index.ts";
import type { Observation, ObservationSpace } from "./agent.ts";
import { hp } from "./hyperparameters.ts";

export const convolutionsHyperparameter = hp.choice(
  convolutionNames,
  "auto",
  "convolutions in front of the hidden layers; auto: where observations are pictures",
  "Young & Tian 2019 for small boards, Mnih et al. 2015",
);

/** What a network is told of its convolutions. Bytes up to 255 become numbers from 0 to 1. */
export function convolutionsFor(
  name: ConvolutionName,
  observationSpace: ObservationSpace,
  obsShape: readonly number[],
  phi: ((obs: Observation) => Observation) | null | undefined,
): Convolutions {
  const { dtype, high } = observationSpace;
  const areBytes = !phi && dtype === "uint8" && high !== undefined && Array.from(high).some((bound) => bound > 1);
  return { name, obsShape, inputScale: areBytes ? 1 / 255 : 1 };
}
