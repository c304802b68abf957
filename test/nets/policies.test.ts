import { describe, expect, it } from "vitest";
import { constant, grad, RandomStream, scope, sum, type Variable, variable } from "../../src/autograd/index.ts";
import {
  DeterministicHead,
  Gaussian,
  GaussianHead,
  HiddenLayers,
  LateActionQ,
  MellowmaxHead,
  MlpStateActionQ,
  MlpValueFunction,
  mlpPolicy,
  SeparateActorCritic,
  SharedActorCritic,
  SoftmaxHead,
  SquashedGaussianHead,
  StochasticDuelingModel,
  smallWeights,
  TwinQ,
  ValueHead,
} from "../../src/nets/index.ts";
import { Random } from "../../src/random.ts";

const random = () => new Random(1);
const mlp = { hiddenSizes: [8, 8], random: random() };
const obs = (rows: number) =>
  variable(
    Float32Array.from({ length: rows * 3 }, (_, i) => Math.sin(i)),
    { shape: [rows, 3] },
  );

describe("heads of discrete actions", () => {
  it("begin near uniform with small weights", () => {
    scope(() => {
      for (const Head of [SoftmaxHead, MellowmaxHead]) {
        const policy = mlpPolicy(
          3,
          mlp,
          (size) => new Head(size, 4, { random: random(), initialW: smallWeights(1e-3) }),
        );
        for (const p of policy.forward(obs(5)).probs.toArray()) expect(p).toBeCloseTo(0.25, 2);
      }
    });
  });
});

describe("GaussianHead", () => {
  const head = (options: Partial<ConstructorParameters<typeof GaussianHead>[2]>) =>
    new GaussianHead(8, 2, { random: random(), variance: 0.3, ...options });
  const variances = (made: GaussianHead, features: Variable) =>
    made
      .forward(features)
      .lnVar.toArray()
      .map((x) => Math.exp(x));

  it("has the given variance at first", () => {
    scope(() => {
      const features = variable(new Float32Array(16), { shape: [2, 8] });
      for (const covariance of ["dependent", "independent", "fixed"] as const) {
        const minVariance = covariance === "fixed" ? 0 : 0.1;
        for (const v of variances(head({ covariance, minVariance }), features)) expect(v).toBeCloseTo(0.3, 5);
      }
    });
  });

  it("learns what its variance is said to depend on", () => {
    const names = (made: GaussianHead) => [...made.namedParameters()].map(([name]) => name);
    expect(names(head({ covariance: "dependent" }))).toEqual(["mean.w", "mean.b", "variance.w", "variance.b"]);
    expect(names(head({ covariance: "independent" }))).toEqual(["mean.w", "mean.b", "rawVariance"]);
    expect(names(head({ covariance: "fixed" }))).toEqual(["mean.w", "mean.b"]);
    scope(() => {
      const features = variable(
        Float32Array.from({ length: 16 }, (_, i) => i),
        { shape: [2, 8] },
      );
      const [a, b, c, d] = variances(head({ covariance: "dependent" }), features) as [number, number, number, number];
      expect(a).not.toBeCloseTo(c, 3);
      expect(b).not.toBeCloseTo(d, 3);
    });
  });

  it("keeps variances above the smallest one", () => {
    scope(() => {
      const made = head({ covariance: "independent", minVariance: 0.1 });
      made.rawVariance!.assign([-100, -100]);
      for (const v of variances(made, variable(new Float32Array(8), { shape: [1, 8] }))) expect(v).toBeCloseTo(0.1, 5);
    });
  });

  it("says what must hold of variances", () => {
    expect(() => head({ variance: 0.1, minVariance: 0.2 })).toThrowErrorMatchingInlineSnapshot(
      `[UsageError: GaussianHead: variance > minVariance ≥ 0 must hold; got 0.1 and 0.2. Raise variance.]`,
    );
  });
});

describe("bounds", () => {
  const bounds = { low: [-1, 2], high: [1, 8] };
  const large = { random: random(), initialW: constant(100) };

  it("are reached, and not left", () => {
    scope(() => {
      const high = variable(new Float32Array(8).fill(1), { shape: [1, 8] });
      const low = variable(new Float32Array(8).fill(-1), { shape: [1, 8] });
      const middle = variable(new Float32Array(8), { shape: [1, 8] });
      for (const head of [
        new DeterministicHead(8, 2, { ...large, bounds }),
        new GaussianHead(8, 2, { ...large, bounds }),
        new SquashedGaussianHead(8, 2, { ...large, bounds }),
      ]) {
        expect(head.forward(high).mode.toArray()).toEqual([1, 8]);
        expect(head.forward(low).mode.toArray()).toEqual([-1, 2]);
        expect(head.forward(middle).mode.toArray()).toEqual([0, 5]);
      }
    });
  });

  it("must be finite", () => {
    const open = { low: [-1], high: [Number.POSITIVE_INFINITY] };
    expect(() => new DeterministicHead(8, 1, { ...large, bounds: open })).toThrowErrorMatchingInlineSnapshot(
      `[UsageError: policy: actions to be bounded must have finite bounds; got low -1 and high Infinity. Give the action space bounds.]`,
    );
  });
});

describe("actor-critics", () => {
  it("give a distribution and values (batch), on one trunk or two", () => {
    scope(() => {
      const head = (size: number) => new SoftmaxHead(size, 4, { random: random() });
      const separate = new SeparateActorCritic(mlpPolicy(3, mlp, head), new MlpValueFunction(3, mlp));
      const trunk = new HiddenLayers(3, mlp);
      const shared = new SharedActorCritic(trunk, head(8), new ValueHead(8, { random: random() }));
      for (const model of [separate, shared]) {
        const { policy, value } = model.forward(obs(5));
        expect(policy.entropy.shape).toEqual([5]);
        expect(value.shape).toEqual([5]);
        expect(model.actOn(obs(5)).mode.toArray()).toEqual(policy.mode.toArray());
      }
      expect(separate.parameters().length - shared.parameters().length).toBe(trunk.parameters().length);
    });
  });
});

describe("q-functions of observation and action", () => {
  const actions = (rows: number) => variable(new Float32Array(2 * rows).fill(0.3), { shape: [rows, 2] });

  it("give values (batch) whose slope in the action depends on the observation", () => {
    scope(() => {
      for (const q of [new LateActionQ(3, 2, mlp), new MlpStateActionQ(3, 2, mlp)]) {
        const action = actions(2);
        action.requiresGrad = true;
        const y = q.forward(obs(2), action);
        expect(y.shape).toEqual([2]);
        const slope = grad([sum(y)], [action])[0]!.toArray();
        expect(slope.slice(0, 2)).not.toEqual(slope.slice(2));
      }
    });
  });

  it("take the action late only where there is a layer behind", () => {
    expect(() => new LateActionQ(3, 2, { hiddenSizes: [8], random: random() })).toThrowErrorMatchingInlineSnapshot(
      `[UsageError: LateActionQ: there must be two hidden layers, one before the action joins and one behind; got hiddenSizes [8]. Give more, or use MlpStateActionQ.]`,
    );
  });

  it("TwinQ believes the smaller", () => {
    scope(() => {
      const layers = () => ({ hiddenSizes: [8], random: new Random(Math.PI) });
      const twins = new TwinQ(new MlpStateActionQ(3, 2, layers()), new MlpStateActionQ(3, 2, mlp));
      const [q1, q2] = twins.forward(obs(9), actions(9)).map((q) => q.toArray()) as [number[], number[]];
      expect(twins.smaller(obs(9), actions(9)).toArray()).toEqual(q1.map((x, i) => Math.min(x, q2[i]!)));
    });
  });

  it("a stochastic dueling network's mean under the policy is the state's value", () => {
    scope(() => {
      const policy = mlpPolicy(3, mlp, (size) => new GaussianHead(size, 2, { random: random() }));
      const model = new StochasticDuelingModel(policy, new MlpValueFunction(3, mlp), new LateActionQ(3, 2, mlp));
      const stream = new RandomStream(random());
      const x = obs(2);
      const p = policy.forward(x);
      const value = model.valueFunction.forward(x);
      const drawn = Array.from({ length: 400 }, () => p.detach().sample(stream));
      const q = model.evaluate(x, { policy: p, value, actions: drawn }, 400, stream);
      for (const row of [0, 1]) {
        const average = q.reduce((total, y) => total + y.at(row), 0) / drawn.length;
        expect(Math.abs(average - value.at(row))).toBeLessThan(0.05);
      }
      // differences are those of the advantages
      const [first, second] = drawn.map((a) => model.advantageFunction.forward(x, a).at(0)) as [number, number];
      expect(q[0]!.at(0) - q[1]!.at(0)).toBeCloseTo(first - second, 5);
      expect(p).toBeInstanceOf(Gaussian);
    });
  });
});
