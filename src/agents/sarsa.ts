/**
 * SARSA on DQN's networks and replay. Rummery & Niranjan 1994, "On-line Q-learning using connectionist systems"; Sutton &
 * Barto 2018, section 6.4.
 *
 * Differences from the paper:
 * 1. Those of DQN: transitions are replayed, as in ChainerRL, so that the next action may be that of an older policy.
 * 2. Where no next action was taken (the newest transition, a truncated episode), the best one stands in for it.
 */
import { defineOp, select, type Variable } from "../autograd/index.ts";
import type { DiscreteValues } from "../nets/index.ts";
import type { AgentSpec } from "./agent.ts";
import { DQN } from "./dqn.ts";
import { dqnHyperparameters } from "./dqnHyperparameters.ts";

/** The next actions (batch), and where there are none, −1, the best ones. */
const actionTaken = defineOp({
  name: "actionTaken",
  inputs: ["nextAction", "best"],
  forward: ({ nextAction, best }) => select(nextAction.lt(0), best, nextAction),
  sample: { nextAction: [4], best: [4] },
  hasNoGradient: true,
});

export class SARSA extends DQN<DiscreteValues> {
  override readonly name: string = "SARSA";

  protected override get needsNextActions(): boolean {
    return true;
  }

  /** (batch): Q(s′, a′; θ⁻) for the action a′ that was taken: Sutton & Barto 2018, equation 6.7. */
  protected override nextValue(): Variable {
    const next = this.nextTarget();
    return next.evaluateActions(actionTaken(this.batch.nextAction!, next.greedyActions));
  }
}

export const sarsaSpec: AgentSpec = {
  id: "sarsa",
  name: "SARSA",
  paper: "Rummery & Niranjan 1994, On-line Q-learning using connectionist systems",
  actionSpaces: ["Discrete"],
  recurrent: true,
  async: "learner",
  hyperparameters: dqnHyperparameters,
  create: ({ hyperparameters, ...parts }) => new SARSA({ ...parts, ...hyperparameters }),
};
