import type { Stateful } from "../state.ts";

/**
 * Decides between what the agent thinks best and something else. `A` is the action: a number of a discrete space,
 * or `(actions)` numbers of a continuous one.
 */
export interface Explorer<A = number> extends Stateful {
  /**
   * The action to take.
   *
   * @param step environment steps taken in training before this one, from 0
   * @param greedyAction the agent's best action; called only where it is needed
   * @param actionValues the value of every action, `(actions)`; agents of continuous spaces have none to give
   */
  selectAction(step: number, greedyAction: () => A, actionValues?: () => ArrayLike<number>): A;

  /** What there is to report, such as `epsilon`, the rate of random actions at the last call. */
  statistics(): Record<string, number>;
}
