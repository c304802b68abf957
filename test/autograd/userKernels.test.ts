/** Operations and kernels that a user writes, and the checks for them. */
import { beforeEach, describe, expect, it } from "vitest";
import {
  Adam,
  defineOp,
  doubleGradientCheck,
  flatKernel,
  gradientCheck,
  input,
  Linear,
  mean,
  persistent,
  rowMax,
  rowSum,
  scalar,
  scope,
  select,
  stop,
  type Variable,
  variable,
} from "../../src/autograd/index.ts";
import { openDevice } from "../../src/device.ts";
import { Random } from "../../src/random.ts";

const swish = defineOp({
  name: "swish",
  inputs: ["x", "beta"],
  forward: ({ x, beta }) => x.mul(x.mul(beta).sigmoid()),
  sample: { x: [3, 4], beta: [4] },
});

const weightedNorm = defineOp({
  name: "weightedNorm",
  inputs: ["x", "w"],
  scalars: ["eps"],
  forward: ({ x, w, eps }) => rowSum(x.square().mul(w.square())).add(eps).sqrt(),
  sample: { x: [3, 4], w: [4], eps: 0.1 },
});

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
const rows = [
  [0.5, -1, 2, 0.25],
  [1.5, 0.75, -0.5, -2],
];
const column = [1, 0.5, -2, 1.5];

const draw = (random: Random, ...shape: number[]) => ({
  shape,
  values: Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => random.uniform(-1.5, 1.5)),
});

describe.each(["cpu", "reference"] as const)("on %s", (device) => {
  beforeEach(async () => {
    await openDevice(device);
  });
  const digits = device === "cpu" ? 5 : 12;
  const compare = (y: Variable, wanted: readonly number[]) =>
    y.toArray().forEach((v, i) => {
      expect(v).toBeCloseTo(wanted[i]!, digits);
    });

  it("an elementwise operation is its formula, with broadcasting", () =>
    scope(() => {
      const y = swish(variable(rows), variable(column));
      expect(y.shape).toEqual([2, 4]);
      compare(
        y,
        rows.flatMap((row) => row.map((x, i) => x * sigmoid(x * column[i]!))),
      );
      compare(
        swish(variable(rows), 1),
        rows.flat().map((x) => x * sigmoid(x)),
      );
    }));

  it("a reduction gives one value a row, over as many axes as are asked for", () =>
    scope(() => {
      const norm = (values: readonly number[], w: readonly number[]) =>
        Math.sqrt(values.reduce((total, x, i) => total + (x * w[i]!) ** 2, 0.1));
      const y = weightedNorm(variable(rows), variable(column), 0.1);
      expect(y.shape).toEqual([2]);
      compare(
        y,
        rows.map((row) => norm(row, column)),
      );
      const whole = weightedNorm(variable([rows, rows]), variable([column, column]), 0.1, 2);
      expect(whole.shape).toEqual([2]);
      compare(whole, Array(2).fill(norm(rows.flat(), [...column, ...column])));
    }));

  it("flatKernel runs outside the graph, in place or not", () => {
    const [x, y, total] = [persistent([6]), persistent([6]), persistent([])];
    x.write([1, 2, 3, 4, 5, 6]);
    y.write([6, 5, 4, 3, 2, 1]);
    const swap = flatKernel("swap", [input(1, "element"), input(0, "element")], ["element", "element"], {
      inPlace: true,
    });
    swap(6, [x.address, y.address]);
    expect([x.toArray(), y.toArray()]).toEqual([
      [6, 5, 4, 3, 2, 1],
      [1, 2, 3, 4, 5, 6],
    ]);
    const dot = flatKernel(
      "dot",
      [rowSum(input(0, "element").mul(input(1, "element"))).mul(scalar(0))],
      ["element", "element"],
    );
    dot(6, [total.address, x.address, y.address], [0.5]);
    expect(total.item()).toBe(28);
  });

  it("is trained through", () => {
    const random = new Random(0);
    const layer = new Linear(1, 1, { random });
    const optimizer = new Adam({ alpha: 0.05 }).setup(layer);
    let loss = 0;
    for (let i = 0; i < 300; i++) {
      scope(() => {
        const x = variable([[-1], [0], [1], [2]]);
        const t = variable([[-1], [0], [1], [2]].map(([v]) => [2 * v! * sigmoid(2 * v!)]));
        loss = optimizer
          .update(() => {
            const difference = swish(layer.forward(x), 1).sub(t);
            return mean(difference.mul(difference));
          })
          .item();
      });
    }
    expect(loss).toBeLessThan(1e-3);
    expect(layer.w.item()).toBeCloseTo(2, 1);
  });
});

describe("derivatives", () => {
  beforeEach(async () => {
    await openDevice("reference");
  });

  it("of first and second order come from the formula", () => {
    const random = new Random(1);
    for (const check of [gradientCheck, doubleGradientCheck]) {
      check((x, beta) => swish(x, beta), [draw(random, 3, 4), draw(random, 4)]);
      check((x, w) => weightedNorm(x, w, 0.1), [draw(random, 3, 4), draw(random, 4)]);
    }
  });

  it("of nested reductions too", () => {
    // the variance of the exponentials above each row's largest value
    const spread = defineOp({
      name: "spread",
      inputs: ["x"],
      forward: ({ x }) => {
        const e = x.sub(stop(rowMax(x))).exp();
        return rowSum(e.div(rowSum(e)).mul(x).square());
      },
      sample: { x: [3, 4] },
    });
    const random = new Random(2);
    gradientCheck((x) => spread(x), [draw(random, 3, 5)]);
    doubleGradientCheck((x) => spread(x), [draw(random, 3, 5)], { tolerance: 1e-5 });
  });

  it("may be overridden, and the override is what backward uses", () => {
    const doubled = defineOp({
      name: "doubled",
      inputs: ["x"],
      forward: ({ x }) => x.mul(3),
      backward: ({ gy }) => ({ x: gy.mul(2) }),
      sample: { x: [2] },
    });
    scope(() => {
      const x = variable([1, 2], { requiresGrad: true });
      doubled(x).backward(variable([1, 10]));
      expect(x.grad!.toArray()).toEqual([2, 20]);
    });
  });
});

describe("the checks can fail", () => {
  beforeEach(async () => {
    await openDevice("reference");
  });

  const wrong = defineOp({
    name: "wrong",
    inputs: ["x"],
    forward: ({ x }) => x.mul(x).mul(x),
    backward: ({ x, gy }) => ({ x: gy.mul(x).mul(x).mul(2.999) }),
    sample: { x: [2] },
  });
  // right in first order; in second order the branch at 0 is lost
  const wrongSecond = defineOp({
    name: "wrongSecond",
    inputs: ["x"],
    forward: ({ x }) => x.mul(x).mul(x),
    backward: ({ x, gy }) => ({ x: gy.mul(stop(x.mul(x).mul(3))) }),
    sample: { x: [2] },
  });
  const at = [{ shape: [2], values: [0.5, -1.5] }];

  it("a gradient that is a thousandth off is caught", () => {
    expect(() => gradientCheck((x) => wrong(x), at)).toThrow(
      /gradientCheck: the gradient of input 0 must agree with central differences; got .* at element 0/,
    );
  });

  it("a second gradient that is missing is caught, where the first is right", () => {
    gradientCheck((x) => wrongSecond(x), at);
    expect(() => doubleGradientCheck((x) => wrongSecond(x), at)).toThrow(/the second gradient of input 0/);
  });

  it("and they refuse a coarse device", async () => {
    await openDevice("cpu");
    expect(() => gradientCheck((x) => wrong(x), at)).toThrowErrorMatchingInlineSnapshot(
      `[UsageError: gradientCheck: the device must be "reference", as float32 is too coarse; got "cpu". Await openDevice("reference") first.]`,
    );
  });
});

describe("what is wrong is said", () => {
  beforeEach(async () => {
    await openDevice("cpu");
  });

  it("shapes that do not fit", () =>
    scope(() => {
      expect(() => swish(variable(rows), variable([1, 2, 3]))).toThrowErrorMatchingInlineSnapshot(
        `[ShapeError: swish: one input must broadcast to the shape of the other; got x (2, 4) and beta (3). Reshape or broadcastTo one of them first.]`,
      );
    }));

  it("a missing number", () =>
    scope(() => {
      expect(() =>
        (weightedNorm as unknown as (...xs: Variable[]) => Variable)(variable(rows), variable(column)),
      ).toThrowErrorMatchingInlineSnapshot(`[UsageError: weightedNorm: eps must be a number; got nothing.]`);
    }));

  it("too many tensors for a kernel", () => {
    const names = "abcdefgh".split("");
    const sum8 = names.map((_, i) => input(i, "element")).reduce((a, b) => a.add(b));
    expect(() =>
      flatKernel(
        "sum8",
        [sum8],
        names.map(() => "element" as const),
      ),
    ).toThrowErrorMatchingInlineSnapshot(
      `[UsageError: sum8: a kernel must have at most 8 pointers, one an output and one an input; got 9. Let it work in place, or split it.]`,
    );
  });

  it("a condition that is no comparison is only a number", () =>
    scope(() => {
      const pick = defineOp({
        name: "pick",
        inputs: ["c", "x"],
        forward: ({ c, x }) => select(c, x, 0),
        sample: { c: [2], x: [2] },
      });
      expect(pick(variable([0, 2]), variable([5, 7])).toArray()).toEqual([0, 7]);
    }));
});
