/** What a q-function returns: the values of actions in each observation of a batch. */
import { argMax, max, selectItem, type Variable } from "../autograd/index.ts";

/** Values of every action of a discrete space. */
export class DiscreteActionValue {
  /** (batch, actions) */
  readonly qValues: Variable;

  constructor(qValues: Variable) {
    this.qValues = qValues;
  }

  /** (batch): the actions of the largest value, the first of equal ones, as whole numbers. */
  get greedyActions(): Variable {
    return argMax(this.qValues);
  }

  /** (batch): the largest value. */
  get max(): Variable {
    return max(this.qValues, 1);
  }

  /** (batch): the values of the given actions (batch). */
  evaluateActions(actions: Variable): Variable {
    return selectItem(this.qValues, actions);
  }
}
