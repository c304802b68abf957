/** Links: what they own, what they compute, how they are copied. */
import { beforeEach, describe, expect, it } from "vitest";
import {
  Chain,
  ChainList,
  constant,
  Dropout,
  doubleGradientCheck,
  EmbedId,
  evalMode,
  gradientCheck,
  LayerNormalization,
  Linear,
  type Link,
  layerNormalization,
  linear,
  mean,
  Parameter,
  relu,
  Sequential,
  scope,
  square,
  sum,
  tanh,
  type Variable,
  variable,
} from "../../src/autograd/index.ts";
import { openDevice } from "../../src/device.ts";
import { Random } from "../../src/random.ts";

beforeEach(async () => {
  await openDevice("cpu");
});

class Network extends Chain {
  readonly body: Sequential;
  readonly heads: Linear[];
  readonly list: ChainList<Linear>;
  readonly temperature = new Parameter([], "temperature");

  constructor(random: Random) {
    super();
    this.body = new Sequential(new Linear(3, 4, { random }), relu, new Linear(4, 4, { random, noBias: true }));
    this.heads = [new Linear(4, 1, { random }), new Linear(4, 2, { random })];
    this.list = new ChainList(new Linear(2, 1, { random })).add(new Linear(1, 5, { random }));
  }

  forward(x: Variable): Variable {
    return this.heads[1]!.forward(this.body.forward(x)).mul(this.temperature);
  }
}

const paths = (link: Link) => [...link.namedParameters()].map(([path]) => path);

describe("what a Link owns", () => {
  it("is named by the path of its fields, in their order", () => {
    expect(paths(new Network(new Random(0)))).toEqual([
      "body.layers.0.w",
      "body.layers.0.b",
      "body.layers.2.w",
      "heads.0.w",
      "heads.0.b",
      "heads.1.w",
      "heads.1.b",
      "list.children.0.w",
      "list.children.0.b",
      "list.children.1.w",
      "list.children.1.b",
      "temperature",
    ]);
  });

  it("lists its Links depth first", () => {
    const network = new Network(new Random(0));
    expect([...network.links()].map((link) => link.constructor.name)).toEqual(
      "Network Sequential Linear Linear Linear Linear ChainList Linear Linear".split(" "),
    );
    expect([...network.list]).toHaveLength(2);
  });

  it("stands in one run of memory, each parameter at a multiple of 16 bytes, its numbers kept", () => {
    const network = new Network(new Random(0));
    const before = network.parameters().map((p) => [...p.data]);
    const flat = network.flat();
    expect(network.flat()).toBe(flat);
    expect(network.parameters().map((p) => [...p.data])).toEqual(before);
    let next = flat.address;
    for (const p of flat.parameters) {
      expect(p.address).toBe(next);
      expect(p.address % 16).toBe(0);
      expect(p.gradAddress - flat.gradAddress).toBe(p.address - flat.address);
      next += 16 * Math.ceil(p.size / 4);
    }
    expect(next).toBe(flat.address + 4 * flat.size);
  });

  it("may hold a Link once only", () => {
    class Twice extends Chain {
      readonly a = new Linear(1, 1, { random: new Random(0) });
      readonly b = this.a;
    }
    expect(() => new Twice().flat()).toThrowErrorMatchingInlineSnapshot(
      `[UsageError: flat: each parameter must stand in the model once; got 4 paths to 2 parameters. Share layers inside forward.]`,
    );
  });

  it("clearGrads forgets the gradients of all", () => {
    const network = new Network(new Random(0));
    network.temperature.assign([1]);
    scope(() => sum(network.forward(variable([[1, 2, 3]]))).backward());
    expect(network.parameters().filter((p) => p.hasGrad).length).toBe(6);
    network.clearGrads();
    expect(network.parameters().filter((p) => p.hasGrad).length).toBe(0);
  });
});

describe("copies", () => {
  const numbers = (link: Link) => link.parameters().flatMap((p) => [...p.data]);

  it("copyParametersFrom makes the numbers equal and shares nothing", () => {
    const [own, other] = [new Network(new Random(1)), new Network(new Random(2))];
    expect(numbers(own)).not.toEqual(numbers(other));
    own.copyParametersFrom(other);
    expect(numbers(own)).toEqual(numbers(other));
    own.temperature.assign([9]);
    expect(other.temperature.item()).toBe(0);
  });

  it("softCopyParametersFrom moves a share of the way", () => {
    const [own, other] = [new Network(new Random(1)), new Network(new Random(2))];
    const [before, target] = [numbers(own), numbers(other)];
    own.softCopyParametersFrom(other, 0.25);
    numbers(own).forEach((x, i) => {
      expect(x).toBeCloseTo(0.75 * before[i]! + 0.25 * target[i]!, 6);
    });
    expect(numbers(other)).toEqual(target);
  });

  it("another structure is refused", () => {
    const random = new Random(0);
    expect(() =>
      new Linear(2, 3, { random }).copyParametersFrom(new Linear(3, 3, { random })),
    ).toThrowErrorMatchingInlineSnapshot(
      `[UsageError: copyParametersFrom: both networks must have the same parameters; got w (2, 3) and w (3, 3). Build both alike.]`,
    );
    expect(() =>
      new Linear(2, 3, { random, noBias: true }).copyParametersFrom(new Linear(2, 3, { random })),
    ).toThrowErrorMatchingInlineSnapshot(
      `[UsageError: copyParametersFrom: both networks must have the same parameters; got none and b (3). Build both alike.]`,
    );
  });

  it("saveState and loadState go by path, and refuse another structure whole", () => {
    const [own, other] = [new Network(new Random(1)), new Network(new Random(2))];
    own.loadState(other.saveState());
    expect(numbers(own)).toEqual(numbers(other));
    const random = new Random(0);
    const small = new Linear(2, 3, { random });
    expect(() =>
      small.loadState(new Linear(2, 3, { random, noBias: true }).saveState()),
    ).toThrowErrorMatchingInlineSnapshot(
      `[UsageError: load: the saved parameters must be those of this network, w, b; got w. Build the network with the settings it was saved with.]`,
    );
    const before = numbers(small);
    expect(() => small.loadState(new Linear(2, 4, { random }).saveState())).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: load: w must hold 6 numbers, shape (2, 3); got 8. Build the network with the sizes it was saved with.]`,
    );
    expect(numbers(small)).toEqual(before);
  });
});

describe("Linear", () => {
  it("is activation(x·w + b) over the last axis", () =>
    scope(() => {
      const layer = new Linear(2, 3, { random: new Random(0), activation: tanh });
      layer.w.assign([1, 2, 3, 4, 5, 6]);
      layer.b!.assign([0.1, 0.2, 0.3]);
      const y = layer.forward(variable([[[0.1, -0.2]], [[0.3, 0]]]));
      expect(y.shape).toEqual([2, 1, 3]);
      const wanted = [-0.6, -0.6, -0.6, 0.4, 0.8, 1.2].map(Math.tanh);
      y.toArray().forEach((v, i) => {
        expect(v).toBeCloseTo(wanted[i]!, 6);
      });
    }));

  it("begins with LeCun's weights and no bias", () => {
    const layer = new Linear(400, 100, { random: new Random(0) });
    const variance = [...layer.w.data].reduce((total, x) => total + x * x, 0) / layer.w.size;
    expect(variance * 400).toBeCloseTo(1, 1);
    expect([...layer.b!.data]).toEqual(Array(100).fill(0));
    expect(new Linear(2, 2, { random: new Random(0), noBias: true }).b).toBeNull();
    expect([...new Linear(1, 2, { random: new Random(0), initialB: constant(3) }).b!.data]).toEqual([3, 3]);
  });

  it("has right gradients of first and second order, fused with an activation or not", async () => {
    await openDevice("reference");
    const random = new Random(3);
    const draw = (...shape: number[]) => ({
      shape,
      values: Array.from({ length: shape.reduce((a, b) => a * b) }, () => random.uniform(-1, 1)),
    });
    for (const activation of [null, tanh]) {
      const f = (x: Variable, w: Variable, b: Variable) => linear(x, w, b, activation);
      gradientCheck(f, [draw(5, 3), draw(3, 2), draw(2)]);
      doubleGradientCheck(f, [draw(5, 3), draw(3, 2), draw(2)]);
    }
  });

  it("refuses what does not fit", () =>
    scope(() => {
      const layer = new Linear(2, 3, { random: new Random(0) });
      expect(() => layer.forward(variable([[1, 2, 3]]))).toThrowErrorMatchingInlineSnapshot(
        `[ShapeError: linear: x (…batch, inner) and w (inner, cols) must agree on inner; got x (1, 3) and w (2, 3). Check the first layer against env.observationSpace.shape.]`,
      );
    }));
});

describe("Dropout", () => {
  const x = () => variable(Array(10_000).fill(1));

  it("drops its share and scales the rest while training, and does nothing in evaluation", () =>
    scope(() => {
      const link = new Dropout({ ratio: 0.2, random: new Random(0) });
      const y = link.forward(x()).toArray();
      const kept = y.filter((v) => v !== 0);
      expect(new Set(kept.map((v) => v.toFixed(5)))).toEqual(new Set(["1.25000"]));
      // five standard deviations
      expect(Math.abs(kept.length / 10_000 - 0.8)).toBeLessThan(5 * Math.sqrt((0.2 * 0.8) / 10_000));
      expect(evalMode(() => link.forward(x()).toArray())).toEqual(Array(10_000).fill(1));
    }));

  it("is the seed's, and differs from call to call", () =>
    scope(() => {
      const [a, b] = [0, 1].map(() => new Dropout({ random: new Random(7) }));
      const first = a!.forward(x()).toArray();
      expect(b!.forward(x()).toArray()).toEqual(first);
      expect(a!.forward(x()).toArray()).not.toEqual(first);
    }));

  it("passes the gradient of what it kept", () =>
    scope(() => {
      const input = variable(Array(100).fill(2), { requiresGrad: true });
      const y = new Dropout({ random: new Random(1) }).forward(input);
      sum(y).backward();
      expect(input.grad!.toArray()).toEqual(y.toArray().map((v) => v / 2));
    }));

  it("refuses a ratio of 1", () =>
    scope(() => {
      expect(() => new Dropout({ ratio: 1, random: new Random(0) }).forward(x())).toThrowErrorMatchingInlineSnapshot(
        `[UsageError: dropout: ratio must be at least 0 and below 1; got 1.]`,
      );
    }));
});

describe("LayerNormalization", () => {
  it("normalises each row, then scales and shifts", () =>
    scope(() => {
      const link = new LayerNormalization(4, { eps: 1e-3 });
      link.gamma.assign([1, 2, 3, 4]);
      link.beta.assign([0, 0, 1, -1]);
      const rows = [
        [1, 2, 3, 6],
        [-5, 0, 0.5, 2],
      ];
      const wanted = rows.flatMap((row) => {
        const average = row.reduce((a, b) => a + b) / 4;
        const variance = row.reduce((total, v) => total + (v - average) ** 2, 0) / 4;
        return row.map((v, i) => ((v - average) / Math.sqrt(variance + 1e-3)) * (i + 1) + [0, 0, 1, -1][i]!);
      });
      link
        .forward(variable(rows))
        .toArray()
        .forEach((v, i) => {
          expect(v).toBeCloseTo(wanted[i]!, 5);
        });
    }));

  it("has right gradients of first and second order", async () => {
    await openDevice("reference");
    const random = new Random(4);
    const draw = (...shape: number[]) => ({
      shape,
      values: Array.from({ length: shape.reduce((a, b) => a * b) }, () => random.uniform(-1, 1)),
    });
    const f = (x: Variable, gamma: Variable, beta: Variable) => layerNormalization(x, gamma, beta, 1e-3);
    gradientCheck(f, [draw(3, 5), draw(5), draw(5)]);
    doubleGradientCheck(f, [draw(3, 5), draw(5), draw(5)], { tolerance: 1e-5 });
  });
});

describe("EmbedId", () => {
  it("gives the rows that ids name, and its gradient goes to those alone", () =>
    scope(() => {
      const link = new EmbedId(4, 2, { random: new Random(0) });
      link.w.assign([0, 1, 10, 11, 20, 21, 30, 31]);
      const y = link.forward(
        variable([
          [3, 1],
          [1, 0],
        ]),
      );
      expect(y.shape).toEqual([2, 2, 2]);
      expect(y.toArray()).toEqual([30, 31, 10, 11, 10, 11, 0, 1]);
      sum(square(y).mul(0.5)).backward();
      expect([...link.w.gradData!]).toEqual([0, 1, 20, 22, 0, 0, 30, 31]);
    }));

  it("refuses ids outside the table", () =>
    scope(() => {
      const link = new EmbedId(4, 2, { random: new Random(0) });
      expect(() => link.forward(variable([4]))).toThrowErrorMatchingInlineSnapshot(
        `[UsageError: embedId: ids must be whole numbers below the 4 rows of w; got 4 at element 0.]`,
      );
      expect(() => link.forward(variable([0.5]))).toThrowErrorMatchingInlineSnapshot(
        `[UsageError: embedId: ids must be whole numbers below the 4 rows of w; got 0.5 at element 0.]`,
      );
    }));
});

describe("a network", () => {
  it("learns a function it can represent", () => {
    const random = new Random(0);
    const network = new Sequential(new Linear(1, 16, { random, activation: tanh }), new Linear(16, 1, { random }));
    const parameters = network.parameters();
    const lossNow = () =>
      scope(() => {
        const x = variable(Array.from({ length: 21 }, (_, i) => [i / 10 - 1]));
        const t = variable(Array.from({ length: 21 }, (_, i) => [Math.sin(3 * (i / 10 - 1))]));
        network.clearGrads();
        const loss = mean(square(network.forward(x).sub(t)));
        loss.backward();
        return loss.item();
      });
    const before = lossNow();
    for (let i = 0; i < 500; i++) {
      lossNow();
      for (const p of parameters) p.assign(p.data.map((v, k) => v - 0.1 * p.gradData![k]!));
    }
    expect(lossNow()).toBeLessThan(before / 20);
  });
});
