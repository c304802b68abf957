import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { make, RecordEpisodeStatistics, TimeLimit } from "../../src/envs/index.ts";

interface Trace {
  name: string;
  seed: number;
  reset_obs: number[];
  steps: { a: number; obs: number[]; r: number; te: boolean; tr: boolean; [more: string]: unknown }[];
}
const { traces } = JSON.parse(readFileSync(new URL("../fixtures/envs/wrappers.json", import.meta.url), "utf8")) as {
  traces: Trace[];
};
const trace = (start: string) => traces.find(({ name }) => name.startsWith(start))!;

function follow({ seed, reset_obs, steps }: Trace, env: ReturnType<typeof make>) {
  expect(Array.from(env.reset({ seed })[0])).toEqual(reset_obs);
  const episodes: unknown[] = [];
  for (const step of steps) {
    const [obs, reward, terminated, truncated, info] = env.step(step.a);
    expect(Array.from(obs)).toEqual(step.obs);
    expect([reward, terminated, truncated]).toEqual([step.r, step.te, step.tr]);
    if (info.episode) episodes.push(info.episode);
    if (terminated || truncated) {
      const [first] = env.reset();
      if (step.obs_after_reset) expect(Array.from(first)).toEqual(step.obs_after_reset);
    }
  }
  return episodes;
}

describe("wrappers", () => {
  it("TimeLimit truncates as Gymnasium's", () => {
    follow(trace("TimeLimit"), make("CartPole-v1", { maxEpisodeSteps: 7 }));
    follow(trace("TimeLimit"), new TimeLimit(make("CartPole-v1"), 7) as never);
  });

  it("RecordEpisodeStatistics tells return and length at the end", () => {
    const recorded = trace("RecordEpisodeStatistics");
    const env = new RecordEpisodeStatistics(make("CartPole-v1"));
    const episodes = follow(recorded, env as never) as { r: number; l: number; t: number }[];
    const expected = recorded.steps.flatMap(({ episode }) => (episode ? [episode] : []));
    expect(expected.length).toBeGreaterThan(2);
    expect(episodes.map(({ r, l }) => ({ r, l }))).toEqual(expected);
    expect(episodes.every(({ t }) => t >= 0)).toBe(true);
    expect(env.episodeCount).toBe(expected.length);
  });

  it("carry their own state", () => {
    const make3 = () => new RecordEpisodeStatistics(make("CartPole-v1", { maxEpisodeSteps: 3 }));
    const env = make3();
    env.reset({ seed: 0 });
    env.step(0);
    env.step(1);
    const other = make3();
    other.loadState(structuredClone(env.saveState()));
    const [, , , truncated, info] = other.step(0);
    expect(truncated).toBe(true);
    expect(info.episode).toMatchObject({ r: 3, l: 3 });
    expect(() => other.step(0)).toThrow("CartPole.step: the episode ended at step 3 (truncated). Call reset() first.");
  });
});
