import type { Random } from "../../random.ts";
import type { AnyOp } from "../defineOp.ts";
import { constant } from "../initializers/constant.ts";
import type { Initializer } from "../initializers/initializer.ts";
import { leCunNormal } from "../initializers/varianceScaling.ts";
import { linear } from "../ops/linear.ts";
import type { Parameter } from "../parameter.ts";
import type { Variable } from "../variable.ts";
import { Link, makeParameter } from "./link.ts";

export interface LinearOptions {
  /** The stream that initial weights are drawn from. */
  readonly random: Random;
  /** Runs inside the matrix product where its gradient needs only the output (relu, tanh, sigmoid). */
  readonly activation?: AnyOp | null;
  readonly noBias?: boolean;
  /** LeCun normal unless given, as in Chainer. */
  readonly initialW?: Initializer;
  /** Zeros unless given. */
  readonly initialB?: Initializer;
}

/**
 * y (…batch, outSize) = activation(x (…batch, inSize) · w (inSize, outSize) + b (outSize)). Several x whose sizes sum to
 * inSize are taken side by side.
 */
export class Linear extends Link {
  readonly w: Parameter;
  readonly b: Parameter | null;
  readonly #activation: AnyOp | null;

  constructor(inSize: number, outSize: number, options: LinearOptions) {
    super();
    const { random, activation = null, noBias = false, initialW = leCunNormal(), initialB = constant(0) } = options;
    this.w = makeParameter([inSize, outSize], initialW, random, "w");
    this.b = noBias ? null : makeParameter([outSize], initialB, random, "b");
    this.#activation = activation;
  }

  forward(x: Variable | readonly Variable[]): Variable {
    return linear(x, this.w, this.b, this.#activation);
  }
}
