/** Agents in many environments: the transitions, actions and states that each environment would have given alone. */
import { describe, expect, it, vi } from "vitest";
import { type AgentSpec, type BatchInfos, DQN, listAgents, type QAgent } from "../../src/agents/index.ts";
import { type AutoresetMode, Transitions } from "../../src/envs/index.ts";
import { Random } from "../../src/random.ts";
import { ReplayBuffer, type TransitionBatch } from "../../src/replay/index.ts";
import { Counter, counters } from "./counter.ts";
import { refusal } from "./refusal.ts";

const spaces = { observationSpace: { shape: [2] }, actionSpace: { n: 2 } };
const small = { replayStartSize: 8, minibatchSize: 8, replayCapacity: 400, hiddenSizes: [8] };

/** What the replay buffer was given: by row, "obs -reward-> nextObs" with a T or t for terminated and truncated. */
async function traceOf(lengths: readonly number[], mode: AutoresetMode, vectorSteps: number): Promise<string[][]> {
  const agent = new DQN({ ...spaces, ...small, replayStartSize: 100, random: new Random(1) });
  const trace: string[][] = lengths.map(() => []);
  vi.spyOn(agent.replay, "append").mockImplementation((obs, action, reward, next, terminated, truncated, ...more) => {
    const end = `${terminated ? " T" : ""}${truncated ? " t" : ""}`;
    expect([0, 1]).toContain(action);
    trace[more[2]!]!.push(`${Array.from(obs)} -${reward}-> ${Array.from(next)}${end}`);
  });
  const envs = counters(lengths, mode);
  const transitions = new Transitions(envs);
  let [obs] = envs.reset({ seed: 0 });
  for (let i = 0; i < vectorSteps; i++) {
    const step = envs.step(await agent.actBatch(obs as Float32Array, lengths.length));
    agent.observeBatch(transitions.read(step), step[1], step[2], step[3], step[4] as BatchInfos);
    obs = step[0];
    const ended = step[2].map((terminated, row) => terminated | step[3][row]!);
    if (mode === "disabled" && ended.includes(1)) [obs] = envs.reset({ options: { resetMask: ended } });
  }
  return trace;
}

/** What one environment gives alone. */
function traceAlone(length: number, steps: number): string[] {
  const agent = new DQN({ ...spaces, ...small, replayStartSize: 100, random: new Random(1) });
  const trace: string[] = [];
  vi.spyOn(agent.replay, "append").mockImplementation((obs, _action, reward, next, terminated, truncated) => {
    const end = `${terminated ? " T" : ""}${truncated ? " t" : ""}`;
    trace.push(`${Array.from(obs)} -${reward}-> ${Array.from(next)}${end}`);
  });
  const env = new Counter(length);
  let [obs] = env.reset();
  for (let i = 0; i < steps; i++) {
    agent.act(obs);
    const [next, reward, terminated, truncated] = env.step() as [Float32Array, number, boolean, boolean];
    agent.observe(next, reward, terminated, truncated);
    obs = terminated || truncated ? env.reset()[0] : next;
  }
  return trace;
}

describe("the transitions of a batch", () => {
  it.each([
    ["sameStep", 6, 6],
    ["disabled", 6, 6],
    ["nextStep", 4, 5],
  ] as const)("%s", async (mode, short, long) => {
    const [rowOfTwo, rowOfThree] = await traceOf([2, 3], mode, 6);
    expect(rowOfTwo).toEqual(
      ["0,0 -1-> 0,1", "0,1 -2-> 0,2 t", "1,0 -11-> 1,1", "1,1 -12-> 1,2 T", "2,0 -21-> 2,1", "2,1 -22-> 2,2 t"].slice(
        0,
        short,
      ),
    );
    expect(rowOfThree).toEqual(
      ["0,0 -1-> 0,1", "0,1 -2-> 0,2", "0,2 -3-> 0,3 t", "1,0 -11-> 1,1", "1,1 -12-> 1,2", "1,2 -13-> 1,3 T"].slice(
        0,
        long,
      ),
    );
    expect(rowOfTwo).toEqual(traceAlone(2, short));
    expect(rowOfThree).toEqual(traceAlone(3, long));
  });

  it("count as environment steps, and updates keep their interval", async () => {
    const agent = new DQN({ ...spaces, ...small, updateInterval: 4, updatesPerInterval: 2 });
    const envs = counters([2, 3, 4], "nextStep");
    const transitions = new Transitions(envs);
    let [obs] = envs.reset();
    const steps: number[] = [];
    const updates: number[] = [];
    for (let i = 0; i < 6; i++) {
      const step = envs.step(await agent.actBatch(obs as Float32Array, 3));
      agent.observeBatch(transitions.read(step), step[1], step[2], step[3]);
      obs = step[0];
      steps.push(agent.steps);
      updates.push(agent.updates);
    }
    // the third step only begins an episode in row 0, the fourth in row 1, the fifth in row 2, the sixth in row 0
    expect(steps).toEqual([3, 6, 8, 10, 12, 14]);
    expect(updates).toEqual([0, 0, 2, 2, 4, 4]);
  });

  it("carry masks of the observation before and of the one they led to", async () => {
    const agent = new DQN({ ...spaces, ...small, replayStartSize: 100 });
    const append = vi.spyOn(agent.replay, "append");
    const envs = counters([1, 2], "sameStep", true);
    const transitions = new Transitions(envs);
    let [obs, infos] = envs.reset();
    for (let i = 0; i < 4; i++) {
      const actions = await agent.actBatch(obs as Float32Array, 2, infos as BatchInfos);
      expect([...actions]).toEqual([1, 1]);
      const step = envs.step(actions);
      agent.observeBatch(transitions.read(step), step[1], step[2], step[3], step[4] as BatchInfos);
      [obs, infos] = [step[0], step[4]];
    }
    const masks = append.mock.calls.map((call) => [call[8], Array.from(call[6]!), Array.from(call[7]!)]);
    const row0 = [0, [0, 1], [1, 1]];
    expect(masks).toEqual([
      row0,
      [1, [0, 1], [0, 1]],
      row0,
      [1, [0, 1], [1, 1]],
      row0,
      [1, [0, 1], [0, 1]],
      row0,
      [1, [0, 1], [1, 1]],
    ]);
  });
});

/** The agents of DQN's family. */
const built = (spec: AgentSpec, hyperparameters: object = {}) => {
  const actionSpace = spec.actionSpaces.includes("Discrete") ? { n: 3 } : { shape: [2], low: [-1, -2], high: [1, 2] };
  const known = Object.fromEntries(
    Object.entries({ ...small, ...hyperparameters }).filter(([name]) => name in spec.hyperparameters),
  );
  const parts = { observationSpace: { shape: [4] }, actionSpace, random: new Random(5) };
  return spec.create({ ...parts, hyperparameters: known }) as unknown as QAgent<never, never>;
};
const family = listAgents().filter((spec) => built(spec) instanceof DQN);

/** Vector steps with random observations (3, 4); an episode ends every fifth, rows one after the other. */
async function learn(agent: QAgent<never, never>, from: number, to: number): Promise<number[]> {
  const taken: number[] = [];
  for (let i = from; i < to; i++) {
    const random = new Random(`observations/${i}`);
    const draw = () => Float32Array.from({ length: 12 }, () => random.normal());
    const obs = draw();
    taken.push(...(await agent.actBatch(obs, 3)));
    const ends = [0, 1, 2].map((row) => ((i + row) % 5 === 4 ? 1 : 0));
    const rewards = [0, 1, 2].map(() => random.normal());
    agent.observeBatch({ count: 3, rows: [0, 1, 2], nextObs: draw() }, rewards, ends, [0, 0, 0]);
  }
  return taken;
}

describe.each(family.map((spec) => [spec.name, spec] as const))("%s", (_name, spec) => {
  it("acts greedily on a batch as on each observation alone", async () => {
    const agent = built(spec, { sampling: "uniform" });
    await learn(agent, 0, 10);
    const random = new Random(9);
    const obs = Float32Array.from({ length: 20 }, () => random.normal());
    const alone = Array.from({ length: 5 }, (_, row) =>
      agent.evalMode(() => agent.act(obs.subarray(4 * row, 4 * row + 4))),
    );
    const batch = await agent.evalMode(() => agent.actBatch(obs, 5));
    const flat = alone.flatMap((action) =>
      typeof action === "number" ? [action] : Array.from(action as Float32Array),
    );
    expect(batch).toHaveLength(flat.length);
    for (const [i, x] of flat.entries()) expect(batch[i]).toBeCloseTo(x, 5);
  });

  it("goes on from a saved state as if nothing had been", async () => {
    const hyperparameters = { sampling: "uniform", startEpsilon: 0.5, nStep: spec.id === "sarsa" ? 1 : 2 };
    const agent = built(spec, hyperparameters);
    await learn(agent, 0, 12);
    expect(agent.updates).toBeGreaterThan(20);
    const state = structuredClone(agent.saveState());
    const other = built(spec, hyperparameters);
    other.loadState(state);
    expect(await learn(other, 12, 24)).toEqual(await learn(agent, 12, 24));
    expect(other.saveState()).toEqual(agent.saveState());
  });
});

describe("a replay buffer with lanes", () => {
  const options = { capacity: 12, obsShape: [1], action: { dtype: "int32", shape: [] }, gamma: 0.5, nStep: 2 } as const;
  const rows = (n: number): TransitionBatch => ({
    obs: new Float32Array(n),
    action: new Float32Array(n),
    reward: new Float32Array(n),
    nextObs: new Float32Array(n),
    discount: new Float32Array(n),
  });

  it("sums returns of several steps within each lane", () => {
    const replay = new ReplayBuffer({ ...options, random: new Random(0) });
    replay.split(2);
    // observations of lane 0 are 0, 1, 2, of lane 1 they are 100, 101, 102, 103
    replay.append([0], 7, 1, [1], false, false, null, null, 0);
    replay.append([100], 8, 10, [101], false, false, null, null, 1);
    replay.append([1], 7, 2, [2], true, false, null, null, 0);
    replay.append([101], 8, 20, [102], false, false, null, null, 1);
    replay.append([102], 8, 30, [103], false, true, null, null, 1);
    expect(replay.size).toBe(5);
    const out = rows(5);
    replay.sample(5, out);
    const found = Array.from(out.obs, (obs, i) => [obs, out.action[i], out.reward[i], out.nextObs[i], out.discount[i]]);
    expect(found).toEqual([
      [0, 7, 2, 2, 0],
      [1, 7, 2, 2, 0],
      [100, 8, 20, 102, 0.25],
      [101, 8, 35, 103, 0.25],
      [102, 8, 30, 103, 0.5],
    ]);
  });

  it("draws every transition of every lane as often", () => {
    const replay = new ReplayBuffer({ ...options, nStep: 1, random: new Random(3) });
    replay.split(3);
    expect(replay.capacity).toBe(12);
    // lane 0 went round its ring, lane 1 is nearly empty, lane 2 is full
    for (const [lane, count] of [6, 1, 4].entries()) {
      for (let i = 0; i < count; i++)
        replay.append([10 * lane + i], 0, 0, [10 * lane + i + 1], false, false, null, null, lane);
    }
    const counts = new Map<number, number>();
    const out = rows(2);
    for (let i = 0; i < 9_000; i++) {
      replay.sample(2, out);
      expect(out.obs[0]).not.toBe(out.obs[1]);
      for (const obs of out.obs) counts.set(obs, (counts.get(obs) ?? 0) + 1);
    }
    expect([...counts.keys()].sort((a, b) => a - b)).toEqual([2, 3, 4, 5, 10, 20, 21, 22, 23]);
    for (const count of counts.values()) expect(Math.abs(count - 2_000)).toBeLessThan(200);
  });
});

describe("bad input", () => {
  it("says what must hold", async () => {
    const make = (more: object = {}) => new DQN({ ...spaces, ...small, ...more });
    const obs = new Float32Array(6);
    const afterThree = make();
    await afterThree.actBatch(obs, 3);
    afterThree.observeBatch({ count: 3, rows: [0, 1, 2], nextObs: obs }, [1, 1, 1], [0, 0, 0], [0, 0, 0]);

    const said = [
      await refusal(() => make().actBatch(obs, 2)),
      await refusal(() => make().actBatch(obs, 0)),
      await refusal(() => make().actBatch(Float32Array.of(0, 0, 0, Number.NaN), 2)),
      await refusal(() => make().observeBatch({ count: 1, rows: [0], nextObs: obs }, [1], [0], [0])),
      await refusal(() =>
        afterThree.observeBatch({ count: 1, rows: [1], nextObs: obs }, [1, 2, 3], [0, 0, 0], [0, 0, 0]),
      ),
      await refusal(() => afterThree.observeBatch({ count: 1, rows: [1], nextObs: obs }, [1], [0], [0])),
      await refusal(() => afterThree.actBatch(obs.subarray(4), 1)),
      await refusal(() => {
        afterThree.act(obs.subarray(4));
        afterThree.observe(obs.subarray(4), 1, false, false);
      }),
    ];
    expect(said.join("\n")).toMatchInlineSnapshot(`
      "ShapeError: DQN.actBatch: observations must be (2, …obs) with 2 numbers each; got 6 numbers, 3 each. Pass what the VectorEnv returned, and its numEnvs.
      UsageError: DQN.actBatch: n must be a whole number of at least 1; got 0. Pass envs.numEnvs.
      UsageError: DQN.act: the observation must be finite numbers; got [0, NaN]. Look at the environment at step 1.
      UsageError: DQN.observeBatch: actions must come before their outcomes; got 1 rewards without actBatch(). Await actBatch(obs, n) first.
      UsageError: DQN.observeBatch: an action must come before its outcome; got a reward of 2 in row 1 without actBatch(). Await actBatch(obs, n) first.
      ShapeError: DQN.observeBatch: rewards, terminated and truncated must be of the 3 environments acted in; got 1. Pass what the VectorEnv returned.
      UsageError: replay: the number of environments must stay the same; got 1 after transitions of 3. Make a new buffer.
      UsageError: DQN.observe: an agent must learn from one environment or from many; got observe() after actBatch() with 3 rows. Use observeBatch."
    `);
  });
});
