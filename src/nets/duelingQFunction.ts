/** Dueling architecture. Wang et al. 2016, "Dueling network architectures for deep reinforcement learning". */
import { defineOp, Link, reshape, rowLen, rowSum, type Variable } from "../autograd/index.ts";
import { DenseBody, DenseStack } from "./dense.ts";
import type { QFunctionOptions } from "./discreteQFunction.ts";

/** Q (…rows, actions) = V (…rows) + A − mean of A over actions, equation 9. */
export const duel = defineOp({
  name: "duel",
  inputs: ["advantage", "value"],
  perRow: ["value"],
  forward: ({ advantage, value }) => advantage.sub(rowSum(advantage).div(rowLen())).add(value),
  sample: { advantage: [3, 4], value: [3] },
});

/** The hidden layers but the last are shared; value and advantages have the last one and a linear layer each. */
export class DuelingQFunction extends Link {
  readonly body: DenseBody;
  readonly value: DenseStack;
  readonly advantage: DenseStack;

  constructor(obsSize: number, actions: number, { hiddenSizes, ...options }: QFunctionOptions) {
    super();
    const { recurrent: _, convolutions: __, ...stream } = options;
    const last = hiddenSizes.slice(-1);
    this.body = new DenseBody(obsSize, hiddenSizes.slice(0, -1), options);
    this.value = new DenseStack(this.body.outSize, last, 1, stream);
    this.advantage = new DenseStack(this.body.outSize, last, actions, stream);
  }

  /** (batch, …obs) → (batch, actions). */
  forward(obs: Variable): Variable {
    const x = this.body.forward(obs);
    return duel(this.advantage.forward(x), reshape(this.value.forward(x), [-1]));
  }
}
