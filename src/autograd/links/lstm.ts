import type { Random } from "../../random.ts";
import type { Initializer } from "../initializers/initializer.ts";
import { leCunNormal } from "../initializers/varianceScaling.ts";
import { linear } from "../ops/linear.ts";
import { lstm } from "../ops/lstm.ts";
import type { Parameter } from "../parameter.ts";
import type { Variable } from "../variable.ts";
import { makeParameter } from "./link.ts";
import { Recurrent } from "./recurrent.ts";
import type { RecurrentState } from "./sequences.ts";

export interface LSTMOptions {
  /** The stream that initial weights are drawn from. */
  readonly random: Random;
  /** LeCun normal unless given, as in Chainer. */
  readonly initialW?: Initializer;
  /** Where the forget gate's bias begins; 1 as in Chainer. Source: Gers, Schmidhuber, Cummins 2000. */
  readonly forgetBias?: number;
}

/**
 * A long short-term memory; its state is [h, c]. The columns of w (inSize, 4 units), u (units, 4 units) and b are those
 * of a, i, f and o in this order, a block each (Chainer interleaves them).
 */
export class LSTM extends Recurrent {
  readonly w: Parameter;
  readonly b: Parameter;
  readonly u: Parameter;
  override readonly stateParts = 2;

  constructor(inSize: number, units: number, { random, initialW = leCunNormal(), forgetBias = 1 }: LSTMOptions) {
    super(inSize, units);
    const bias: Initializer = (values) => values.fill(0).fill(forgetBias, 2 * units, 3 * units);
    this.w = makeParameter([inSize, 4 * units], initialW, random, "w");
    this.b = makeParameter([4 * units], bias, random, "b");
    this.u = makeParameter([units, 4 * units], initialW, random, "u");
  }

  protected override project(x: Variable): Variable {
    return linear(x, this.w, this.b);
  }

  protected override advance(projected: Variable, [h, c]: RecurrentState): RecurrentState {
    const next = lstm(c!, projected.add(linear(h!, this.u)));
    return [next.h, next.c];
  }
}
