/** Algorithm 3 of Wang et al. 2017, as plain loops and as the expectations that its estimates have. */
import { describe, expect, it } from "vitest";
import type { ACERGradients } from "../../src/agents/acer.ts";
import { ContinuousACER } from "../../src/agents/index.ts";
import { loadRollouts, Rollout, type RolloutBatch } from "../../src/agents/rollout.ts";
import { defineOp, grad, Link, rowSum, SGD, scope, type Variable, variable } from "../../src/autograd/index.ts";
import {
  Gaussian,
  GaussianHead,
  HiddenLayers,
  MlpStateActionQ,
  MlpValueFunction,
  type StateActionQ,
  StochasticDuelingModel,
  TrunkPolicy,
} from "../../src/nets/index.ts";
import { Random } from "../../src/random.ts";

const spaces = { observationSpace: { shape: [1] }, actionSpace: { shape: [2], low: [-10, -10], high: [10, 10] } };
const layers = { hiddenSizes: [], random: new Random(0) };
const dimensions = [0, 1];

const softplus = (x: number) => Math.log1p(Math.exp(x));
const total = (xs: readonly number[]) => xs.reduce((sum, x) => sum + x, 0);
const lnDensity = (mean: readonly number[], lnVar: readonly number[], a: readonly number[]) =>
  total(
    dimensions.map((i) => -((a[i]! - mean[i]!) ** 2 / Math.exp(lnVar[i]!) + lnVar[i]! + Math.log(2 * Math.PI)) / 2),
  );

describe("an update of ContinuousACER", () => {
  const acted = [0.7, -0.4];
  const other = [1.1, 0.5];
  const drawn = [
    [-0.3, 0.2],
    [0.6, -1.2],
  ];
  /** What is drawn next, the same in all rows. */
  let draws: readonly (readonly number[])[] = [];

  class Fixed extends Gaussian {
    override sample(): Variable {
      const [next, ...rest] = draws;
      draws = rest;
      const rows = this.mean.shape[0]!;
      return variable(Array.from({ length: rows }, () => next!).flat(), { shape: [rows, 2] });
    }

    override withStatistics([mean, lnVar]: readonly Variable[]): Gaussian {
      return new Fixed(mean!, lnVar!);
    }
  }
  class FixedHead extends GaussianHead {
    override forward(features: Variable): Gaussian {
      const { mean, lnVar } = super.forward(features);
      return new Fixed(mean, lnVar);
    }
  }
  const mean = [0.3, -0.2];
  const raw = [0.4, 0.9];
  const averageMean = [-0.9, 0.5];
  const valueW = [0.5];
  const valueB = [0.2];
  const advantageW = [0.1, 0.8, -0.6];

  function makeModel(means: readonly number[]) {
    const head = new FixedHead(1, 2, { random: layers.random, covariance: "independent" });
    head.mean.w.assign([0, 0]);
    head.mean.b!.assign(means);
    head.rawVariance!.assign(raw);
    const valueFunction = new MlpValueFunction(1, layers);
    valueFunction.head.value.w.assign(valueW);
    valueFunction.head.value.b!.assign(valueB);
    const advantage = new MlpStateActionQ(1, 2, layers);
    advantage.last.w.assign(advantageW);
    const model = new StochasticDuelingModel(
      new TrunkPolicy(new HiddenLayers(1, layers), head),
      valueFunction,
      advantage,
    );
    return { model, head, value: valueFunction.head.value, advantage: advantage.last };
  }

  const settings = { gamma: 0.9, truncation: 1.2, trustRegionDelta: 0.05, beta: 0.03, tMax: 3 };
  const observed = [0.5, -1, 2, 1];
  const rewards = [1, -0.5, 2];
  /** The means that acted: near the policy's, so that ρ is on both sides of 1 and of c. */
  const behaviourMeans = [
    [0.3, 0.3],
    [0.9, -0.6],
    [0.1, 1.5],
  ];

  const endings = [true, false].flatMap((terminated) => [true, false].map((usesQopc) => ({ terminated, usesQopc })));
  for (const { terminated, usesQopc } of endings) {
    const ending = terminated ? "terminated" : "truncated";
    it(`is that of the paper behind a ${ending} episode, by Q^${usesQopc ? "opc" : "ret"}`, () => {
      const { gamma, truncation: c, trustRegionDelta: delta, beta } = settings;
      const { model, head, value, advantage } = makeModel(mean);
      const agent = new ContinuousACER({
        ...spaces,
        ...settings,
        model,
        averageModel: makeModel(averageMean).model,
        optimizer: new SGD({ lr: 1 }),
        dualSamples: 2,
        replays: 0,
        qCoefficient: 0.5,
        usesQopc,
      });
      agent.averageModel.copyParametersFrom(makeModel(averageMean).model);
      for (let t = 0; t < 3; t++) {
        head.mean.b!.assign(behaviourMeans[t]!);
        draws = [acted];
        agent.act([observed[t]!]);
        head.mean.b!.assign(mean);
        draws = [other, ...drawn];
        agent.observe([observed[t + 1]!], rewards[t]!, terminated && t === 2, !terminated && t === 2);
      }

      const lnVar = raw.map((x) => Math.log(softplus(x) + 1e-8));
      const v = (t: number) => valueW[0]! * observed[t]! + valueB[0]!;
      /** A(x, a) − Σ A(x, u) / n does not depend on x here. */
      const over = (a: readonly number[]) => dimensions.map((i) => a[i]! - (drawn[0]![i]! + drawn[1]![i]!) / 2);
      const lever = (a: readonly number[]) => total(over(a).map((x, i) => advantageW[1 + i]! * x));
      let qRet = terminated ? 0 : v(3);
      let qOpc = qRet;
      const gMean = [0, 0];
      const gRaw = [0, 0];
      const gValue = [0, 0];
      const gAdvantage = [0, 0, 0];
      const cases: string[] = [];
      for (let t = 2; t >= 0; t--) {
        qRet = rewards[t]! + gamma * qRet;
        qOpc = rewards[t]! + gamma * qOpc;
        const ratio = (a: readonly number[]) =>
          Math.exp(lnDensity(mean, lnVar, a) - lnDensity(behaviourMeans[t]!, lnVar, a));
        const rho = ratio(acted);
        const q = v(t) + lever(acted);
        const terms = [
          { a: acted, weight: Math.min(c, rho) * ((usesQopc ? qOpc : qRet) - v(t)) },
          { a: other, weight: Math.max(0, 1 - c / ratio(other)) * lever(other) },
        ];
        cases.push(rho > 1 ? "ρ > 1" : "ρ ≤ 1", ratio(other) > c ? "ρ′ > c" : "ρ′ ≤ c");
        const scores = terms.map(({ a, weight }) => [
          ...dimensions.map((i) => (weight * (a[i]! - mean[i]!)) / Math.exp(lnVar[i]!)),
          ...dimensions.map((i) => (weight * ((a[i]! - mean[i]!) ** 2 / Math.exp(lnVar[i]!) - 1)) / 2),
        ]);
        const g = scores[0]!.map((x, i) => x + scores[1]![i]!);
        const k = [
          ...dimensions.map((i) => (mean[i]! - averageMean[i]!) / Math.exp(lnVar[i]!)),
          ...dimensions.map((i) => -((mean[i]! - averageMean[i]!) ** 2) / Math.exp(lnVar[i]!) / 2),
        ];
        const excess = Math.max(0, total(k.map((x, i) => x * g[i]!)) - delta) / total(k.map((x) => x * x));
        const z = g.map((x, i) => x - excess * k[i]!);
        for (const i of dimensions) {
          gMean[i]! += z[i]!;
          const slope = 1 / (1 + Math.exp(-raw[i]!)) / softplus(raw[i]!); // ∂ ln σ² / ∂ raw
          gRaw[i]! += (z[2 + i]! + beta / 2) * slope;
        }
        const vStep = (1 + Math.min(1, rho)) * (qRet - q);
        gValue[0]! += vStep * observed[t]!;
        gValue[1]! += vStep;
        for (const i of dimensions) gAdvantage[1 + i]! += (qRet - q) * over(acted)[i]!;
        qRet = Math.min(1, Math.sqrt(rho)) * (qRet - q) + v(t);
        qOpc = qOpc - q + v(t);
      }
      const change = (found: readonly number[], before: readonly number[]) => found.map((x, i) => x - before[i]!);
      const close = (found: readonly number[], wanted: readonly number[]) => {
        wanted.forEach((x, i) => {
          expect(found[i]).toBeCloseTo(x / 3, 4);
        });
      };
      close(change(head.mean.b!.toArray(), mean), gMean);
      close(change(head.rawVariance!.toArray(), raw), gRaw);
      close(change([...value.w.toArray(), ...value.b!.toArray()], [...valueW, ...valueB]), gValue);
      close(change(advantage.w.toArray(), advantageW), gAdvantage);
      // both sides of both truncations
      expect(new Set(cases)).toEqual(new Set(["ρ > 1", "ρ ≤ 1", "ρ′ > c", "ρ′ ≤ c"]));
    });
  }
});

it("boundsMean keeps the best action of ContinuousACER within the bounds", () => {
  const actionSpace = { shape: [1], low: [-2], high: [1] };
  const greedyAt = (boundsMean: boolean, bias: number) => {
    const agent = new ContinuousACER({ ...spaces, actionSpace, boundsMean, hiddenSizes: [4] });
    const { head } = agent.model.policy as TrunkPolicy<GaussianHead>;
    head.mean.w.assign([0, 0, 0, 0]);
    head.mean.b!.assign([bias]);
    return scope(() => agent.model.actOn(variable([[0]])).mode.at(0));
  };
  expect(greedyAt(true, 50)).toBeCloseTo(1, 5);
  expect(greedyAt(true, -50)).toBeCloseTo(-2, 5);
  expect(greedyAt(false, 50)).toBe(50);
  const unbounded = { ...actionSpace, high: [Number.POSITIVE_INFINITY] };
  expect(() => new ContinuousACER({ ...spaces, actionSpace: unbounded, boundsMean: true })).toThrow(/finite bounds/);
});

describe("the estimates of ContinuousACER", () => {
  const best = [0.6, -0.3];
  /** −‖a − best‖² */
  const quadratic = defineOp({
    name: "quadratic",
    inputs: ["a", "best"],
    forward: ({ a, best: b }) => rowSum(a.sub(b).square()).neg(),
    sample: { a: [3, 2], best: [2] },
  });
  class Quadratic extends Link {
    forward(_obs: Variable, action: Variable): Variable {
      return quadratic(action, variable(best));
    }
  }
  class Estimates extends ContinuousACER {
    of(batch: RolloutBatch): ACERGradients {
      return this.evaluate(batch);
    }
  }

  // c far below 1: most of the gradient is that of the actions drawn anew
  for (const truncation of [0.3, 2, 1e6]) {
    it(`have the expectation of the policy gradient, with c = ${truncation}`, () => {
      const mean = [0.2, 0.1];
      const lnVar = [Math.log(0.8), Math.log(0.5)];
      const behaviour = [-0.2, 0.3, Math.log(1.2), Math.log(0.9)];
      const random = new Random(7);
      const normal = () => Math.sqrt(-2 * Math.log(1 - random.random())) * Math.cos(2 * Math.PI * random.random());
      const value = -total(dimensions.map((i) => (mean[i]! - best[i]!) ** 2 + Math.exp(lnVar[i]!)));
      const valueFunction = new MlpValueFunction(1, layers);
      valueFunction.head.value.w.assign([0]);
      valueFunction.head.value.b!.assign([value]);
      class Policy extends Link {
        forward(obs: Variable): Gaussian {
          const rows = obs.shape[0]!;
          const all = (row: readonly number[]) =>
            variable(Array.from({ length: rows }, () => row).flat(), { shape: [rows, 2] });
          return new Gaussian(all(mean), all(lnVar));
        }
      }
      const makeModel = () => new StochasticDuelingModel(new Policy(), valueFunction, new Quadratic() as StateActionQ);
      const agent = new Estimates({
        ...spaces,
        truncation,
        random: new Random(1),
        model: makeModel(),
        averageModel: makeModel(),
      });
      const steps = 40_000;
      const rollout = new Rollout([1], [2], 2 * steps, 4);
      for (let t = 0; t < steps; t++) {
        const action = dimensions.map((i) => behaviour[i]! + Math.exp(behaviour[2 + i]! / 2) * normal());
        const reward = -total(dimensions.map((i) => (action[i]! - best[i]!) ** 2));
        rollout.append([0], action, reward, 0, behaviour);
        rollout.end([0]);
      }
      scope(() => {
        const batch = loadRollouts([rollout]);
        const { policy, objective, criticLoss } = agent.of(batch);
        const leaves = policy.statistics.map((x) => x.detach());
        for (const leaf of leaves) leaf.requiresGrad = true;
        const found = grad([objective(policy.withStatistics(leaves))], leaves).map((g) => g.toArray());
        const means = found.flatMap((g) => dimensions.map((i) => total(g.filter((_, at) => at % 2 === i)) / steps));
        const wanted = [
          ...dimensions.map((i) => -2 * (mean[i]! - best[i]!)),
          ...dimensions.map((i) => -Math.exp(lnVar[i]!)),
        ];
        // the standard errors are about 0.01
        for (const [i, x] of wanted.entries()) expect(Math.abs(means[i]! - x)).toBeLessThan(0.04);
        // q is right, so that nothing is to be learned of it
        const [slope] = grad([criticLoss], [valueFunction.head.value.b!]);
        expect(Math.abs(slope!.at(0) / steps)).toBeLessThan(0.04);
      });
    });
  }
});
