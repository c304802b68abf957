/** Values of continuous actions: q-functions that take the action as an input. */
import { fanInUniform, type Initializer, Linear, Link, minimum, reshape, type Variable } from "../autograd/index.ts";
import { UsageError } from "../errors.ts";
import { HiddenLayers } from "./hiddenLayers.ts";
import type { MlpOptions } from "./mlp.ts";

/** A network from observations (batch, …obs) and actions (batch, actions) to values (batch). */
export type StateActionQ = Link & {
  forward(obs: Variable, action: Variable): Variable;
  /** Of a network with a memory: fills it with observations (batch, …obs), whatever the actions were. */
  remember?(obs: Variable): void;
};

const flat = (x: Variable): Variable => (x.shape.length > 2 ? reshape(x, [x.shape[0]!, -1]) : x);

/** A perceptron on observation and action side by side. */
export class MlpStateActionQ extends Link {
  readonly hidden: HiddenLayers;
  readonly last: Linear;

  constructor(
    obsSize: number,
    actionSize: number,
    { finalW = fanInUniform(), convolutions: _, ...options }: MlpOptions & { readonly finalW?: Initializer },
  ) {
    super();
    this.hidden = new HiddenLayers(obsSize + actionSize, options);
    this.last = new Linear(this.hidden.outSize, 1, { random: options.random, initialW: finalW });
  }

  forward(obs: Variable, action: Variable): Variable {
    const features = this.hidden.forwardJoined([flat(obs), action]); // (batch, hidden)
    return reshape(this.last.forward(features), [obs.shape[0]!]);
  }
}

/**
 * The action joins behind the first hidden layer, and behind a recurrent one after it. Source: Lillicrap et al. 2016,
 * section 7.
 */
export class LateActionQ extends Link {
  readonly first: HiddenLayers;
  readonly rest: HiddenLayers;
  readonly last: Linear;

  /** @param finalW weights of the last layer; uniform in ±1 / √fan-in unless given */
  constructor(
    obsSize: number,
    actionSize: number,
    {
      hiddenSizes,
      finalW = fanInUniform(),
      recurrent = "none",
      convolutions = null,
      ...options
    }: MlpOptions & { readonly finalW?: Initializer },
  ) {
    super();
    if (hiddenSizes.length < 2) {
      throw new UsageError(
        `LateActionQ: there must be two hidden layers, one before the action joins and one behind; got hiddenSizes [${hiddenSizes.join(", ")}]. Give more, or use MlpStateActionQ.`,
      );
    }
    this.first = new HiddenLayers(obsSize, {
      ...options,
      convolutions,
      recurrent,
      hiddenSizes: hiddenSizes.slice(0, 1),
    });
    this.rest = new HiddenLayers(hiddenSizes[0]! + actionSize, { ...options, hiddenSizes: hiddenSizes.slice(1) });
    this.last = new Linear(this.rest.outSize, 1, { random: options.random, initialW: finalW });
  }

  remember(obs: Variable): void {
    this.first.forward(obs);
  }

  forward(obs: Variable, action: Variable): Variable {
    const features = this.rest.forwardJoined([this.first.forward(obs), action]); // (batch, hidden)
    return reshape(this.last.forward(features), [obs.shape[0]!]);
  }
}

/** Two q-functions of the same structure, whose smaller value is believed. Source: Fujimoto et al. 2018, section 4.2. */
export class TwinQ extends Link {
  readonly q1: StateActionQ;
  readonly q2: StateActionQ;

  constructor(q1: StateActionQ, q2: StateActionQ) {
    super();
    this.q1 = q1;
    this.q2 = q2;
  }

  /** (batch) each. */
  forward(obs: Variable, action: Variable): [q1: Variable, q2: Variable] {
    return [this.q1.forward(obs, action), this.q2.forward(obs, action)];
  }

  /** (batch): the smaller of the two. */
  smaller(obs: Variable, action: Variable): Variable {
    const [q1, q2] = this.forward(obs, action);
    return minimum(q1, q2);
  }
}
