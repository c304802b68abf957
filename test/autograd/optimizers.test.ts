/** Every optimizer and hook against its formula, written out here once more in float64, over several updates. */
import { beforeEach, describe, expect, it } from "vitest";
import {
  AdaDelta,
  AdaGrad,
  Adam,
  AdamW,
  AMSGrad,
  Chain,
  constant,
  GradientClipping,
  GradientHardClipping,
  GradientNoise,
  gradientNorm,
  Lasso,
  Linear,
  MomentumSGD,
  makeParameter,
  NesterovAG,
  NonbiasWeightDecay,
  normal,
  type Optimizer,
  type OptimizerHook,
  type Parameter,
  RMSprop,
  RMSpropAsync,
  RMSpropGraves,
  SGD,
  scope,
  sum,
  variable,
  WeightDecay,
} from "../../src/autograd/index.ts";
import { openDevice } from "../../src/device.ts";
import { backend, type Kernel, useBackend } from "../../src/kernel/backend.ts";
import type { NullBackend } from "../../src/kernel/nullBackend.ts";
import { Random } from "../../src/random.ts";

/** Two parameters, the first with three numbers of padding behind it. */
class Model extends Chain {
  readonly w: Parameter;
  readonly b: Parameter;

  constructor(seed = 0) {
    super();
    const random = new Random(seed);
    this.w = makeParameter([3, 7], normal(1), random, "w");
    this.b = makeParameter([5], normal(1), random, "b");
  }
}

const updates = 6;

/** The gradient of every number at update t: small and large ones, and zeros. */
const gradientsAt = (t: number, size: number) =>
  Array.from({ length: size }, (_, i) => (i % 6 === 5 ? 0 : 3 ** (i % 5) * Math.sin(1 + i + 2.3 * t)));

function giveGradients(model: Model, t: number): void {
  model.clearGrads();
  scope(() => {
    let from = 0;
    for (const p of model.parameters()) {
      const values = gradientsAt(t, 26).slice(from, (from += p.size));
      p.addGrad(variable(values, { shape: p.shape }));
    }
  });
}

const numbersOf = (model: Model) => model.parameters().flatMap((p) => [...p.data]);

/** The same in float64: `step` gives the change of one number from its gradient, statistics and the update's count. */
type Step = (p: number, g: number, state: Record<string, number>, t: number) => number;

function expected(
  start: readonly number[],
  step: Step,
  change = (g: number[], _p: number[], _t: number) => g,
): number[] {
  const p = [...start];
  const states = p.map(() => ({}) as Record<string, number>);
  for (let t = 1; t <= updates; t++) {
    const g = change(gradientsAt(t, p.length), p, t);
    p.forEach((value, i) => {
      p[i] = value + step(value, g[i]!, states[i]!, t);
    });
  }
  return p;
}

/** Reads a statistic that is 0 at first. */
const of = (state: Record<string, number>, name: string) => state[name] ?? 0;

function momentOf(state: Record<string, number>, name: string, decay: number, value: number): number {
  state[name] = decay * of(state, name) + (1 - decay) * value;
  return state[name]!;
}

const adamStep = (g: number, state: Record<string, number>, t: number, alpha: number, highest = false) => {
  const m = momentOf(state, "m", 0.9, g) / (1 - 0.9 ** t);
  let v = momentOf(state, "v", 0.999, g * g);
  if (highest) {
    v = Math.max(v, of(state, "highest"));
    state.highest = v;
  }
  // eps is added to the root before its correction, as in the efficient form at the end of section 2 of the paper
  return (-alpha * m * Math.sqrt(1 - 0.999 ** t)) / (Math.sqrt(v) + 1e-8);
};

const cases: [string, () => Optimizer, Step][] = [
  ["SGD", () => new SGD({ lr: 0.05 }), (_p, g) => -0.05 * g],
  [
    "MomentumSGD",
    () => new MomentumSGD({ lr: 0.02, momentum: 0.8 }),
    (_p, g, s) => {
      s.v = 0.8 * of(s, "v") - 0.02 * g;
      return s.v;
    },
  ],
  [
    "NesterovAG",
    () => new NesterovAG({ lr: 0.02, momentum: 0.8 }),
    (_p, g, s) => {
      // the look-ahead form: p here is Sutskever's θ + μ v
      const before = of(s, "v");
      s.v = 0.8 * before - 0.02 * g;
      return -0.8 * before + 1.8 * s.v;
    },
  ],
  [
    "AdaGrad",
    () => new AdaGrad({ lr: 0.1 }),
    (_p, g, s) => {
      s.h = of(s, "h") + g * g;
      return g === 0 ? 0 : (-0.1 * g) / (Math.sqrt(s.h) + 1e-8);
    },
  ],
  [
    "AdaDelta",
    () => new AdaDelta(),
    (_p, g, s) => {
      const msg = momentOf(s, "msg", 0.95, g * g);
      const dx = -Math.sqrt((of(s, "msdx") + 1e-6) / (msg + 1e-6)) * g;
      momentOf(s, "msdx", 0.95, dx * dx);
      return dx;
    },
  ],
  [
    "RMSprop",
    () => new RMSprop({ lr: 0.01, alpha: 0.9, eps: 1e-3 }),
    (_p, g, s) => (-0.01 * g) / (Math.sqrt(momentOf(s, "ms", 0.9, g * g)) + 1e-3),
  ],
  [
    "RMSpropAsync",
    () => new RMSpropAsync({ lr: 0.01, alpha: 0.9, eps: 1e-1 }),
    (_p, g, s) => (-0.01 * g) / Math.sqrt(momentOf(s, "ms", 0.9, g * g) + 1e-1),
  ],
  [
    "RMSpropGraves",
    () => new RMSpropGraves({ lr: 0.01, alpha: 0.9, momentum: 0.7, eps: 1e-2 }),
    (_p, g, s) => {
      const n = momentOf(s, "n", 0.9, g * g);
      const mean = momentOf(s, "mean", 0.9, g);
      s.delta = 0.7 * of(s, "delta") - (0.01 * g) / Math.sqrt(n - mean * mean + 1e-2);
      return s.delta;
    },
  ],
  ["Adam", () => new Adam({ alpha: 0.02 }), (_p, g, s, t) => adamStep(g, s, t, 0.02)],
  [
    "AdamW",
    () => new AdamW({ alpha: 0.02, eta: 0.5, weightDecayRate: 0.04 }),
    (p, g, s, t) => 0.5 * (adamStep(g, s, t, 0.02) - 0.04 * p),
  ],
  ["AMSGrad", () => new AMSGrad({ alpha: 0.02 }), (_p, g, s, t) => adamStep(g, s, t, 0.02, true)],
];

describe.each(["cpu", "reference"] as const)("on %s", (device) => {
  beforeEach(async () => {
    await openDevice(device);
  });
  // relative to 1 + |p|
  const tolerance = device === "cpu" ? 2e-6 : 1e-12;

  function compare(found: readonly number[], wanted: readonly number[]): void {
    const error = found.map((x, i) => Math.abs(x - wanted[i]!) / (1 + Math.abs(wanted[i]!)));
    expect(Math.max(...error)).toBeLessThan(tolerance);
  }

  const train = (optimizer: Optimizer, model = new Model()) => {
    optimizer.setup(model);
    for (let t = 1; t <= updates; t++) {
      giveGradients(model, t);
      optimizer.update();
    }
    return numbersOf(model);
  };

  it.each(cases)("%s", (_name, make, step) => {
    const start = numbersOf(new Model());
    compare(train(make()), expected(start, step));
  });

  const hooks: [string, () => OptimizerHook, (g: number[], p: number[]) => number[]][] = [
    ["WeightDecay", () => new WeightDecay(0.3), (g, p) => g.map((x, i) => x + 0.3 * p[i]!)],
    [
      "NonbiasWeightDecay",
      () => new NonbiasWeightDecay(0.3),
      (g, p) => g.map((x, i) => (i < 21 ? x + 0.3 * p[i]! : x)),
    ],
    ["Lasso", () => new Lasso(0.3), (g, p) => g.map((x, i) => x + 0.3 * Math.sign(p[i]!))],
    [
      "GradientClipping",
      () => new GradientClipping(40),
      (g) => {
        const norm = Math.sqrt(g.reduce((sum, x) => sum + x * x, 0));
        return g.map((x) => x * Math.min(1, 40 / norm));
      },
    ],
    ["GradientClipping above the norm", () => new GradientClipping(1e6), (g) => g],
    ["GradientHardClipping", () => new GradientHardClipping(-2, 5), (g) => g.map((x) => Math.min(5, Math.max(-2, x)))],
  ];
  it.each(hooks)("%s", (_name, make, change) => {
    const start = numbersOf(new Model());
    const found = train(new SGD({ lr: 0.05 }).addHook(make()));
    compare(
      found,
      expected(start, (_p, g) => -0.05 * g, change),
    );
  });

  it("hooks run in the order of their adding", () => {
    const start = numbersOf(new Model());
    const clip = (g: number[]) => g.map((x) => Math.min(1, Math.max(-1, x)));
    const decay = (g: number[], p: number[]) => g.map((x, i) => x + 3 * p[i]!);
    const step: Step = (_p, g) => -0.05 * g;
    const hardly = () => new GradientHardClipping(-1, 1);
    compare(
      train(new SGD({ lr: 0.05 }).addHook(hardly()).addHook(new WeightDecay(3))),
      expected(start, step, (g, p) => decay(clip(g), p)),
    );
    compare(
      train(new SGD({ lr: 0.05 }).addHook(new WeightDecay(3)).addHook(hardly())),
      expected(start, step, (g, p) => clip(decay(g, p))),
    );
  });

  it("GradientClipping tells the norm before it clipped", () => {
    const hook = new GradientClipping(1);
    train(new SGD().addHook(hook));
    const norm = Math.sqrt(gradientsAt(updates, 26).reduce((sum, x) => sum + x * x, 0));
    expect(hook.lastNorm / norm).toBeCloseTo(1, 6);
  });

  it("gradientNorm is that of all parameters", () => {
    const model = new Model();
    giveGradients(model, 1);
    const norm = Math.sqrt(gradientsAt(1, 26).reduce((sum, x) => sum + x * x, 0));
    expect(gradientNorm(model.flat()) / norm).toBeCloseTo(1, 6);
    model.clearGrads();
    expect(gradientNorm(model.flat())).toBe(0);
  });

  it("GradientNoise has the variance of its schedule, differs each time, and is the seed's", () => {
    const change = (seed: number, t: number) => {
      const model = new Model();
      const hook = new GradientNoise(0.3, new Random(seed));
      const flat = model.flat();
      const squares: number[] = [];
      let drawn: number[] = [];
      for (let i = 0; i < t; i++) {
        model.clearGrads();
        flat.completeGradients();
        hook.apply(flat);
        drawn = flat.parameters.flatMap(({ gradAddress, size }) => [
          ...backend().memory.floats.subarray(gradAddress >> 2, (gradAddress >> 2) + size),
        ]);
        squares.push(drawn.reduce((sum, x) => sum + x * x, 0) / drawn.length);
      }
      return { drawn, squares };
    };
    expect(change(1, 2).drawn).toEqual(change(1, 2).drawn);
    expect(change(1, 2).drawn).not.toEqual(change(1, 1).drawn);
    expect(change(1, 1).drawn).not.toEqual(change(2, 1).drawn);
    // 400 updates of 26 numbers: scaled by the schedule, the mean square is that of 10,400 standard normal draws
    const { squares } = change(3, 400);
    const scaled = squares.map((square, t) => (square * (1 + t) ** 0.55) / 0.3);
    const mean = scaled.reduce((a, b) => a + b) / scaled.length;
    expect(Math.abs(mean - 1)).toBeLessThan(5 * Math.sqrt(2 / 10_400));
  });

  it.each(cases)("%s goes on bit for bit from a saved state", (_name, make) => {
    const noisy = () => make().addHook(new GradientNoise(0.1, new Random(5)));
    const whole = new Model();
    const first = noisy().setup(whole);
    let saved: { model: ReturnType<Model["saveState"]>; optimizer: ReturnType<Optimizer["saveState"]> } | undefined;
    for (let t = 1; t <= 2 * updates; t++) {
      giveGradients(whole, t);
      first.update();
      if (t === updates) saved = { model: whole.saveState(), optimizer: first.saveState() };
    }
    const other = new Model(1);
    const second = noisy().setup(other);
    other.loadState(saved!.model);
    second.loadState(saved!.optimizer as never);
    for (let t = updates + 1; t <= 2 * updates; t++) {
      giveGradients(other, t);
      second.update();
    }
    expect(second.t).toBe(2 * updates);
    expect(numbersOf(other)).toEqual(numbersOf(whole));
  });

  it("a hyperparameter changed midway counts from the next update on", () => {
    const model = new Model();
    const start = numbersOf(model);
    const optimizer = new SGD({ lr: 0.05 }).setup(model);
    for (let t = 1; t <= updates; t++) {
      if (t === 4) optimizer.hyperparameters.lr = 0.5;
      giveGradients(model, t);
      optimizer.update();
    }
    compare(
      numbersOf(model),
      expected(start, (_p, g, _s, t) => (t < 4 ? -0.05 : -0.5) * g),
    );
  });

  it.each(cases.filter(([name]) => name.startsWith("Adam") || name === "AMSGrad"))(
    "%s reads its step size at each update",
    (_name, make, step) => {
      const model = new Model();
      const start = numbersOf(model);
      const optimizer = make().setup(model) as Adam;
      for (let t = 1; t <= updates; t++) {
        optimizer.hyperparameters.alpha = 0.02 / t;
        giveGradients(model, t);
        optimizer.update();
      }
      // the step is in proportion to alpha; AdamW's decay is not
      const decay = optimizer instanceof AdamW ? 0.5 * 0.04 : 0;
      compare(
        numbersOf(model),
        expected(start, (p, g, s, t) => (step(p, g, s, t) + decay * p) / t - decay * p),
      );
    },
  );

  it("statistics too small to matter become 0, before they are denormal", () => {
    const model = new Model();
    const optimizer = new RMSprop({ alpha: 0.01 }).setup(model);
    giveGradients(model, 1);
    optimizer.update();
    expect(optimizer.saveState().statistics.ms!.some((x) => x > 0)).toBe(true);
    for (let i = 0; i < 20; i++) {
      model.clearGrads();
      optimizer.update();
      for (const x of optimizer.saveState().statistics.ms!) expect(x === 0 || x >= 1e-30).toBe(true);
    }
    expect(optimizer.saveState().statistics.ms!.every((x) => x === 0)).toBe(true);
  });

  it("the padding between parameters stays zero", () => {
    const model = new Model();
    const optimizer = new Adam()
      .addHook(new GradientNoise(1, new Random(0)))
      .addHook(new WeightDecay(0.1))
      .setup(model);
    for (let t = 1; t <= 3; t++) {
      giveGradients(model, t);
      optimizer.update();
    }
    const { address, gradAddress } = model.flat();
    for (const at of [address, gradAddress]) {
      expect([...backend().memory.floats.subarray((at >> 2) + 21, (at >> 2) + 24)]).toEqual([0, 0, 0]);
    }
  });

  it("a parameter without a gradient stays where plain descent leaves it, and counts as 0 elsewhere", () => {
    const model = new Model();
    const [w, b] = [[...model.w.data], [...model.b.data]];
    const optimizer = new SGD({ lr: 1 }).setup(model);
    scope(() => model.b.addGrad(variable([1, 2, 3, 4, 5])));
    optimizer.update();
    expect([...model.w.data]).toEqual(w);
    compare(
      [...model.b.data],
      b.map((x, i) => x - (i + 1)),
    );
  });

  it("NonbiasWeightDecay spares the biases of inner layers, and them alone", () => {
    class Nested extends Chain {
      readonly body = new Linear(2, 3, { random: new Random(0), initialB: constant(1) });
      readonly ab = makeParameter([3], constant(1), new Random(0), "ab");
    }
    const model = new Nested();
    const before = [...model.body.w.data];
    new SGD({ lr: 1 }).addHook(new NonbiasWeightDecay(0.5)).setup(model).update();
    compare(
      [...model.body.w.data],
      before.map((x) => x / 2),
    );
    expect([...model.body.b!.data]).toEqual([1, 1, 1]);
    expect([...model.ab.data]).toEqual([0.5, 0.5, 0.5]);
  });

  it("an update between forward and backward is noticed", () =>
    scope(() => {
      const model = new Model();
      const optimizer = new SGD().setup(model);
      const loss = sum(model.b.mul(model.b));
      optimizer.update();
      expect(() => loss.backward()).toThrow(/must stand unchanged until backward/);
    }));

  it("with a loss function it clears, differentiates and updates", () => {
    const model = new Model();
    const start = [...model.b.data];
    const optimizer = new SGD({ lr: 0.5 }).setup(model);
    for (let i = 0; i < 2; i++) {
      const loss = scope(() => optimizer.update(() => sum(model.b.mul(model.b)).mul(0.5)).item());
      const wanted = start.reduce((total, x) => total + (x * 0.5 ** i) ** 2, 0) / 2;
      expect(loss).toBeCloseTo(wanted, 5);
    }
    compare(
      [...model.b.data],
      start.map((x) => x / 4),
    );
  });
});

describe("one update", () => {
  it.each(cases)("of %s is one launch, whatever the number of parameters", async (_name, make) => {
    await openDevice("null");
    const launches: string[] = [];
    const counting = backend();
    useBackend({
      ...counting,
      compile: (kernel: Kernel) => () => {
        launches.push(kernel.name);
      },
    });
    const model = new Model();
    const optimizer = make().setup(model);
    for (const p of model.parameters()) p.hasGrad = true;
    optimizer.update();
    expect(launches).toHaveLength(1);
    await openDevice("cpu");
  });

  it("with hooks adds a launch each, a second for the norm", async () => {
    await openDevice("null");
    const { launches, reset } = backend() as NullBackend;
    const model = new Model();
    const optimizer = new SGD()
      .addHook(new WeightDecay(0.1))
      .addHook(new Lasso(0.1))
      .addHook(new GradientClipping(1))
      .addHook(new GradientHardClipping(-1, 1))
      .setup(model);
    for (const p of model.parameters()) p.hasGrad = true;
    reset();
    optimizer.update();
    expect(launches).toEqual("weightDecay lasso sumOfSquares gradientClipping gradientHardClipping SGD".split(" "));
    await openDevice("cpu");
  });
});

describe("hyperparameters", () => {
  // Chainer's defaults; those of RMSpropAsync are ChainerRL's
  it.each<[Optimizer, object]>([
    [new SGD(), { lr: 0.01 }],
    [new MomentumSGD(), { lr: 0.01, momentum: 0.9 }],
    [new NesterovAG(), { lr: 0.01, momentum: 0.9 }],
    [new AdaGrad(), { lr: 0.001, eps: 1e-8 }],
    [new AdaDelta(), { rho: 0.95, eps: 1e-6 }],
    [new RMSprop(), { lr: 0.01, alpha: 0.99, eps: 1e-8 }],
    [new RMSpropAsync(), { lr: 0.01, alpha: 0.99, eps: 1e-8 }],
    [new RMSpropGraves(), { lr: 1e-4, alpha: 0.95, momentum: 0.9, eps: 1e-4 }],
    [new Adam(), { alpha: 0.001, beta1: 0.9, beta2: 0.999, eps: 1e-8 }],
    [new AdamW(), { alpha: 0.001, beta1: 0.9, beta2: 0.999, eps: 1e-8, eta: 1, weightDecayRate: 0.01 }],
    [new AMSGrad(), { alpha: 0.001, beta1: 0.9, beta2: 0.999, eps: 1e-8 }],
  ])("%o", (optimizer, defaults) => {
    expect(optimizer.hyperparameters).toEqual(defaults);
  });

  it("left undefined are the defaults", () => {
    const { hyperparameters } = new Adam({ alpha: undefined, eps: 0.5 } as object);
    expect(hyperparameters).toEqual({ ...new Adam().hyperparameters, eps: 0.5 });
  });

  it("are an optimizer's own", () => {
    new Adam().hyperparameters.alpha = 7;
    expect(new Adam().hyperparameters.alpha).toBe(0.001);
  });
});

describe("what is wrong is said", () => {
  beforeEach(async () => {
    await openDevice("cpu");
  });

  it("an option that there is not, or out of its range", () => {
    expect(() => new Adam({ aplha: 0.1 } as object)).toThrowErrorMatchingInlineSnapshot(
      `[UsageError: Adam: options must be among alpha, beta1, beta2, eps; got aplha. Did you mean alpha?]`,
    );
    expect(() => new SGD({ learningRate: 0.1 } as object)).toThrowErrorMatchingInlineSnapshot(
      `[UsageError: SGD: options must be among lr; got learningRate.]`,
    );
    expect(() => new SGD({ lr: "0.1" } as object)).toThrowErrorMatchingInlineSnapshot(
      `[UsageError: SGD: lr must be a finite number; got 0.1.]`,
    );
    expect(() => new Adam({ alpha: Number.NaN })).toThrowErrorMatchingInlineSnapshot(
      `[UsageError: Adam: alpha must be a finite number; got NaN.]`,
    );
    expect(() => new Adam({ beta1: 1 })).toThrowErrorMatchingInlineSnapshot(
      `[UsageError: Adam: beta1 must be at least 0 and below 1; got 1.]`,
    );
    const decays: [string, (decay: number) => Optimizer][] = [
      ["MomentumSGD: momentum", (momentum) => new MomentumSGD({ momentum })],
      ["NesterovAG: momentum", (momentum) => new NesterovAG({ momentum })],
      ["AdaDelta: rho", (rho) => new AdaDelta({ rho })],
      ["RMSprop: alpha", (alpha) => new RMSprop({ alpha })],
      ["RMSpropAsync: alpha", (alpha) => new RMSpropAsync({ alpha })],
      ["RMSpropGraves: alpha", (alpha) => new RMSpropGraves({ alpha })],
      ["RMSpropGraves: momentum", (momentum) => new RMSpropGraves({ momentum })],
      ["Adam: beta2", (beta2) => new Adam({ beta2 })],
      ["AdamW: beta1", (beta1) => new AdamW({ beta1 })],
      ["AdamW: beta2", (beta2) => new AdamW({ beta2 })],
      ["AMSGrad: beta1", (beta1) => new AMSGrad({ beta1 })],
      ["AMSGrad: beta2", (beta2) => new AMSGrad({ beta2 })],
    ];
    for (const [what, make] of decays) {
      for (const decay of [-0.1, 1]) {
        expect(() => make(decay)).toThrow(`${what} must be at least 0 and below 1; got ${decay}.`);
      }
    }
  });

  it("another device opened since setup", async () => {
    const optimizer = new Adam().setup(new Model());
    await openDevice("reference");
    expect(() => optimizer.update()).toThrowErrorMatchingInlineSnapshot(
      `[UsageError: update: a Variable may be used only on the device it was made on; got w after another device was opened. Make it anew.]`,
    );
  });

  it("a state saved or loaded before setup", () => {
    expect(() => new Adam().saveState()).toThrowErrorMatchingInlineSnapshot(
      `[UsageError: Adam: a model must be set up before saveState; got none. Call setup(model).]`,
    );
    expect(() => new SGD().loadState({ t: 0, statistics: {}, hooks: [] })).toThrowErrorMatchingInlineSnapshot(
      `[UsageError: SGD: a model must be set up before loadState; got none. Call setup(model).]`,
    );
  });

  it("a state with other hooks", () => {
    const noisy = () => new SGD().addHook(new GradientNoise(0.1, new Random(0)));
    const saved = noisy().setup(new Model()).saveState();
    expect(() => new SGD().setup(new Model()).loadState(saved)).toThrowErrorMatchingInlineSnapshot(
      `[UsageError: SGD: the hooks must be those it was saved with; got none for a saved state at place 0. Add the same hooks in the same order.]`,
    );
    const plain = new SGD().addHook(new WeightDecay(0.1));
    expect(() => plain.setup(new Model()).loadState(saved)).toThrowErrorMatchingInlineSnapshot(
      `[UsageError: SGD: the hooks must be those it was saved with; got WeightDecay for a saved state at place 0. Add the same hooks in the same order.]`,
    );
    const without = new SGD().setup(new Model()).saveState();
    expect(() => noisy().setup(new Model()).loadState(without)).toThrowErrorMatchingInlineSnapshot(
      `[UsageError: SGD: the hooks must be those it was saved with; got GradientNoise without a saved state at place 0. Add the same hooks in the same order.]`,
    );
    // hooks without a state are the program's
    plain.loadState(without);
  });

  it("a state that does not fit changes nothing", () => {
    const trained = (seed: number) => {
      const model = new Model();
      const optimizer = new Adam().setup(model);
      giveGradients(model, seed);
      optimizer.update();
      return optimizer;
    };
    const optimizer = trained(1);
    const before = optimizer.saveState();
    const { statistics, hooks } = trained(2).saveState();
    const broken = { t: 9, statistics: { m: statistics.m!, v: statistics.v!.slice(1) }, hooks };
    expect(() => optimizer.loadState(broken)).toThrow("Adam: saved statistics must hold 32 numbers of v; got 31.");
    expect(optimizer.saveState()).toEqual(before);
  });

  it("an update before setup", () => {
    expect(() => new Adam().update()).toThrowErrorMatchingInlineSnapshot(
      `[UsageError: Adam: a model must be set up before the update; got none. Call setup(model).]`,
    );
  });

  it("a state of another optimizer or model", () => {
    const state = new SGD().setup(new Model()).saveState();
    expect(() => new Adam().setup(new Model()).loadState(state as never)).toThrowErrorMatchingInlineSnapshot(
      `[UsageError: Adam: saved statistics must hold 32 numbers of m; got none. Use the optimizer and network it was saved with.]`,
    );
    class Small extends Chain {
      readonly w = makeParameter([2], normal(1), new Random(0), "w");
    }
    const small = new Adam().setup(new Small()).saveState();
    expect(() => new Adam().setup(new Model()).loadState(small as never)).toThrowErrorMatchingInlineSnapshot(
      `[UsageError: Adam: saved statistics must hold 32 numbers of m; got 4. Use the optimizer and network it was saved with.]`,
    );
  });

  it("thresholds out of order", () => {
    expect(() => new GradientClipping(0)).toThrowErrorMatchingInlineSnapshot(
      `[UsageError: GradientClipping: threshold must be above 0; got 0.]`,
    );
    expect(() => new GradientHardClipping(1, -1)).toThrowErrorMatchingInlineSnapshot(
      `[UsageError: GradientHardClipping: low must be at most high; got 1 and -1.]`,
    );
    for (const make of [
      (rate: number) => new WeightDecay(rate),
      (rate: number) => new NonbiasWeightDecay(rate),
      (rate: number) => new Lasso(rate),
    ]) {
      for (const rate of [-0.1, Number.NaN, Number.POSITIVE_INFINITY]) {
        expect(() => make(rate)).toThrow(/: rate must be a finite number of at least 0; got /);
      }
    }
    expect(() => new GradientNoise(-1, new Random(0))).toThrowErrorMatchingInlineSnapshot(
      `[UsageError: GradientNoise: eta must be above 0; got -1.]`,
    );
  });
});
