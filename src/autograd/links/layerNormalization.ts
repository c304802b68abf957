import { Random } from "../../random.ts";
import { constant } from "../initializers/constant.ts";
import { layerNormalization } from "../ops/layerNormalization.ts";
import type { Parameter } from "../parameter.ts";
import type { Variable } from "../variable.ts";
import { Link, makeParameter } from "./link.ts";

/** Layer normalisation along the last axis, with a learned scale and shift. Source: Ba, Kiros, Hinton 2016. */
export class LayerNormalization extends Link {
  readonly gamma: Parameter;
  readonly beta: Parameter;
  readonly eps: number;

  constructor(size: number, { eps = 1e-6 }: { eps?: number } = {}) {
    super();
    const unused = new Random(0); // constants draw nothing
    this.gamma = makeParameter([size], constant(1), unused, "gamma");
    this.beta = makeParameter([size], constant(0), unused, "beta");
    this.eps = eps;
  }

  forward(x: Variable): Variable {
    return layerNormalization(x, this.gamma, this.beta, this.eps);
  }
}
