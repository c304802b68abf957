/** The five games against recorded episodes of MinAtar, and the rules that no recording reaches. */
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { type AtariLite, make, RandomState, RecordedDraws, toSvg } from "../../src/envs/index.ts";

type Draw = ["rand", [], number] | ["rand", [8], number[]] | ["randint", number[], number | number[]];

interface Episode {
  policy: string;
  last_action_before: number;
  reset_draws: Draw[];
  override_after_reset?: { sub_y?: number; diver_count?: number; oxygen?: number; surface?: boolean };
  init_state: string;
  actions: number[];
  rewards: number[];
  terminal: number[];
  ramp: (number | null)[];
  draws: Draw[][];
  states: string[];
}

interface Recording {
  state_shape: number[];
  channels: Record<string, number>;
  minimal_action_set: number[];
  cases: {
    sticky_action_prob: number;
    difficulty_ramping: boolean;
    numpy_RandomState_seed: number;
    episodes: Episode[];
  }[];
}

const read = (name: string): Recording =>
  JSON.parse(
    String(gunzipSync(readFileSync(new URL(`../fixtures/envs/minatar-${name}.json.gz`, import.meta.url)))),
  ) as Recording;

/** Observations as they are recorded: eight cells a byte, the first in the highest bit. */
function pack(obs: Uint8Array): string {
  const bytes = new Uint8Array(Math.ceil(obs.length / 8));
  obs.forEach((on, i) => {
    bytes[i >> 3]! |= on << (7 - (i & 7));
  });
  return Buffer.from(bytes).toString("hex");
}

/** Arrays of eight draws are eight draws. */
const recordedDraws = (draws: Draw[]) =>
  new RecordedDraws(
    draws.flatMap(([kind, range, value]) =>
      [value]
        .flat()
        .map((x) => (kind === "rand" ? (["random", x] as const) : (["integers", x, range as never] as const))),
    ),
  );

/** Changes hidden quantities of a game. */
function alter(env: AtariLite, change: Record<string, unknown>): void {
  const saved = env.saveState() as { game: object };
  env.loadState({ ...saved, game: { ...saved.game, ...change } } as never);
}

const named = { sub_y: "row", diver_count: "crew", oxygen: "oxygen", surface: "hasSurfaced" } as Record<string, string>;
const override = (env: AtariLite, values: Episode["override_after_reset"] = {}) =>
  alter(env, Object.fromEntries(Object.entries(values).map(([name, value]) => [named[name]!, value])));

const games = {
  Asterix: "asterix",
  Breakout: "breakout",
  Freeway: "freeway",
  Seaquest: "seaquest",
  SpaceInvaders: "space_invaders",
};

const makeGame = (name: string, kwargs: Record<string, unknown> = {}) =>
  make(`AtariLite/${name}`, { minimalActionSet: false, maxEpisodeSteps: null, ...kwargs }).unwrapped as AtariLite;

describe.each(Object.entries(games))("%s", (name, file) => {
  const recordings = [file, `${file}-nosticky`].map(read);
  const cases = recordings.flatMap((recording) => recording.cases);

  it("has the recorded spaces", () => {
    const [{ state_shape, channels, minimal_action_set }] = recordings as [Recording];
    const env = makeGame(name);
    expect(env.observationSpace.shape).toEqual(state_shape);
    expect(String(env.observationSpace)).toBe(`Box(0, 1, (10, 10, ${state_shape[2]}), uint8)`);
    expect(Object.fromEntries(env.channels.map((channel, i) => [channel, i]))).toEqual(channels);
    expect(env.actionSpace.n).toBe(6);
    expect(make(name).actionSpace.n).toBe(minimal_action_set.length);
    expect(make(name).unwrapped.actionMeanings).toEqual(minimal_action_set.map((code) => env.actionMeanings[code]));
    expect(make(name).spec?.id).toBe(`AtariLite/${name}-v1`);
  });

  const playsAsRecorded = (env: AtariLite, episode: Episode, isFed: boolean) => {
    let draws = recordedDraws(episode.reset_draws);
    if (isFed) env.random = draws;
    const [first] = env.reset();
    if (isFed) expect(draws.remaining).toBe(0);
    // there the first observation was recorded after the change
    if (episode.override_after_reset) override(env, episode.override_after_reset);
    else expect(pack(first)).toBe(episode.init_state);
    episode.actions.forEach((action, t) => {
      draws = recordedDraws(episode.draws[t]!);
      if (isFed) env.random = draws;
      const [obs, reward, terminated, truncated] = env.step(action);
      expect(pack(obs), `observation after step ${t + 1}`).toBe(episode.states[t]);
      expect([reward, Number(terminated), truncated], `step ${t + 1}`).toEqual([
        episode.rewards[t],
        episode.terminal[t],
        false,
      ]);
      expect(env.rampLevel).toBe(episode.ramp[t]);
      if (isFed) expect(draws.remaining).toBe(0);
    });
  };

  describe.each(cases)("sticky $sticky_action_prob, ramping $difficulty_ramping", (recorded) => {
    const kwargs = {
      stickyActionProbability: recorded.sticky_action_prob,
      difficultyRamping: recorded.difficulty_ramping,
    };
    it.each(recorded.episodes)("$policy from recorded draws", (episode) => {
      const env = makeGame(name, kwargs);
      const before = env.saveState() as { lastCode: number };
      env.loadState({ ...before, lastCode: episode.last_action_before });
      playsAsRecorded(env, episode, true);
    });

    it("by its seed, one episode after the other", () => {
      const env = makeGame(name, kwargs);
      env.random = new RandomState(recorded.numpy_RandomState_seed);
      expect(recorded.episodes.length).toBeGreaterThan(2);
      for (const episode of recorded.episodes) playsAsRecorded(env, episode, false);
    });
  });
});

/** Rules that the recordings do not reach; situations are set up by hand. */
describe("beyond the recordings", () => {
  const [noop, left, up, right, down, fire] = [0, 1, 2, 3, 4, 5];
  /** A game without sticky actions after its reset, with some hidden quantities changed. */
  const situation = (name: string, change: Record<string, unknown> = {}, kwargs: Record<string, unknown> = {}) => {
    const env = makeGame(name, { stickyActionProbability: 0, ...kwargs });
    env.reset({ seed: 0 });
    alter(env, change);
    return env;
  };
  /** The hidden quantities of a game. */
  // biome-ignore lint/suspicious/noExplicitAny: every game has its own
  const hidden = (env: AtariLite): any => (env.saveState() as { game: object }).game;
  const lastCode = (env: AtariLite) => (env.saveState() as { lastCode: number }).lastCode;
  /** Cells [row, column] that a channel has on. */
  const cellsOf = (env: AtariLite, obs: Uint8Array, channel: string) => {
    const at = env.channels.indexOf(channel);
    expect(at).toBeGreaterThan(-1);
    return Array.from({ length: 100 }, (_, cell) => cell)
      .filter((cell) => obs[cell * env.channels.length + at] === 1)
      .map((cell) => [Math.floor(cell / 10), cell % 10]);
  };

  it.each(Object.keys(games))("%s: a step after the end draws, remembers its action, changes nothing else", (name) => {
    const env = situation(name);
    const running = hidden(env);
    env.loadState({ ...(env.saveState() as object), isOver: true } as never);
    const draws = new RecordedDraws([["random", 0.5]]);
    env.random = draws;
    const [, reward, terminated, truncated] = env.step(up);
    expect([reward, terminated, truncated]).toEqual([0, true, false]);
    expect(draws.remaining).toBe(0);
    expect(lastCode(env)).toBe(up);
    expect(hidden(env)).toEqual(running);
  });

  it("the action that a sticky step repeats outlives a reset, but not one with a seed", () => {
    const env = makeGame("Breakout", { stickyActionProbability: 0.5 });
    env.reset({ seed: 0 });
    env.random = new RecordedDraws([
      ["random", 0.5], // not below the probability
      ["integers", 0, [0, 2]],
      ["random", 0.49],
    ]);
    env.step(left);
    env.reset();
    env.step(right);
    expect(hidden(env).paddle).toBe(3);
    expect(lastCode(env)).toBe(left);
    env.reset({ seed: 0 });
    expect(lastCode(env)).toBe(noop);
  });

  it("actions are translated before they stick", () => {
    const env = make("Freeway", { stickyActionProbability: 0 }).unwrapped as AtariLite;
    env.reset({ seed: 0 });
    env.step(2); // the third of noop, up, down
    expect(lastCode(env)).toBe(down);
  });

  it("Asterix: an attempt to spawn with all lanes taken makes two draws", () => {
    const kinds = new Uint8Array(8).fill(1);
    const env = situation("Asterix", { kinds, directions: new Int32Array(8).fill(1), spawnCountdown: 0 });
    const draws = new RecordedDraws([
      ["random", 0.5],
      ["random", 0.1],
      ["random", 0.1],
    ]);
    env.random = draws;
    env.step(noop);
    expect(draws.remaining).toBe(0);
    expect(hidden(env).spawnCountdown).toBe(9);
    expect(hidden(env).kinds).toEqual(kinds);
  });

  it("Asterix: ramping ends with intervals of 1", () => {
    const env = situation("Asterix");
    const levels: unknown[] = [];
    for (let step = 1; step <= 1200; step++) {
      alter(env, { kinds: new Uint8Array(8) }); // nobody to meet
      const before = env.rampLevel;
      env.step(noop);
      const { spawnInterval, moveInterval, rampLevel } = hidden(env);
      if (rampLevel !== before) levels.push([step, rampLevel, spawnInterval, moveInterval]);
    }
    expect(levels).toEqual([
      [102, 1, 9, 5],
      [204, 2, 8, 4],
      [306, 3, 7, 4],
      [408, 4, 6, 3],
      [510, 5, 5, 3],
      [612, 6, 4, 2],
      [714, 7, 3, 2],
      [816, 8, 2, 1],
      [918, 9, 1, 1],
    ]);
  });

  it("Freeway: the episode has 2501 steps", () => {
    const env = situation("Freeway");
    const ends: number[] = [];
    for (let step = 1; step <= 2501; step++) if (env.step(noop)[2]) ends.push(step);
    expect(ends).toEqual([2501]);
  });

  describe("Seaquest", () => {
    /** What moves, oldest first, as [row, column, direction, move countdown, shot countdown]. */
    const movers = (...each: number[][]) => {
      const empty = hidden(situation("Seaquest")).fish as Record<string, Int32Array>;
      const names = ["rows", "columns", "directions", "moveCountdowns", "shotCountdowns"] as const;
      each.forEach((values, i) => {
        names.forEach((name, k) => {
          empty[name]![i] = values[k] ?? 3;
        });
      });
      return { ...empty, count: each.length };
    };
    const at = { row: 4, column: 5, facing: 1, hasSurfaced: false };

    it("one bullet hits the oldest fish of a cell, and a submarine only where there is no fish", () => {
      const [fish, subs] = [movers([4, 7, -1, 1], [4, 7, -1, 2]), movers([4, 7, -1, 1], [4, 7, -1, 2])];
      const env = situation("Seaquest", { ...at, bullets: movers([4, 6, 1]), fish, subs });
      const [obs, reward] = env.step(noop);
      expect(reward).toBe(1);
      expect(hidden(env).subs.count).toBe(2);
      expect(hidden(env).fish.count).toBe(1);
      expect(hidden(env).fish.moveCountdowns[0]).toBe(1); // the second one's, lowered
      expect(cellsOf(env, obs, "friendly_bullet")).toEqual([]);

      const later = situation("Seaquest", { ...at, bullets: movers([4, 6, 1]), subs });
      expect(later.step(noop)[1]).toBe(1);
      expect(hidden(later).subs.count).toBe(1);
      expect(hidden(later).subs.moveCountdowns[0]).toBe(1);
    });

    it("a submarine that moves into a bullet when its shot is due is gone, and its bullet appears", () => {
      const env = situation("Seaquest", { ...at, bullets: movers([2, 3, 1]), subs: movers([2, 5, -1, 0, 0]) });
      const [obs, reward, terminated] = env.step(noop);
      expect([reward, terminated]).toEqual([1, false]);
      expect(hidden(env).subs.count).toBe(0);
      expect(cellsOf(env, obs, "enemy_bullet")).toEqual([[2, 3]]); // from column 4, moved
      expect(cellsOf(env, obs, "friendly_bullet")).toEqual([]);
    });

    it("a fish that moves into a bullet is gone", () => {
      const env = situation("Seaquest", { ...at, bullets: movers([2, 3, 1]), fish: movers([2, 5, -1, 0]) });
      expect(env.step(noop)[1]).toBe(1);
      expect(hidden(env).fish.count).toBe(0);
      expect(hidden(env).bullets.count).toBe(0);
    });

    it("a submarine that leaves the board fires to no effect", () => {
      const env = situation("Seaquest", { ...at, subs: movers([2, 0, -1, 0, 0]) });
      const [obs] = env.step(noop);
      expect(cellsOf(env, obs, "enemy_bullet")).toEqual([]);
      expect(hidden(env).subs.count).toBe(0);
    });

    it("moving into an enemy's bullet ends the episode before that moves on", () => {
      const env = situation("Seaquest", { ...at, enemyBullets: movers([4, 6, 1]) });
      expect(env.step(right)[2]).toBe(true);
      const missed = situation("Seaquest", { ...at, enemyBullets: movers([4, 7, 1]) });
      expect(missed.step(right)[2]).toBe(false);
    });

    it("a seventh diver stays in the water", () => {
      const env = situation("Seaquest", { ...at, crew: 6, divers: movers([4, 5, 1, 2]) });
      const [obs] = env.step(noop);
      expect(hidden(env).crew).toBe(6);
      expect(hidden(env).divers.count).toBe(1);
      expect(hidden(env).divers.moveCountdowns[0]).toBe(1);
      expect(cellsOf(env, obs, "diver_guage")).toEqual([3, 4, 5, 6, 7, 8].map((column) => [9, column]));
    });

    it("of two divers the newest comes on board where one has room", () => {
      const divers = movers([4, 5, 1, 2], [4, 5, 1, 4]);
      const env = situation("Seaquest", { ...at, crew: 5, divers });
      env.step(noop);
      expect(hidden(env).crew).toBe(6);
      expect(hidden(env).divers.moveCountdowns[0]).toBe(1); // the oldest is left
    });

    it("ramping ends with an enemy every step, of slowness 2, and costs a diver a time", () => {
      const env = situation("Seaquest", { crew: 6 });
      const levels: unknown[] = [];
      for (let visit = 1; visit <= 21; visit++) {
        alter(env, { row: 1, hasSurfaced: false, oxygen: 100, fish: movers(), subs: movers() });
        const [, reward] = env.step(up);
        const { enemyInterval, enemySlowness, rampLevel, oxygen, crew } = hidden(env);
        expect([oxygen, crew, reward]).toEqual([200, -visit, visit === 1 ? 5 : 0]);
        levels.push([rampLevel, enemyInterval, enemySlowness]);
      }
      const expected = Array.from({ length: 19 }, (_, i) => [i + 1, 19 - i, Math.max(2, 5 - Math.floor((i + 1) / 2))]);
      expect(levels).toEqual([...expected, [19, 1, 2], [19, 1, 2]]);
    });

    it("without air, surfacing comes too late and is carried out", () => {
      const env = situation("Seaquest", { row: 1, hasSurfaced: false, oxygen: 0, crew: 2 });
      const [obs, , terminated] = env.step(up);
      expect(terminated).toBe(true);
      expect(cellsOf(env, obs, "oxygen_guage").length).toBe(10);
      expect(hidden(env).crew).toBe(1);
    });

    it("the shot flies where the player faces", () => {
      const env = situation("Seaquest", at);
      const [obs] = env.step(fire);
      expect(cellsOf(env, obs, "friendly_bullet")).toEqual([[4, 6]]);
      expect(hidden(env).reloadCountdown).toBe(4);
    });
  });

  describe("SpaceInvaders", () => {
    const board = (...places: [row: number, column: number][]) => {
      const rows = new Int32Array(10);
      for (const [row, column] of places) rows[row]! |= 1 << column;
      return rows;
    };

    it("each cleared wave lowers the wave interval down to 6, where ramping is on", () => {
      const clear = (difficultyRamping: boolean) => {
        const env = situation("SpaceInvaders", {}, { difficultyRamping });
        return Array.from({ length: 8 }, () => {
          const [aliens, bullets] = [board([1, 2]), board([2, 2])];
          alter(env, { aliens, alienCount: 1, bullets, moveCountdown: 9, shotCountdown: 9 });
          const [obs, reward] = env.step(noop);
          expect(reward).toBe(1);
          expect(cellsOf(env, obs, "alien").length).toBe(24);
          return [env.rampLevel, hidden(env).waveInterval];
        });
      };
      const levels = [1, 2, 3, 4, 5, 6, 6, 6].map((level) => [level, 12 - level]);
      expect(clear(true)).toEqual(levels);
      expect(clear(false)).toEqual(levels.map(() => [0, 12]));
    });

    it("aliens at the edge with one in the last row end the episode; that one comes back on top", () => {
      const aliens = board([9, 0], [8, 3]);
      const env = situation("SpaceInvaders", { aliens, alienCount: 2, moveCountdown: 0 });
      const [obs, , terminated] = env.step(noop);
      expect(terminated).toBe(true);
      expect(cellsOf(env, obs, "alien_right")).toEqual([
        [0, 0],
        [9, 3],
      ]);
    });

    it("moving under an alien in the last row ends the episode", () => {
      const env = situation("SpaceInvaders", { aliens: board([9, 6]), alienCount: 1, moveCountdown: 5 });
      expect(env.step(noop)[2]).toBe(false);
      expect(env.step(right)[2]).toBe(true);
    });

    it("the lowest alien of the nearest column shoots, of two columns the left one", () => {
      const aliens = board([2, 3], [4, 3], [7, 7]);
      const env = situation("SpaceInvaders", { aliens, alienCount: 3, shotCountdown: 0 });
      const [obs] = env.step(noop);
      expect(cellsOf(env, obs, "enemy_bullet")).toEqual([[4, 3]]);
    });

    it("rewards of the last step count", () => {
      const env = situation("SpaceInvaders", {
        aliens: board([1, 2], [2, 4]),
        alienCount: 2,
        bullets: board([2, 2], [3, 4]),
        alienBullets: board([8, 5]),
      });
      expect(env.step(noop).slice(1, 3)).toEqual([2, true]);
    });
  });
});

describe("a saved state", () => {
  it.each(Object.keys(games))("of %s goes on alike", (name) => {
    const env = make(name);
    env.actionSpace.seed(5);
    env.reset({ seed: 8 });
    const actions = Array.from({ length: 1500 }, () => env.actionSpace.sample() as number);
    const play = (from: number, to: number) =>
      actions.slice(from, to).map((action) => {
        const [obs, reward, terminated, truncated] = env.step(action);
        const first = terminated || truncated ? pack(env.reset()[0]) : "";
        return [pack(obs), reward, terminated, truncated, first];
      });
    play(0, 500);
    const saved = env.saveState();
    const copy = structuredClone(saved);
    const onward = play(500, 1500);
    expect(saved).toEqual(copy);
    env.loadState(saved);
    expect(play(500, 1500)).toEqual(onward);
    expect(saved).toEqual(copy);
  });
});

describe("errors", () => {
  it("say what must hold", () => {
    const env = make("Breakout");
    expect(() => env.step(0)).toThrowErrorMatchingInlineSnapshot(
      `[UsageError: AtariLite/Breakout.step: an episode must be running; got a step before the first reset. Call reset() first.]`,
    );
    env.reset({ seed: 0 });
    expect(() => env.step(3)).toThrowErrorMatchingInlineSnapshot(
      `[UsageError: AtariLite/Breakout.step: the action must be 0 (noop), 1 (left) or 2 (right); got 3.]`,
    );
    expect(() => env.step(-1)).toThrowErrorMatchingInlineSnapshot(
      `[UsageError: AtariLite/Breakout.step: the action must be 0 (noop), 1 (left) or 2 (right); got -1.]`,
    );
    expect(() => env.step(1.5)).toThrowErrorMatchingInlineSnapshot(
      `[UsageError: AtariLite/Breakout.step: the action must be 0 (noop), 1 (left) or 2 (right); got 1.5.]`,
    );
    expect(() => env.step("left")).toThrowErrorMatchingInlineSnapshot(
      `[UsageError: AtariLite/Breakout.step: the action must be 0 (noop), 1 (left) or 2 (right); got left.]`,
    );
    expect(() => makeGame("Seaquest").step(6)).toThrowErrorMatchingInlineSnapshot(
      `[UsageError: AtariLite/Seaquest.step: the action must be 0 (noop), 1 (left), 2 (up), 3 (right), 4 (down) or 5 (fire); got 6.]`,
    );
    expect(() => env.reset({ options: { paddle: 3 } })).toThrowErrorMatchingInlineSnapshot(
      `[UsageError: AtariLite/Breakout.reset: options must be empty; got paddle. Leave it out.]`,
    );
    expect(() => env.reset({ seed: 2 ** 32 })).toThrowErrorMatchingInlineSnapshot(
      `[UsageError: RandomState: seed must be a whole number from 0 to 2^32 - 1; got 4294967296. Change the seed.]`,
    );
    const afterTheEnd = () => {
      for (let i = 0; i < 10; i++) env.step(0);
    };
    expect(afterTheEnd).toThrowErrorMatchingInlineSnapshot(
      `[UsageError: AtariLite/Breakout.step: the episode ended at step 6 (terminated). Call reset() first.]`,
    );
    expect(() => make("Breakout", { sticky: 0.2 })).toThrow(
      /^make: AtariLite\/Breakout-v1 takes stickyActionProbability, .*; got sticky\. Check its spelling\.$/,
    );
    expect(() => make("Breakout", { stickyActionProbability: "no" })).toThrowErrorMatchingInlineSnapshot(
      `[UsageError: make: stickyActionProbability of AtariLite/Breakout-v1 must be a number; got "no".]`,
    );
    expect(() => make("Breakout", { stickyActionProbability: 1.2 })).toThrowErrorMatchingInlineSnapshot(
      `[UsageError: AtariLite: stickyActionProbability must be a number from 0 to 1; got 1.2. Change stickyActionProbability.]`,
    );
    expect(() => make("Breakout", { stickyActionProbability: Number.NaN })).toThrowErrorMatchingInlineSnapshot(
      `[UsageError: AtariLite: stickyActionProbability must be a number from 0 to 1; got NaN. Change stickyActionProbability.]`,
    );
  });
});

describe("pictures", () => {
  it.each(Object.keys(games))("of %s show each cell's last channel that is on", (name) => {
    const env = makeGame(name);
    env.actionSpace.seed(3);
    env.reset({ seed: 4 });
    const colourOf = new Map<string, string>();
    for (let t = 0; t < 200; t++) {
      const [obs, , terminated] = env.step(env.actionSpace.sample());
      const expected: [number, number, string][] = [];
      for (let cell = 0; cell < 100; cell++) {
        const channel = obs.subarray(cell * env.channels.length, (cell + 1) * env.channels.length).lastIndexOf(1);
        if (channel >= 0) expected.push([cell % 10, Math.floor(cell / 10), env.channels[channel]!]);
      }
      const { shapes, width, height } = env.draw();
      expect([width, height]).toEqual([400, 400]);
      expect(shapes.map((shape) => "width" in shape && [shape.x / 40, shape.y / 40, shape.width])).toEqual(
        expected.map(([x, y]) => [x, y, 40]),
      );
      shapes.forEach((shape, i) => {
        const [, , channel] = expected[i]!;
        const fill = "fill" in shape ? shape.fill! : "";
        expect(colourOf.get(channel) ?? fill).toBe(fill);
        colourOf.set(channel, fill);
      });
      if (terminated) env.reset();
    }
    expect(colourOf.size).toBeGreaterThan(3);
    const same = [...colourOf].filter(([channel]) => !/^alien_|^diver/.test(channel)).map(([, fill]) => fill);
    expect(new Set(same).size).toBe(same.length);
  });

  it("come in the form that was asked for", () => {
    const env = make("Breakout", { renderMode: "svg" });
    env.reset({ seed: 0 });
    env.step(1);
    expect(env.render()).toBe(toSvg(env.draw()));
  });
});
