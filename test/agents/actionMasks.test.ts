/** Agents of discrete actions take and expect only the actions that info.actionMask allows. */
import { describe, expect, it } from "vitest";
import { DoubleDQN, DQN, type DQNOptions, listAgents } from "../../src/agents/index.ts";
import { Mlp } from "../../src/nets/index.ts";
import { Random } from "../../src/random.ts";

const spaces = { observationSpace: { shape: [3] }, actionSpace: { n: 4 } };
const small = { replayStartSize: 16, minibatchSize: 8, replayCapacity: 100, hiddenSizes: [8] };

/** The agents that DQN's masks reach. */
const agents = listAgents().filter(({ create, actionSpaces, hyperparameters }) => {
  if (!actionSpaces.includes("Discrete")) return false;
  const known = Object.fromEntries(Object.entries(small).filter(([name]) => name in hyperparameters));
  return create({ ...spaces, random: new Random(0), hyperparameters: known }) instanceof DQN;
});

describe.each(agents.map((spec) => [spec.name, spec] as const))("%s", (_name, spec) => {
  it("takes allowed actions only, in training and in evaluation, and learns", () => {
    const agent = spec.create({ ...spaces, random: new Random(3), hyperparameters: small });
    const random = new Random(1);
    const draw = () => Float32Array.from({ length: 3 }, () => random.normal());
    let obs = draw();
    let mask = [0, 1, 0, 1];
    for (let i = 0; i < 60; i++) {
      const action = agent.act(obs, { actionMask: mask }) as number;
      expect(mask[action]).toBe(1);
      const greedy = agent.evalMode(() => agent.act(obs, { actionMask: mask })) as number;
      expect(mask[greedy]).toBe(1);
      const isLast = i % 7 === 6;
      obs = draw();
      // nothing is allowed where an episode is over, as environments have it
      mask = isLast
        ? [0, 0, 0, 0]
        : Array.from({ length: 4 }, (_, a) => (a === i % 4 || random.random() < 0.3 ? 1 : 0));
      agent.observe(obs, random.normal(), isLast, false, { actionMask: mask });
      if (isLast) mask = [1, 0, 0, 1];
    }
    expect(agent.updates).toBeGreaterThan(30);
    expect(Math.abs(agent.statistics().averageQ!)).toBeLessThan(100);
  });
});

describe("targets", () => {
  /** Q(s, ·) for any s. */
  function constantNetwork(biases: readonly number[]): Mlp {
    const network = new Mlp(3, 4, { hiddenSizes: [], random: new Random(0) });
    network.layers[0]!.w.assign(new Float32Array(12));
    network.layers[0]!.b!.assign(biases);
    return network;
  }

  function target(Agent: new (options: DQNOptions) => DQN, nextMask: readonly number[]): number {
    const options = { ...spaces, replayStartSize: 1, minibatchSize: 1, replayCapacity: 10, gamma: 0.5 };
    const qFunction = constantNetwork([0.1, 0.2, 0.3, 0.4]);
    const targetQ = constantNetwork([0, 0, 0, 0]);
    const agent = new Agent({ ...options, qFunction, targetQ });
    targetQ.layers[0]!.b!.assign([0.9, 0.8, 0.7, 0.6]);
    agent.act(new Float32Array(3), { actionMask: [1, 0, 0, 0] });
    agent.observe(new Float32Array(3), 0.25, false, false, { actionMask: nextMask });
    return 0.1 + Math.sqrt(2 * agent.statistics().averageLoss!);
  }

  it("take the maximum over the actions allowed next", () => {
    expect(target(DQN, [1, 1, 1, 1])).toBeCloseTo(0.25 + 0.5 * 0.9, 5);
    expect(target(DQN, [0, 0, 1, 1])).toBeCloseTo(0.25 + 0.5 * 0.7, 5);
    expect(target(DoubleDQN, [1, 1, 1, 1])).toBeCloseTo(0.25 + 0.5 * 0.6, 5);
    expect(target(DoubleDQN, [1, 1, 0, 0])).toBeCloseTo(0.25 + 0.5 * 0.8, 5);
  });
});

describe("resuming", () => {
  it("goes on with masks as if never stopped", () => {
    const play = (agent: DQN, random: Random, steps: number) => {
      for (let i = 0; i < steps; i++) {
        const actionMask = [1, random.random() < 0.5 ? 1 : 0, 0, 1];
        const action = agent.act([random.normal(), 0, 1], { actionMask });
        expect(actionMask[action]).toBe(1);
        agent.observe([random.normal(), 0, 1], random.normal(), i % 9 === 8, false, { actionMask });
      }
    };
    const agent = new DQN({ ...spaces, ...small, random: new Random(3) });
    play(agent, new Random(1), 40);
    const other = new DQN({ ...spaces, ...small, random: new Random(4) });
    other.loadState(structuredClone(agent.saveState()));
    play(agent, new Random(2), 40);
    play(other, new Random(2), 40);
    expect(other.saveState()).toEqual(agent.saveState());
  });
});

describe("bad masks", () => {
  it("are refused", () => {
    const act = (actionMask: number[], explorer?: DQNOptions["explorer"]) => () =>
      new DQN({ ...spaces, ...small, ...(explorer && { explorer }) }).act([1, 2, 3], { actionMask });
    expect(act([1, 1])).toThrowErrorMatchingInlineSnapshot(
      `[UsageError: DQN.act: info.actionMask must hold 4 numbers, not all of them 0; got [1, 1]. Look at the environment.]`,
    );
    expect(act([0, 0, 0, 0])).toThrowErrorMatchingInlineSnapshot(
      `[UsageError: DQN.act: info.actionMask must hold 4 numbers, not all of them 0; got [0, 0, 0, 0]. Look at the environment.]`,
    );
    const stubborn = { selectAction: () => 2, statistics: () => ({}), saveState: () => null, loadState: () => {} };
    expect(act([1, 0, 0, 0], stubborn)).toThrowErrorMatchingInlineSnapshot(
      `[UsageError: DQN.act: an explorer must take actions that info.actionMask allows, [1, 0, 0, 0]; got 2. Let the agent make its own explorer.]`,
    );
  });
});
