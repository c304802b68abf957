import { type DenseOptions, DenseStack } from "./dense.ts";

/** How the q-functions of this folder are made. */
export interface QFunctionOptions extends DenseOptions {
  /** Units of the hidden layers. */
  readonly hiddenSizes: readonly number[];
}

/** A perceptron (batch, …obs) → (batch, actions) with noise in its layers where asked for. */
export class DiscreteQFunction extends DenseStack {
  constructor(obsSize: number, actions: number, { hiddenSizes, ...options }: QFunctionOptions) {
    super(obsSize, hiddenSizes, actions, options);
  }
}
