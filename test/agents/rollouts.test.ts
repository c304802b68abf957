/** A2C and PPO in many environments: they learn what a plain computation says of each environment alone. */
import { describe, expect, it } from "vitest";
import { A2C, type Agent, type AgentSetup, type BatchInfos, listAgents, PPO } from "../../src/agents/index.ts";
import { SGD } from "../../src/autograd/index.ts";
import { type AutoresetMode, type Env, make, makeVec, Transitions, type VectorEnv } from "../../src/envs/index.ts";
import { HiddenLayers, MlpValueFunction, SeparateActorCritic, SoftmaxHead, TrunkPolicy } from "../../src/nets/index.ts";
import { Random } from "../../src/random.ts";
import { counters } from "./counter.ts";
import { refusal } from "./refusal.ts";

const none = { hiddenSizes: [], random: new Random(0) };
const spaces = { observationSpace: { shape: [2] }, actionSpace: { n: 2 } };
const gamma = 0.9;
const traceDecay = 0.8;
/** V(s) = s · (0.3, −0.2) + 0.1. */
const valueAt = (obs: ArrayLike<number>) => 0.3 * obs[0]! - 0.2 * obs[1]! + 0.1;

/** π = (3/4, 1/4) in every observation. */
function actorCritic() {
  const policy = new TrunkPolicy(new HiddenLayers(2, none), new SoftmaxHead(2, 2, none));
  policy.head.logits.w.assign(new Float32Array(4));
  policy.head.logits.b!.assign([Math.log(3), 0]);
  const valueFunction = new MlpValueFunction(2, none);
  valueFunction.head.value.w.assign([0.3, -0.2]);
  valueFunction.head.value.b!.assign([0.1]);
  return new SeparateActorCritic(policy, valueFunction);
}

type Learner = A2C | PPO;

interface Step {
  readonly obs: readonly number[];
  readonly action: number;
  readonly reward: number;
  readonly nextObs: readonly number[];
  readonly terminated: boolean;
  readonly truncated: boolean;
}

/** Steps of all environments until the first update, by row. */
async function rolloutsOf(agent: Learner, envs: VectorEnv, mode: AutoresetMode): Promise<Step[][]> {
  const n = envs.numEnvs;
  const found: Step[][] = Array.from({ length: n }, () => []);
  const transitions = new Transitions(envs);
  let [obs] = envs.reset({ seed: 0 });
  while (agent.updates === 0) {
    const actions = await agent.actBatch(obs as Float32Array, n);
    const before = Array.from(obs as Float32Array);
    const step = envs.step(actions);
    const { count, rows, nextObs } = transitions.read(step);
    const at = (x: ArrayLike<number>, row: number) => [x[2 * row]!, x[2 * row + 1]!];
    for (let k = 0; k < count; k++) {
      const row = rows[k]!;
      found[row]!.push({
        obs: at(before, row),
        action: actions[row]!,
        reward: step[1][row]!,
        nextObs: at(nextObs as Float32Array, row),
        terminated: step[2][row] === 1,
        truncated: step[3][row] === 1,
      });
    }
    agent.observeBatch(transitions, step[1], step[2], step[3], step[4] as BatchInfos);
    obs = step[0];
    const ended = step[2].map((terminated, row) => terminated | step[3][row]!);
    if (mode === "disabled" && ended.includes(1)) [obs] = envs.reset({ options: { resetMask: ended } });
  }
  return found;
}

/** Schulman et al. 2016, equation 16, backwards through the steps of one environment. */
function plainAdvantages(steps: readonly Step[], decay: number): number[] {
  const advantages = new Array<number>(steps.length);
  let following = 0;
  for (let t = steps.length - 1; t >= 0; t--) {
    const { obs, reward, nextObs, terminated, truncated } = steps[t]!;
    const delta = reward + (terminated ? 0 : gamma * valueAt(nextObs)) - valueAt(obs);
    if (terminated || truncated) following = 0;
    following = delta + gamma * decay * following;
    advantages[t] = following;
  }
  return advantages;
}

const rate = 1e-4;
const learners = {
  "A2C, generalised advantages": {
    decay: traceDecay,
    make: (steps: number, model: SeparateActorCritic) =>
      new A2C({
        ...spaces,
        gamma,
        traceDecay,
        model,
        optimizer: new SGD({ lr: rate }),
        updateSteps: steps,
        usesGae: true,
        entropyCoefficient: 0,
        valueCoefficient: 1,
      }),
  },
  "A2C, n-step returns": {
    decay: 1,
    make: (steps: number, model: SeparateActorCritic) =>
      new A2C({
        ...spaces,
        gamma,
        model,
        optimizer: new SGD({ lr: rate }),
        updateSteps: steps,
        entropyCoefficient: 0,
        valueCoefficient: 1,
      }),
  },
  PPO: {
    decay: traceDecay,
    make: (steps: number, model: SeparateActorCritic, minibatchSize: number) =>
      new PPO({
        ...spaces,
        gamma,
        traceDecay,
        model,
        optimizer: new SGD({ lr: rate }),
        updateInterval: steps,
        minibatchSize,
        epochs: 1,
        entropyCoefficient: 0,
        standardizesAdvantages: false,
      }),
  },
} as const;

/** Episodes of row 0 end with every second step, of row 1 with every third, of row 2 behind the rollout. */
const lengths = [2, 3, 50];
const mean = (numbers: readonly number[]) => numbers.reduce((sum, x) => sum + x, 0) / numbers.length;

for (const [name, { decay, make }] of Object.entries(learners)) {
  describe(name, () => {
    it.each(["sameStep", "disabled", "nextStep"] as const)(
      "learns from the steps of each environment (%s)",
      async (mode) => {
        const model = actorCritic();
        // of nextStep's 11 steps rows 0 and 1 miss those that begin an episode: 8, 9 and 11 are left
        const [steps, all] = mode === "nextStep" ? [11, 28] : [8, 24];
        const agent = make(steps, model, all);
        const { w, b } = (model.valueFunction as MlpValueFunction).head.value;
        const logits = (model.policy as TrunkPolicy<SoftmaxHead>).head.logits.b!;
        const before = [...w.toArray(), ...b!.toArray(), ...logits.toArray()];
        const found = await rolloutsOf(agent, counters(lengths, mode), mode);
        expect(found.flat()).toHaveLength(all);
        expect(agent.steps).toBe(all);
        const ends = found.flat().filter(({ terminated, truncated }) => terminated || truncated);
        expect(new Set(ends.map(({ terminated }) => terminated)).size).toBe(2);
        const advantages = found.flatMap((rows) => plainAdvantages(rows, decay));
        const rows = found.flat();
        // (G − V)² averaged, with G = A + V
        const wanted = [0, 1].map((i) => mean(rows.map(({ obs }, k) => 2 * advantages[k]! * obs[i]!)));
        wanted.push(mean(advantages.map((advantage) => 2 * advantage)));
        const pi = [0.75, 0.25];
        const score = (i: number) => rows.map(({ action }, k) => advantages[k]! * ((action === i ? 1 : 0) - pi[i]!));
        wanted.push(mean(score(0)), mean(score(1)));
        const after = [...w.toArray(), ...b!.toArray(), ...logits.toArray()];
        after.forEach((x, i) => {
          const change = (x - before[i]!) / rate;
          expect(Math.abs(change - wanted[i]!)).toBeLessThan(2e-3 * Math.max(1, Math.abs(wanted[i]!)));
        });
      },
    );
  });
}

const shapes = {
  discrete: { observationSpace: { shape: [4] }, actionSpace: { n: 3, start: 2 } },
  continuous: { observationSpace: { shape: [4] }, actionSpace: { shape: [2], low: [-0.3, -1], high: [0.3, 1] } },
};
const plain = { hiddenSizes: [8], updateSteps: 3, updateInterval: 6, minibatchSize: 4, epochs: 2 };
const specs = listAgents().filter(({ id }) => ["a2c", "ppo", "trpo"].includes(id));
interface Spaces {
  readonly observationSpace: { readonly shape: readonly number[] };
  readonly actionSpace: AgentSetup["actionSpace"];
}
const buildWith = (id: string, kind: keyof typeof shapes | Spaces, wanted: object = plain, seed = 5): Learner => {
  const spec = specs.find((one) => one.id === id)!;
  const known = Object.entries(wanted).filter(([name]) => name in spec.hyperparameters);
  const parts = typeof kind === "string" ? shapes[kind] : kind;
  return spec.create({ ...parts, random: new Random(seed), hyperparameters: Object.fromEntries(known) }) as Learner;
};

/** What n environments say in step i: some end, some are cut. */
function said(i: number, n: number) {
  const random = new Random(`step/${i}`);
  const draw = () => Float32Array.from({ length: 4 * n }, () => random.normal());
  const flags = (every: number) => Array.from({ length: n }, (_, row) => ((i + row) % every === every - 1 ? 1 : 0));
  return {
    obs: draw(),
    nextObs: draw(),
    rewards: Array.from(draw().subarray(0, n)),
    terminated: flags(5),
    truncated: flags(7),
  };
}

async function practise(agent: Learner, n: number, from: number, to: number): Promise<number[]> {
  const taken: number[] = [];
  for (let i = from; i < to; i++) {
    const { obs, nextObs, rewards, terminated, truncated } = said(i, n);
    taken.push(...(await agent.actBatch(obs, n)));
    const rows = Array.from({ length: n }, (_, row) => row);
    agent.observeBatch({ count: n, rows, nextObs }, rewards, terminated, truncated);
  }
  return taken;
}

const variants = specs.flatMap(({ id, hyperparameters }) =>
  (["discrete", "continuous"] as const).flatMap((kind) =>
    [
      { what: "as it is", more: {} },
      { what: "observations normalised", more: { normalizesObs: true } },
      { what: "with a memory", more: { recurrent: "lstm", sequenceLength: 4, sharesTrunk: kind === "discrete" } },
    ]
      .filter(({ more }) => !("normalizesObs" in more) || "normalizesObs" in hyperparameters)
      .map(({ what, more }) => [id, kind, what, more] as const),
  ),
);
describe.each(variants)("%s, %s, %s", (id, kind, _what, more) => {
  const quick = { ...plain, ...more };
  const build = (agent: string, space: keyof typeof shapes, wanted: object = quick, seed = 5) =>
    buildWith(agent, space, wanted, seed);
  const isRecurrent = "recurrent" in more;

  it("with one row is the agent of one environment, to the last bit", async () => {
    const [single, batch] = [build(id, kind), build(id, kind)];
    const taken = await practise(batch, 1, 0, 40);
    const alone: number[] = [];
    for (let i = 0; i < 40; i++) {
      const { obs, nextObs, rewards, terminated, truncated } = said(i, 1);
      const action = single.act(obs);
      alone.push(...(typeof action === "number" ? [action] : action));
      single.observe(nextObs, rewards[0]!, terminated[0] === 1, truncated[0] === 1);
    }
    expect(taken).toEqual(alone);
    expect(batch.updates).toBeGreaterThan(10);
    const learned = (agent: Agent) => {
      const { rows: _, ...parts } = (agent.saveState() as { parts: Record<string, unknown> }).parts;
      return { parts, steps: agent.steps, statistics: agent.statistics() };
    };
    expect(learned(batch)).toEqual(learned(single));
  });

  it("takes actions that the environments know", async () => {
    const taken = await practise(build(id, kind), 16, 0, 4);
    if (kind === "discrete") expect([...new Set(taken)].sort()).toEqual([2, 3, 4]);
    else for (const [i, x] of taken.entries()) expect(Math.abs(x)).toBeLessThanOrEqual([Math.fround(0.3), 1][i % 2]!);
  });

  // in evaluation nothing would tell a network with a memory of ends
  if (!isRecurrent) {
    it("acts greedily on a batch as on each observation alone, whatever waits for its outcome", async () => {
      const [agent, undisturbed] = [build(id, kind), build(id, kind)];
      for (const one of [agent, undisturbed]) await practise(one, 3, 0, 10);
      const training = said(10, 3);
      const evaluate = async (n: number) => {
        const { obs } = said(11, n);
        const alone = Array.from({ length: n }, (_, row) =>
          agent.evalMode(() => agent.act(obs.subarray(4 * row, 4 * row + 4))),
        );
        const flat = alone.flatMap((action) => (typeof action === "number" ? [action] : Array.from(action)));
        const batch = await agent.evalMode(() => agent.actBatch(obs, n));
        expect(batch).toHaveLength(flat.length);
        for (const [i, x] of flat.entries()) expect(batch[i]).toBeCloseTo(x, 5);
      };
      for (const one of [agent, undisturbed]) {
        await one.actBatch(training.obs, 3);
        if (one === agent) for (const n of [3, 5]) await evaluate(n);
        const { nextObs, rewards, terminated, truncated } = training;
        one.observeBatch({ count: 3, rows: [0, 1, 2], nextObs }, rewards, terminated, truncated);
      }
      expect(agent.saveState()).toEqual(undisturbed.saveState());
    });
  }

  it("goes on from a saved state as if nothing had been, in the middle of rollouts", async () => {
    const agent = build(id, kind);
    await practise(agent, 3, 0, 13);
    const waiting = said(13, 3);
    await agent.actBatch(waiting.obs, 3); // actions wait for their outcomes
    const other = build(id, kind, quick, 77);
    other.loadState(structuredClone(agent.saveState()));
    for (const one of [agent, other]) {
      const { nextObs, rewards, terminated, truncated } = waiting;
      one.observeBatch({ count: 3, rows: [0, 1, 2], nextObs }, rewards, terminated, truncated);
    }
    expect(await practise(other, 3, 14, 30)).toEqual(await practise(agent, 3, 14, 30));
    expect(other.saveState()).toEqual(agent.saveState());
  });

  it("learns ABC in eight environments", async () => {
    const kwargs = {
      discrete: kind === "discrete",
      deterministic: true,
      maxEpisodeSteps: 20,
      ...(isRecurrent ? { partiallyObservable: true } : { size: 2 }),
    };
    const envs = makeVec("ABC-v0", 8, { ...kwargs, autoresetMode: "sameStep" });
    const test = make("ABC-v0", kwargs) as Env<Float32Array, never>;
    const { observationSpace, actionSpace } = test as never;
    const wanted = {
      hiddenSizes: [32],
      gamma: 0.9,
      learningRate: 3e-3,
      updateInterval: 25,
      minibatchSize: 50,
      ...more,
    };
    const agent = buildWith(id, { observationSpace, actionSpace }, wanted, 1);
    const transitions = new Transitions(envs);
    let [obs, infos] = envs.reset({ seed: 0 });
    while (agent.steps < 16_000) {
      const step = envs.step(await agent.actBatch(obs as Float32Array, 8, infos as BatchInfos));
      agent.observeBatch(transitions.read(step), step[1], step[2], step[3], step[4] as BatchInfos);
      [obs, infos] = [step[0], step[4]];
    }
    const returns = agent.evalMode(() =>
      Array.from({ length: 5 }, () => {
        agent.stopEpisode();
        let [seen] = test.reset();
        for (let total = 0; ; ) {
          const [next, reward, terminated, truncated] = test.step(agent.act(seen) as never);
          total += reward;
          if (terminated || truncated) return total;
          seen = next;
        }
      }),
    );
    expect(returns).toEqual([1, 1, 1, 1, 1]);
  });
});

it("each environment has a memory of its own, which ends with its episodes", async () => {
  const wanted = { hiddenSizes: [8], recurrent: "gru", updateInterval: 1_000 } as const;
  for (const mode of ["sameStep", "nextStep"] as const) {
    const lengths = [2, 3, 7];
    const make = () => new PPO({ ...spaces, ...wanted, random: new Random(3) });
    const [many, alone] = [make(), lengths.map(make)];
    const envs = counters(lengths, mode);
    const transitions = new Transitions(envs);
    let [obs] = envs.reset();
    for (let i = 0; i < 16; i++) {
      const step = envs.step(await many.actBatch(obs as Float32Array, 3));
      const { count, rows, nextObs } = transitions.read(step);
      for (const row of rows.subarray(0, count)) {
        const of = (x: unknown) => (x as Float32Array).slice(2 * row, 2 * row + 2);
        alone[row]!.act(of(obs));
        alone[row]!.observe(of(nextObs), step[1][row]!, step[2][row] === 1, step[3][row] === 1);
      }
      many.observeBatch(transitions, step[1], step[2], step[3], step[4] as BatchInfos);
      obs = step[0];
      const { parts } = many.saveState() as unknown as {
        parts: { rows: { hidden: { now: Float32Array } } } & Record<string, { columns: Float32Array[] }>;
      };
      for (const [row, one] of alone.entries()) {
        const { hidden, parts: own } = one.saveState() as unknown as {
          hidden: { now: Float32Array };
          parts: { rollout0: { columns: Float32Array[] } };
        };
        // policy and value function have a layer of 8 each, whose numbers stand (layer, row, unit)
        const { now } = parts.rows.hidden;
        const found = [0, 1].flatMap((layer) => [...now.subarray(24 * layer + 8 * row, 24 * layer + 8 * row + 8)]);
        found.forEach((x, k) => void expect(x).toBeCloseTo(hidden.now[k]!, 5));
        const [columns, expected] = [parts[`rollout${row}`]!.columns, own.rollout0.columns];
        // the state kept with each row
        columns[6]!.forEach((x, k) => void expect(x).toBeCloseTo(expected[6]![k]!, 5));
        expect(columns[0]).toEqual(expected[0]);
      }
    }
  }
});

it("a truncated episode's return goes on with the value of its last observation, a terminated one's does not", async () => {
  const changed = async (flags: "terminated" | "truncated") => {
    const model = actorCritic();
    const agent = learners.PPO.make(2, model, 4);
    const { b } = (model.valueFunction as MlpValueFunction).head.value;
    for (let t = 0; t < 2; t++) {
      await agent.actBatch(Float32Array.of(0, 0, 0, 0), 2);
      const over = { terminated: [0, 0], truncated: [0, 0], [flags]: [t === 1 ? 1 : 0, 0] };
      // both were led to V = 3.1
      const nextObs = t === 1 ? [10, 0, 10, 0] : [0, 0, 0, 0];
      agent.observeBatch({ count: 2, rows: [0, 1], nextObs }, [0, 0], over.terminated, over.truncated);
    }
    return (b!.toArray()[0]! - 0.1) / rate;
  };
  const [v, last] = [0.1, 3.1];
  const gae = (next: number) => {
    const delta = gamma * next - v;
    return [gamma * v - v + gamma * traceDecay * delta, delta];
  };
  const step = (advantages: number[]) => 2 * mean(advantages);
  expect(await changed("terminated")).toBeCloseTo(step([...gae(0), ...gae(last)]), 2);
  expect(await changed("truncated")).toBeCloseTo(step([...gae(last), ...gae(last)]), 2);
});

it("an environment without a step in a rollout is left out of it", async () => {
  const agent = buildWith("a2c", "discrete", { ...plain, updateSteps: 1 });
  const { obs, nextObs } = said(0, 2);
  for (const rows of [[1], [0], [0, 1]]) {
    await agent.actBatch(obs, 2);
    agent.observeBatch({ count: rows.length, rows, nextObs }, [1, 1], [0, 0], [0, 0]);
  }
  expect([agent.steps, agent.updates]).toEqual([4, 3]);
});

describe("bad input", () => {
  it("says what must hold", async () => {
    const obs = new Float32Array(8);
    const made = (wanted: object = plain, id = "ppo") => buildWith(id, "discrete", wanted);
    const ofTwo = made();
    await ofTwo.actBatch(obs, 2);
    const begun = made();
    begun.act(obs.subarray(0, 4));
    begun.observe(obs.subarray(0, 4), 0, false, false);
    const once = { count: 2, rows: [0, 1], nextObs: obs };
    const afterOnce = made();
    await afterOnce.actBatch(obs, 2);
    afterOnce.observeBatch(once, [0, 0], [0, 0], [0, 0]);
    const many = { ...plain, minibatchSize: 13 };
    const twoAreEnough = made({ ...plain, minibatchSize: 12 });
    await twoAreEnough.actBatch(obs, 2);

    const found = [
      await refusal(() => made().actBatch(obs, 0)),
      await refusal(() => made().actBatch(obs, 1)),
      await refusal(() => made().actBatch(obs.slice().fill(Number.NaN), 2)),
      await refusal(() => ofTwo.actBatch(obs, 1)),
      await refusal(() => begun.actBatch(obs, 2)),
      await refusal(() => made().observeBatch(once, [0, 0], [0, 0], [0, 0])),
      await refusal(() => afterOnce.observeBatch(once, [1, 0], [0, 0], [0, 0])),
      await refusal(() => ofTwo.observeBatch(once, [0, 0], [0], [0, 0])),
      await refusal(() => ofTwo.observeBatch(once, [0, Number.NaN], [0, 0], [0, 0])),
      await refusal(() => ofTwo.observe(obs.subarray(0, 4), 0, false, false)),
      await refusal(() => {
        const agent = made({ ...plain, recurrent: "lstm" }, "a2c");
        return agent.evalMode(() => agent.actBatch(obs, 2));
      }),
      await refusal(() => made(many).act(obs.subarray(0, 4))),
      await refusal(() => made(many).actBatch(obs, 2)),
    ];
    expect(found.join("\n")).toMatchInlineSnapshot(`
      "UsageError: PPO.actBatch: n must be a whole number of at least 1; got 0. Pass envs.numEnvs.
      ShapeError: PPO.actBatch: observations must be (1, …obs) with 4 numbers each; got 8 numbers, 8 each. Pass what the VectorEnv returned, and its numEnvs.
      UsageError: PPO.act: the observation must be finite numbers; got [NaN, NaN, NaN, NaN]. Look at the environment at step 0.
      UsageError: PPO.actBatch: the number of environments must stay the same; got 1 after 2. Make a new agent.
      UsageError: PPO.actBatch: the number of environments must stay the same; got 2 after 1. Make a new agent.
      UsageError: PPO.observeBatch: actions must come before their outcomes; got 2 rewards without actBatch(). Await actBatch(obs, n) first.
      UsageError: PPO.observeBatch: an action must come before its outcome; got a reward of 1 in row 0 without actBatch(). Await actBatch(obs, n) first.
      ShapeError: PPO.observeBatch: rewards, terminated and truncated must be of the 2 environments acted in; got 1. Pass what the VectorEnv returned.
      UsageError: PPO.observe: the reward must be a finite number; got NaN. Look at what env.step returned.
      UsageError: PPO.observe: an agent must learn from one environment or from many; got observe() after actBatch() with 2 rows. Use observeBatch.
      UsageError: A2C.actBatch: a recurrent network must act in one environment; got 2 rows. Use act(), or recurrent none.
      UsageError: PPO: minibatchSize ≤ updateInterval · environments must hold; got 13 and 6 · 1. Raise updateInterval.
      UsageError: PPO: minibatchSize ≤ updateInterval · environments must hold; got 13 and 6 · 2. Raise updateInterval."
    `);
  });
});
