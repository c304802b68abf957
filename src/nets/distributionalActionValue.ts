/** Returns as distributions over fixed values. Bellemare, Dabney, Munos 2017, "A distributional perspective on RL". */
import {
  argMax,
  colIndex,
  defineOp,
  embedId,
  max,
  reshape,
  rowMax,
  rowSum,
  selectItem,
  softmax,
  stop,
  type Variable,
} from "../autograd/index.ts";
import { type DiscreteValues, maskActions } from "./actionValue.ts";

/** The values zᵢ = vMin + i Δz, i = 0 … atoms − 1, that returns are told apart by. */
export interface Support {
  readonly atoms: number;
  readonly vMin: number;
  readonly vMax: number;
}

/** Δz. */
export const atomSpacing = ({ atoms, vMin, vMax }: Support): number => (vMax - vMin) / (atoms - 1);

/** (…rows): Σᵢ zᵢ pᵢ for p = softmax of the logits (…rows, atoms). */
export const softmaxExpectation = defineOp({
  name: "softmaxExpectation",
  inputs: ["x"],
  scalars: ["vMin", "spacing"],
  forward: ({ x, vMin, spacing }) => {
    const e = x.sub(stop(rowMax(x))).exp();
    return rowSum(e.mul(colIndex())).mul(spacing).div(rowSum(e)).add(vMin);
  },
  sample: { x: [3, 4], vMin: -1, spacing: 0.5 },
});

/** Of each observation the row of its action in a table (batch · actions, …). */
const rowOfAction = defineOp({
  name: "rowOfAction",
  inputs: ["action"],
  scalars: ["actions"],
  forward: ({ action, actions }) => colIndex().mul(actions).add(action),
  sample: { action: [4], actions: 3 },
  hasNoGradient: true,
});

/** A categorical distribution of the return of every action of a discrete space. */
export class DistributionalActionValue implements DiscreteValues {
  /** (batch, actions, atoms) */
  readonly logits: Variable;
  readonly support: Support;
  readonly #mask: Variable | null;
  #qValues: Variable | null = null;

  constructor(logits: Variable, support: Support, mask: Variable | null = null) {
    this.logits = logits;
    this.support = support;
    this.#mask = mask;
  }

  masked(mask: Variable): DistributionalActionValue {
    return new DistributionalActionValue(this.logits, this.support, mask);
  }

  /** (batch, actions): the expected returns. */
  get qValues(): Variable {
    if (this.#qValues === null) {
      const q = this.expectation(this.logits);
      this.#qValues = this.#mask === null ? q : maskActions(q, this.#mask);
    }
    return this.#qValues;
  }

  get greedyActions(): Variable {
    return argMax(this.qValues);
  }

  get max(): Variable {
    return max(this.qValues, 1);
  }

  evaluateActions(actions: Variable): Variable {
    return selectItem(this.qValues, actions);
  }

  /** (batch, atoms): the logits of the given actions (batch). */
  logitsOf(actions: Variable): Variable {
    const [batch, count, atoms] = this.logits.shape as [number, number, number];
    return embedId(rowOfAction(actions, count), reshape(this.logits, [batch * count, atoms]));
  }

  /** (batch, atoms): the return distributions of the given actions (batch). */
  distributionsOf(actions: Variable): Variable {
    return softmax(this.logitsOf(actions));
  }

  /** The expected values (…rows) of logits (…rows, atoms). */
  expectation(logits: Variable): Variable {
    return softmaxExpectation(logits, this.support.vMin, atomSpacing(this.support));
  }
}
