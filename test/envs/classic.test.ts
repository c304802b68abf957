/** Classic control against recorded episodes, one step at a time from each recorded state. */
import { describe, expect, it } from "vitest";
import { Acrobot, MountainCar, MountainCarContinuous, make, Pendulum } from "../../src/envs/index.ts";
import { fixture } from "./fixture.ts";

interface Piece {
  readonly tag: string;
  readonly kwargs: { goal_velocity?: number; g?: number };
  /** The step of the episode that the piece begins with. */
  readonly from: number;
  readonly state: number[];
  readonly actions: (number | number[])[];
  readonly states: number[][];
  readonly obs: number[][];
  readonly rewards: number[];
  readonly terminated: number[];
}
const recorded = (fixture("classic.json.gz") as { episodes: Record<string, Piece[]> }).episodes;

const makers = {
  "MountainCar-v0": ({ goal_velocity = 0 }: Piece["kwargs"]) => new MountainCar({ goalVelocity: goal_velocity }),
  "MountainCarContinuous-v0": ({ goal_velocity = 0 }: Piece["kwargs"]) =>
    new MountainCarContinuous({ goalVelocity: goal_velocity }),
  "Pendulum-v1": ({ g = 10 }: Piece["kwargs"]) => new Pendulum({ g }),
  "Acrobot-v1": () => new Acrobot(),
} as const;
const ids = Object.keys(makers) as (keyof typeof makers)[];

describe.each(ids)("%s", (id) => {
  it.each(recorded[id]!.map((piece, i) => [i, piece] as const))("equals the recorded piece %i", (_i, piece) => {
    const env = makers[id](piece.kwargs);
    piece.actions.forEach((action, t) => {
      const before = t === 0 ? piece.state : piece.states[t - 1]!;
      env.reset({ options: { state: before } });
      // what a step left is float32 in the one environment whose state is
      if (t > 0 || piece.from > 0) env.loadState({ ...(env.saveState() as object), isSingle: true } as never);
      const [obs, reward, terminated, truncated] = env.step(action as never);
      expect(Array.from(obs)).toEqual(piece.obs[t]);
      expect(Math.abs(reward - piece.rewards[t]!)).toBeLessThan(1e-12);
      expect([Number(terminated), truncated]).toEqual([piece.terminated[t], false]);
      const { state } = env.saveState() as { state: number[] };
      state.forEach((x, i) => {
        expect(Math.abs(x - piece.states[t]![i]!)).toBeLessThan(1e-12);
      });
    });
  });

  it("resets by seed as Gymnasium does", () => {
    const resets = (fixture("seeding.json") as { env_resets: Record<string, unknown> }).env_resets[id] as
      | { seed: number; obs_first_reset: number[]; obs_second_reset_no_seed: number[] }[]
      | undefined;
    expect(resets?.length).toBeGreaterThan(2);
    for (const reset of resets!) {
      const env = make(id);
      expect(Array.from(env.reset({ seed: reset.seed })[0])).toEqual(reset.obs_first_reset);
      expect(Array.from(env.reset()[0])).toEqual(reset.obs_second_reset_no_seed);
    }
  });

  it("says what must hold", () => {
    const env = make(id);
    env.reset({ seed: 0 });
    expect(() => env.step(7)).toThrow(/\.step: the action must be /);
    expect(() => env.step([0, 0])).toThrow(/\.step: the action must be /);
    expect(() => env.reset({ options: { state: [1] } })).toThrow(/\.reset: options\.state must be /);
    expect(() => env.reset({ options: { start: 1 } })).toThrow(/\.reset: options must be state, .* got start\./);
  });
});
