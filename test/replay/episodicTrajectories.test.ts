import { describe, expect, it } from "vitest";
import { Random } from "../../src/random.ts";
import { EpisodicTrajectories } from "../../src/replay/index.ts";

const make = (capacity: number, seed = 1) =>
  new EpisodicTrajectories({ capacity, obsSize: 2, actionSize: 1, extraSize: 1, random: new Random(seed) });

/** An episode whose numbers name it and the step: obs (name, t), action t, reward name, extra 10 t. */
function play(replay: EpisodicTrajectories, name: number, steps: number, terminated = true): void {
  for (let t = 0; t < steps; t++) {
    const isLast = t === steps - 1;
    replay.append([name, t], [t], name, [name, t + 1], isLast && terminated, isLast && !terminated, [10 * t]);
  }
}

describe("EpisodicTrajectories", () => {
  it("gives whole episodes with the observation behind them", () => {
    const replay = make(1000);
    play(replay, 7, 3);
    const { obs, action, reward, extra, steps, terminated } = replay.draw(100);
    expect(steps).toBe(3);
    expect([...obs]).toEqual([7, 0, 7, 1, 7, 2, 7, 3]);
    expect([...action]).toEqual([0, 1, 2]);
    expect([...reward]).toEqual([7, 7, 7]);
    expect([...extra]).toEqual([0, 10, 20]);
    expect(terminated).toBe(true);
  });

  it("draws stretches from every place as likely, which end the task only at the episode's end", () => {
    const replay = make(1000);
    play(replay, 1, 5);
    const starts = [0, 0, 0, 0];
    for (let i = 0; i < 4000; i++) {
      const { action, steps, terminated, obs } = replay.draw(2);
      expect(steps).toBe(2);
      expect(terminated).toBe(action[0] === 3);
      expect(obs[5]).toBe(action[0]! + 2);
      starts[action[0]!]!++;
    }
    for (const count of starts) expect(Math.abs(count / 1000 - 1)).toBeLessThan(0.12);
  });

  it("draws by returns where they have a weight, and a tenth of the time without a look at them", () => {
    const replay = new EpisodicTrajectories({
      capacity: 10,
      obsSize: 2,
      actionSize: 1,
      extraSize: 1,
      returnWeight: Math.LN2,
      random: new Random(2),
    });
    play(replay, 500, 2); // a return of 1000, whose power alone overflows
    play(replay, 0, 1); // nothing, beside it
    play(replay, 333, 3); // 999: half as likely as the first
    const close = (wanted: number[]) => {
      const probabilities = replay.probabilities();
      expect(probabilities.length).toBe(wanted.length);
      wanted.forEach((p, i) => {
        expect(probabilities[i]).toBeCloseTo(p, 10);
      });
    };
    close([0.1 / 3 + 0.6, 0.1 / 3, 0.1 / 3 + 0.3]);
    const counts = new Map<number, number>();
    for (let i = 0; i < 3000; i++) {
      const name = replay.draw(2).obs[0]!;
      counts.set(name, (counts.get(name) ?? 0) + 1);
    }
    expect(Math.abs(counts.get(500)! / 3000 - 0.633)).toBeLessThan(0.03);
    expect(Math.abs(counts.get(0)! / 3000 - 0.033)).toBeLessThan(0.015);
    // the first episode makes place, and a new one is as good as the last
    play(replay, 111, 9);
    close([1]);
    play(replay, 1, 1);
    close([0.05 + 0.9, 0.05]);
    const other = make(10);
    other.loadState(structuredClone(replay.saveState()));
    expect(other.probabilities()).toEqual([0.5, 0.5]); // without a weight
  });

  it("knows that an episode was cut without an end", () => {
    const replay = make(1000);
    play(replay, 1, 2, false);
    expect(replay.draw(100).terminated).toBe(false);
    replay.append([2, 0], [0], 1, [2, 1], false, false, [0]);
    replay.stopEpisode();
    replay.stopEpisode();
    expect(replay.size).toBe(3);
  });

  it("drops the oldest episodes, never the last one", () => {
    const replay = make(10);
    for (let name = 0; name < 5; name++) play(replay, name, 4);
    expect(replay.size).toBe(8);
    const names = new Set(Array.from({ length: 100 }, () => replay.draw(1).reward[0]));
    expect([...names].sort()).toEqual([3, 4]);
    play(replay, 9, 200);
    expect(replay.size).toBe(200);
  });

  it("goes on from a saved state, in the middle of an episode too", () => {
    const replay = make(1000);
    play(replay, 1, 100);
    for (let t = 0; t < 90; t++) replay.append([2, t], [t], 2, [2, t + 1], false, false, [t]);
    const other = make(1000, 5);
    other.loadState(structuredClone(replay.saveState()));
    for (const own of [replay, other]) own.append([2, 90], [90], 2, [2, 91], true, false, [90]);
    for (let i = 0; i < 10; i++) expect(other.draw(7)).toEqual(replay.draw(7));
    expect(other.saveState()).toEqual(replay.saveState());
  });

  it("says what must hold", () => {
    expect(() => make(0)).toThrowErrorMatchingInlineSnapshot(
      `[UsageError: replay: capacity must be a whole number of at least 1; got 0. Change replayCapacity.]`,
    );
    const weighed = { capacity: 1, obsSize: 1, actionSize: 1, returnWeight: Number.NaN, random: new Random(0) };
    expect(() => new EpisodicTrajectories(weighed)).toThrowErrorMatchingInlineSnapshot(
      `[UsageError: replay: returnWeight must be a finite number; got NaN. 0 is uniform.]`,
    );
    expect(() => make(5).draw(1)).toThrowErrorMatchingInlineSnapshot(
      `[UsageError: replay: cannot draw a stretch from 0 episodes. Raise replayStartSize to at least 1.]`,
    );
    expect(() => make(5).append([1], [1], 1, [1], false, false, [1])).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: replay: a step must have 2, 1 and 1 numbers of observation, action and extra; got 1, 1 and 1. Compare them with the sizes given.]`,
    );
  });
});
