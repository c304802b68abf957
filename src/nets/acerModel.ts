/** Networks of ACER: a policy and a q-function of which the state value is the policy's mean. */
import { Link, mean, noBackprop, type RandomStream, stack, type Variable } from "../autograd/index.ts";
import type { Categorical, Distribution } from "./distributions/index.ts";
import type { Policy } from "./policy.ts";
import { actionValueOf, type QNetwork } from "./qFunction.ts";
import type { StateActionQ } from "./stateActionQ.ts";
import type { ValueFunction } from "./valueFunction.ts";

/** A policy over discrete actions, and their values. */
export class DiscreteACERModel extends Link {
  readonly policy: Policy;
  readonly qFunction: QNetwork;

  constructor(policy: Policy, qFunction: QNetwork) {
    super();
    this.policy = policy;
    this.qFunction = qFunction;
  }

  actOn(obs: Variable): Distribution {
    return this.policy.forward(obs);
  }

  /** The policy, and q (batch, actions). */
  forward(obs: Variable): { policy: Categorical; q: Variable } {
    return {
      policy: this.policy.forward(obs) as Categorical,
      q: actionValueOf(this.qFunction.forward(obs)).qValues,
    };
  }
}

/**
 * A policy over continuous actions and a stochastic dueling network, Q̃(x, a) = V(x) + A(x, a) − Σᵢ A(x, uᵢ) / n with
 * uᵢ drawn from the policy. Source: Wang et al. 2017, section 5.1.
 */
export class StochasticDuelingModel extends Link {
  readonly policy: Policy;
  readonly valueFunction: ValueFunction;
  readonly advantageFunction: StateActionQ;

  constructor(policy: Policy, valueFunction: ValueFunction, advantageFunction: StateActionQ) {
    super();
    this.policy = policy;
    this.valueFunction = valueFunction;
    this.advantageFunction = advantageFunction;
  }

  actOn(obs: Variable): Distribution {
    return this.policy.forward(obs);
  }

  /** Q̃ (batch) of each of several actions (batch, actions), with the same n drawn actions for all of them. */
  evaluate(
    obs: Variable,
    { policy, value, actions }: { policy: Distribution; value: Variable; actions: readonly Variable[] },
    n: number,
    random: RandomStream,
  ): Variable[] {
    const drawn = Array.from({ length: n }, () => noBackprop(() => policy.detach().sample(random)));
    const advantages = drawn.map((u) => this.advantageFunction.forward(obs, u)); // n of (batch)
    const base = value.sub(mean(stack(advantages), 0)); // (batch)
    return actions.map((action) => base.add(this.advantageFunction.forward(obs, action)));
  }
}
