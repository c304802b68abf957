import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  doubleGradientCheck,
  gradientCheck,
  RandomStream,
  scope,
  type Variable,
  variable,
} from "../../src/autograd/index.ts";
import { openDevice } from "../../src/device.ts";
import {
  Categorical,
  Deterministic,
  type Distribution,
  Gaussian,
  Mellowmax,
  mellowmax,
  SquashedGaussian,
} from "../../src/nets/index.ts";
import { Random } from "../../src/random.ts";

const ln2 = Number(Math.LN2.toFixed(5));
const stream = () => new RandomStream(new Random(5));
const numbers = (y: Variable, digits = 5) => y.toArray().map((x) => Number(x.toFixed(digits)));

describe("literal numbers", () => {
  it("Categorical", () => {
    scope(() => {
      const p = new Categorical(
        variable([
          [0, Math.log(2), Math.log(5)],
          [1000, 1000, -1000],
        ]),
      );
      const q = new Categorical(
        variable([
          [0, 0, 0],
          [0, 0, 0],
        ]),
      );
      expect(numbers(p.probs)).toEqual([0.125, 0.25, 0.625, 0.5, 0.5, 0]);
      expect(numbers(p.mode)).toEqual([2, 0]);
      expect(numbers(p.logProb(variable([1, 0])))).toEqual([-1.38629, -ln2]);
      // 0.125 ln 8 + 0.25 ln 4 + 0.625 ln 1.6
      expect(numbers(p.entropy)).toEqual([0.90026, ln2]);
      expect(numbers(p.kl(q))).toEqual([0.19836, 0.40547]);
      expect(numbers(p.kl(p.detach()))).toEqual([0, 0]);
    });
  });

  it("Gaussian", () => {
    scope(() => {
      const p = new Gaussian(variable([[1, -2]]), variable([[0, Math.log(4)]]));
      const q = new Gaussian(variable([[0, 0]]), variable([[0, 0]]));
      expect(numbers(p.logProb(variable([[2, 0]])))).toEqual([-3.53102]); // −(1 + 1 + ln 4 + 2 ln 2π) / 2
      expect(numbers(p.entropy)).toEqual([3.53102]); // ln 2πe + ln 2
      expect(numbers(p.kl(q))).toEqual([3.30685]); // (1 + 4 + 4 − 1 − ln 4) / 2
      expect(numbers(p.mode)).toEqual([1, -2]);
    });
  });

  it("SquashedGaussian", () => {
    scope(() => {
      const p = new SquashedGaussian(variable([[0.5]]), variable([[0]]));
      // ln N(0; 0.5, 1) − ln 1
      expect(numbers(p.logProb(variable([[0]])))).toEqual([-1.04394]);
      // u = artanh 0.6 = ln 2: −(ln 2 − 0.5)² / 2 − ln(2π) / 2 − ln(1 − 0.36)
      expect(numbers(p.logProb(variable([[0.6]])), 4)).toEqual([-0.4913]);
      expect(numbers(p.mode)).toEqual([0.46212]);
      const stretching = { center: variable([1]), halfWidth: variable([2]), lnVolume: Math.log(2) };
      const stretched = new SquashedGaussian(variable([[0.5]]), variable([[0]]), stretching);
      // the action 1 + 2 · 0.6, at half the density
      expect(numbers(stretched.logProb(variable([[2.2]])), 4)).toEqual([-1.1845]);
      expect(numbers(stretched.mode)).toEqual([1.92423]);
      expect(numbers(stretched.detach().logProb(variable([[2.2]])), 4)).toEqual([-1.1845]);
      const far = new SquashedGaussian(variable([[50]]), variable([[-20]])).sampleWithLogProb(stream());
      expect(far.action.toArray()).toEqual([1]);
      expect(Number.isFinite(far.logProb.item())).toBe(true);
      expect(() => p.entropy).toThrowErrorMatchingInlineSnapshot(
        `[UsageError: SquashedGaussian: the entropy must be estimated from samples; got no closed form. Average −logProb of sampleWithLogProb.]`,
      );
    });
  });

  it("Mellowmax: the mean value under the policy is the mellowmax", () => {
    scope(() => {
      const values = variable([
        [1, 2, 4],
        [0, 0, 0],
        [-3, 0.001, 0],
        [100, 101, 100],
      ]);
      const p = new Mellowmax(values, 5);
      // ln((e⁵ + e¹⁰ + e²⁰) / 3) / 5
      expect(numbers(mellowmax(values, 5), 4)[0]).toBeCloseTo(4 - Math.log(3) / 5, 4);
      const wanted = mellowmax(values, 5).toArray();
      const probs = p.probs.toArray();
      wanted.forEach((mm, row) => {
        const mean = [0, 1, 2].reduce((sum, a) => sum + probs[3 * row + a]! * values.at(3 * row + a), 0);
        expect(mean).toBeCloseTo(mm, 4);
      });
      expect(probs.slice(3, 6).map((x) => Number(x.toFixed(5)))).toEqual([0.33333, 0.33333, 0.33333]);
      expect(p.beta.toArray().every((beta) => beta >= 0 && beta <= 5)).toBe(true);
    });
  });

  it("Deterministic", () => {
    scope(() => {
      const p = new Deterministic(variable([[1, 2]]));
      expect(p.sample(stream()).toArray()).toEqual([1, 2]);
      expect(() => p.logProb(variable([[1, 2]]))).toThrowErrorMatchingInlineSnapshot(
        `[UsageError: Deterministic: logProb must be of a distribution with a density; got none. Use a stochastic policy.]`,
      );
    });
  });
});

describe("samples", () => {
  const n = 20_000;
  const rows = (row: number[]) =>
    variable(
      Float32Array.from({ length: n * row.length }, (_, i) => row[i % row.length]!),
      { shape: [n, row.length] },
    );

  it("of a Categorical come as often as they should", () => {
    scope(() => {
      const counts = [0, 0, 0];
      for (const a of new Categorical(rows([0, Math.log(2), Math.log(5)])).sample(stream()).toArray()) counts[a]!++;
      [0.125, 0.25, 0.625].forEach((p, a) => {
        expect(Math.abs(counts[a]! / n - p)).toBeLessThan(4 * Math.sqrt((p * (1 - p)) / n));
      });
    });
  });

  it("of a Gaussian have its mean and variance", () => {
    scope(() => {
      const xs = new Gaussian(rows([1, -2]), rows([0, Math.log(4)])).sample(stream()).toArray();
      for (const [column, mean, variance] of [
        [0, 1, 1],
        [1, -2, 4],
      ] as const) {
        const own = xs.filter((_, i) => i % 2 === column);
        const average = own.reduce((a, b) => a + b) / n;
        expect(Math.abs(average - mean)).toBeLessThan(4 * Math.sqrt(variance / n));
        const spread = own.reduce((sum, x) => sum + (x - average) ** 2, 0) / n;
        expect(Math.abs(spread / variance - 1)).toBeLessThan(4 * Math.sqrt(2 / n));
      }
    });
  });

  it("of a SquashedGaussian carry the log-probability that logProb gives", () => {
    scope(() => {
      const p = new SquashedGaussian(rows([0.3, -0.2]), rows([-1, 0]));
      const { action, logProb } = p.sampleWithLogProb(stream());
      const again = p.logProb(action).toArray();
      logProb.toArray().forEach((x, i) => {
        expect(Math.abs(x - again[i]!)).toBeLessThan(2e-2 * (1 + Math.abs(x)));
      });
    });
  });

  it("go on where a saved stream stood", () => {
    scope(() => {
      const p = new Categorical(rows([0, 0, 0]));
      const random = stream();
      p.sample(random);
      const state = random.saveState();
      const next = p.sample(random).toArray();
      const other = new RandomStream(new Random(9));
      other.loadState(state);
      expect(p.sample(other).toArray()).toEqual(next);
    });
  });
});

describe("gradients of every order", () => {
  beforeAll(async () => {
    await openDevice("reference");
  });
  afterAll(async () => {
    await openDevice("cpu");
  });
  const random = new Random(3);
  const tensor = (...shape: number[]) => ({
    shape,
    values: Array.from({ length: shape.reduce((a, b) => a * b) }, () => random.uniform(-1.5, 1.5)),
  });
  const action = { shape: [3, 2], values: [0.1, -0.4, 0.7, 0.2, -0.8, 0.5] };
  const two = [tensor(3, 2), tensor(3, 2)];
  const cases: Record<string, [f: (...xs: Variable[]) => Variable, inputs: { shape: number[]; values: number[] }[]]> =
    {};
  const discrete = { shape: [3], values: [1, 0, 3] };
  for (const [name, make] of [
    ["Categorical", (x: Variable) => new Categorical(x)],
    ["Mellowmax", (x: Variable) => new Mellowmax(x, 3)],
  ] as const) {
    cases[`${name}.logProb`] = [(x) => make(x).logProb(variable(discrete.values)), [tensor(3, 4)]];
    cases[`${name}.entropy`] = [(x) => make(x).entropy, [tensor(3, 4)]];
    cases[`${name}.kl`] = [(x, y) => make(x).kl(make(y)), [tensor(3, 4), tensor(3, 4)]];
  }
  cases["Gaussian.logProb"] = [(m, v, x) => new Gaussian(m, v).logProb(x), [...two, action]];
  cases["Gaussian.entropy"] = [(m, v) => new Gaussian(m, v).entropy, two];
  cases["Gaussian.kl"] = [
    (m, v, n, w) => new Gaussian(m, v).kl(new Gaussian(n, w)),
    [...two, tensor(3, 2), tensor(3, 2)],
  ];
  cases["Gaussian.sample"] = [(m, v) => new Gaussian(m, v).sample(stream()), two];
  cases["SquashedGaussian.logProb"] = [(m, v, x) => new SquashedGaussian(m, v).logProb(x), [...two, action]];
  cases["SquashedGaussian.sampleWithLogProb"] = [
    (m, v) => new SquashedGaussian(m, v).sampleWithLogProb(stream()).logProb,
    two,
  ];
  it.each(Object.entries(cases))("%s", (_name, [f, inputs]) => {
    gradientCheck(f, inputs, { tolerance: 1e-5 });
    doubleGradientCheck(f, inputs, { tolerance: 1e-4 });
  });
});

describe("a constant to gradients", () => {
  it("is what detach gives", () => {
    scope(() => {
      const x = variable([[1, 2]], { requiresGrad: true });
      const distributions: Distribution[] = [
        new Categorical(x),
        new Gaussian(x, x),
        new SquashedGaussian(x, x),
        new Deterministic(x),
      ];
      for (const p of distributions) expect(p.detach().mode.creator).toBe(null);
    });
  });
});
