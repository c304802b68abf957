/** State value functions, and networks that are a policy and a value function at once. */
import { fanInUniform, Linear, Link, recurrentLayers, reshape, type Variable } from "../autograd/index.ts";
import type { Distribution } from "./distributions/index.ts";
import { HiddenLayers, type Trunk } from "./hiddenLayers.ts";
import type { MlpOptions } from "./mlp.ts";
import type { HeadOptions, Policy, PolicyHead } from "./policy.ts";

/** A network from observations (batch, …obs) to values (batch). */
export type ValueFunction = Link & { forward(obs: Variable): Variable };

/** Features (batch, inSize) → values (batch). */
export class ValueHead extends Link {
  readonly value: Linear;

  constructor(inSize: number, { random, initialW = fanInUniform() }: HeadOptions) {
    super();
    this.value = new Linear(inSize, 1, { random, initialW });
  }

  forward(features: Variable): Variable {
    return reshape(this.value.forward(features), [features.shape[0]!]);
  }
}

/** Hidden layers and one number. */
export class MlpValueFunction extends Link {
  readonly trunk: Trunk;
  readonly head: ValueHead;

  constructor(inSize: number, options: MlpOptions) {
    super();
    this.trunk = new HiddenLayers(inSize, options);
    this.head = new ValueHead(this.trunk.outSize, { random: options.random });
  }

  forward(obs: Variable): Variable {
    return this.head.forward(this.trunk.forward(obs));
  }
}

export interface ActorCriticOutput {
  readonly policy: Distribution;
  /** (batch) */
  readonly value: Variable;
}

/** A network from observations (batch, …obs) to a distribution over actions and values. */
export abstract class ActorCritic extends Link {
  abstract forward(obs: Variable): ActorCriticOutput;
  /** The distribution alone, for acting. */
  abstract actOn(obs: Variable): Distribution;
}

/** Two networks that share nothing. */
export class SeparateActorCritic extends ActorCritic {
  readonly policy: Policy;
  readonly valueFunction: ValueFunction;
  readonly #hasMemory: boolean;

  constructor(policy: Policy, valueFunction: ValueFunction) {
    super();
    this.policy = policy;
    this.valueFunction = valueFunction;
    this.#hasMemory = recurrentLayers(valueFunction).length > 0;
  }

  forward(obs: Variable): ActorCriticOutput {
    return { policy: this.policy.forward(obs), value: this.valueFunction.forward(obs) };
  }

  actOn(obs: Variable): Distribution {
    // what a recurrent value function remembers goes on with every observation
    if (this.#hasMemory) this.valueFunction.forward(obs);
    return this.policy.forward(obs);
  }
}

/** Two heads on one trunk. */
export class SharedActorCritic extends ActorCritic {
  readonly trunk: Trunk;
  readonly policyHead: PolicyHead;
  readonly valueHead: ValueHead;

  constructor(trunk: Trunk, policyHead: PolicyHead, valueHead: ValueHead) {
    super();
    this.trunk = trunk;
    this.policyHead = policyHead;
    this.valueHead = valueHead;
  }

  forward(obs: Variable): ActorCriticOutput {
    const features = this.trunk.forward(obs);
    return { policy: this.policyHead.forward(features), value: this.valueHead.forward(features) };
  }

  actOn(obs: Variable): Distribution {
    return this.policyHead.forward(this.trunk.forward(obs));
  }
}
