import type { Random } from "../../random.ts";
import { constant } from "../initializers/constant.ts";
import type { Initializer } from "../initializers/initializer.ts";
import { leCunNormal } from "../initializers/varianceScaling.ts";
import { splitAxis } from "../ops/getItem.ts";
import { gruOutput, gruReset } from "../ops/gru.ts";
import { linear } from "../ops/linear.ts";
import type { Parameter } from "../parameter.ts";
import type { Variable } from "../variable.ts";
import { makeParameter } from "./link.ts";
import { Recurrent } from "./recurrent.ts";
import type { RecurrentState } from "./sequences.ts";

export interface GRUOptions {
  /** The stream that initial weights are drawn from. */
  readonly random: Random;
  /** LeCun normal unless given, as in Chainer. */
  readonly initialW?: Initializer;
}

/**
 * A gated recurrent unit; its state is [h]. h′ = (1 − z) h + z tanh(x·wₐ + bₐ + (r h)·uₐ), r = σ(x·wᵣ + bᵣ + h·uᵣ), z
 * likewise. The columns of w (inSize, 3 units) and b are those of r, z and a, a block each; u (units, 2 units) is for r
 * and z, uCandidate (units, units) for a. Source: Cho et al. 2014.
 */
export class GRU extends Recurrent {
  readonly w: Parameter;
  readonly b: Parameter;
  readonly u: Parameter;
  readonly uCandidate: Parameter;
  override readonly stateParts = 1;

  constructor(inSize: number, units: number, { random, initialW = leCunNormal() }: GRUOptions) {
    super(inSize, units);
    this.w = makeParameter([inSize, 3 * units], initialW, random, "w");
    this.b = makeParameter([3 * units], constant(0), random, "b");
    this.u = makeParameter([units, 2 * units], initialW, random, "u");
    this.uCandidate = makeParameter([units, units], initialW, random, "uCandidate");
  }

  protected override project(x: Variable): Variable {
    return linear(x, this.w, this.b);
  }

  protected override advance(projected: Variable, [h]: RecurrentState): RecurrentState {
    const [xr, xz, xa] = splitAxis(projected, 3, 1) as [Variable, Variable, Variable];
    const [hr, hz] = splitAxis(linear(h!, this.u), 2, 1) as [Variable, Variable];
    const a = xa.add(linear(gruReset(xr.add(hr), h!), this.uCandidate));
    return [gruOutput(xz.add(hz), a, h!)];
  }
}
