import { describe, expect, it } from "vitest";
import { Random } from "../../src/random.ts";
import { PrioritizedReplayBuffer, SumTree } from "../../src/replay/index.ts";

describe("SumTree", () => {
  it("finds the place of every running sum", () => {
    const tree = new SumTree(5);
    [1, 0, 3, 2, 0].forEach((weight, i) => {
      tree.set(i, weight);
    });
    expect(tree.total).toBe(6);
    expect([0, 0.99, 1, 2, 3.99, 4, 5.99].map((at) => tree.find(at))).toEqual([0, 0, 2, 2, 2, 3, 3]);
    tree.set(2, 0);
    expect(tree.total).toBe(3);
    expect([0, 1, 2.9].map((at) => tree.find(at))).toEqual([0, 3, 3]);
    expect(tree.get(3)).toBe(2);
    // rounding may ask for the total or a little more: the last place with weight, never one without
    expect(tree.find(3)).toBe(3);
    expect(tree.find(100)).toBe(3);
  });

  it.each([1, 15, 16, 17, 256, 257, 5000])("agrees with a plain sum for %i places", (size) => {
    const random = new Random(size);
    const tree = new SumTree(size);
    const weights = Array.from({ length: size }, () => (random.random() < 0.3 ? 0 : random.integer(8)));
    weights[random.integer(size)] = 3;
    weights.forEach((weight, i) => {
      tree.set(i, weight);
    });
    expect(tree.total).toBe(weights.reduce((a, b) => a + b));
    for (let i = 0; i < 200; i++) {
      const at = random.random() * tree.total;
      let rest = at;
      const place = weights.findIndex((weight) => {
        rest -= weight;
        return rest < 0;
      });
      expect(tree.find(at)).toBe(place);
    }
  });
});

const options = {
  capacity: 8,
  obsShape: [1],
  action: { dtype: "int32", shape: [] },
  gamma: 0.9,
  alpha: 0.5,
  beta: 0.4,
  betaSteps: 10,
  eps: 0.01,
} as const;

const views = (n: number) => ({
  obs: new Float32Array(n),
  action: new Float32Array(n),
  reward: new Float32Array(n),
  nextObs: new Float32Array(n),
  discount: new Float32Array(n),
  weight: new Float32Array(n),
});

/** A buffer with transitions 0 … n − 1 that start from observations of that number. */
function filled(n: number, seed = 1): PrioritizedReplayBuffer {
  const buffer = new PrioritizedReplayBuffer({ ...options, random: new Random(seed) });
  for (let i = 0; i < n; i++) buffer.append([i], 0, 0, [i + 1], false, false);
  return buffer;
}

describe("PrioritizedReplayBuffer", () => {
  it("draws one transition from each part of equal weight", () => {
    const buffer = filled(4);
    const out = views(4);
    // all weights are equal: each is drawn once
    buffer.sample(4, out);
    expect([...out.obs]).toEqual([0, 1, 2, 3]);
    expect([...out.weight]).toEqual([1, 1, 1, 1]);
  });

  it("draws in proportion to priority^α and corrects by weights", () => {
    const buffer = filled(4);
    const out = views(4);
    buffer.sample(4, out);
    buffer.updatePriorities([0.15, 0.35, 0.63, 0.99]); // + 0.01: roots 0.4, 0.6, 0.8, 1
    expect([0, 1, 2, 3].map((slot) => buffer.weightOf(slot))).toEqual([
      expect.closeTo(0.4, 12),
      expect.closeTo(0.6, 12),
      expect.closeTo(0.8, 12),
      expect.closeTo(1, 12),
    ]);
    const counts = [0, 0, 0, 0];
    const one = views(1);
    const draws = 20_000;
    for (let i = 0; i < draws; i++) {
      buffer.sample(1, one);
      counts[one.obs[0]!]!++;
    }
    counts.forEach((count, i) => {
      const p = [0.4, 0.6, 0.8, 1][i]! / 2.8;
      expect(Math.abs(count - draws * p)).toBeLessThan(4.5 * Math.sqrt(draws * p * (1 - p)));
    });
    // β is 1 by now: weights are inversely proportional, the largest of the minibatch 1
    expect(buffer.beta).toBe(1);
    buffer.sample(4, out);
    const least = Math.min(...[...out.obs].map((i) => [0.4, 0.6, 0.8, 1][i]!));
    out.obs.forEach((i, row) => {
      expect(out.weight[row]).toBeCloseTo(least / [0.4, 0.6, 0.8, 1][i]!, 5);
    });
  });

  it("grows β with every minibatch", () => {
    const buffer = filled(4);
    expect(buffer.beta).toBeCloseTo(0.4, 12);
    for (let i = 0; i < 5; i++) buffer.sample(2, views(2));
    expect(buffer.beta).toBeCloseTo(0.7, 12);
    for (let i = 0; i < 50; i++) buffer.sample(2, views(2));
    expect(buffer.beta).toBe(1);
  });

  it("gives new transitions the largest priority ever seen and drops overwritten ones", () => {
    const buffer = filled(8);
    const out = views(8);
    buffer.sample(8, out);
    buffer.updatePriorities([0, 0, 0, 0, 0, 0, 0, 3.99]);
    buffer.append([8], 0, 0, [9], false, false); // in slot 0
    expect(buffer.weightOf(0)).toBeCloseTo(2, 12);
    expect(buffer.weightOf(1)).toBeCloseTo(0.1, 12);
    expect(buffer.weightOf(7)).toBeCloseTo(2, 12);
    expect(buffer.size).toBe(8);
  });

  it("keeps lanes apart, and one sum over all", () => {
    const make = () => {
      const buffer = new PrioritizedReplayBuffer({ ...options, random: new Random(3) });
      buffer.split(2);
      return buffer;
    };
    const buffer = make();
    // lane 1 wraps: of its seven transitions the last four are there, in places 4 … 7
    for (let i = 0; i < 3; i++) buffer.append([i], 0, 0, [i + 1], false, false, null, null, 0);
    for (let i = 0; i < 7; i++) buffer.append([100 + i], 0, 0, [101 + i], false, false, null, null, 1);
    expect([buffer.capacity, buffer.size]).toEqual([8, 7]);
    const out = views(7);
    buffer.sample(7, out);
    expect([...out.obs].sort((a, b) => a - b)).toEqual([0, 1, 2, 103, 104, 105, 106]);
    expect([...out.nextObs]).toEqual([...out.obs].map((x) => x + 1));
    // each gets the priority of its own error
    buffer.updatePriorities([...out.obs].map((x) => (x === 105 ? 8.99 : 0.15)));
    const counts = new Map<number, number>();
    const one = views(1);
    for (let i = 0; i < 600; i++) {
      buffer.sample(1, one);
      counts.set(one.obs[0]!, (counts.get(one.obs[0]!) ?? 0) + 1);
    }
    expect(counts.get(105)!).toBeGreaterThan(200);
    expect([...counts.keys()].sort((a, b) => a - b)).toEqual([0, 1, 2, 103, 104, 105, 106]);
    const other = make();
    other.loadState(structuredClone(buffer.saveState()));
    const [a, b] = [views(5), views(5)];
    for (let i = 0; i < 3; i++) {
      for (const each of [buffer, other]) each.append([200 + i], 0, 0, [201 + i], i === 1, false, null, null, i % 2);
      buffer.sample(5, a);
      other.sample(5, b);
      expect(b).toEqual(a);
    }
    expect(() => buffer.split(3)).toThrow(
      "the number of environments must stay the same; got 3 after transitions of 2",
    );
  });

  it("goes on from a saved state as if never stopped", () => {
    const buffer = filled(12);
    const out = views(4);
    buffer.sample(4, out);
    buffer.updatePriorities([0.3, 2, 0.7, 0]);
    const other = filled(3, 9);
    other.loadState(structuredClone(buffer.saveState()));
    const draw = (from: PrioritizedReplayBuffer) => {
      const batch = views(4);
      from.sample(4, batch);
      from.updatePriorities([...batch.obs]);
      from.append([50], 0, 1, [51], false, true);
      return [...batch.obs, ...batch.weight];
    };
    for (let i = 0; i < 20; i++) expect(draw(other)).toEqual(draw(buffer));
    expect(other.saveState()).toEqual(buffer.saveState());
  });

  it("says what must hold", () => {
    const buffer = filled(4);
    expect(() => buffer.sample(5, views(5))).toThrowErrorMatchingInlineSnapshot(
      `[UsageError: replay: cannot sample 5 transitions from 4. Raise replayStartSize to at least minibatchSize.]`,
    );
    buffer.sample(2, views(2));
    expect(() => buffer.updatePriorities([1])).toThrowErrorMatchingInlineSnapshot(
      `[UsageError: replay: priorities must be those of the last minibatch, 2 numbers; got 1. Call it once behind each sample.]`,
    );
    expect(() => buffer.updatePriorities([1, Number.NaN])).toThrowErrorMatchingInlineSnapshot(
      `[UsageError: replay: a priority must be a finite number of at least 0; got NaN. Look for divergence: a lower learning rate often helps.]`,
    );
    expect(
      () => new PrioritizedReplayBuffer({ ...options, alpha: -1, random: new Random(0) }),
    ).toThrowErrorMatchingInlineSnapshot(
      `[UsageError: replay: alpha ≥ 0, 0 ≤ beta ≤ 1, betaSteps ≥ 1 and eps > 0 must hold; got -1, 0.4, 10 and 0.01. Change the one outside.]`,
    );
  });
});
