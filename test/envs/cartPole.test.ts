import { describe, expect, it } from "vitest";
import { CartPole, make } from "../../src/envs/index.ts";
import { fixture } from "./fixture.ts";

interface Episode {
  tag: string;
  kwargs: { sutton_barto_reward?: boolean };
  init_state: number[];
  actions: number[];
  states: number[][];
  obs: number[][];
  rewards: number[];
  terminated: number[];
  truncated: number[];
}

describe("CartPole-v1", () => {
  const { episodes } = fixture("CartPole-v1.json.gz") as { episodes: Episode[] };
  episodes.forEach((episode, i) => {
    it(`equals the recorded episode ${i} (${episode.tag})`, () => {
      const env = make("CartPole-v1", { suttonBartoReward: episode.kwargs.sutton_barto_reward ?? false });
      env.reset({ options: { state: episode.init_state } });
      episode.actions.forEach((action, t) => {
        const [obs, reward, terminated, truncated] = env.step(action);
        expect(Array.from(obs)).toEqual(episode.obs[t]);
        expect(reward).toBe(episode.rewards[t]);
        expect(Number(terminated)).toBe(episode.terminated[t]);
        expect(Number(truncated)).toBe(episode.truncated[t]);
        const saved = env.unwrapped.saveState() as { state: number[] };
        expect(saved.state).toEqual(episode.states[t]);
      });
    });
  });

  it("resets by seed as Gymnasium does", () => {
    const resets = (fixture("seeding.json") as { env_resets: Record<string, unknown> }).env_resets["CartPole-v1"] as {
      seed: number;
      obs_first_reset: number[];
      obs_second_reset_no_seed: number[];
      state_second_reset: number[];
      action_space_samples: number[];
      observation_space_sample: number[];
    }[];
    expect(resets.length).toBeGreaterThan(8);
    for (const recorded of resets) {
      const env = make("CartPole-v1");
      expect(Array.from(env.reset({ seed: recorded.seed })[0])).toEqual(recorded.obs_first_reset);
      expect(Array.from(env.reset()[0])).toEqual(recorded.obs_second_reset_no_seed);
      expect((env.unwrapped.saveState() as { state: number[] }).state).toEqual(recorded.state_second_reset);
      env.actionSpace.seed(recorded.seed);
      expect(recorded.action_space_samples.map(() => env.actionSpace.sample())).toEqual(recorded.action_space_samples);
      env.observationSpace.seed(recorded.seed);
      expect(Array.from(env.observationSpace.sample() as Float32Array)).toEqual(recorded.observation_space_sample);
    }
  });

  it("draws the first state within given bounds", () => {
    const env = make("CartPole-v1");
    const [obs] = env.reset({ seed: 1, options: { low: 0.1, high: 0.2 } });
    expect(Array.from(obs as Float32Array).every((x) => x >= Math.fround(0.1) && x <= Math.fround(0.2))).toBe(true);
  });

  it("differs in the order of integration only", () => {
    const state = [0, 0.5, 0.01, -0.2];
    const observe = (kinematicsIntegrator: "euler" | "semi-implicit") => {
      const env = new CartPole({ kinematicsIntegrator });
      env.reset({ options: { state } });
      return env.step(1)[0];
    };
    const [x, xDot] = observe("euler");
    const [semiX, semiXDot] = observe("semi-implicit");
    expect(semiXDot).toBe(xDot);
    expect(x).toBeCloseTo(0.02 * 0.5, 7);
    expect(semiX).toBeCloseTo(0.02 * semiXDot!, 7);
  });

  it("says what must hold", () => {
    const env = make("CartPole");
    expect(() => env.step(0)).toThrowErrorMatchingInlineSnapshot(
      `[UsageError: CartPole.step: an episode must be running; got a step before the first reset. Call reset() first.]`,
    );
    env.reset({ seed: 0 });
    expect(() => env.step(2)).toThrowErrorMatchingInlineSnapshot(
      `[UsageError: CartPole.step: the action must be 0 (left) or 1 (right); got 2.]`,
    );
    expect(() => env.step(Number.NaN)).toThrowErrorMatchingInlineSnapshot(
      `[UsageError: CartPole.step: the action must be 0 (left) or 1 (right); got NaN.]`,
    );
    expect(() => env.reset({ options: { state: [1, 2] } })).toThrowErrorMatchingInlineSnapshot(
      `[UsageError: CartPole.reset: options.state must be 4 finite numbers; got [1,2].]`,
    );
    expect(() => env.reset({ options: { start: 1 } })).toThrowErrorMatchingInlineSnapshot(
      `[UsageError: CartPole.reset: options must be state, or low and high; got start. Check its spelling.]`,
    );
    expect(() => env.reset({ options: { low: 1, high: 0 } })).toThrowErrorMatchingInlineSnapshot(
      `[UsageError: CartPole.reset: options.low and options.high must be numbers, low at most high; got 1 and 0.]`,
    );
    env.reset({ options: { state: [2.39, 0.6, 0, 0] } });
    env.step(1);
    expect(() => env.step(1)).toThrowErrorMatchingInlineSnapshot(
      `[UsageError: CartPole.step: the episode ended at step 1 (terminated). Call reset() first.]`,
    );
    const short = make("CartPole", { maxEpisodeSteps: 2 });
    short.reset({ seed: 0 });
    short.step(0);
    short.step(1);
    expect(() => short.step(1)).toThrowErrorMatchingInlineSnapshot(
      `[UsageError: CartPole.step: the episode ended at step 2 (truncated). Call reset() first.]`,
    );
  });
});
