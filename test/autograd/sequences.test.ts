/** Recurrent layers over sequences of a batch against single steps, one row after the other. */
import { beforeEach, describe, expect, it } from "vitest";
import {
  doubleGradientCheck,
  GRU,
  getItem,
  gradientCheck,
  Linear,
  LSTM,
  overSequences,
  type Recurrent,
  type RecurrentState,
  reshape,
  type Sequences,
  Sequential,
  scope,
  stack,
  sum,
  type Variable,
  variable,
} from "../../src/autograd/index.ts";
import { openDevice } from "../../src/device.ts";
import { Random } from "../../src/random.ts";

beforeEach(async () => {
  await openDevice("reference");
});

const draws = new Random(5);
const draw = (...shape: number[]) => ({
  shape,
  values: Array.from({ length: shape.reduce((a, b) => a * b) }, () => draws.uniform(-1, 1)),
});

/** Rows of two sequences, of 3 and 2 steps, one behind the other; places behind the shorter one repeat its last row. */
const layout = {
  time: 3,
  batch: 2,
  rows: [0, 3, 1, 4, 2, 4],
  places: [0, 2, 4, 1, 3],
};
/** The first of the two is a new episode from its last step on. */
const continues = [
  [1, 1],
  [1, 1],
  [0, 1],
];

/** The plain loop: each row by `step`, from the state of the row before it. */
function bySteps(layer: Recurrent, x: Variable, first: RecurrentState): Variable {
  const outputs: Variable[] = [];
  for (const [sequence, rows] of [
    [0, 1, 2],
    [3, 4],
  ].entries()) {
    let state: RecurrentState | null = first.map((part) => reshape(getItem(part, sequence), [1, layer.units]));
    for (const [t, row] of rows.entries()) {
      if (continues[t]![sequence] === 0) state = null;
      state = layer.step(reshape(getItem(x, row), [1, layer.inSize]), state);
      outputs.push(reshape(state[0]!, [layer.units]));
    }
  }
  return stack(outputs, 0);
}

const asSequences = (layer: Recurrent, states: RecurrentState): Sequences => ({
  ...layout,
  rows: variable(layout.rows),
  places: variable(layout.places),
  continues: variable(continues),
  states: new Map([[layer, states]]),
});

describe.each([
  ["LSTM", () => new LSTM(2, 3, { random: new Random(1) })],
  ["GRU", () => new GRU(2, 3, { random: new Random(1) })],
] as const)("%s over sequences", (_name, make) => {
  const layer = () => make() as Recurrent;

  it("gives every row what single steps give it, and gradients as they do", () => {
    const [x0, s0] = [draw(5, 2), draw(2, 3)];
    const run = (pass: (layer: Recurrent, x: Variable, states: RecurrentState) => Variable) =>
      scope(() => {
        const own = layer();
        const x = variable(x0.values, { shape: [5, 2], requiresGrad: true });
        const s = variable(s0.values, { shape: [2, 3], requiresGrad: true });
        const ys = pass(
          own,
          x,
          Array.from({ length: own.stateParts }, (_, i) => s.mul(1 - 0.5 * i)),
        );
        sum(
          ys.mul(
            variable(
              Array.from({ length: 15 }, (_, i) => Math.sin(i)),
              { shape: [5, 3] },
            ),
          ),
        ).backward();
        const weights = [...own.parameters()].map((p) => [...p.gradData!]);
        return [ys.toArray(), x.grad!.toArray(), s.grad!.toArray(), ...weights];
      });
    const together = run((own, x, states) => overSequences(asSequences(own, states), () => own.forward(x)));
    const apart = run(bySteps);
    expect(together.length).toBe(apart.length);
    together.forEach((numbers, i) => {
      numbers.forEach((y, j) => {
        expect(y).toBeCloseTo(apart[i]![j]!, 12);
      });
    });
  });

  it("has right gradients of first and second order, to its inputs and to the first state", () => {
    const own = layer();
    const f = (x: Variable, s: Variable): Variable => {
      const states = Array.from({ length: own.stateParts }, () => s);
      return overSequences(asSequences(own, states), () => own.forward(x));
    };
    gradientCheck(f, [draw(5, 2), draw(2, 3)]);
    doubleGradientCheck(f, [draw(5, 2), draw(2, 3)]);
  });

  it("tells the state behind the last step, and leaves the layer's own alone", () =>
    scope(() => {
      const own = layer();
      const network = new Sequential(own, new Linear(3, 1, { random: new Random(2) }));
      const x = variable(draw(4, 2).values, { shape: [4, 2] });
      const ends = new Map<Recurrent, RecurrentState>();
      const y = overSequences({ time: 2, batch: 2, ends }, () => network.forward(x)); // time first, from zeros
      expect(y.shape).toEqual([4, 1]);
      expect(own.state).toBeNull();
      const first = own.step(getItem(x, { stop: 2 }), null);
      const second = own.step(getItem(x, { start: 2 }), first);
      ends.get(own)!.forEach((part, i) => {
        part.toArray().forEach((value, j) => {
          expect(value).toBeCloseTo(second[i]!.at(j), 12);
        });
      });
    }));

  it("refuses rows that do not make up the sequences", () =>
    scope(() => {
      const x = variable(draw(5, 2).values, { shape: [5, 2] });
      expect(() => overSequences({ time: 2, batch: 2 }, () => layer().forward(x))).toThrow(
        /sequences of 2 steps, 2 side by side, must have 4 rows; got x \(5, 2\)/,
      );
      // behind an error steps are single again
      expect(layer().forward(x).shape).toEqual([5, 3]);
    }));
});
