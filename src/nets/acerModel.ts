/** Networks of ACER: a policy and a q-function of which the state value is the policy's mean. */
import { Link, mean, noBackprop, type RandomStream, recurrentLayers, stack, type Variable } from "../autograd/index.ts";
import type { Categorical, Distribution } from "./distributions/index.ts";
import type { Trunk } from "./hiddenLayers.ts";
import type { Policy } from "./policy.ts";
import { actionValueOf, type QNetwork } from "./qFunction.ts";
import type { StateActionQ } from "./stateActionQ.ts";
import type { ValueFunction } from "./valueFunction.ts";

/** A policy over discrete actions, and their values. */
export class DiscreteACERModel extends Link {
  readonly policy: Policy;
  readonly qFunction: QNetwork;
  readonly #hasMemory: boolean;

  constructor(policy: Policy, qFunction: QNetwork) {
    super();
    this.policy = policy;
    this.qFunction = qFunction;
    this.#hasMemory = recurrentLayers(qFunction).length > 0;
  }

  actOn(obs: Variable): Distribution {
    // what a recurrent q-function remembers goes on with every observation
    if (this.#hasMemory) this.qFunction.forward(obs);
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
  readonly advantageTrunk: Trunk | null;
  /** Of the value and of the advantage. */
  readonly #memories: readonly (ValueFunction | Trunk)[];

  /**
   * @param advantageTrunk from observations to what the advantage function takes for them. Memory of the advantage has to
   *   be here: the function itself sees several actions in each observation
   */
  constructor(
    policy: Policy,
    valueFunction: ValueFunction,
    advantageFunction: StateActionQ,
    advantageTrunk: Trunk | null = null,
  ) {
    super();
    this.policy = policy;
    this.valueFunction = valueFunction;
    this.advantageFunction = advantageFunction;
    this.advantageTrunk = advantageTrunk;
    const parts = [valueFunction, ...(advantageTrunk ? [advantageTrunk] : [])];
    this.#memories = parts.filter((part) => recurrentLayers(part).length > 0);
  }

  actOn(obs: Variable): Distribution {
    // what they remember goes on with every observation
    for (const part of this.#memories) part.forward(obs);
    return this.policy.forward(obs);
  }

  /** Q̃ (batch) of each of several actions (batch, actions), with the same n drawn actions for all of them. */
  evaluate(
    obs: Variable,
    { policy, value, actions }: { policy: Distribution; value: Variable; actions: readonly Variable[] },
    n: number,
    random: RandomStream,
  ): Variable[] {
    const seen = this.advantageTrunk ? this.advantageTrunk.forward(obs) : obs; // (batch, …)
    const drawn = Array.from({ length: n }, () => noBackprop(() => policy.detach().sample(random)));
    const advantages = drawn.map((u) => this.advantageFunction.forward(seen, u)); // n of (batch)
    const base = value.sub(mean(stack(advantages), 0)); // (batch)
    return actions.map((action) => base.add(this.advantageFunction.forward(seen, action)));
  }
}
