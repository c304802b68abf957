import { Link, reshape, transpose, type Variable } from "../autograd/index.ts";
import { DenseBody, DenseStack } from "./dense.ts";
import type { QFunctionOptions } from "./discreteQFunction.ts";
import { DistributionalActionValue, type Support } from "./distributionalActionValue.ts";
import { duel } from "./duelingQFunction.ts";

/** A perceptron whose output is a logit for every action and atom: (batch, …obs) → (batch, actions, atoms). */
export class DistributionalQFunction extends Link {
  readonly layers: DenseStack;
  readonly support: Support;
  readonly #actions: number;

  constructor(obsSize: number, actions: number, support: Support, { hiddenSizes, ...options }: QFunctionOptions) {
    super();
    this.layers = new DenseStack(obsSize, hiddenSizes, actions * support.atoms, options);
    this.support = support;
    this.#actions = actions;
  }

  forward(obs: Variable): DistributionalActionValue {
    const logits = reshape(this.layers.forward(obs), [-1, this.#actions, this.support.atoms]);
    return new DistributionalActionValue(logits, this.support);
  }
}

/**
 * The dueling architecture for logits: value and advantages have `atoms` numbers each.
 * Source: Hessel et al. 2018, "Rainbow", section "The integrated agent".
 */
export class DistributionalDuelingQFunction extends Link {
  readonly body: DenseBody;
  readonly value: DenseStack;
  readonly advantage: DenseStack;
  readonly support: Support;
  readonly #actions: number;

  constructor(obsSize: number, actions: number, support: Support, { hiddenSizes, ...options }: QFunctionOptions) {
    super();
    const { recurrent: _, convolutions: __, ...stream } = options;
    const last = hiddenSizes.slice(-1);
    this.body = new DenseBody(obsSize, hiddenSizes.slice(0, -1), options);
    this.value = new DenseStack(this.body.outSize, last, support.atoms, stream);
    this.advantage = new DenseStack(this.body.outSize, last, support.atoms * actions, stream);
    this.support = support;
    this.#actions = actions;
  }

  forward(obs: Variable): DistributionalActionValue {
    const x = this.body.forward(obs);
    const advantage = reshape(this.advantage.forward(x), [-1, this.support.atoms, this.#actions]);
    // (batch, atoms, actions): the mean over actions is that of a row
    const logits = duel(advantage, this.value.forward(x));
    return new DistributionalActionValue(transpose(logits, [0, 2, 1]), this.support);
  }
}
