import { describe, expect, it } from "vitest";
import {
  type AnyEnv,
  Autoreset,
  ClipAction,
  ClipReward,
  type Env,
  FrameStackObservation,
  MaxAndSkipObservation,
  make,
  NormalizeObservation,
  NormalizeReward,
  RecordEpisodeStatistics,
  RescaleAction,
  TimeAwareObservation,
  TimeLimit,
} from "../../src/envs/index.ts";
import { fixture } from "./fixture.ts";

interface Trace {
  name: string;
  seed: number;
  reset_obs: number[] | number[][];
  steps: {
    a: number | number[];
    obs: number[] | number[][];
    r: number;
    te: boolean;
    tr: boolean;
    episode?: { r: number; l: number };
    obs_after_reset?: number[] | number[][];
  }[];
}
const { traces } = fixture("wrappers.json.gz") as {
  traces: Trace[];
};
const cartPole = () => make("CartPole-v1", { reuseObs: true });
const pendulum = () => make("Pendulum-v1", { reuseObs: true });

/** For every recorded trace the environment it is a trace of. */
// biome-ignore lint/suspicious/noExplicitAny: wrappers of every observation and action
const wrapped: Record<string, () => Env<any, any>> = {
  "RecordEpisodeStatistics(CartPole-v1)": () => new RecordEpisodeStatistics(cartPole()),
  "NormalizeObservation(CartPole-v1) epsilon=1e-8": () => new NormalizeObservation(cartPole()),
  "NormalizeReward(Pendulum-v1) gamma=0.99 epsilon=1e-8": () => new NormalizeReward(pendulum()),
  "FrameStackObservation(CartPole-v1, 4) padding=reset": () => new FrameStackObservation(cartPole(), { stackSize: 4 }),
  "FrameStackObservation(CartPole-v1, 4, padding_type=zero)": () =>
    new FrameStackObservation(cartPole(), { stackSize: 4, padding: "zero" }),
  "TimeLimit(CartPole-v1, 7)": () => new TimeLimit(cartPole(), 7),
  "Autoreset(CartPole-v1) (next-step)": () => new Autoreset(cartPole()),
  "RescaleAction(Pendulum-v1,-1,1)": () => new RescaleAction(pendulum()),
  "ClipAction(Pendulum-v1)": () => new ClipAction(pendulum()),
  "ClipReward(Pendulum-v1,-1,1)": () => new ClipReward(pendulum()),
  "TimeAwareObservation(CartPole-v1)": () => new TimeAwareObservation(cartPole()),
  "MaxAndSkipObservation(CartPole-v1, 4)": () => new MaxAndSkipObservation(cartPole()),
};

/** Numbers of an observation, and none where they differ by no more than `tolerance`. */
function expectNear(got: ArrayLike<number>, recorded: number[] | number[][], tolerance: number): void {
  const numbers = recorded.flat();
  expect(got.length).toBe(numbers.length);
  const off = numbers.filter((x, i) => !(Math.abs(x - got[i]!) <= tolerance * Math.max(1, Math.abs(x))));
  expect(off, `${Array.from(got)} is not ${numbers}`).toEqual([]);
}

/** Steps like the trace; saves and loads the whole state into another environment on the way. */
function follow({ name, seed, reset_obs, steps }: Trace, makeEnv: () => Env): void {
  // Pendulum's observations come from the sines of another library: the last bit
  const tolerance = name.includes("Pendulum") ? 1e-7 : 0;
  let env = makeEnv() as AnyEnv;
  expectNear(env.reset({ seed })[0], reset_obs, tolerance);
  for (const [i, step] of steps.entries()) {
    if (i % 10 === 7) {
      const saved = structuredClone(env.saveState());
      env = makeEnv() as AnyEnv;
      env.loadState(saved);
    }
    const action = typeof step.a === "number" ? step.a : Float32Array.from(step.a);
    const [obs, reward, terminated, truncated, info] = env.step(action);
    expectNear(obs, step.obs, tolerance);
    expectNear([reward], [step.r], tolerance);
    expect([terminated, truncated]).toEqual([step.te, step.tr]);
    if (step.episode) expect(info.episode).toMatchObject(step.episode);
    if (step.obs_after_reset) expectNear(env.reset()[0], step.obs_after_reset, tolerance);
  }
}

describe("wrappers do what Gymnasium's did", () => {
  it("every trace has its wrapper", () => {
    expect(traces.map(({ name }) => name).sort()).toEqual(Object.keys(wrapped).sort());
  });

  it.each(traces.map((trace) => [trace.name, trace] as const))("%s", (name, trace) => {
    follow(trace, wrapped[name]!);
  });

  it("RecordEpisodeStatistics counts episodes", () => {
    const env = new RecordEpisodeStatistics(make("CartPole-v1", { maxEpisodeSteps: 3 }));
    env.reset({ seed: 0 });
    env.step(0);
    env.step(1);
    const [, , , , { episode }] = env.step(0);
    expect(episode).toMatchObject({ r: 3, l: 3 });
    expect((episode as { t: number }).t).toBeGreaterThanOrEqual(0);
    expect(env.episodeCount).toBe(1);
    expect(() => env.step(0)).toThrow("CartPole.step: the episode ended at step 3 (truncated). Call reset() first.");
  });
});
