/** Operations and kernels that a user writes, and the checks for them. */
import { beforeEach, describe, expect, it } from "vitest";
import {
  Adam,
  defineOp,
  doubleGradientCheck,
  type Expression,
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

  it("a gradient wrong in one input is caught, unless that input is left out", () => {
    const wrongShare = defineOp({
      name: "wrongShare",
      inputs: ["a", "b"],
      forward: ({ a, b }) => a.mul(b),
      backward: ({ a, b, gy }) => ({ a: gy.mul(b), b: gy.mul(a).mul(1.001) }),
      sample: { a: [2], b: [2] },
    });
    const both = [...at, { shape: [2], values: [2, 3] }];
    expect(() => gradientCheck((a, b) => wrongShare(a, b), both)).toThrow(/the gradient of input 1 .* at element 0/);
    expect(() => gradientCheck((a, b) => wrongShare(a, b), both, { tolerance: 0.01 })).not.toThrow();
    gradientCheck((a, b) => wrongShare(a, b), both, { which: [0] });
  });

  it("a gradient wrong in one element is caught", () => {
    // right at 0.5 and wrong at -1.5
    const wrongBelow = defineOp({
      name: "wrongBelow",
      inputs: ["x"],
      forward: ({ x }) => x.mul(x),
      backward: ({ x, gy }) => ({ x: select(x.lt(0), 0, gy.mul(x).mul(2)) }),
      sample: { x: [2] },
    });
    expect(() => gradientCheck((x) => wrongBelow(x), at)).toThrow(/input 0 must agree .*; got 0 and .* at element 1/);
  });

  it("a gradient that is not a number is caught, and one that is left out", () => {
    const one = [{ shape: [1], values: [0] }];
    const undefinedAt0 = defineOp({
      name: "undefinedAt0",
      inputs: ["x"],
      forward: ({ x }) => x.mul(3),
      backward: ({ x, gy }) => ({ x: gy.mul(x).div(x).mul(3) }),
      sample: { x: [1] },
    });
    expect(() => gradientCheck((x) => undefinedAt0(x), one)).toThrow(/got NaN and .* at element 0/);
    const none = defineOp({
      name: "none",
      inputs: ["x"],
      forward: ({ x }) => x.mul(3),
      backward: () => ({}),
      sample: { x: [1] },
    });
    expect(() => gradientCheck((x) => none(x), one)).toThrow(/got 0 and .* at element 0/);
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

type Leaf = { x: Expression };

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

  it("a flat kernel whose formula, layouts and pointers disagree", () => {
    const x = input(0, "element");
    expect(() => flatKernel("more", [x.add(input(1, "element"))], ["element"])).toThrowErrorMatchingInlineSnapshot(
      `[UsageError: more: the formula must read inputs of the kinds element; got input 1 at element level.]`,
    );
    expect(() => flatKernel("level", [x.mul(2)], ["scalar"])).toThrowErrorMatchingInlineSnapshot(
      `[UsageError: level: the formula must read inputs of the kinds scalar; got input 0 at element level.]`,
    );
    expect(() => flatKernel("two", [x, x], ["element"], { inPlace: true })).toThrowErrorMatchingInlineSnapshot(
      `[UsageError: two: in place, each output must have an input to overwrite; got 2 outputs and 1 inputs.]`,
    );
    const double = flatKernel("double", [x.mul(2)], ["element"]);
    const y = persistent([4]);
    expect(() => double(4, [y.address])).toThrowErrorMatchingInlineSnapshot(
      `[UsageError: double: the kernel must be given 2 pointers; got 1.]`,
    );
  });

  // as JavaScript would write them, without types
  const define = (definition: object) =>
    (defineOp as unknown as (definition: object) => (...xs: (Variable | number)[]) => Variable)({
      name: "mine",
      inputs: ["x"],
      sample: { x: [2] },
      ...definition,
    });

  it("a formula that gives no expression", () => {
    expect(() => define({ forward: () => undefined })).toThrowErrorMatchingInlineSnapshot(
      `[UsageError: mine: forward must give an Expression of its inputs; got nothing. Return one.]`,
    );
    expect(() => define({ forward: () => 1 })).toThrowErrorMatchingInlineSnapshot(
      `[UsageError: mine: forward must give an Expression of its inputs; got the number 1. Return one.]`,
    );
    expect(() => define({ forward: () => null })).toThrowErrorMatchingInlineSnapshot(
      `[UsageError: mine: forward must give an Expression of its inputs; got null. Return one.]`,
    );
  });

  it("a formula that reads what is not there", () => {
    expect(() =>
      define({ inputs: ["x", "beta"], forward: (l: Record<string, Expression>) => l.x!.mul(l.bta!) }),
    ).toThrowErrorMatchingInlineSnapshot(
      `[UsageError: mine: the formula must read names among x, beta; got bta. Did you mean beta?]`,
    );
    expect(() => define({ forward: ({ x }: Leaf) => x.add(input(3, "element")) })).toThrowErrorMatchingInlineSnapshot(
      `[UsageError: mine: forward must be made of the inputs and scalars it is given; got input 3 of another kernel.]`,
    );
    expect(() => define({ forward: ({ x }: Leaf) => x.add(scalar(0)) })).toThrowErrorMatchingInlineSnapshot(
      `[UsageError: mine: forward must be made of the inputs and scalars it is given; got scalar 0 of another kernel.]`,
    );
  });

  it("names that a formula could not tell apart", () => {
    const forward = ({ x }: Leaf) => x;
    expect(() => define({ inputs: ["x", "x"], forward })).toThrowErrorMatchingInlineSnapshot(
      `[UsageError: mine: inputs and scalars must have different names; got x twice.]`,
    );
    expect(() => define({ scalars: ["x"], forward })).toThrowErrorMatchingInlineSnapshot(
      `[UsageError: mine: inputs and scalars must have different names; got x twice.]`,
    );
    expect(() =>
      define({ inputs: ["x", "y"], forward, backward: ({ gy }: { gy: Expression }) => ({ x: gy }) }),
    ).toThrowErrorMatchingInlineSnapshot(
      `[UsageError: mine: where backward is given, y and gy must stay free for the output and its gradient; got x, y. Rename y.]`,
    );
    expect(() => define({ perRow: ["z"], forward })).toThrowErrorMatchingInlineSnapshot(
      `[UsageError: mine: perRow must name inputs, of x; got z.]`,
    );
    expect(() => define({ perRow: ["x"], forward })).toThrowErrorMatchingInlineSnapshot(
      `[UsageError: mine: at least one input must have whole rows; got inputs x and perRow x.]`,
    );
    expect(() => define({ inputs: [], forward: () => scalar(0) })).toThrowErrorMatchingInlineSnapshot(
      `[UsageError: mine: at least one input must have whole rows; got inputs none and perRow none.]`,
    );
  });

  it("more inputs or numbers than a kernel takes", () => {
    const forward = ({ x }: Leaf) => x;
    const others = (count: number) => Array.from({ length: count }, (_, i) => `x${i}`);
    expect(() => define({ inputs: ["x", ...others(7)], forward })).toThrowErrorMatchingInlineSnapshot(
      `[UsageError: mine: an operation must have at most 7 inputs and 8 scalars; got 8 and 0. Split it into two.]`,
    );
    expect(() => define({ scalars: others(9), forward })).toThrowErrorMatchingInlineSnapshot(
      `[UsageError: mine: an operation must have at most 7 inputs and 8 scalars; got 1 and 9. Split it into two.]`,
    );
    expect(() => define({ inputs: ["x", ...others(6)], scalars: "abcdefgh".split(""), forward })).not.toThrow();
  });

  it("a gradient that reads more than a kernel takes", () =>
    scope(() => {
      // each part of this gradient reads all seven inputs and gy
      const names = "abcdefg".split("");
      const gates = define({
        name: "gates",
        inputs: names,
        forward: (l: Record<string, Expression>) => names.map((n) => l[n]!.sigmoid()).reduce((a, b) => a.mul(b)),
      });
      const xs = names.map((_, i) => variable([i], { requiresGrad: true }));
      const y = gates(...xs);
      const wanted = xs.reduce((product, _, i) => product * sigmoid(i), 1);
      expect(y.item()).toBeCloseTo(wanted, 6);
      expect(() => y.backward()).toThrowErrorMatchingInlineSnapshot(
        `[UsageError: gatesGrad: a kernel must read at most 7 tensors; got 8. Split the operation into two.]`,
      );
    }));

  it("a backward that gives no gradients", () => {
    const run = (backward: unknown) => () =>
      scope(() => {
        define({ forward: ({ x }: Leaf) => x, backward })(variable([1], { requiresGrad: true })).backward();
      });
    expect(run(() => undefined)).toThrowErrorMatchingInlineSnapshot(
      `[UsageError: mine: backward must give gradients by the names of inputs, x; got undefined.]`,
    );
    expect(run(({ gy }: { gy: Expression }) => ({ z: gy }))).toThrowErrorMatchingInlineSnapshot(
      `[UsageError: mine: backward must give gradients by the names of inputs, x; got z.]`,
    );
    expect(run(() => ({ x: 3 }))).toThrowErrorMatchingInlineSnapshot(
      `[UsageError: mine: backward's x must give an Expression of its inputs; got the number 3. Return one.]`,
    );
    expect(run(({ ggy }: { ggy: Expression }) => ({ x: ggy }))).toThrowErrorMatchingInlineSnapshot(
      `[UsageError: mine: the formula must read names among x, y, gy; got ggy. Did you mean gy?]`,
    );
  });

  it("what is no Variable", () =>
    scope(() => {
      expect(() => define({ forward: ({ x }: Leaf) => x })()).toThrowErrorMatchingInlineSnapshot(
        `[UsageError: mine: x must be a Variable or a number; got nothing. Make one with variable(…).]`,
      );
    }));

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
