/** Looking at an agent in training changes nothing, for every agent there is. */
import { describe, expect, it } from "vitest";
import { type Agent, type AgentSpec, DQN, listAgents } from "../../src/agents/index.ts";
import { type Env, make } from "../../src/envs/index.ts";
import { Random } from "../../src/random.ts";

type AbcEnv = Env<Float32Array, number | Float32Array>;

function abc(kind: string, recurrent: string): AbcEnv {
  const memory = recurrent === "none" ? {} : { partiallyObservable: true, episodic: false };
  return make("ABC-v0", {
    discrete: kind === "Discrete",
    deterministic: true,
    maxEpisodeSteps: 20,
    ...memory,
  }) as AbcEnv;
}

function build(spec: AgentSpec, env: AbcEnv, recurrent: string): Agent {
  const wanted = {
    hiddenSizes: [8, 8],
    replayStartSize: 16,
    replayCapacity: 64,
    minibatchSize: 4,
    sequenceLength: 4,
    burnIn: 1,
    batchEpisodes: 1,
    updateSteps: 4,
    tMax: 4,
    updateInterval: ["ppo", "trpo"].includes(spec.id) ? 16 : 4,
    epochs: 1,
    ...(recurrent === "none" ? {} : { recurrent, sampling: "uniform", nStep: 1 }),
  };
  const hyperparameters = Object.fromEntries(Object.entries(wanted).filter(([name]) => name in spec.hyperparameters));
  const { observationSpace, actionSpace } = env as never;
  return spec.create({ observationSpace, actionSpace, random: new Random(3), hyperparameters });
}

/** Trains, with a greedy episode now and then; what was taken down in it, and the agent's state in the end. */
function practise(spec: AgentSpec, kind: string, recurrent: string, look: (agent: Agent, obs: Float32Array) => void) {
  const [env, evalEnv] = [abc(kind, recurrent), abc(kind, recurrent)];
  const agent = build(spec, env, recurrent);
  const greedy: unknown[] = [];
  let [obs] = env.reset({ seed: 5 });
  for (let step = 1; step <= 120; step++) {
    look(agent, obs);
    const [next, reward, terminated, truncated] = env.step(agent.act(obs));
    // between an action and its outcome too
    look(agent, next);
    agent.observe(next, reward, terminated, truncated);
    obs = terminated || truncated ? env.reset()[0] : next;
    if (step % 30 !== 0) continue;
    agent.evalMode(() => agent.stopEpisode());
    let [seen] = evalEnv.reset({ seed: step });
    for (let i = 0; i < 5; i++) {
      const action = agent.evalMode(() => agent.act(seen));
      greedy.push(action, agent.explain!());
      // in the middle of an episode of evaluation
      look(agent, obs);
      const [after, , isTerminated, isTruncated] = evalEnv.step(action);
      if (isTerminated || isTruncated) break;
      seen = after;
    }
  }
  expect(agent.updates).toBeGreaterThan(0);
  return { state: structuredClone(agent.saveState()), greedy };
}

const cases = listAgents().flatMap((spec) =>
  spec.actionSpaces.flatMap((kind) =>
    ["none", ...(spec.recurrent ? ["lstm"] : [])].map((recurrent) => [spec.id, kind, recurrent, spec] as const),
  ),
);

describe("an agent that is looked at while it learns", () => {
  it.each(cases)("%s, %s actions, memory %s: learns the same, bit for bit", (_id, kind, recurrent, spec) => {
    const seen: unknown[] = [];
    const watched = practise(spec, kind, recurrent, (agent, obs) => {
      const explanation = agent.explainNext!(obs);
      expect(explanation!.numbers.every(Number.isFinite)).toBe(true);
      seen.push(explanation);
    });
    expect(watched).toEqual(practise(spec, kind, recurrent, () => {}));
    // it told of what was learned
    expect(new Set(seen.map((explanation) => JSON.stringify(explanation))).size).toBeGreaterThan(10);
  });

  it("tells what it would do next, with what it remembers of the episode", () => {
    const spec = listAgents().find(({ id }) => id === "dqn")!;
    const env = abc("Discrete", "gru");
    const [one, other] = [build(spec, env, "gru"), build(spec, env, "gru")];
    const [obs] = env.reset({ seed: 1 });
    for (let step = 0; step < 3; step++) {
      one.act(obs);
      one.observe(obs, 0, false, false);
      // the same history in evaluation
      other.evalMode(() => other.act(obs));
    }
    const fresh = build(spec, env, "gru").explainNext!(obs);
    const told = one.explainNext!(obs);
    other.evalMode(() => other.act(obs));
    expect(told).toEqual(other.explain!());
    expect(told).not.toEqual(fresh);
    // forgotten with the episode
    one.act(obs);
    one.observe(obs, 0, true, false);
    expect(one.explainNext!(obs)).toEqual(fresh);
  });

  it("says which actions are not allowed", () => {
    const agent = new DQN({ observationSpace: { shape: [2] }, actionSpace: { n: 3 }, hiddenSizes: [4] });
    const explanation = agent.explainNext(Float32Array.of(1, 2), { actionMask: [1, 0, 1] });
    expect(explanation!.numbers[1]).toBe(Number.NEGATIVE_INFINITY);
    expect(Number.isFinite(explanation!.value)).toBe(true);
  });
});
