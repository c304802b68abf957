/** Agents that learn from what actors do: in lockstep an actor and its learner are the agent itself, bit for bit. */
import { describe, expect, it } from "vitest";
import { type Action, type ActorSetup, agentSpec, type LearnerAgent, listAgents } from "../../src/agents/index.ts";
import { PublishedParameters } from "../../src/autograd/index.ts";
import { UsageError } from "../../src/errors.ts";
import { Random } from "../../src/random.ts";
import { ActorReplay, EpisodicReplayBuffer, TransitionRing } from "../../src/replay/index.ts";

const small = {
  hiddenSizes: [8],
  replayStartSize: 20,
  minibatchSize: 8,
  replayCapacity: 60,
  updateInterval: 3,
  updatesPerInterval: 2,
  nStep: 2,
  decaySteps: 100,
  targetUpdateInterval: 5,
};
const observationSpace = { shape: [3] };
const discrete = { n: 3 };
const box = { shape: [2], low: [-1, -2], high: [1, 2] };

const setupOf = (id: string, seed: number): Omit<ActorSetup, "replay"> => {
  const spec = agentSpec(id);
  const known = Object.entries(small).filter(([name]) => name in spec.hyperparameters);
  const actionSpace = spec.actionSpaces.includes("Discrete") ? discrete : box;
  return { observationSpace, actionSpace, random: new Random(seed), hyperparameters: Object.fromEntries(known) };
};
const build = (id: string, seed = 1) => agentSpec(id).create(setupOf(id, seed)) as LearnerAgent;

/** A made-up environment: what comes of the i-th action. */
function outcomes(hasMasks: boolean) {
  const random = new Random(5);
  const obs = () => Float32Array.from({ length: 3 }, () => random.normal());
  const info = () => {
    const actionMask = Uint8Array.from([1, random.integer(2), random.integer(2)]);
    return hasMasks ? { actionMask } : {};
  };
  return () => {
    const end = random.integer(12);
    return { obs: obs(), reward: random.normal(), terminated: end === 0, truncated: end === 1, info: info() };
  };
}

/** Steps of an agent with outcomes of its actions. */
function play(agent: Pick<LearnerAgent, "act" | "observe">, steps: number, hasMasks: boolean, behind: () => void) {
  const next = outcomes(hasMasks);
  const actions: Action[] = [];
  let { obs, info } = next();
  for (let i = 0; i < steps; i++) {
    actions.push(agent.act(obs, info));
    const outcome = next();
    agent.observe(outcome.obs, outcome.reward, outcome.terminated, outcome.truncated, outcome.info);
    behind();
    ({ obs, info } = outcome.terminated || outcome.truncated ? next() : outcome);
  }
  return actions;
}

/** A learner, and actors that hand it their steps at once. */
function pair(id: string) {
  const learner = build(id);
  learner.setActors(1);
  const { transitionFormat: format, actingNetwork } = learner;
  const ring = new TransitionRing(new SharedArrayBuffer(TransitionRing.bytesOf(format, 4)), 0, format, 4);
  const memory = new SharedArrayBuffer(PublishedParameters.bytesOf(actingNetwork));
  const published = new PublishedParameters(actingNetwork, memory, 0);
  const newActor = () => {
    const replay = new ActorReplay({
      ring,
      learnerSize: () => learner.replay.size,
      isStopping: () => false,
      onWritten: () => {},
      countStep: () => learner.steps + 1,
    });
    const actor = agentSpec(id).create({ ...setupOf(id, 1), replay } as ActorSetup) as LearnerAgent;
    const taken = new PublishedParameters(actor.actingNetwork, memory, 0);
    const handOver = () => {
      for (; ring.waiting > 0; ring.release()) learner.observeActor(0, ring.oldest());
      published.publish(learner.updates);
      taken.takeOver();
    };
    return { actor, handOver };
  };
  return { learner, ring, newActor };
}

describe("an actor and its learner", () => {
  it.each([
    ["dqn", false],
    ["dqn", true],
    ["sarsa", true],
    ["doublec51", false],
    ["naf", false],
    ["ddpg", false],
    ["svg0", false],
    ["td3", false],
    ["sac", false],
  ] as const)("%s (masks: %s): the same actions, the same learned", (id, hasMasks) => {
    const plain = build(id);
    const expected = play(plain, 120, hasMasks, () => {});
    const { learner, newActor } = pair(id);
    const { actor, handOver } = newActor();
    expect(play(actor, 120, hasMasks, handOver)).toEqual(expected);
    expect(learner.updates).toBe(plain.updates);
    expect(learner.updates).toBeGreaterThan(20);
    expect(learner.steps).toBe(120);
    expect(actor.updates).toBe(0);
    expect(learner.replay.hasMasks).toBe(hasMasks);
    expect(learner.replay.saveState()).toEqual(plain.replay.saveState());
    const numbers = ({ actingNetwork }: LearnerAgent) => actingNetwork.saveState();
    expect(numbers(learner)).toEqual(numbers(plain));
    expect(numbers(actor)).toEqual(numbers(plain));
  });

  it("an actor that takes the place of another begins an episode of its own", () => {
    const { learner, ring, newActor } = pair("dqn");
    for (const steps of [5, 4]) {
      const { actor } = newActor();
      for (let i = 0; i < steps; i++) {
        actor.act([steps, i, 0]);
        actor.observe([steps, i + 1, 0], 1, false, false);
        learner.observeActor(0, ring.oldest());
        ring.release();
      }
    }
    // the last of two steps waits for the next; that of the actor which left does not
    expect(learner.replay.size).toBe(5 + 3);
    const all = { obs: new Float32Array(24), action: new Int32Array(8), reward: new Float32Array(8) };
    const out = { ...all, nextObs: new Float32Array(24), discount: new Float32Array(8) };
    learner.replay.sample(8, out);
    const rows = Array.from({ length: 8 }, (_, row) => [out.obs[3 * row], out.nextObs[3 * row]]);
    expect(rows.filter(([from, to]) => from !== to)).toEqual([]);
  });

  it("a buffer of one episode is refused", () => {
    const { random, ...spaces } = setupOf("dqn", 1);
    const replay = new EpisodicReplayBuffer({
      capacity: 100,
      obsShape: [3],
      action: { dtype: "int32", shape: [] },
      gamma: 0.9,
      random,
    });
    const agent = agentSpec("dqn").create({ ...spaces, random, replay } as never) as LearnerAgent;
    expect(() => agent.setActors(2)).toThrow(UsageError);
    expect(() => agent.setActors(2)).toThrowErrorMatchingInlineSnapshot(
      `[UsageError: DQN: a replay buffer for 2 environments must keep as many episodes apart; got EpisodicReplayBuffer, which keeps one. Leave replay out, or use one environment.]`,
    );
  });

  it("a recurrent agent is refused: its buffer is always of one episode", () => {
    const { hyperparameters, ...setup } = setupOf("dqn", 1);
    const sequential = { ...hyperparameters, nStep: 1, recurrent: "lstm" };
    const recurrent = agentSpec("dqn").create({ ...setup, hyperparameters: sequential }) as LearnerAgent;
    expect(() => recurrent.setActors(2)).toThrowErrorMatchingInlineSnapshot(
      `[UsageError: DQN: a recurrent agent with a replay buffer must learn from one environment; got 2. Use one, or recurrent none.]`,
    );
  });
});

it("every agent that is registered as a learner is one", () => {
  const learners = listAgents().filter((spec) => spec.async === "learner");
  expect(learners.length).toBe(23);
  for (const { id } of learners) {
    const agent = build(id);
    agent.setActors(3);
    expect(agent.transitionFormat.obsSize, id).toBe(3);
    expect(agent.replay.capacity, id).toBeGreaterThanOrEqual(60);
    expect(agent.actingNetwork.flat().size, id).toBeGreaterThan(0);
  }
});
