/** Every registered agent as an ONNX model: onnxruntime takes the same actions. */
import * as ort from "onnxruntime-web";
import { beforeAll, describe, expect, it } from "vitest";
import { type Action, type Agent, type AgentSpec, DQN, listAgents } from "../../src/agents/index.ts";
import {
  BatchNormalization,
  evalMode,
  Linear,
  Link,
  LSTM,
  maxPooling2d,
  reshape,
  Sequential,
  scope,
  type Variable,
  variable,
} from "../../src/autograd/index.ts";
import { type AnyEnv, Box, Discrete, type Env, make } from "../../src/envs/index.ts";
import { MinAtarHead, NIPSDQNHead } from "../../src/nets/index.ts";
import { exportOnnx } from "../../src/onnx/index.ts";
import { Random } from "../../src/random.ts";
import { actorSettings } from "../agents/actorSettings.ts";

beforeAll(() => {
  ort.env.wasm.numThreads = 1;
});

const fast = {
  hiddenSizes: [16, 12],
  replayStartSize: 32,
  minibatchSize: 8,
  learningRate: 1e-2,
  batchEpisodes: 2,
  policySamples: 8,
  basis: 16,
};

function build(spec: AgentSpec, env: AnyEnv, more: Record<string, unknown> = {}): Agent {
  const { observationSpace, actionSpace } = env as never;
  const wanted = { ...fast, ...actorSettings[spec.id]?.fast, hiddenSizes: [16, 12], ...more };
  const hyperparameters = Object.fromEntries(Object.entries(wanted).filter(([name]) => name in spec.hyperparameters));
  return spec.create({ observationSpace, actionSpace, random: new Random(1), hyperparameters });
}

function practise(agent: Agent, env: AnyEnv, updates: number): void {
  const { reset, step } = env as unknown as Env<Float32Array, Action>;
  let [obs] = reset.call(env, { seed: 1 }) as [Float32Array, unknown];
  for (let steps = 0; agent.updates < updates && steps < 5_000; steps++) {
    const [next, reward, terminated, truncated] = step.call(env, agent.act(obs));
    agent.observe(next, reward, terminated, truncated);
    obs = terminated || truncated ? (reset.call(env) as [Float32Array, unknown])[0] : next;
  }
}

interface Outputs {
  readonly action: ort.Tensor;
  readonly [name: string]: ort.Tensor;
}

/** What onnxruntime makes of observations. */
async function runModel(bytes: Uint8Array, obs: Float32Array | Uint8Array, shape: readonly number[]): Promise<Outputs> {
  const session = await ort.InferenceSession.create(bytes);
  expect(session.inputNames).toEqual(["obs"]);
  const type = obs instanceof Uint8Array ? "uint8" : "float32";
  const outputs = await session.run({ obs: new ort.Tensor(type, obs as Float32Array, shape) });
  await session.release();
  return outputs as unknown as Outputs;
}

const batch = 64;

/** Random observations like those of the environment, somewhat wider. */
function randomObs(size: number): Float32Array {
  const random = new Random("observations");
  return Float32Array.from({ length: batch * size }, () => 2 * random.normal());
}

/** The same by the agent's own engine, all observations at once. */
const ownForward = (agent: Agent, obs: Float32Array | Uint8Array, shape: readonly number[]): Record<string, number[]> =>
  agent.evalMode(() =>
    evalMode(() =>
      scope(() => {
        const outputs = agent.greedyForward!().forward(variable(obs, { shape }));
        return Object.fromEntries(Object.entries(outputs).map(([name, y]) => [name, y.toArray()]));
      }),
    ),
  );

/** Compares with the agent's own greedy actions, and what they were chosen by with its own forward pass. */
async function compare(agent: Agent, obs: Float32Array | Uint8Array, obsShape: readonly number[]): Promise<Outputs> {
  const model = exportOnnx(agent);
  const outputs = await runModel(model.bytes, obs, [batch, ...obsShape]);
  const size = obs.length / batch;
  const own = agent.evalMode(() =>
    Array.from({ length: batch }, (_, i) => agent.act(obs.slice(i * size, (i + 1) * size))),
  );
  if (typeof own[0] === "number") {
    expect(outputs.action.type).toBe("int64");
    expect(outputs.action.dims).toEqual([batch]);
    expect(Array.from(outputs.action.data as BigInt64Array, Number)).toEqual(own);
  } else {
    const flat = own.flatMap((action) => [...(action as Float32Array)]);
    expect(outputs.action.dims).toEqual([batch, flat.length / batch]);
    expect(largestDifference(outputs.action.data as Float32Array, flat)).toBeLessThan(1e-5);
  }
  const { action: _, ...basis } = ownForward(agent, obs, [batch, ...obsShape]);
  expect(Object.keys(outputs).sort()).toEqual(["action", ...Object.keys(basis)].sort());
  for (const [name, numbers] of Object.entries(basis)) {
    expect(largestDifference(outputs[name]!.data as Float32Array, numbers)).toBeLessThan(1e-5);
  }
  // observations one at a time are a batch too
  const alone = await runModel(model.bytes, obs.slice(0, size), [1, ...obsShape]);
  expect(alone.action.dims[0]).toBe(1);
  expect(largestDifference([Number(alone.action.data[0])], [Number(outputs.action.data[0])])).toBeLessThan(1e-5);
  return outputs;
}

function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  expect(a.length).toBe(b.length);
  let largest = 0;
  for (let i = 0; i < a.length; i++) {
    const difference = Math.abs(a[i]! - b[i]!);
    if (!(difference <= largest)) largest = difference;
  }
  return largest;
}

const shapeOf = (env: AnyEnv) => env.observationSpace.shape as readonly number[];
const basisOf = (spec: AgentSpec, kind: string) =>
  kind === "Box" ? "mean" : "logProb" in spec || actorsOf.has(spec.id) ? "logits" : "values";
/** Agents whose discrete actions are drawn from logits. */
const actorsOf = new Set(["reinforce", "a2c", "a3c", "pcl", "acer", "ppo", "trpo"]);

describe.each(listAgents().map((spec) => [spec.name, spec] as const))("%s", (_name, spec) => {
  it.each(spec.actionSpaces)("acts the same in a space of kind %s", async (kind) => {
    const env = make(kind === "Discrete" ? "CartPole-v1" : "Pendulum-v1");
    const agent = build(spec, env);
    practise(agent, env, 10);
    expect(agent.updates).toBeGreaterThanOrEqual(10);
    const outputs = await compare(agent, randomObs(shapeOf(env)[0]!), shapeOf(env));
    expect(Object.keys(outputs).sort()).toEqual(["action", basisOf(spec, kind)]);
  });
});

/** A policy or a q-function of a hyperparameter's making. */
const variants: readonly (readonly [
  what: string,
  id: string,
  env: string,
  hyperparameters: Record<string, unknown>,
])[] = [
  ["three actions", "dqn", "MountainCar-v0", {}],
  ["no hidden layer", "doubledqn", "Acrobot-v1", { hiddenSizes: [] }],
  ["tanh", "dueling", "Acrobot-v1", { activation: "tanh" }],
  ["sigmoid", "a2c", "Acrobot-v1", { activation: "sigmoid", sharesTrunk: true }],
  ["mellowmax", "reinforce", "Acrobot-v1", { discretePolicy: "mellowmax" }],
  ["observations normalised", "ppo", "Pendulum-v1", { normalizesObs: true }],
  ["observations normalised, pictures", "ppo", "AtariLite/Breakout-v1", { normalizesObs: true, hiddenSizes: [8] }],
  ["a variance by the observation", "ppo", "Pendulum-v1", { covariance: "dependent" }],
];

describe("networks", () => {
  it.each(variants)("%s", async (_what, id, envId, hyperparameters) => {
    const env = make(envId);
    const spec = listAgents().find((one) => one.id === id)!;
    const agent = build(spec, env, hyperparameters);
    // β of values that are nearly equal has few digits
    if (id === "reinforce" || hyperparameters.normalizesObs) practise(agent, env, 10);
    const obsSize = shapeOf(env).reduce((product, n) => product * n, 1);
    const numbers = randomObs(obsSize);
    const obs =
      env.observationSpace instanceof Box && env.observationSpace.dtype === "uint8"
        ? Uint8Array.from(numbers, (x) => (x > 1 ? 1 : 0))
        : numbers;
    const outputs = await compare(agent, obs, shapeOf(env));
    if (!("values" in outputs)) return;
    const actions = new Set(Array.from(outputs.action.data as BigInt64Array, Number));
    expect(actions.size).toBeGreaterThan(1);
  });
});

/** A q-function on a body that sees pictures. */
class PictureQ extends Link {
  readonly body: Link & { forward(obs: Variable): Variable; readonly outSize: number };
  readonly last: Linear;

  constructor(body: PictureQ["body"], actions: number, random: Random) {
    super();
    this.body = body;
    this.last = new Linear(body.outSize, actions, { random });
  }

  forward(obs: Variable): Variable {
    return this.last.forward(this.body.forward(obs));
  }
}

describe("pictures", () => {
  it("bytes go in as they are, scaled inside; actions begin where the space does", async () => {
    const observationSpace = new Box(0, 255, { shape: [4, 84, 84], dtype: "uint8" });
    const random = new Random(3);
    const make = () =>
      new PictureQ(new NIPSDQNHead({ random, obsShape: [4, 84, 84], inputScale: 1 / 255, outSize: 32 }), 5, random);
    const agent = new DQN({
      observationSpace,
      actionSpace: new Discrete(5, -2),
      qFunction: make(),
      targetQ: make(),
      replayCapacity: 64,
      replayStartSize: 32,
    });
    const obs = Uint8Array.from({ length: batch * 4 * 84 * 84 }, () => random.integer(256));
    const outputs = await compare(agent, obs, [4, 84, 84]);
    expect(exportOnnx(agent).inputs).toEqual([{ name: "obs", type: "uint8", shape: ["batch", 4, 84, 84] }]);
    const actions = Array.from(outputs.action.data as BigInt64Array, Number);
    expect(Math.min(...actions)).toBeGreaterThanOrEqual(-2);
    expect(Math.max(...actions)).toBeLessThanOrEqual(2);
    expect(new Set(actions).size).toBeGreaterThan(1);
  });

  it("layers normalised by the batch go by their running statistics", async () => {
    const random = new Random(5);
    const size = 4;
    const make = () =>
      new PictureQ(
        Object.assign(new Sequential(new BatchNormalization(size), new Linear(size, 8, { random })), { outSize: 8 }),
        3,
        random,
      );
    const observationSpace = new Box(-1, 1, { shape: [size] });
    const networks = { qFunction: make(), targetQ: make() };
    const agent = new DQN({ observationSpace, actionSpace: new Discrete(3), ...networks, replayStartSize: 32 });
    for (let i = 0; i < 60; i++) {
      const obs = randomObs(size).subarray(size * i, size * (i + 1));
      agent.act(obs);
      agent.observe(obs, random.normal(), false, i % 7 === 6);
    }
    expect(agent.updates).toBeGreaterThan(0);
    await compare(agent, randomObs(size), [size]);
  });

  it("channels last", async () => {
    const env = make("AtariLite/Breakout-v1");
    const random = new Random(4);
    const obsShape = shapeOf(env);
    const build = () => new PictureQ(new MinAtarHead({ random, obsShape, outSize: 16 }), 3, random);
    const { observationSpace, actionSpace } = env as never;
    const agent = new DQN({ observationSpace, actionSpace, qFunction: build(), targetQ: build() });
    const size = obsShape.reduce((product, n) => product * n, 1);
    await compare(
      agent,
      Uint8Array.from({ length: batch * size }, () => random.integer(2)),
      obsShape,
    );
  });
});

describe("what cannot be written is refused in one sentence", () => {
  const spaces = { observationSpace: new Box(-1, 1, { shape: [4] }), actionSpace: new Discrete(2) };
  const withBody = (body: () => PictureQ["body"]) => {
    const make = () => new PictureQ(body(), 2, new Random(0));
    return new DQN({ ...spaces, qFunction: make(), targetQ: make() });
  };

  it("a function of the program before the network", () => {
    const agent = new DQN({ ...spaces, phi: (obs) => obs });
    expect(() => exportOnnx(agent)).toThrowErrorMatchingInlineSnapshot(
      `[UsageError: DQN: observations must reach the network as they are for it to be exported; got an agent with phi, a function of the program. Put what it does into the environment.]`,
    );
  });

  it("a network with memory", () => {
    class Remembering extends Link {
      readonly outSize = 8;
      readonly cell = new LSTM(4, 8, { random: new Random(1) });
      forward(obs: Variable): Variable {
        this.cell.resetState();
        return this.cell.forward(obs);
      }
    }
    expect(() => exportOnnx(withBody(() => new Remembering()))).toThrowErrorMatchingInlineSnapshot(
      `[UsageError: DQN: a network must say the same of an observation whatever came before for it to be exported; got one with LSTM. Export a network without memory.]`,
    );
  });

  it.each(["lstm", "gru"])("an agent with a recurrent layer, %s", (recurrent) => {
    const agents = listAgents().filter((spec) => spec.recurrent);
    expect(agents.length).toBeGreaterThan(10);
    for (const spec of agents) {
      const kind = spec.actionSpaces.includes("Discrete") ? "CartPole-v1" : "Pendulum-v1";
      const agent = build(spec, make(kind), { recurrent, sampling: "uniform", nStep: 1 });
      expect(() => exportOnnx(agent)).toThrow(
        /^\w+: a network must say the same of an observation whatever came before/,
      );
    }
  });

  it("an operation without a counterpart", () => {
    class Pooling extends Link {
      readonly outSize = 1;
      forward(obs: Variable): Variable {
        return reshape(maxPooling2d(reshape(obs, [-1, 1, 2, 2]), 2), [-1, 1]);
      }
    }
    expect(() => exportOnnx(withBody(() => new Pooling()))).toThrowErrorMatchingInlineSnapshot(
      `[UsageError: onnx: every operation of the network must have a counterpart in ONNX; got windows, which has none yet. Known are expressions and linear, conv2d, matmul, reshape, broadcastTo, transpose, concat, getItem, embedId.]`,
    );
  });

  it("an agent of the program's own", () => {
    expect(() => exportOnnx({ name: "Mine" } as Agent)).toThrowErrorMatchingInlineSnapshot(
      `[UsageError: onnx: the agent must tell how it acts on many observations; got Mine, which does not. Give it a greedyForward.]`,
    );
  });
});
