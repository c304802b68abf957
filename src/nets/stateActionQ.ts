/** Values of continuous actions: q-functions that take the action as an input. */
import { concat, fanInUniform, type Initializer, Linear, Link, reshape, type Variable } from "../autograd/index.ts";
import { UsageError } from "../errors.ts";
import { HiddenLayers } from "./hiddenLayers.ts";
import { Mlp, type MlpOptions } from "./mlp.ts";

/** A network from observations (batch, …obs) and actions (batch, actions) to values (batch). */
export type StateActionQ = Link & { forward(obs: Variable, action: Variable): Variable };

const flat = (x: Variable): Variable => (x.shape.length > 2 ? reshape(x, [x.shape[0]!, -1]) : x);

/** A perceptron on observation and action side by side. */
export class MlpStateActionQ extends Link {
  readonly mlp: Mlp;

  constructor(obsSize: number, actionSize: number, options: MlpOptions) {
    super();
    this.mlp = new Mlp(obsSize + actionSize, 1, options);
  }

  forward(obs: Variable, action: Variable): Variable {
    return reshape(this.mlp.forward(concat([flat(obs), action], 1)), [obs.shape[0]!]);
  }
}

/** The action joins behind the first hidden layer. Source: Lillicrap et al. 2016, section 7. */
export class LateActionQ extends Link {
  readonly first: HiddenLayers;
  readonly rest: HiddenLayers;
  readonly last: Linear;

  /** @param finalW weights of the last layer; uniform in ±1 / √fan-in unless given */
  constructor(
    obsSize: number,
    actionSize: number,
    { hiddenSizes, finalW = fanInUniform(), ...options }: MlpOptions & { readonly finalW?: Initializer },
  ) {
    super();
    if (hiddenSizes.length === 0) {
      throw new UsageError(
        "LateActionQ: there must be a hidden layer for the action to join behind; got hiddenSizes []. Give one, or use MlpStateActionQ.",
      );
    }
    this.first = new HiddenLayers(obsSize, { ...options, hiddenSizes: hiddenSizes.slice(0, 1) });
    this.rest = new HiddenLayers(hiddenSizes[0]! + actionSize, { ...options, hiddenSizes: hiddenSizes.slice(1) });
    this.last = new Linear(this.rest.outSize, 1, { random: options.random, initialW: finalW });
  }

  forward(obs: Variable, action: Variable): Variable {
    const joined = concat([this.first.forward(obs), action], 1); // (batch, hidden + actions)
    return reshape(this.last.forward(this.rest.forward(joined)), [obs.shape[0]!]);
  }
}
