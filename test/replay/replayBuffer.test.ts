import { describe, expect, it } from "vitest";
import { UsageError } from "../../src/errors.ts";
import { Random } from "../../src/random.ts";
import { ReplayBuffer, type TransitionBatch } from "../../src/replay/index.ts";

function newBuffer(capacity: number, seed: number | string = 0, nStep = 1): ReplayBuffer {
  return new ReplayBuffer({
    capacity,
    obsShape: [1],
    action: { dtype: "int32", shape: [] },
    gamma: 0.9,
    nStep,
    random: new Random(seed),
  });
}

const batch = (n: number): TransitionBatch => ({
  obs: new Float32Array(n),
  action: new Int32Array(n),
  reward: new Float32Array(n),
  nextObs: new Float32Array(n),
  discount: new Float32Array(n),
});

/** Steps numbered from `first` on: the action says which. */
function fill(buffer: ReplayBuffer, first: number, steps: number): void {
  for (let i = first; i < first + steps; i++) buffer.append([i], i, i / 10, [i + 1], i % 7 === 6, false);
}

function sampled(buffer: ReplayBuffer, n: number): number[] {
  const out = batch(n);
  buffer.sample(n, out);
  return Array.from(out.action);
}

describe("sample", () => {
  it("fills the rows of one minibatch with whole transitions", () => {
    const buffer = newBuffer(20);
    fill(buffer, 0, 13);
    const out = batch(8);
    buffer.sample(8, out);
    for (let row = 0; row < 8; row++) {
      const step = out.action[row]!;
      expect(out.obs[row]).toBe(step);
      expect(out.nextObs[row]).toBe(step + 1);
      expect(out.reward[row]).toBe(Math.fround(step / 10));
      expect(out.discount[row]).toBe(step % 7 === 6 ? 0 : Math.fround(0.9));
    }
  });

  it.each([1, 5, 30, 100])("draws %i of 100 without replacement, from the last 100 alone", (n) => {
    const buffer = newBuffer(100);
    fill(buffer, 0, 250);
    for (let i = 0; i < 50; i++) {
      const actions = sampled(buffer, n);
      expect(new Set(actions).size).toBe(n);
      for (const action of actions) {
        expect(action).toBeGreaterThanOrEqual(150);
        expect(action).toBeLessThan(250);
      }
    }
  });

  it("draws every pair as often as any other", () => {
    const buffer = newBuffer(5, "pairs");
    fill(buffer, 0, 8); // wrapped: transitions 3 … 7
    const counts = new Map<string, number>();
    for (let i = 0; i < 20_000; i++) {
      const pair = sampled(buffer, 2)
        .sort((a, b) => a - b)
        .join();
      counts.set(pair, (counts.get(pair) ?? 0) + 1);
    }
    expect(counts.size).toBe(10);
    for (const count of counts.values()) expect(Math.abs(count - 2000)).toBeLessThan(180); // standard deviation 42
  });

  it("gives the same minibatches for the same seed, others for another", () => {
    const [one, same, other] = [newBuffer(50, 1), newBuffer(50, 1), newBuffer(50, 2)] as const;
    for (const buffer of [one, same, other]) fill(buffer, 0, 50);
    const minibatch = sampled(one, 10);
    expect(sampled(same, 10)).toEqual(minibatch);
    expect(sampled(other, 10)).not.toEqual(minibatch);
  });

  it("says how many there are when asked for more", () => {
    const buffer = newBuffer(100);
    fill(buffer, 0, 12);
    expect(() => buffer.sample(32, batch(32))).toThrow(
      new UsageError("replay: cannot sample 32 transitions from 12. Raise replayStartSize to at least minibatchSize."),
    );
    expect(() => buffer.sample(0, batch(0))).toThrow(
      new UsageError("replay: a minibatch must hold 1 or more transitions; got 0. Change minibatchSize."),
    );
  });

  it("counts complete transitions only", () => {
    const buffer = newBuffer(100, 0, 3);
    fill(buffer, 0, 4);
    expect([buffer.size, buffer.capacity, buffer.framesWritten]).toEqual([2, 100, 5]);
    buffer.stopEpisode();
    expect(buffer.size).toBe(4);
  });
});

describe("saveState and loadState", () => {
  it.each([10, 33, 120])("after %i steps: the copy goes on and samples as the original does", (steps) => {
    const original = newBuffer(32, 5, 3);
    fill(original, 0, steps);
    for (let i = 0; i < 4; i++) sampled(original, 5);
    const copy = newBuffer(32, 6, 3);
    fill(copy, 500, 40);
    sampled(copy, 20);
    copy.loadState(original.saveState());
    for (let i = 0; i < 100; i++) {
      for (const buffer of [original, copy]) fill(buffer, steps + i, 1);
      const [expected, actual] = [batch(6), batch(6)];
      original.sample(6, expected);
      copy.sample(6, actual);
      expect(actual).toEqual(expected);
    }
  });
});
