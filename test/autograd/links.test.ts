/** Links: what they own, what they compute, how they are copied. */
import { beforeEach, describe, expect, it } from "vitest";
import {
  Adam,
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
  RandomStream,
  randomUniform,
  relu,
  Sequential,
  SGD,
  scope,
  square,
  sum,
  tanh,
  type Variable,
  variable,
} from "../../src/autograd/index.ts";
import { openDevice } from "../../src/device.ts";
import { backend } from "../../src/kernel/backend.ts";
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

it("a Parameter takes a Variable's numbers over, of its own shape alone", () => {
  const parameter = new Parameter([2, 2]);
  scope(() => {
    parameter.copyFrom(variable([1, 2, 3, 4], { shape: [2, 2] }));
    expect(parameter.toArray()).toEqual([1, 2, 3, 4]);
    expect(() => parameter.copyFrom(variable([1, 2, 3, 4]))).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: copyFrom: x must have the parameter's shape (2, 2); got (4). Reshape it.]`,
    );
  });
});

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

  it("may stand in arrays, of Links or of Parameters", () => {
    class Listed extends Chain {
      readonly scales = [new Parameter([2]), new Parameter([3])];
      readonly layers = [new Linear(1, 1, { random: new Random(0), noBias: true })];
    }
    expect(paths(new Listed())).toEqual(["scales.0", "scales.1", "layers.0.w"]);
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

describe("flat networks inside one another", () => {
  const random = new Random(5);
  const make = () => new Sequential(new Linear(3, 5, { random }), tanh, new Linear(5, 2, { random }));
  const part = (network: Sequential, i: number) => network.layers[i] as Linear;
  const numbers = (link: Link) => link.parameters().map((p) => [...p.data]);
  const step = (optimizer: SGD, network: Sequential) =>
    scope(() => {
      optimizer.update(() => sum(square(network.forward(variable([[1, -2, 3]])))));
    });

  it("a part stands in the run of the whole", () => {
    const network = make();
    const [whole, last] = [network.flat(), part(network, 2).flat()];
    expect(last.version).toBe(whole.version);
    expect(last.address).toBe(whole.parameters[2]!.address);
    expect(last.gradAddress).toBe(whole.parameters[2]!.gradAddress);
    expect(last.size).toBe(12 + 4);
    expect(network.flat()).toBe(whole);
  });

  it("made flat after its part, the whole takes the part's numbers and gradients along", () => {
    const network = make();
    const before = numbers(network);
    const old = part(network, 0).flat();
    scope(() => sum(network.forward(variable([[1, -2, 3]]))).backward());
    const gradients = network.parameters().map((p) => [...p.gradData!]);
    const whole = network.flat();
    expect(numbers(network)).toEqual(before);
    expect(network.parameters().map((p) => [...p.gradData!])).toEqual(gradients);
    expect(old.isCurrent).toBe(false);
    expect(part(network, 0).flat().version).toBe(whole.version);
    // what was given back is reused without touching anyone
    for (let i = 0; i < 20; i++) make().flat();
    expect(numbers(network)).toEqual(before);
  });

  it.each([
    ["part then whole", [0, null]],
    ["whole then part", [null, 0]],
    ["both parts, then the whole", [0, 2, null]],
  ] as const)("optimizers of either go on training: %s", (_name, order) => {
    // the same steps by hand on a network that is never flat
    const [network, byHand] = [make(), make()];
    byHand.parameters().forEach((p, i) => {
      p.assign(network.parameters()[i]!.data);
    });
    const trained = order.map((i) => (i === null ? network : part(network, i)));
    const optimizers = trained.map((link) => {
      const optimizer = new SGD({ lr: 0.01 }).setup(link);
      step(optimizer, network);
      return optimizer;
    });
    for (const optimizer of optimizers) step(optimizer, network);
    for (const link of [...trained, ...trained]) {
      scope(() => {
        byHand.clearGrads();
        sum(square(byHand.forward(variable([[1, -2, 3]])))).backward();
      });
      const chosen = new Set(link.parameters().map((p) => network.parameters().indexOf(p)));
      byHand.parameters().forEach((p, i) => {
        if (chosen.has(i)) p.assign(p.data.map((v, k) => v - 0.01 * p.gradData![k]!));
      });
    }
    numbers(network).forEach((values, i) => {
      values.forEach((v, k) => {
        expect(v).toBeCloseTo(numbers(byHand)[i]![k]!, 5);
      });
    });
  });

  it("an optimizer keeps its statistics when its network moves", () => {
    const [network, alone] = [make(), make()];
    alone.copyParametersFrom(network);
    const parts = [part(network, 2), part(alone, 2)];
    const optimizers = parts.map((link) => new Adam().setup(link));
    const both = () =>
      [network, alone].forEach((whole, i) => {
        scope(() => {
          whole.clearGrads();
          optimizers[i]!.update(() => sum(square(whole.forward(variable([[1, -2, 3]])))));
        });
      });
    both();
    class Around extends Chain {
      readonly extra = new Linear(1, 1, { random });
      readonly network = network;
    }
    new Around().flat();
    both();
    expect(numbers(parts[0]!)).toEqual(numbers(parts[1]!));
  });

  it("a Link keeps to the parameters it was made flat with when they move", () => {
    const list = new ChainList(new Linear(2, 3, { random }));
    const optimizer = new Adam().setup(list);
    list.add(new Linear(3, 4, { random }));
    class Around extends Chain {
      readonly list = list;
    }
    expect(new Around().flat().parameters).toHaveLength(4);
    optimizer.update();
    expect(list.flat().names).toEqual(["children.0.w", "children.0.b"]);
    expect(list.flat().size).toBe(8 + 4);
  });

  it("a target made flat part by part is copied whole", () => {
    const [own, other] = [make(), make()];
    part(own, 0).copyParametersFrom(part(other, 0));
    expect(numbers(part(own, 0))).toEqual(numbers(part(other, 0)));
    expect(numbers(part(own, 2))).not.toEqual(numbers(part(other, 2)));
    own.copyParametersFrom(other);
    part(own, 2).softCopyParametersFrom(part(other, 2), 0.5);
    expect(numbers(own)).toEqual(numbers(other));
  });

  it("networks that overlap are refused", () => {
    class Model extends Chain {
      readonly body: Linear;
      readonly head = new Linear(4, 1, { random });
      constructor(body: Linear) {
        super();
        this.body = body;
      }
    }
    const body = new Linear(2, 4, { random });
    const first = new Model(body);
    const before = numbers(first);
    first.flat();
    expect(() => new Model(body).flat()).toThrowErrorMatchingInlineSnapshot(
      `[UsageError: flat: networks that share parameters must be nested, one inside the other; got body.w (2, 4) in two that are not. Make one Chain of all their layers.]`,
    );
    expect(numbers(first)).toEqual(before);
  });

  it("parts that are no neighbours are refused, and the same parts in another order move there and back", () => {
    const [a, b, c] = [1, 2, 3].map((n) => new Linear(2, n, { random })) as [Linear, Linear, Linear];
    const whole = new Sequential(a, b, c);
    whole.flat();
    expect(() => new Sequential(a, c).flat()).toThrow(/got layers\.0\.w \(2, 1\) in two that are not/);
    expect(new Sequential(a, b).flat().version).toBe(whole.flat().version);
    const before = numbers(whole);
    const other = new Sequential(c, a, b);
    for (let i = 0; i < 2; i++) {
      other.flat();
      expect(whole.flat().isCurrent).toBe(true);
      expect(other.flat().isCurrent).toBe(true);
    }
    expect(numbers(whole)).toEqual(before);
  });

  it("the memory of a run that was outgrown is used again", () => {
    const network = make();
    const old = part(network, 0).flat();
    network.flat();
    const again = [0, 1].map(() => backend().memory.reserve(4 * old.size));
    expect(new Set(again)).toEqual(new Set([old.address, old.gradAddress]));
  });

  it("a copy between forward and backward is noticed", () =>
    scope(() => {
      const copies = [
        (own: Link, other: Link) => own.copyParametersFrom(other),
        (own: Link, other: Link) => own.softCopyParametersFrom(other, 0.5),
      ];
      for (const copy of copies) {
        const [own, other] = [make(), make()];
        own.flat();
        const loss = sum(own.forward(variable([[1, 2, 3]])));
        copy(own, other);
        expect(() => loss.backward()).toThrow(/must stand unchanged until backward/);
      }
    }));

  it("a share of the way lies between the two", () => {
    for (const tau of [-0.1, 1.5, Number.NaN]) {
      expect(() => make().softCopyParametersFrom(make(), tau)).toThrow(
        `softCopyParametersFrom: tau must be at least 0 and at most 1; got ${tau}.`,
      );
    }
    const [own, other] = [make(), make()];
    const before = numbers(own);
    own.softCopyParametersFrom(other, 0);
    expect(numbers(own)).toEqual(before);
    own.softCopyParametersFrom(other, 1);
    numbers(own).forEach((values, i) => {
      values.forEach((v, k) => {
        expect(v).toBeCloseTo(numbers(other)[i]![k]!, 6);
      });
    });
  });

  it("another device has none of it", async () => {
    const [own, other] = [make(), make()];
    own.copyParametersFrom(other);
    await openDevice("reference");
    expect(() => own.copyParametersFrom(other)).toThrowErrorMatchingInlineSnapshot(
      `[UsageError: copyParametersFrom: a Variable may be used only on the device it was made on; got w after another device was opened. Make it anew.]`,
    );
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

  it("draws no number twice, and goes on from a saved state", () =>
    scope(() => {
      const stream = new RandomStream(new Random(3));
      const first = randomUniform([5], stream).toArray();
      const saved = stream.saveState();
      const second = randomUniform([5], stream).toArray();
      expect(new Set([...first, ...second]).size).toBe(10);
      const other = new RandomStream(new Random(4));
      other.loadState(saved);
      expect(randomUniform([5], other).toArray()).toEqual(second);
    }));

  it("passes the gradient of what it kept", () =>
    scope(() => {
      const input = variable(Array(100).fill(2), { requiresGrad: true });
      const y = new Dropout({ random: new Random(1) }).forward(input);
      sum(y).backward();
      expect(input.grad!.toArray()).toEqual(y.toArray().map((v) => v / 2));
    }));

  it("goes on with its draws from a saved state", () =>
    scope(() => {
      const make = (seed: number) => {
        const random = new Random(seed);
        return new Sequential(new Linear(1, 1, { random }), new Dropout({ random }));
      };
      const [own, other] = [make(1), make(2)];
      const drawn = (link: Sequential) => link.layers[1] as Dropout;
      drawn(own).forward(x());
      const state = own.saveState();
      const next = drawn(own).forward(x()).toArray();
      other.loadState(state);
      expect(drawn(other).forward(x()).toArray()).toEqual(next);
      expect(Object.keys(state)).toEqual(["layers.0.w", "layers.0.b", "layers.1.stream"]);
    }));

  it("refuses a ratio of 1", () =>
    scope(() => {
      expect(() => new Dropout({ ratio: 1, random: new Random(0) }).forward(x())).toThrowErrorMatchingInlineSnapshot(
        `[UsageError: dropout: ratio must be at least 0 and below 1; got 1.]`,
      );
    }));
});

describe("LayerNormalization", () => {
  it("begins with scale 1, shift 0 and eps 1e-6", () =>
    scope(() => {
      const link = new LayerNormalization(2);
      expect([[...link.gamma.data], [...link.beta.data]]).toEqual([
        [1, 1],
        [0, 0],
      ]);
      // variance 1e-6, as large as eps
      const y = link.forward(variable([[-1e-3, 1e-3]])).toArray();
      expect(y[1]).toBeCloseTo(Math.SQRT1_2, 4);
    }));

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
  it("begins with standard normal rows", () => {
    const { w } = new EmbedId(200, 50, { random: new Random(0) });
    const variance = [...w.data].reduce((total, x) => total + x * x, 0) / w.size;
    expect(Math.abs(variance - 1)).toBeLessThan(5 * Math.sqrt(2 / w.size));
    expect([...new EmbedId(1, 2, { random: new Random(0), initialW: constant(3) }).w.data]).toEqual([3, 3]);
  });

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
