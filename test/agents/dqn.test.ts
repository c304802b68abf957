import { afterEach, describe, expect, it } from "vitest";
import { DoubleDQN, DQN, type DQNOptions } from "../../src/agents/index.ts";
import { openDevice } from "../../src/device.ts";
import { backend } from "../../src/kernel/backend.ts";
import type { NullBackend } from "../../src/kernel/nullBackend.ts";
import { Mlp } from "../../src/nets/index.ts";
import { Random } from "../../src/random.ts";
import { fill } from "./fill.ts";

type DQNClass = new (options: DQNOptions) => DQN;

const spaces = { observationSpace: { shape: [4] }, actionSpace: { n: 2 } };
const small = { replayStartSize: 40, minibatchSize: 32, replayCapacity: 100, hiddenSizes: [8, 8] };

afterEach(async () => {
  await openDevice("cpu");
});

describe("one update", () => {
  it("takes the kernels it should and no more", async () => {
    await openDevice("null");
    const { launches, reset } = backend() as NullBackend;
    const count = (Agent: DQNClass) => {
      const agent = new Agent({ ...spaces, ...small });
      fill(agent, 39);
      reset();
      agent.update();
      const counts: Record<string, number> = {};
      for (const name of launches) counts[name] = (counts[name] ?? 0) + 1;
      return counts;
    };
    expect(count(DQN)).toMatchInlineSnapshot(`
      {
        "Adam": 1,
        "bootstrapTarget": 1,
        "columnSum": 3,
        "fill": 1,
        "huberLoss": 1,
        "huberLossGrad": 1,
        "matmul": 11,
        "max": 1,
        "mean": 1,
        "meanGrad": 1,
        "reluGrad": 2,
        "runningAverage": 2,
        "selectItem": 1,
        "selectItemGrad": 1,
      }
    `);
    expect(count(DoubleDQN)).toMatchInlineSnapshot(`
      {
        "Adam": 1,
        "argMax": 1,
        "bootstrapTarget": 1,
        "columnSum": 3,
        "fill": 1,
        "huberLoss": 1,
        "huberLossGrad": 1,
        "matmul": 14,
        "mean": 1,
        "meanGrad": 1,
        "reluGrad": 2,
        "runningAverage": 2,
        "selectItem": 2,
        "selectItemGrad": 1,
      }
    `);
  });

  it("is the same on the reference device to float32's accuracy", async () => {
    const learn = async (device: "cpu" | "reference") => {
      await openDevice(device);
      const agent = new DoubleDQN({ ...spaces, ...small, maxGradNorm: 1, random: new Random(1) });
      fill(agent, 39);
      agent.update();
      return Array.from(agent.qFunction.parameters(), (p) => p.toArray()).flat();
    };
    const cpu = await learn("cpu");
    const reference = await learn("reference");
    const largest = Math.max(...cpu.map((x, i) => Math.abs(x - reference[i]!)));
    expect(largest).toBeLessThan(2e-5);
  });
});

describe("targets", () => {
  /** Q(s, ·) for any s: a network of no hidden layer with zero weights and the given biases. */
  function constantNetwork(biases: readonly number[]): Mlp {
    const network = new Mlp(4, 2, { hiddenSizes: [], random: new Random(0) });
    const [layer] = network.layers;
    layer!.w.assign(new Float32Array(8));
    layer!.b!.assign(biases);
    return network;
  }

  /** The loss of the first update: half the squared error, as it is small. */
  function firstLoss(Agent: DQNClass, terminated: boolean): number {
    const qFunction = constantNetwork([0.1, 0.2]);
    const targetQ = constantNetwork([0, 0]);
    const agent = new Agent({
      ...spaces,
      replayStartSize: 1,
      minibatchSize: 1,
      replayCapacity: 10,
      gamma: 0.5,
      qFunction,
      targetQ,
    });
    targetQ.layers[0]!.b!.assign([0.6, 0.4]); // differs from the online network: action 0 is best there
    agent.act(new Float32Array(4));
    const action = (agent.saveState() as { lastAction: number }).lastAction;
    agent.observe(new Float32Array(4), 0.25, terminated, !terminated);
    const loss = agent.statistics().averageLoss!;
    const q = action === 0 ? 0.1 : 0.2;
    // the error behind the loss, its sign being known here
    return q + Math.sqrt(2 * loss);
  }

  it("bootstraps from the target network's largest value (DQN), also where the episode was truncated", () => {
    expect(firstLoss(DQN, false)).toBeCloseTo(0.25 + 0.5 * 0.6, 5);
  });
  it("bootstraps from the target network's value of the online network's action (Double DQN)", () => {
    expect(firstLoss(DoubleDQN, false)).toBeCloseTo(0.25 + 0.5 * 0.4, 5);
  });
  it("does not bootstrap where the episode terminated", () => {
    expect(firstLoss(DQN, true)).toBeCloseTo(0.25, 5);
  });
});

describe("bad input", () => {
  it("says what must hold", () => {
    expect(() => new DQN({ ...spaces, gama: 1 } as never)).toThrowErrorMatchingInlineSnapshot(
      `[UsageError: DQN: unknown hyperparameter gama; known are gamma, learningRate, adamEps, hiddenSizes, activation, convolutions, recurrent, sequenceLength, burnIn, replayCapacity, frameStack, replayDevice, replayStartSize, minibatchSize, updateInterval, updatesPerInterval, targetUpdateInterval, targetUpdateMethod, tau, clipDelta, batchAccumulator, maxGradNorm, rewardScale, nStep, sampling, priorityExponent, importanceExponent, importanceSteps, startEpsilon, endEpsilon, decaySteps. Did you mean gamma?]`,
    );
    expect(() => new DQN({ ...spaces, gamma: 2 })).toThrowErrorMatchingInlineSnapshot(
      `[UsageError: DQN: gamma must be a number between 0 and 1; got 2. discount per environment step.]`,
    );
    expect(() => new DQN({ ...spaces, minibatchSize: 64, replayStartSize: 32 })).toThrowErrorMatchingInlineSnapshot(
      `[UsageError: DQN: minibatchSize ≤ replayStartSize ≤ replayCapacity must hold; got 64, 32 and 100000. Raise the later ones.]`,
    );
    expect(
      () => new DQN({ ...spaces, actionSpace: { shape: [1], low: [-1], high: [1] } }),
    ).toThrowErrorMatchingInlineSnapshot(
      `[UsageError: DQN: the action space must be Discrete; got [object Object]. Use an agent for continuous actions.]`,
    );
    const agent = new DQN({ ...spaces, ...small });
    expect(() => agent.act(new Float32Array(3))).toThrowErrorMatchingInlineSnapshot(
      `[UsageError: DQN.act: the observation must have 4 numbers; got 3. Check env.observationSpace.shape.]`,
    );
    expect(() => agent.observe(new Float32Array(4), 1, false, false)).toThrowErrorMatchingInlineSnapshot(
      `[UsageError: DQN.observe: an action must come before its outcome; got a reward of 1 without act(). Call act(obs) first.]`,
    );
    expect(() => {
      agent.act(new Float32Array(4));
      agent.observe(new Float32Array(4), Number.NaN, false, false);
    }).toThrowErrorMatchingInlineSnapshot(
      `[UsageError: replay: the reward must be a finite number; got NaN with action 1. Look at what env.step returned.]`,
    );
  });
});
