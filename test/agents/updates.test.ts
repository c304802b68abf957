/** One update of each agent on networks small enough to follow the paper's equations by hand, by plain gradient descent. */
import { describe, expect, it } from "vitest";
import {
  A2C,
  A3C,
  DDPG,
  DiscreteACER,
  NSQ,
  PCL,
  PGT,
  PPO,
  REINFORCE,
  SVG0,
  TD3,
  TRPO,
} from "../../src/agents/index.ts";
import { type Linear, Link, Parameter, reshape, SGD, type Variable } from "../../src/autograd/index.ts";
import { AdditiveGaussian } from "../../src/explorers/index.ts";
import {
  DeterministicHead,
  DiscreteACERModel,
  GaussianHead,
  HiddenLayers,
  Mlp,
  MlpValueFunction,
  SeparateActorCritic,
  SoftmaxHead,
  TrunkPolicy,
  TwinQ,
} from "../../src/nets/index.ts";
import { Random } from "../../src/random.ts";

const spaces = { observationSpace: { shape: [1] }, actionSpace: { n: 2 }, gamma: 0.5 };
const box = { shape: [1], low: [-10], high: [10] };
const none = { hiddenSizes: [], random: new Random(0) };
const zero = new Float32Array(1);
const descent = () => new SGD({ lr: 1 });

/** Observations are 0, so that only biases count and learn. */
function withBias(layer: Linear, biases: readonly number[]): void {
  layer.w.assign(new Float32Array(layer.w.size));
  layer.b!.assign(biases);
}

/** π = (3/4, 1/4). */
function policy(): TrunkPolicy<SoftmaxHead> {
  const made = new TrunkPolicy(new HiddenLayers(1, none), new SoftmaxHead(1, 2, none));
  withBias(made.head.logits, [Math.log(3), 0]);
  return made;
}
const pi = [0.75, 0.25];

/** V = 0.25. */
function actorCritic(): { model: SeparateActorCritic; logits: Parameter; value: Parameter } {
  const valueFunction = new MlpValueFunction(1, none);
  withBias(valueFunction.head.value, [0.25]);
  const own = policy();
  return {
    model: new SeparateActorCritic(own, valueFunction),
    logits: own.head.logits.b!,
    value: valueFunction.head.value.b!,
  };
}

/** ∂ ln π(a) / ∂ logits */
const score = (a: number) => pi.map((p, i) => (i === a ? 1 : 0) - p);
const close = (found: ArrayLike<number>, wanted: readonly number[]) => {
  wanted.forEach((x, i) => {
    expect(found[i]).toBeCloseTo(x, 4);
  });
};
const change = (parameter: Parameter, before: readonly number[]) => parameter.toArray().map((x, i) => x - before[i]!);
const logits0 = [Math.log(3), 0];

describe("actor–critic updates", () => {
  it("A3C: a step that ends the task, and one that the rollout's end cuts", () => {
    for (const [terminated, ret] of [
      [true, 2],
      [false, 2 + 0.5 * 0.25],
    ] as const) {
      const { model, logits, value } = actorCritic();
      const agent = new A3C({ ...spaces, model, optimizer: descent(), tMax: 1, beta: 0.1, valueCoefficient: 0.5 });
      const action = agent.act(zero) as number;
      agent.observe(zero, 2, terminated, false);
      const advantage = ret - 0.25;
      // ∂H/∂ logit i = −π_i (ln π_i + H)
      const entropy = -pi.reduce((sum, p) => sum + p * Math.log(p), 0);
      const wanted = score(action).map((s, i) => advantage * s - 0.1 * pi[i]! * (Math.log(pi[i]!) + entropy));
      close(change(logits, logits0), wanted);
      close(change(value, [0.25]), [advantage]); // 2 · 0.5 (R − V)
    }
  });

  it("A2C: generalised advantages over two steps, averaged", () => {
    const { model, logits, value } = actorCritic();
    const settings = { updateSteps: 2, entropyCoefficient: 0, usesGae: true, traceDecay: 0.5 };
    const agent = new A2C({ ...spaces, model, optimizer: descent(), ...settings });
    const actions = [0, 1].map((t) => {
      const action = agent.act(zero) as number;
      agent.observe(zero, t + 1, false, t === 1);
      return action;
    });
    const delta = [1 + 0.125 - 0.25, 2 + 0.125 - 0.25];
    const advantage = [delta[0]! + 0.25 * delta[1]!, delta[1]!];
    const wanted = [0, 1].map(
      (i) => (advantage[0]! * score(actions[0]!)[i]! + advantage[1]! * score(actions[1]!)[i]!) / 2,
    );
    close(change(logits, logits0), wanted);
    close(change(value, [0.25]), [(advantage[0]! + advantage[1]!) / 2]);
  });

  it("REINFORCE: each step is credited with what follows it", () => {
    const model = policy();
    const settings = { batchEpisodes: 1, standardizesReturns: false };
    const agent = new REINFORCE({ ...spaces, model, optimizer: descent(), ...settings });
    const actions = [0, 1].map((t) => {
      const action = agent.act(zero) as number;
      agent.observe(zero, t + 1, t === 1, false);
      return action;
    });
    const wanted = [0, 1].map((i) => 2 * score(actions[0]!)[i]! + 2 * score(actions[1]!)[i]!); // 1 + 0.5 · 2, 2
    close(change(model.head.logits.b!, logits0), wanted);
  });

  it("PPO: the first gradient step is the policy gradient's", () => {
    const { model, logits, value } = actorCritic();
    const settings = { updateInterval: 1, minibatchSize: 1, epochs: 1, entropyCoefficient: 0, valueCoefficient: 0.5 };
    const optimizer = descent();
    const agent = new PPO({ ...spaces, model, optimizer, ...settings, standardizesAdvantages: false });
    const action = agent.act(zero) as number;
    agent.observe(zero, 2, true, false);
    close(
      change(logits, logits0),
      score(action).map((s) => 1.75 * s),
    );
    close(change(value, [0.25]), [1.75]);
  });

  describe("TRPO", () => {
    const damping = 0.01;
    const spread = 2 * pi[0]! * pi[1]!; // the Fisher matrix's eigenvalue along (1, −1), where gradients point
    const klTo = (logits: readonly number[]) => {
      const total = logits.reduce((sum, x) => sum + Math.exp(x), 0);
      return pi.reduce((sum, p, i) => sum + p * Math.log((p * total) / Math.exp(logits[i]!)), 0);
    };
    const updated = (reward: number, maxKl: number) => {
      const { model, logits, value } = actorCritic();
      const settings = { updateInterval: 1, minibatchSize: 1, epochs: 1, entropyCoefficient: 0, damping };
      const optimizer = descent();
      const more = { maxKl, standardizesAdvantages: false };
      const agent = new TRPO({ ...spaces, model, optimizer, ...settings, ...more });
      const action = agent.act(zero) as number;
      agent.observe(zero, reward, true, false);
      return { action, logits, value, agent };
    };

    it("steps along the natural gradient to the edge of the trust region; the value learns alone", () => {
      const maxKl = 1e-4;
      const { action, logits, value, agent } = updated(2, maxKl);
      const size = Math.sqrt(maxKl / (spread + damping)); // √(2 δ / λ) along (1, −1) / √2
      close(change(logits, logits0), action === 0 ? [size, -size] : [-size, size]);
      expect(size).toBeGreaterThan(0.01);
      close(change(value, [0.25]), [2 * 1.75]);
      expect(agent.statistics().averageStepShare).toBe(1);
      expect(agent.statistics().averageKl).toBeCloseTo(klTo(logits.toArray()), 6);
    });

    it.each([0.1, 0.5, 2, 8])("halves steps that leave the trust region of %d", (maxKl) => {
      const { logits, agent } = updated(2, maxKl);
      const share = agent.statistics().averageStepShare!;
      expect([1, 0.5, 0.25, 0.125]).toContain(share);
      const size = share * Math.sqrt(maxKl / (spread + damping));
      expect(Math.abs(change(logits, logits0)[0]!)).toBeCloseTo(size, 4);
      expect(klTo(logits.toArray())).toBeLessThanOrEqual(maxKl);
      const twice = logits.toArray().map((x, i) => logits0[i]! + 2 * (x - logits0[i]!));
      if (share < 1) expect(klTo(twice)).toBeGreaterThan(maxKl);
    });

    it("stays where nothing is better", () => {
      const { logits, agent } = updated(0.25, 0.01);
      expect(logits.toArray()).toEqual(logits0.map(Math.fround));
      expect(agent.statistics().averageStepShare).toBe(0);
    });
  });

  it("PCL: policy and value learn from the same inconsistency", () => {
    const { model, logits, value } = actorCritic();
    const settings = { tMax: 1, replays: 0, temperature: 0.2, valueCoefficient: 0.5, rolloutLength: 1 };
    const agent = new PCL({ ...spaces, model, optimizer: descent(), ...settings });
    const action = agent.act(zero) as number;
    agent.observe(zero, 2, false, false);
    const c = -0.25 + 0.5 * 0.25 + 2 - 0.2 * Math.log(pi[action]!);
    close(
      change(logits, logits0),
      score(action).map((s) => c * s),
    );
    close(change(value, [0.25]), [0.5 * c * (1 - 0.5)]);
  });

  it("ACER: fresh steps, q-values as the baseline", () => {
    const own = policy();
    const q = new Mlp(1, 2, none);
    withBias(q.layers[0]!, [0.4, 0.8]);
    const make = () => new DiscreteACERModel(own, q);
    const averageQ = new Mlp(1, 2, none);
    const settings = { tMax: 1, replays: 0, beta: 0, qCoefficient: 0.5, trustRegionDelta: 1 };
    const parts = { model: make(), averageModel: new DiscreteACERModel(policy(), averageQ) };
    const agent = new DiscreteACER({ ...spaces, ...parts, optimizer: descent(), ...settings });
    const action = agent.act(zero) as number;
    agent.observe(zero, 2, false, false);
    const value = 0.75 * 0.4 + 0.25 * 0.8;
    const qRet = 2 + 0.5 * value;
    close(
      change(own.head.logits.b!, logits0),
      score(action).map((s) => (qRet - value) * s),
    );
    close(
      change(q.layers[0]!.b!, [0.4, 0.8]),
      [0, 1].map((a) => (a === action ? qRet - [0.4, 0.8][a]! : 0)),
    );
  });

  it("NSQ: bootstraps from the target network", () => {
    const qFunction = new Mlp(1, 2, none);
    withBias(qFunction.layers[0]!, [0.4, 0.8]);
    const targetQ = new Mlp(1, 2, none);
    const agent = new NSQ({
      ...spaces,
      qFunction,
      targetQ,
      optimizer: descent(),
      tMax: 1,
      startEpsilon: 0,
      endEpsilon: 0,
    });
    withBias(targetQ.layers[0]!, [0.6, 0.2]);
    expect(agent.act(zero)).toBe(1);
    agent.observe(zero, 2, false, false);
    close(change(qFunction.layers[0]!.b!, [0.4, 0.8]), [0, 2 * (2 + 0.5 * 0.6 - 0.8)]);
  });
});

/** Q(s, a) = slope · a + bias. */
class LinearQ extends Link {
  readonly slope = new Parameter([1, 1], "slope");
  readonly bias = new Parameter([1], "bias");

  constructor(slope: number, bias: number) {
    super();
    this.slope.assign([slope]);
    this.bias.assign([bias]);
  }

  forward(_obs: Variable, action: Variable): Variable {
    return reshape(action.mul(this.slope).add(this.bias), [action.shape[0]!]);
  }
}

describe("updates with replay", () => {
  const settings = {
    ...spaces,
    actionSpace: box,
    replayStartSize: 2,
    minibatchSize: 2,
    replayCapacity: 10,
    tau: 0.25,
  };
  const parts = () => ({ actorOptimizer: descent(), criticOptimizer: descent() });
  const makePolicy = (action: number) => {
    const made = new TrunkPolicy(new HiddenLayers(1, none), new DeterministicHead(1, 1, none));
    withBias(made.head.action, [action]);
    return made;
  };
  /** Two steps with a reward of 2 that do not end the task. @returns the mean action */
  function play(agent: DDPG | TD3): number {
    let total = 0;
    for (let t = 0; t < 2; t++) {
      total += (agent.act(zero) as Float32Array)[0]!;
      agent.observe(zero, 2, false, false);
    }
    return total / 2;
  }

  it("DDPG: the critic's error by the targets, the policy up the critic's slope, targets behind", () => {
    const qFunction = new LinearQ(0, 0.5);
    const targetQ = new LinearQ(0, 0);
    const networks = { policy: makePolicy(1), targetPolicy: makePolicy(0), qFunction, targetQ };
    const agent = new DDPG({ ...settings, ...networks, ...parts() });
    // the target knows of slope 3 at the target policy's action 1: y = 2 + 0.5 · (3 · 1 + 0.5)
    targetQ.slope.assign([3]);
    const action = play(agent);
    const error = 2 + 0.5 * 3.5 - 0.5;
    const slope = 2 * error * action; // from 0, which is then the policy's gradient
    close(qFunction.bias.toArray(), [0.5 + 2 * error]);
    close(qFunction.slope.toArray(), [slope]);
    const mean = networks.policy.head.action.b!.item();
    expect(mean).toBeCloseTo(1 + slope, 4);
    close(targetQ.bias.toArray(), [0.5 + 0.25 * 2 * error]);
    expect(networks.targetPolicy.head.action.b!.item()).toBeCloseTo(1 + 0.25 * slope, 4);
  });

  it("SVG(0): the same through a drawn action, with the entropy's gradient on the variance", () => {
    const gaussian = () =>
      new TrunkPolicy(
        new HiddenLayers(1, none),
        new GaussianHead(1, 1, { ...none, covariance: "independent", variance: 1e-4 }),
      );
    const [own, target] = [gaussian(), gaussian()];
    for (const p of [own, target]) withBias(p.head.mean, [1]);
    const qFunction = new LinearQ(0, 0.5);
    const networks = { policy: own, targetPolicy: target, qFunction, targetQ: new LinearQ(0, 0) };
    const raw = own.head.rawVariance!.item();
    const agent = new SVG0({ ...settings, ...networks, ...parts(), beta: 0.3 });
    const action = play(agent);
    const slope = 2 * (2 + 0.5 * 0.5 - 0.5) * action;
    expect(own.head.mean.b!.item()).toBeCloseTo(1 + slope, 4);
    // H grows by half of ln σ²; d ln softplus(x) / dx is about 1 for small variances; the sample's part is 0.005 at most
    const moved = own.head.rawVariance!.item() - raw;
    expect(Math.abs(moved - 0.15)).toBeLessThan(0.05 * Math.abs(slope));
  });

  it("PGT: log-densities by what an action is worth above the most probable one", () => {
    const gaussian = () =>
      new TrunkPolicy(
        new HiddenLayers(1, none),
        new GaussianHead(1, 1, { ...none, covariance: "fixed", variance: 0.01 }),
      );
    const [own, target] = [gaussian(), gaussian()];
    for (const p of [own, target]) withBias(p.head.mean, [1]);
    // it does not learn, so that its slope of 3 stays: Q(s, a) − Q(s, mean) = 3 (a − mean)
    const criticOptimizer = new SGD({ lr: 0 });
    const networks = { policy: own, targetPolicy: target, qFunction: new LinearQ(3, 0.5), targetQ: new LinearQ(0, 0) };
    const agent = new PGT({
      ...settings,
      ...networks,
      actorOptimizer: new SGD({ lr: 1e-3 }),
      criticOptimizer,
      minibatchSize: 2000,
      replayStartSize: 2000,
      replayCapacity: 2000,
      beta: 0,
    });
    for (let t = 0; t < 2000; t++) {
      agent.act(zero);
      agent.observe(zero, 2, false, false);
    }
    // E[3 (a − mean) (a − mean) / σ²] = 3, from 2,000 draws
    expect((own.head.mean.b!.item() - 1) / 1e-3).toBeGreaterThan(2.5);
    expect((own.head.mean.b!.item() - 1) / 1e-3).toBeLessThan(3.5);
  });

  it("TD3: the smaller twin makes the target, the policy waits for its turn", () => {
    const qFunctions = new TwinQ(new LinearQ(0.5, 0), new LinearQ(0, 0.4));
    const targetQs = new TwinQ(new LinearQ(0, 0), new LinearQ(0, 0));
    const networks = { policy: makePolicy(1), targetPolicy: makePolicy(0), qFunctions, targetQs };
    const explorer = new AdditiveGaussian({ scale: 0, random: new Random(0) });
    const agent = new TD3({ ...settings, ...networks, ...parts(), explorer, targetNoise: 0 });
    const action = play(agent);
    // Q₁′ = 0.5 and Q₂′ = 0.4 at the target policy's action 1
    const y = 2 + 0.5 * 0.4;
    close((qFunctions.q2 as LinearQ).bias.toArray(), [0.4 + 2 * (y - 0.4)]);
    close((qFunctions.q1 as LinearQ).bias.toArray(), [2 * (y - 0.5 * action)]);
    expect(networks.policy.head.action.b!.item()).toBe(1);
    const slope = (qFunctions.q1 as LinearQ).slope;
    agent.update();
    expect(networks.policy.head.action.b!.item()).toBeCloseTo(1 + slope.item(), 4);
  });
});
