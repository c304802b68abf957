import { max } from "../ops/max.ts";
import { reshape } from "../ops/reshape.ts";
import type { Variable } from "../variable.ts";
import { Linear, type LinearOptions } from "./linear.ts";
import { Link } from "./link.ts";

/** y (…batch, outSize): the largest of `poolSize` linear maps of x (…batch, inSize). Source: Goodfellow et al. 2013. */
export class Maxout extends Link {
  readonly linear: Linear;
  readonly #split: readonly [number, number];

  constructor(inSize: number, outSize: number, poolSize: number, options: Omit<LinearOptions, "activation">) {
    super();
    this.linear = new Linear(inSize, outSize * poolSize, options);
    this.#split = [outSize, poolSize];
  }

  forward(x: Variable): Variable {
    return max(reshape(this.linear.forward(x), [...x.shape.slice(0, -1), ...this.#split]), -1);
  }
}
