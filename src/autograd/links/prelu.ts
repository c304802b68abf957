import { Random } from "../../random.ts";
import { constant } from "../initializers/constant.ts";
import { prelu } from "../ops/prelu.ts";
import { reshape } from "../ops/reshape.ts";
import type { Parameter } from "../parameter.ts";
import type { Variable } from "../variable.ts";
import { Link, makeParameter } from "./link.ts";

/**
 * A rectifier whose slope below 0 is learned: one number unless `shape` is given, which is that of x (batch, …shape, …)
 * behind the batch, such as `[channels]`. Source: He, Zhang, Ren, Sun 2015.
 */
export class PReLU extends Link {
  readonly w: Parameter;

  constructor({ shape = [], initial = 0.25 }: { shape?: readonly number[]; initial?: number } = {}) {
    super();
    this.w = makeParameter(shape, constant(initial), new Random(0), "w"); // constants draw nothing
  }

  forward(x: Variable): Variable {
    const { shape } = this.w;
    const rest = x.shape.length - 1 - shape.length;
    return prelu(x, shape.length > 0 && rest > 0 ? reshape(this.w, [...shape, ...Array(rest).fill(1)]) : this.w);
  }
}
