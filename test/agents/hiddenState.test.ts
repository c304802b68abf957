/** What recurrent agents remember: passes of acting against passes over stretches, ends of episodes, evaluation. */
import { beforeEach, describe, expect, it } from "vitest";
import { A2C } from "../../src/agents/a2c.ts";
import { DDPG } from "../../src/agents/ddpg.ts";
import { HiddenState, overStretches, stateSize } from "../../src/agents/hiddenState.ts";
import { type Agent, listAgents } from "../../src/agents/index.ts";
import { NSQ } from "../../src/agents/nsq.ts";
import { PCL } from "../../src/agents/pcl.ts";
import { PPO } from "../../src/agents/ppo.ts";
import { Rollout } from "../../src/agents/rollout.ts";
import { SAC } from "../../src/agents/sac.ts";
import { TD3 } from "../../src/agents/td3.ts";
import { noBackprop, SGD, scope, variable } from "../../src/autograd/index.ts";
import { openDevice } from "../../src/device.ts";
import { Box, Discrete } from "../../src/envs/index.ts";
import { ConstantEpsilonGreedy, type Explorer } from "../../src/explorers/index.ts";
import { LateActionQ, Mlp, MlpStateActionQ, type StateActionQ, TwinQ } from "../../src/nets/index.ts";
import { Random } from "../../src/random.ts";
import { EpisodicTrajectories } from "../../src/replay/index.ts";

beforeEach(async () => {
  await openDevice("cpu");
});

const draws = new Random(4);
const observation = () => Float32Array.from({ length: 3 }, () => draws.normal());
const observationSpace = new Box(-1, 1, { shape: [3] });

const memoryOf = (agent: Agent) => (agent.saveState() as unknown as { hidden: { now: Float32Array } }).hidden.now;
const isForgotten = (agent: Agent) => memoryOf(agent).every((x) => x === 0);

const network = () => new Mlp(3, 2, { hiddenSizes: [4], recurrent: "lstm", random: new Random(1) });

describe("stretches", () => {
  const play = (own: Mlp, rollout: Rollout, lengths: readonly number[]) => {
    const hidden = new HiddenState(own);
    const outputs: number[] = [];
    const act = (obs: Float32Array) =>
      scope(() =>
        noBackprop(() => {
          const x = variable(obs, { shape: [1, 3] });
          outputs.push(...hidden.pass(() => own.forward(x)).toArray());
        }),
      );
    // the rows of one episode, cut into stretches: the last row of each is the first of the next one again
    let obs = observation();
    for (const steps of lengths) {
      for (let t = 0; t < steps; t++) {
        act(obs);
        rollout.append(obs, [0], 0, 1, [], hidden.before);
        obs = observation();
      }
      rollout.end(obs);
    }
    return outputs;
  };

  it("of several lengths go on from the state kept with their first rows, as acting did", () => {
    const own = network();
    const rollout = new Rollout([3], [], 4, 0, stateSize(own));
    const acted = play(own, rollout, [2, 1, 4]);
    scope(() => {
      const batch = rollout.load();
      const y = overStretches(own, batch, () => own.forward(batch.obs)); // (rows, 2)
      const steps = rollout.sequences(1).flat();
      expect(steps).toEqual([0, 1, 3, 5, 6, 7, 8]);
      steps.forEach((row, i) => {
        expect(y.at(2 * row)).toBeCloseTo(acted[2 * i]!, 5);
        expect(y.at(2 * row + 1)).toBeCloseTo(acted[2 * i + 1]!, 5);
      });
    });
  });

  it("are cut into sequences within each, which go on from the state kept with their first rows", () => {
    const own = network();
    const rollout = new Rollout([3], [], 4, 0, stateSize(own));
    const acted = play(own, rollout, [5, 1, 4]);
    expect(rollout.sequences(2, 100)).toEqual([[100, 101], [102, 103], [104], [106], [108, 109], [110, 111]]);
    expect(rollout.sequences(9)).toEqual([[0, 1, 2, 3, 4], [6], [8, 9, 10, 11]]);
    scope(() => {
      const batch = rollout.load();
      const starts = rollout.sequences(2).map(([first]) => first!);
      const y = overStretches(own, { ...batch, starts }, () => own.forward(batch.obs)); // (rows, 2)
      rollout
        .sequences(1)
        .flat()
        .forEach((row, i) => void expect(y.at(2 * row)).toBeCloseTo(acted[2 * i]!, 5));
      // the end row too, with what the step before it left
      const whole = overStretches(own, batch, () => own.forward(batch.obs));
      for (const row of [5, 7, 12]) expect(y.at(2 * row)).toBeCloseTo(whole.at(2 * row), 5);
    });
  });

  it("from a replay buffer begin where the network that acted was", () => {
    const own = network();
    const size = stateSize(own);
    const replay = new EpisodicTrajectories({
      capacity: 9,
      obsSize: 3,
      actionSize: 1,
      extraSize: size,
      random: new Random(2),
    });
    const hidden = new HiddenState(own);
    const acted: number[] = [];
    const seen = Array.from({ length: 7 }, observation);
    for (let t = 0; t < 6; t++) {
      scope(() =>
        noBackprop(() => acted.push(hidden.pass(() => own.forward(variable(seen[t]!, { shape: [1, 3] }))).at(0))),
      );
      replay.append(seen[t]!, [0], t, seen[t + 1]!, false, t === 5, hidden.before);
    }
    const starts = new Set<number>();
    for (let i = 0; i < 20; i++) {
      const rollout = new Rollout([3], [], 4, 0, size);
      const stretch = replay.draw(3);
      const start = stretch.reward[0]!; // rewards count the steps
      starts.add(start);
      rollout.appendStretch(stretch, 0.9, 1);
      scope(() => {
        const batch = rollout.load();
        const y = overStretches(own, batch, () => own.forward(batch.obs));
        for (let t = 0; t < 3; t++) expect(y.at(2 * t)).toBeCloseTo(acted[start + t]!, 5);
      });
    }
    expect(starts.size).toBe(4);
  });
});

const agents = ["reinforce", "a2c", "a3c", "nsq", "pcl", "acer", "ddpg", "svg0", "pgt"];
const cases = listAgents()
  .filter(({ id }) => agents.includes(id))
  .flatMap((spec) => spec.actionSpaces.map((kind) => ({ spec, kind, name: spec.name })));

describe.each(cases)("$name with actions of a $kind space", ({ spec, kind }) => {
  const build = () =>
    spec.create({
      observationSpace,
      actionSpace: kind === "Discrete" ? new Discrete(2) : new Box(-1, 1, { shape: [2] }),
      random: new Random(3),
      hyperparameters: { hiddenSizes: [4, 4], recurrent: "gru" },
    });
  const step = (agent: Agent, terminated = false, truncated = false) => {
    agent.act(observation());
    agent.observe(observation(), 0, terminated, truncated);
  };

  it("remembers an episode, in every layer, until it ends in whatever way", () => {
    const agent = build();
    const ends = {
      terminated: () => step(agent, true),
      truncated: () => step(agent, false, true),
      stopped: () => agent.stopEpisode(),
      "stopped before the outcome": () => {
        agent.act(observation());
        agent.stopEpisode();
      },
    };
    for (const end of Object.values(ends)) {
      step(agent);
      const first = memoryOf(agent).slice();
      expect(first.every((x) => x !== 0)).toBe(true);
      step(agent);
      expect(memoryOf(agent)).not.toEqual(first);
      end();
      expect(isForgotten(agent)).toBe(true);
    }
  });

  it("keeps what it remembers of training and of evaluation apart", () => {
    const agent = build();
    step(agent);
    const own = memoryOf(agent).slice();
    const seen = Array.from({ length: 4 }, observation);
    const play = () => seen.map((obs) => agent.act(obs));
    const fresh = agent.evalMode(() => {
      agent.stopEpisode();
      return play();
    });
    for (const end of [
      () => agent.observe(observation(), 0, true, false),
      () => agent.observe(observation(), 0, false, true),
      () => agent.stopEpisode(),
    ]) {
      agent.evalMode(end);
      expect(agent.evalMode(play)).toEqual(fresh);
    }
    expect(memoryOf(agent)).toEqual(own);
  });
});

describe("NSQ", () => {
  const build = (explorer: Explorer) =>
    new NSQ({
      observationSpace,
      actionSpace: new Discrete(2),
      random: new Random(3),
      hiddenSizes: [4],
      recurrent: "lstm",
      tMax: 100,
      explorer,
    });

  it("passes over each observation once, whatever the explorer asks for", () => {
    const epsilon = (rate: number) =>
      new ConstantEpsilonGreedy({ epsilon: rate, randomAction: () => 1, random: new Random(1) });
    const curious: Explorer = {
      selectAction: (_step, greedy, values) => (values!().length + greedy() + greedy() > 3 ? 1 : 0),
      statistics: () => ({}),
      saveState: () => null,
      loadState: () => {},
    };
    const seen = Array.from({ length: 3 }, observation);
    const memories = [epsilon(0), epsilon(1), curious].map((explorer) => {
      const agent = build(explorer);
      return seen.map((obs) => {
        agent.act(obs);
        agent.observe(obs, 0, false, false);
        return memoryOf(agent).slice();
      });
    });
    expect(memories[1]).toEqual(memories[0]);
    expect(memories[2]).toEqual(memories[0]);
  });
});

it("an agent that learns from single steps refuses a network with a memory", () => {
  const random = new Random(0);
  const actionSpace = new Box(-1, 1, { shape: [1] });
  const makeQ = (recurrent: "none" | "lstm") =>
    new TwinQ(
      new MlpStateActionQ(3, 1, { hiddenSizes: [4], random }),
      new LateActionQ(3, 1, { hiddenSizes: [4, 4], recurrent, random }),
    );
  const networks = { qFunctions: makeQ("lstm"), targetQs: makeQ("lstm") };
  for (const make of [TD3, SAC]) {
    expect(() => new make({ observationSpace, actionSpace, ...networks })).toThrow(
      /must have no memory; got one with LSTM/,
    );
    new make({ observationSpace, actionSpace, qFunctions: makeQ("none"), targetQs: makeQ("none") });
  }
});

it("PPO learns from whole episodes by the gradient of A2C, which sees them as they stand", () => {
  const settings = {
    recurrent: "lstm",
    hiddenSizes: [5],
    gamma: 0.9,
    entropyCoefficient: 0.1,
    valueCoefficient: 0.7,
  } as const;
  const spaces = { observationSpace, actionSpace: new Discrete(2) };
  const optimizer = () => new SGD({ lr: 0.5 });
  const steps = 24;
  const build = (sequenceLength: number) =>
    new PPO({
      ...spaces,
      ...settings,
      random: new Random(5),
      optimizer: optimizer(),
      updateInterval: steps,
      minibatchSize: steps,
      epochs: 1,
      sequenceLength,
      traceDecay: 0.8,
      standardizesAdvantages: false,
    });
  const a2c = new A2C({
    ...spaces,
    ...settings,
    random: new Random(5),
    optimizer: optimizer(),
    updateSteps: steps,
    usesGae: true,
    traceDecay: 0.8,
  });
  const learned = ([a2c, build(steps), build(3)] as const).map((agent) => {
    const random = new Random(8);
    const draw = () => Float32Array.from({ length: 3 }, () => random.normal());
    const before = agent.model.flat().parameters.flatMap((x) => x.toArray());
    for (let i = 0; i < steps; i++) {
      agent.act(draw());
      agent.observe(draw(), random.normal(), i % 7 === 6, i % 5 === 4);
    }
    expect(agent.updates).toBe(1);
    return agent.model
      .flat()
      .parameters.flatMap((x) => x.toArray())
      .map((x, i) => x - before[i]!);
  });
  const [wanted, whole, cut] = learned as [number[], number[], number[]];
  expect(Math.max(...wanted.map(Math.abs))).toBeGreaterThan(0.01);
  const distance = (a: readonly number[]) => Math.max(...a.map((x, i) => Math.abs(x - wanted[i]!)));
  expect(distance(whole)).toBeLessThan(1e-5);
  // where sequences begin in the middle of an episode, nothing flows back into what was before
  expect(distance(cut)).toBeGreaterThan(1e-3);
});

it("DDPG refuses a q-function whose memory minibatches could not fill", () => {
  const random = new Random(0);
  const actionSpace = new Box(-1, 1, { shape: [1] });
  const late = () => new LateActionQ(3, 1, { hiddenSizes: [4, 4], recurrent: "lstm", random });
  const joined = () => new MlpStateActionQ(3, 1, { hiddenSizes: [4], recurrent: "lstm", random });
  const build = (make: () => StateActionQ, recurrent: "none" | "lstm") =>
    new DDPG({ observationSpace, actionSpace, recurrent, qFunction: make(), targetQ: make() });
  expect(() => build(late, "none")).toThrowErrorMatchingInlineSnapshot(
    `[UsageError: DDPG: a qFunction with a memory must come with a policy that has one, so that sequences are replayed; got a policy without. Give both a memory, or neither.]`,
  );
  expect(() => build(joined, "lstm")).toThrowErrorMatchingInlineSnapshot(
    `[UsageError: DDPG: a qFunction with a memory must have remember(obs), which fills it; got MlpStateActionQ without. Use LateActionQ.]`,
  );
  build(late, "lstm");
});

it("PCL's replay buffer keeps what was remembered before each step", () => {
  const replay = new EpisodicTrajectories({
    capacity: 9,
    obsSize: 3,
    actionSize: 1,
    extraSize: 2 * 2 * 4, // h and c of the policy and of the value
    random: new Random(2),
  });
  const agent = new PCL({
    observationSpace,
    actionSpace: new Discrete(2),
    hiddenSizes: [4],
    recurrent: "lstm",
    replay,
    replayStartSize: 100,
  });
  const before: Float32Array[] = [];
  for (let t = 0; t < 3; t++) {
    before.push(memoryOf(agent).slice());
    agent.act(observation());
    agent.observe(observation(), 0, t === 2, false);
  }
  const { extra } = replay.draw(3);
  expect(Array.from(extra)).toEqual(before.flatMap((state) => Array.from(state)));
  expect(before[0]!.every((x) => x === 0) && before[2]!.every((x) => x !== 0)).toBe(true);
});
