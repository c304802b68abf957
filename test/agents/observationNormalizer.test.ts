/** Observations that PPO normalises: by what it has acted on, in everything that its network sees. */
import { describe, expect, it } from "vitest";
import { PPO } from "../../src/agents/index.ts";
import { ObservationNormalizer } from "../../src/agents/observationNormalizer.ts";
import { scope, variable } from "../../src/autograd/index.ts";
import { Random } from "../../src/random.ts";

const size = 3;
const random = new Random(7);
/** Numbers of other places and widths in each column. */
const observations = (n: number): Float32Array =>
  Float32Array.from(
    { length: n * size },
    (_, i) => [100, -3, 0][i % size]! + [20, 0.5, 1e-3][i % size]! * random.normal(),
  );

/** Two passes over all of it. */
function plainMoments(obs: Float32Array): { mean: number[]; variance: number[] } {
  const column = (i: number) => Array.from(obs).filter((_, at) => at % size === i);
  const meanOf = (x: readonly number[]) => x.reduce((sum, one) => sum + one, 0) / x.length;
  const mean = Array.from({ length: size }, (_, i) => meanOf(column(i)));
  return { mean, variance: mean.map((m, i) => meanOf(column(i).map((x) => (x - m) ** 2))) };
}
const plainNormal = (obs: Float32Array, { mean, variance }: ReturnType<typeof plainMoments>): number[] =>
  Array.from(obs, (x, at) => {
    const i = at % size;
    return Math.min(5, Math.max(-5, (x - mean[i]!) / Math.sqrt(variance[i]! + 0.01)));
  });
type Moments = { count: Float64Array; mean: Float64Array; variance: Float64Array };
const close = (found: ArrayLike<number>, wanted: ArrayLike<number>, digits: number) => {
  expect(found.length).toBe(wanted.length);
  for (let i = 0; i < found.length; i++) expect(found[i]).toBeCloseTo(wanted[i]!, digits);
};

describe("statistics", () => {
  it("are those of everything seen, one by one or in groups", () => {
    const all = observations(1_000);
    const plain = plainMoments(all);
    for (const groups of [[1_000], Array(1_000).fill(1), [1, 7, 500, 2, 490]] as number[][]) {
      const normalizer = new ObservationNormalizer(size);
      let from = 0;
      for (const n of groups) {
        normalizer.learn(all.subarray(from * size, (from + n) * size));
        from += n;
      }
      const { count, mean, variance } = normalizer.saveState() as unknown as Moments;
      expect([...count]).toEqual([1_000]);
      close(mean, plain.mean, 9);
      close(variance, plain.variance, 9);
    }
  });

  it("shift and scale, within five deviations, by both ways alike", () => {
    const normalizer = new ObservationNormalizer(size);
    const seen = observations(50);
    normalizer.learn(seen);
    const obs = observations(20);
    obs[0] = 1e6;
    obs[1] = -1e6;
    const wanted = plainNormal(obs, plainMoments(seen));
    expect(wanted.slice(0, 2)).toEqual([5, -5]);
    close(normalizer.apply(obs, new Float32Array(60)), wanted, 5);
    scope(() => {
      close(normalizer.forward(variable(obs, { shape: [20, size] })).toArray(), wanted, 4);
      const cubes = normalizer.forward(variable(obs, { shape: [20, 1, size, 1] }));
      expect(cubes.shape).toEqual([20, 1, size, 1]);
      close(cubes.toArray(), wanted, 4);
    });
  });

  it("leave observations as they are until there is one", () => {
    const obs = Float32Array.of(0.5, -1, 2);
    close(
      new ObservationNormalizer(size).apply(obs, new Float32Array(size)),
      [...obs].map((x) => x / Math.sqrt(1.01)),
      6,
    );
  });
});

describe("PPO", () => {
  const build = (seed = 1) =>
    new PPO({
      observationSpace: { shape: [size] },
      actionSpace: { n: 2 },
      random: new Random(seed),
      hiddenSizes: [8],
      updateInterval: 8,
      minibatchSize: 4,
      normalizesObs: true,
    });
  const momentsOf = (agent: PPO) =>
    (agent.saveState() as unknown as { parts: { normalizer: Moments } }).parts.normalizer;
  const rolloutObs = (agent: PPO, row = 0) =>
    (agent.saveState() as unknown as { parts: Record<string, { columns: Float32Array[] }> }).parts[`rollout${row}`]!
      .columns[0]!;

  it("learns from what it acts on, each once, and not in evaluation", () => {
    const agent = build();
    const [obs, ends] = [observations(6), observations(6)];
    const row = (x: Float32Array, i: number) => x.subarray(size * i, size * (i + 1));
    const kept: number[] = [];
    for (let i = 0; i < 6; i++) {
      const before = agent.evalMode(() => {
        agent.act(row(ends, i));
        agent.explain();
        return momentsOf(agent).count[0];
      });
      expect(before).toBe(i);
      agent.act(row(obs, i));
      // as it was acted on, by what had been seen until then
      kept.push(...plainNormal(row(obs, i), plainMoments(obs.subarray(0, size * (i + 1)))));
      agent.observe(row(ends, i), 1, i === 2, false);
      if (i === 2) kept.push(...plainNormal(row(ends, i), plainMoments(obs.subarray(0, size * 3))));
    }
    const plain = plainMoments(obs);
    expect([...momentsOf(agent).count]).toEqual([6]);
    close(momentsOf(agent).mean, plain.mean, 9);
    close(momentsOf(agent).variance, plain.variance, 9);
    close(rolloutObs(agent), kept, 4);
  });

  it("of many environments learns in groups, and each rollout has its own", async () => {
    const agent = build();
    const steps = [observations(2), observations(2), observations(2)];
    for (const obs of steps) {
      await agent.actBatch(obs, 2);
      agent.observeBatch({ count: 2, rows: [0, 1], nextObs: obs }, [0, 0], [0, 0], [0, 0]);
    }
    const all = Float32Array.from(steps.flatMap((obs) => [...obs]));
    close(momentsOf(agent).mean, plainMoments(all).mean, 9);
    close(momentsOf(agent).variance, plainMoments(all).variance, 9);
    for (const row of [0, 1]) {
      const wanted = steps.flatMap((obs, t) =>
        plainNormal(obs.subarray(size * row, size * (row + 1)), plainMoments(all.subarray(0, 2 * size * (t + 1)))),
      );
      close(rolloutObs(agent, row), wanted, 4);
    }
  });

  it("acts, explains and evaluates by what it has learned, which is saved with the weights", async () => {
    const agent = build();
    const obs = observations(20);
    for (let i = 0; i < 20; i++) {
      agent.act(obs.subarray(size * i, size * (i + 1)));
      agent.observe(obs.subarray(0, size), random.normal(), false, i === 13);
    }
    expect(agent.updates).toBeGreaterThan(0);
    const test = observations(1);
    const explained = (one: PPO) =>
      one.evalMode(() => {
        one.act(test);
        return one.explain();
      });
    const { mean, variance } = momentsOf(agent);
    const seen = plainNormal(test, { mean: [...mean], variance: [...variance] });
    scope(() => {
      const { policy, value } = agent.model.forward(variable([seen]));
      const logits = policy.statistics[0]!.toArray();
      const most = Math.max(...logits);
      const sum = logits.reduce((total, x) => total + Math.exp(x - most), 0);
      close(
        explained(agent).numbers,
        logits.map((x) => Math.exp(x - most) / sum),
        5,
      );
      expect(explained(agent).value).toBeCloseTo(value.at(0), 4);
    });
    const files = new Map<string, Uint8Array>();
    await agent.save(files);
    expect([...files.keys()].sort()).toEqual(["model.safetensors", "normalizer.safetensors", "optimizer.safetensors"]);
    const other = build(2);
    await other.load(files);
    expect(explained(other)).toEqual(explained(agent));
    expect(momentsOf(other)).toEqual(momentsOf(agent));
  });

  it("does nothing of it unless told so", async () => {
    const agent = new PPO({ observationSpace: { shape: [size] }, actionSpace: { n: 2 } });
    expect((agent.saveState() as { parts: object }).parts).not.toHaveProperty("normalizer");
    const files = new Map<string, Uint8Array>();
    await agent.save(files);
    expect([...files.keys()].sort()).toEqual(["model.safetensors", "optimizer.safetensors"]);
  });
});
