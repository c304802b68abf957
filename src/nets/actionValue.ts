/** What a q-function returns: the values of actions in each observation of a batch. */
import { argMax, defineOp, max, select, selectItem, type Variable } from "../autograd/index.ts";
import { UsageError } from "../errors.ts";

/** The values of actions, whatever the action space: what every agent of the DQN family asks a q-function. */
export interface ActionValue {
  /** The actions of the largest value: (batch) whole numbers, or (batch, k). */
  readonly greedyActions: Variable;
  /** (batch): the largest value. */
  readonly max: Variable;
  /** (batch): the values of the given actions. */
  evaluateActions(actions: Variable): Variable;
}

/** A value no allowed action comes near, yet finite: times a discount of 0 it is 0. */
const forbidden = -1e30;

/** x (batch, actions) where the mask (batch, actions) is not 0, elsewhere a value below all others. */
export const maskActions = defineOp({
  name: "maskActions",
  inputs: ["x", "mask"],
  forward: ({ x, mask }) => select(mask, x, forbidden),
  sample: { x: [3, 4], mask: [3, 4] },
});

/** The values of every action of a discrete space, however they are come by. */
export interface DiscreteValues extends ActionValue {
  /** (batch, actions); of actions that a mask forbids a value below all others. */
  readonly qValues: Variable;
  /** The same where only the actions with a mask (batch, actions) other than 0 are allowed. */
  masked(mask: Variable): DiscreteValues;
}

/** Values of every action of a discrete space. */
export class DiscreteActionValue implements DiscreteValues {
  readonly qValues: Variable;

  constructor(qValues: Variable) {
    this.qValues = qValues;
  }

  masked(mask: Variable): DiscreteActionValue {
    return new DiscreteActionValue(maskActions(this.qValues, mask));
  }

  /** (batch): the first of equal ones. */
  get greedyActions(): Variable {
    return argMax(this.qValues);
  }

  get max(): Variable {
    return max(this.qValues, 1);
  }

  evaluateActions(actions: Variable): Variable {
    return selectItem(this.qValues, actions);
  }
}

/** The value of single actions, by a function; its largest only where a second function knows the best action. */
export class SingleActionValue implements ActionValue {
  readonly #evaluate: (actions: Variable) => Variable;
  readonly #maximize: (() => Variable) | null;

  /**
   * @param evaluate (batch, k) → (batch)
   * @param maximize gives the best actions (batch, k)
   */
  constructor(evaluate: (actions: Variable) => Variable, maximize: (() => Variable) | null = null) {
    this.#evaluate = evaluate;
    this.#maximize = maximize;
  }

  /** @throws UsageError where nothing knows the best action */
  get greedyActions(): Variable {
    if (this.#maximize) return this.#maximize();
    throw new UsageError(
      "SingleActionValue: the best action must be known; got a value function alone. Pass maximize as well.",
    );
  }

  get max(): Variable {
    return this.#evaluate(this.greedyActions);
  }

  evaluateActions(actions: Variable): Variable {
    return this.#evaluate(actions);
  }
}
