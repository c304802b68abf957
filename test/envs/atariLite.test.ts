/** The five games against recorded episodes of MinAtar, and the rules that no recording reaches. */
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { type AtariLite, make, RandomState, RecordedDraws } from "../../src/envs/index.ts";

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
