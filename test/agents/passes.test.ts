/** What passes do to networks whose layers are others in training: only those that are learned from go by the batch. */
import { describe, expect, it } from "vitest";
import {
  A2C,
  A3C,
  type Agent,
  type AsyncAgent,
  DDPG,
  DoubleDQN,
  NSQ,
  PPO,
  REINFORCE,
  SAC,
  TD3,
} from "../../src/agents/index.ts";
import {
  BatchNormalization,
  Dropout,
  Linear,
  Link,
  NoisyLinear,
  noBackprop,
  relu,
  scope,
  type Variable,
  variable,
} from "../../src/autograd/index.ts";
import { type Env, make } from "../../src/envs/index.ts";
import {
  DeterministicHead,
  LateActionQ,
  MlpValueFunction,
  SeparateActorCritic,
  SoftmaxHead,
  SquashedGaussianHead,
  type StateActionQ,
  TrunkPolicy,
  TwinQ,
} from "../../src/nets/index.ts";
import { Random } from "../../src/random.ts";

const obsSize = 3;
const bounds = { shape: [2], low: [-1, -1], high: [1, 1] };
const discrete = { observationSpace: { shape: [obsSize] }, actionSpace: { n: 2 } };
const continuous = { observationSpace: { shape: [obsSize] }, actionSpace: bounds };

/** Observations, normalised by the batch, then a layer. */
class Normalized extends Link {
  readonly norm: BatchNormalization;
  readonly linear: Linear;
  readonly outSize: number;

  constructor(random: Random, outSize = 8, inSize = obsSize) {
    super();
    this.norm = new BatchNormalization(inSize);
    this.linear = new Linear(inSize, outSize, { random, activation: relu });
    this.outSize = outSize;
  }

  forward(obs: Variable): Variable {
    return this.linear.forward(this.norm.forward(obs));
  }
}

/** The same in front of a q-function that the action joins later, Lillicrap et al. 2016, section 7. */
class NormalizedQ extends Link {
  readonly seen: Normalized;
  readonly rest: LateActionQ;

  constructor(random: Random, inSize = obsSize, actions = 2) {
    super();
    this.seen = new Normalized(random, 16, inSize);
    this.rest = new LateActionQ(16, actions, { hiddenSizes: [16, 16], random });
  }

  forward(obs: Variable, action: Variable): Variable {
    return this.rest.forward(this.seen.forward(obs), action);
  }
}

const seeded = (name: string) => new Random(3).stream(name);
const softmaxPolicy = () =>
  new TrunkPolicy(new Normalized(seeded("policy")), new SoftmaxHead(8, 2, { random: seeded("head") }));
const deterministicPolicy = () =>
  new TrunkPolicy(new Normalized(seeded("policy")), new DeterministicHead(8, 2, { random: seeded("head"), bounds }));
const actorCritic = () =>
  new SeparateActorCritic(
    softmaxPolicy(),
    new MlpValueFunction(obsSize, { hiddenSizes: [8], random: seeded("value") }),
  );
const qNetwork = () => new Normalized(seeded("q"), 2);
const stateActionQ = () => new NormalizedQ(seeded("q")) as StateActionQ;
const twin = () => new TwinQ(new NormalizedQ(seeded("q1")), new NormalizedQ(seeded("q2")));

const common = { random: new Random(1) };
const replay = { ...common, replayStartSize: 128, minibatchSize: 16, updateInterval: 1 };
const squashed = () =>
  new TrunkPolicy(new Normalized(seeded("policy")), new SquashedGaussianHead(8, 2, { random: seeded("head"), bounds }));

interface Case {
  readonly make: () => Agent;
  /** Steps to the first update. */
  readonly until: number;
  /** The running mean behind it: by the networks' paths, its share of obs 1 and of nextObs 5. */
  readonly means: Readonly<Record<string, readonly number[]>>;
}

// decay 0.9: one pass over ones leaves 0.1, a second 0.19
const cases: Readonly<Record<string, Case>> = {
  DoubleDQN: {
    make: () => new DoubleDQN({ ...discrete, ...replay, qFunction: qNetwork(), targetQ: qNetwork() }),
    until: 128,
    means: { qFunction: [0.1], targetQ: [0] },
  },
  NSQ: {
    make: () => new NSQ({ ...discrete, ...common, tMax: 128, qFunction: qNetwork(), targetQ: qNetwork() }),
    until: 128,
    // the end row holds nextObs
    means: { qFunction: [0.1 * ((128 + 5) / 129)], targetQ: [0] },
  },
  REINFORCE: {
    make: () => new REINFORCE({ ...discrete, ...common, batchEpisodes: 1, model: softmaxPolicy() }),
    until: 128,
    means: { model: [0.1 * ((128 + 5) / 129)] },
  },
  A2C: {
    make: () => new A2C({ ...discrete, ...common, updateSteps: 128, model: actorCritic() }),
    until: 128,
    means: { model: [0.1 * ((128 + 5) / 129)] },
  },
  A3C: {
    make: () => new A3C({ ...discrete, ...common, tMax: 128, model: actorCritic() }),
    until: 128,
    means: { model: [0.1 * ((128 + 5) / 129)] },
  },
  PPO: {
    make: () =>
      new PPO({ ...discrete, ...common, updateInterval: 128, minibatchSize: 64, epochs: 1, model: actorCritic() }),
    until: 128,
    means: { model: [0.19] },
  },
  DDPG: {
    make: () =>
      new DDPG({
        ...continuous,
        ...replay,
        targetUpdateInterval: 2,
        policy: deterministicPolicy(),
        targetPolicy: deterministicPolicy(),
        qFunction: stateActionQ(),
        targetQ: stateActionQ(),
      }),
    until: 128,
    // the policy learns from a second pass of the critic
    means: { policy: [0.1], qFunction: [0.19], targetPolicy: [0], targetQ: [0] },
  },
  TD3: {
    make: () =>
      new TD3({
        ...continuous,
        ...replay,
        policyDelay: 2,
        policy: deterministicPolicy(),
        targetPolicy: deterministicPolicy(),
        qFunctions: twin(),
        targetQs: twin(),
      }),
    until: 128,
    means: { policy: [0], qFunctions: [0.1, 0.1], targetPolicy: [0], targetQs: [0, 0] },
  },
  SAC: {
    make: () => new SAC({ ...continuous, ...replay, tau: 0, policy: squashed(), qFunctions: twin(), targetQs: twin() }),
    until: 128,
    means: { policy: [0.1], qFunctions: [0.19, 0.19], targetQs: [0, 0] },
  },
};

const ones = new Float32Array(obsSize).fill(1);
const fives = new Float32Array(obsSize).fill(5);

/** Running means by the network's name: the first number of each layer that has some. */
function meansOf(agent: Agent, names: readonly string[]): Record<string, number[]> {
  const networks = agent as unknown as Record<string, Link>;
  return Object.fromEntries(
    names.map((name) => [
      name,
      [...networks[name]!.namedPersistents()].filter(([path]) => path.endsWith("mean")).map(([, x]) => x.at(0)),
    ]),
  );
}

/** A step from an observation of ones to one of fives. An agent with replay keeps what was observed last for the next step. */
function step(agent: Agent, i: number): void {
  agent.act(ones);
  agent.observe(fives, 1, "replay" in agent || i % 128 === 127, false);
}

describe.each(Object.entries(cases))("%s with batch normalisation", (_name, { make, until, means }) => {
  const names = Object.keys(means);
  const untouched = Object.fromEntries(names.map((name) => [name, means[name]!.map(() => 0)]));

  it("keeps its statistics while it acts, and changes them where it learns, by what it learns from alone", () => {
    const agent = make();
    for (let i = 0; i < until - 1; i++) {
      // between two training steps: greedy ones and what they went by
      agent.evalMode(() => {
        agent.act(fives);
        agent.explain!();
      });
      step(agent, i);
    }
    expect(agent.updates).toBe(0);
    expect(meansOf(agent, names)).toEqual(untouched);
    step(agent, until - 1);
    expect(agent.updates).toBeGreaterThan(0);
    const found = meansOf(agent, names);
    for (const name of names) means[name]!.forEach((mean, i) => void expect(found[name]![i]).toBeCloseTo(mean, 5));
  });

  it("acts by the running statistics, which tell observations apart that a batch of one would not", () => {
    const agent = make();
    for (let i = 0; i < until; i++) step(agent, i);
    const chosenBy = (obs: Float32Array) =>
      agent.evalMode(() => {
        agent.act(obs);
        return agent.explain!().numbers;
      });
    expect(chosenBy(ones)).not.toEqual(chosenBy(fives));
  });

  it("resumes with its statistics", () => {
    const [agent, other] = [make(), make()];
    for (let i = 0; i < until; i++) step(agent, i);
    other.loadState(structuredClone(agent.saveState()));
    for (const one of [agent, other]) for (let i = until; i < 2 * until; i++) step(one, i);
    expect(other.saveState()).toEqual(agent.saveState());
    expect(meansOf(other, names)).not.toEqual(untouched);
  });
});

it("actors that share parameters share running statistics", () => {
  const make = () => new A3C({ ...discrete, ...common, tMax: 4, model: actorCritic() }) as A3C & AsyncAgent;
  const [first, second] = [make(), make()];
  const memory = new SharedArrayBuffer(first.sharedBytes);
  first.share(memory, true);
  second.share(memory, false);
  for (let i = 0; i < 8; i++) step(first, i);
  second.followShared();
  const mean = () => meansOf(second, ["model"]).model![0]!;
  // rows of ones and an end row of fives, twice
  expect(mean()).toBeCloseTo(0.19 * (9 / 5), 5);
  for (let i = 0; i < 4; i++) step(second, i);
  expect(mean()).toBeCloseTo(0.271 * (9 / 5), 5);
  first.followShared();
  expect(meansOf(first, ["model"]).model![0]).toBe(mean());
});

it("dropout drops in the passes that are learned from alone", () => {
  const dropout = new Dropout({ random: new Random(0) });
  scope(() => {
    const x = variable(new Float32Array(100).fill(1));
    expect(noBackprop(() => dropout.forward(x).toArray())).toEqual(x.toArray());
    expect(dropout.forward(x).toArray()).toContain(0);
  });
});

it("noise goes on while a policy acts in training, and is off in evaluation", () => {
  class NoisyTrunk extends Link {
    readonly layer = new NoisyLinear(obsSize, 8, { random: new Random(2), sigma: 2, activation: relu });
    readonly outSize = 8;
    forward(obs: Variable): Variable {
      return this.layer.forward(obs);
    }
  }
  const policy = () =>
    new TrunkPolicy(new NoisyTrunk(), new DeterministicHead(8, 2, { random: new Random(3), bounds }));
  const agent = new TD3({
    ...continuous,
    ...common,
    replayStartSize: 1,
    minibatchSize: 1,
    explorationNoise: 0,
    updateInterval: 1_000,
    policy: policy(),
    targetPolicy: policy(),
  });
  const acted = () => Array.from(agent.act(ones) as Float32Array);
  acted();
  agent.observe(ones, 0, false, false); // up to here actions were random
  expect(acted()).not.toEqual(acted());
  agent.evalMode(() => {
    const greedy = acted();
    expect(acted()).toEqual(greedy);
    expect(agent.explain().numbers).toEqual(greedy);
  });
});

it("DDPG learns ABC with networks of the paper's kind, normalised by the batch", () => {
  const abc = () =>
    make("ABC-v0", { discrete: false, deterministic: true, maxEpisodeSteps: 20 }) as Env<Float32Array, Float32Array>;
  const [env, test] = [abc(), abc()];
  const { observationSpace, actionSpace } = env as never as {
    observationSpace: { shape: number[] };
    actionSpace: typeof bounds;
  };
  const size = observationSpace.shape[0]!;
  const policy = () =>
    new TrunkPolicy(
      new Normalized(seeded("policy"), 32, size),
      new DeterministicHead(32, actionSpace.shape[0]!, { random: seeded("head"), bounds: actionSpace }),
    );
  const q = () => new NormalizedQ(seeded("q"), size, actionSpace.shape[0]!) as StateActionQ;
  const agent = new DDPG({
    observationSpace,
    actionSpace,
    random: new Random(1),
    replayStartSize: 100,
    gamma: 0.9,
    actorLearningRate: 3e-3,
    criticLearningRate: 3e-3,
    tau: 0.05,
    policy: policy(),
    targetPolicy: policy(),
    qFunction: q(),
    targetQ: q(),
  });
  let [obs] = env.reset({ seed: 0 });
  while (agent.updates < 3_000) {
    const [next, reward, terminated, truncated] = env.step(agent.act(obs) as Float32Array);
    agent.observe(next, reward, terminated, truncated);
    obs = terminated || truncated ? env.reset()[0] : next;
  }
  const returns = agent.evalMode(() =>
    Array.from({ length: 5 }, () => {
      let [seen] = test.reset();
      for (let total = 0; ; ) {
        const [next, reward, terminated, truncated] = test.step(agent.act(seen) as Float32Array);
        total += reward;
        if (terminated || truncated) return total;
        seen = next;
      }
    }),
  );
  expect(returns).toEqual([1, 1, 1, 1, 1]);
});
