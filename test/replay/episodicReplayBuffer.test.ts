import { describe, expect, it } from "vitest";
import { Random } from "../../src/random.ts";
import { EpisodicReplayBuffer, PrioritizedEpisodicReplayBuffer, type Sequence } from "../../src/replay/index.ts";

const options = { capacity: 12, obsShape: [2], action: { dtype: "int32", shape: [] }, gamma: 0.9 } as const;

/** Plays episodes of the given lengths; observation t of episode e is [10 e + t, −t], the action e, the reward t. */
function play(
  buffer: EpisodicReplayBuffer,
  lengths: readonly number[],
  from = 0,
  end: "terminated" | "stopped" = "terminated",
): void {
  lengths.forEach((length, i) => {
    const e = from + i;
    for (let t = 0; t < length; t++) {
      const isLast = t === length - 1;
      buffer.append([10 * e + t, -t], e, t, [10 * e + t + 1, -t - 1], isLast && end === "terminated", false);
    }
    if (end === "stopped") buffer.stopEpisode();
  });
}

function gathered(buffer: EpisodicReplayBuffer, sequences: readonly Sequence[], time: number) {
  const n = time * sequences.length;
  const out = {
    obs: new Float32Array(2 * n).fill(7),
    action: new Float32Array(n).fill(7),
    reward: new Float32Array(n).fill(7),
    nextObs: new Float32Array(2 * n).fill(7),
    discount: new Float32Array(n).fill(7),
    valid: new Float32Array(n).fill(7),
  };
  buffer.gather(sequences, time, out);
  return Object.fromEntries(Object.entries(out).map(([name, rows]) => [name, [...rows].map((x) => x + 0)]));
}

describe("EpisodicReplayBuffer", () => {
  it("keeps complete episodes, whole ones alone", () => {
    const buffer = new EpisodicReplayBuffer({ ...options, random: new Random(0) });
    play(buffer, [3, 4]);
    expect([buffer.episodes, buffer.size]).toEqual([2, 7]);
    buffer.append([90, 0], 9, 0, [91, -1], false, false);
    expect([buffer.episodes, buffer.size]).toEqual([2, 7]);
    buffer.stopEpisode();
    expect([buffer.episodes, buffer.size]).toEqual([3, 8]);
    play(buffer, [5], 3); // 13 steps: the first episode loses its first
    expect([buffer.episodes, buffer.size]).toEqual([3, 10]);
    expect(buffer.episode(0)).toEqual({ first: 3, length: 4, before: 0 });
    play(buffer, [13], 4); // longer than the buffer
    expect([buffer.episodes, buffer.size]).toEqual([0, 0]);
    play(buffer, [2], 5);
    expect([buffer.episodes, buffer.size]).toEqual([1, 2]);
  });

  it("lays sequences out time first, with zeros behind their ends", () => {
    const buffer = new EpisodicReplayBuffer({ ...options, random: new Random(0) });
    play(buffer, [3, 1]);
    const rows = gathered(buffer, [buffer.episode(0), buffer.episode(1)], 3);
    expect(rows).toEqual({
      obs: [0, 0, 10, 0, 1, -1, 0, 0, 2, -2, 0, 0],
      action: [0, 1, 0, 0, 0, 0],
      reward: [0, 0, 1, 0, 2, 0],
      nextObs: [1, -1, 11, -1, 2, -2, 0, 0, 3, -3, 0, 0],
      discount: [expect.closeTo(0.9, 6), 0, expect.closeTo(0.9, 6), 0, 0, 0],
      valid: [1, 1, 1, 0, 1, 0],
    });
  });

  it("bootstraps at the end of an episode that was stopped", () => {
    const buffer = new EpisodicReplayBuffer({ ...options, random: new Random(0) });
    play(buffer, [2], 0, "stopped");
    expect(gathered(buffer, [buffer.episode(0)], 2).discount).toEqual([expect.closeTo(0.9, 6), expect.closeTo(0.9, 6)]);
  });

  it("cuts windows of which every one with a step in it is as likely", () => {
    const buffer = new EpisodicReplayBuffer({ ...options, random: new Random(1) });
    play(buffer, [6, 2]);
    const drawn = buffer.drawSequences(4_000, 4);
    const counts: Record<string, number> = {};
    for (const { first, length } of drawn) counts[`${first}+${length}`] = (counts[`${first}+${length}`] ?? 0) + 1;
    // windows that begin at −3 … 5 and at −3 … 1, each as likely
    const of = (window: string, ways: number) => [window, ways] as const;
    const ways = [of("0+1", 1), of("0+2", 1), of("0+3", 1), of("0+4", 1), of("1+4", 1), of("2+4", 1), of("3+3", 1)];
    ways.push(of("4+2", 1), of("5+1", 1), of("6+1", 1), of("6+2", 3), of("7+1", 1));
    expect(Object.keys(counts).sort()).toEqual(ways.map(([window]) => window).sort());
    for (const [window, n] of ways) {
      const p = n / 14;
      expect(Math.abs(counts[window]! - 4_000 * p)).toBeLessThan(4.5 * Math.sqrt(4_000 * p * (1 - p)));
    }
  });

  it("writes what went before sequences, from their episode alone", () => {
    const buffer = new EpisodicReplayBuffer({ ...options, random: new Random(1) });
    play(buffer, [5, 2]);
    const [n, time, burnIn] = [64, 2, 2];
    const rows = (count: number) => new Float32Array(count);
    const out = {
      obs: rows(time * n * 2),
      action: new Int32Array(time * n),
      reward: rows(time * n),
      nextObs: rows(time * n * 2),
      discount: rows(time * n),
      valid: rows(time * n),
      burnInObs: rows(burnIn * n * 2),
      burnInContinues: rows(burnIn * n),
      continues: rows(n),
    };
    buffer.sampleSequences(n, time, out);
    const seen = new Set<string>();
    for (let b = 0; b < n; b++) {
      const at = (column: Float32Array, width: number, t: number) =>
        Array.from(column.subarray((t * n + b) * width, (t * n + b + 1) * width));
      const [first] = at(out.obs, 2, 0);
      const place = first! % 10;
      seen.add(`${Math.floor(first! / 10)}:${place}`);
      expect(out.continues[b]).toBe(place === 0 ? 0 : 1);
      expect(at(out.burnInObs, 2, 1)[0]).toBe(place === 0 ? 0 : first! - 1);
      expect(at(out.burnInObs, 2, 0)[0]).toBe(place < 2 ? 0 : first! - 2);
      expect(at(out.burnInContinues, 1, 1)).toEqual([place < 2 ? 0 : 1]);
      expect(at(out.burnInContinues, 1, 0)).toEqual([place < 3 ? 0 : 1]);
    }
    expect([...seen].sort()).toEqual(["0:0", "0:1", "0:2", "0:3", "0:4", "1:0", "1:1"]);
  });

  it("goes on from a saved state, and says what must hold", () => {
    const buffer = new EpisodicReplayBuffer({ ...options, random: new Random(1) });
    expect(() => buffer.drawSequences(1, 2)).toThrowErrorMatchingInlineSnapshot(
      `[UsageError: replay: cannot sample 1 episodes from none. Wait for the first to end, or raise capacity above its length.]`,
    );
    play(buffer, [3, 4, 2]);
    buffer.append([90, 0], 9, 0, [91, -1], false, false);
    const other = new EpisodicReplayBuffer({ ...options, random: new Random(2) });
    other.loadState(structuredClone(buffer.saveState()));
    for (const b of [buffer, other]) play(b, [5, 2], 4);
    expect(other.drawSequences(9, 3)).toEqual(buffer.drawSequences(9, 3));
    expect(other.saveState()).toEqual(buffer.saveState());
    expect(() => buffer.drawSequences(0, 2)).toThrowErrorMatchingInlineSnapshot(
      `[UsageError: replay: sequences must be 1 or more, of at least 1 step; got 0 of at most 2. Change minibatchSize or sequenceLength.]`,
    );
    expect(() =>
      buffer.gather([buffer.episode(0)], 2, { valid: new Float32Array(1) } as never),
    ).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: replay: the view for valid must hold 2 × 1 numbers; got 1. Make it anew for these sizes.]`,
    );
  });
});

describe("PrioritizedEpisodicReplayBuffer", () => {
  const make = (seed: number) =>
    new PrioritizedEpisodicReplayBuffer({ ...options, uniformRatio: 0.25, eps: 0.5, random: new Random(seed) });

  it("draws episodes in proportion to their priorities, a share of them uniformly", () => {
    const buffer = make(1);
    play(buffer, [2, 2, 2]);
    expect(buffer.probabilities()).toEqual([1 / 3, 1 / 3, 1 / 3].map((p) => expect.closeTo(p, 12)));
    while (buffer.episodes === 3) {
      const places = buffer.drawSequences(3, 2).map(({ first }) => Math.floor(first / 2));
      if (new Set(places).size < 3) continue;
      buffer.updatePriorities(places.map((place) => [0.5, 1.5, 5.5][place]!)); // + 0.5: 1, 2, 6
      break;
    }
    const expected = [1, 2, 6].map((weight) => 0.25 / 3 + (0.75 * weight) / 9);
    expect(buffer.probabilities()).toEqual(expected.map((p) => expect.closeTo(p, 12)));
    const counts = [0, 0, 0];
    for (const { first } of buffer.drawSequences(20_000, 2)) counts[Math.floor(first / 2)]!++;
    counts.forEach((count, i) => {
      expect(Math.abs(count - 20_000 * expected[i]!)).toBeLessThan(
        4.5 * Math.sqrt(20_000 * expected[i]! * (1 - expected[i]!)),
      );
    });
    // a new episode has the largest priority, an overwritten one none
    play(buffer, [7], 3);
    expect(buffer.probabilities()).toEqual(
      [2, 6, 6].map((weight) => expect.closeTo(0.25 / 3 + (0.75 * weight) / 14, 12)),
    );
  });

  it("goes on from a saved state, and says what must hold", () => {
    const buffer = make(1);
    play(buffer, [2, 3, 2]);
    buffer.drawSequences(2, 2);
    const other = make(5);
    other.loadState(structuredClone(buffer.saveState()));
    for (const b of [buffer, other]) {
      b.updatePriorities([3, 0]);
      play(b, [4], 3);
    }
    expect(other.drawSequences(9, 2)).toEqual(buffer.drawSequences(9, 2));
    expect(other.saveState()).toEqual(buffer.saveState());
    expect(() => buffer.updatePriorities([1])).toThrowErrorMatchingInlineSnapshot(
      `[UsageError: replay: priorities must be those of the last sample, 9 numbers; got 1. Call it once behind each.]`,
    );
    buffer.drawSequences(1, 2);
    expect(() => buffer.updatePriorities([-1])).toThrowErrorMatchingInlineSnapshot(
      `[UsageError: replay: a priority must be a finite number of at least 0; got -1. Look for divergence: a lower learning rate often helps.]`,
    );
    expect(
      () => new PrioritizedEpisodicReplayBuffer({ ...options, eps: 0, random: new Random(0) }),
    ).toThrowErrorMatchingInlineSnapshot(
      `[UsageError: replay: alpha ≥ 0, eps > 0 and 0 ≤ uniformRatio ≤ 1 must hold; got 1, 0 and 0.1. Change the one outside.]`,
    );
  });
});
