/** A q-function for continuous actions. Gu et al. 2016, "Continuous deep Q-learning with model-based acceleration". */

import {
  colIndex,
  defineOp,
  type Linear,
  Link,
  type NoisyLinear,
  persistent,
  placeInRow,
  reshape,
  select,
  type Variable,
} from "../autograd/index.ts";
import { UsageError } from "../errors.ts";
import type { ActionBounds } from "./actionBounds.ts";
import { DenseBody, dense } from "./dense.ts";
import type { QFunctionOptions } from "./discreteQFunction.ts";
import { QuadraticActionValue } from "./quadraticActionValue.ts";

/** Rows of an upper triangle: of row `place` what stands behind the diagonal, whose elements are exponentials. */
const upperTriangle = defineOp({
  name: "upperTriangle",
  inputs: ["x", "place"],
  perRow: ["place"],
  forward: ({ x, place }) => {
    const onDiagonal = select(colIndex().eq(place), x, 0).exp();
    return select(colIndex().lt(place), 0, select(colIndex().eq(place), onDiagonal, x));
  },
  sample: { x: [3, 3], place: [3] },
});

/** x in (−1, 1) as a number of the box: half · tanh x + middle. */
const bounded = defineOp({
  name: "bounded",
  inputs: ["x", "half", "middle"],
  forward: ({ x, half, middle }) => x.tanh().mul(half).add(middle),
  sample: { x: [3, 4], half: [4], middle: [4] },
});

/** One body; V, μ (a number of the box) and L are linear in it. */
export class QuadraticQFunction extends Link {
  readonly body: DenseBody;
  readonly value: Linear | NoisyLinear;
  readonly mean: Linear | NoisyLinear;
  readonly triangle: Linear | NoisyLinear;
  readonly #actionSize: number;
  /** (k) */
  readonly #half: Variable;
  readonly #middle: Variable;

  /** @throws UsageError for bounds that are not finite */
  constructor(obsSize: number, { low, high }: ActionBounds, { hiddenSizes, ...options }: QFunctionOptions) {
    super();
    const bounds = Array.from(low, (l, i) => [l, high[i]!] as const);
    const open = bounds.find(([l, h]) => !(Number.isFinite(l) && Number.isFinite(h)));
    if (open) {
      throw new UsageError(
        `QuadraticQFunction: actions must have finite bounds; got ${open.join(" to ")}. Normalise the action space.`,
      );
    }
    const k = bounds.length;
    this.body = new DenseBody(obsSize, hiddenSizes, options);
    this.value = dense(this.body.outSize, 1, false, options);
    this.mean = dense(this.body.outSize, k, false, options);
    this.triangle = dense(this.body.outSize, k * k, false, options);
    this.#actionSize = k;
    this.#half = persistent([k]);
    this.#half.write(bounds.map(([l, h]) => (h - l) / 2));
    this.#middle = persistent([k]);
    this.#middle.write(bounds.map(([l, h]) => (h + l) / 2));
  }

  forward(obs: Variable): QuadraticActionValue {
    const k = this.#actionSize;
    const x = this.body.forward(obs);
    const mean = bounded(this.mean.forward(x), this.#half, this.#middle);
    const triangle = upperTriangle(reshape(this.triangle.forward(x), [-1, k, k]), placeInRow(mean));
    return new QuadraticActionValue(mean, triangle, reshape(this.value.forward(x), [-1]));
  }
}
