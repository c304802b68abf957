import { createRequire } from "node:module";
import { describe, expect, it } from "vitest";
import { type AnyEnv, checkEnv, LunarLander, make } from "../../src/envs/index.ts";

const hasPlanck = (() => {
  try {
    createRequire(import.meta.url).resolve("planck");
    return true;
  } catch {
    return false;
  }
})();

type Policy = (obs: ArrayLike<number>) => number | number[];
const clamp = (x: number, limit: number): number => Math.max(-limit, Math.min(limit, x));

/** How much to turn and to lift: lean towards the pad, sink the slower the lower it is, cushion the touch-down. */
function control(obs: ArrayLike<number>): { turn: number; lift: number } {
  const [x, y, speedX, speedY, angle, spin, left, right] = Array.from(obs) as [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  if (left || right) return { turn: 0, lift: -0.05 - speedY };
  const lean = clamp(0.35 * x + 0.75 * speedX, 0.45);
  const sink = -0.1 - 0.55 * Math.max(y - 0.4 * Math.abs(x), 0);
  return { turn: 0.8 * (lean - angle) - 1.05 * spin, lift: sink - speedY };
}

const land: Policy = (obs) => {
  const { turn, lift } = control(obs);
  if (lift > 0.05 && lift > 0.6 * Math.abs(turn)) return 2;
  return turn < -0.05 ? 3 : turn > 0.05 ? 1 : 0;
};
const landWithThrottles: Policy = (obs) => {
  const { turn, lift } = control(obs);
  return [clamp(20 * lift - 1, 1), clamp(-20 * turn, 1)];
};

function returnsOf(env: AnyEnv, policy: Policy, episodes: number): number[] {
  return Array.from({ length: episodes }, (_, seed) => {
    let [obs] = env.reset({ seed });
    let total = 0;
    for (;;) {
      const [next, reward, terminated, truncated] = env.step(policy(obs));
      total += reward;
      obs = next;
      if (terminated || truncated) return total;
    }
  });
}
const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;

describe.skipIf(!hasPlanck)("LunarLander (needs planck)", () => {
  it("a controller lands on the pad, with four choices and with throttles", () => {
    expect(mean(returnsOf(make("LunarLander-v3"), land, 15))).toBeGreaterThan(230);
    expect(mean(returnsOf(make("LunarLanderContinuous-v3"), landWithThrottles, 15))).toBeGreaterThan(230);
  });

  it("random actions score what they score in Gymnasium, about -180", () => {
    const env = make("LunarLander-v3");
    env.actionSpace.seed(0);
    const random = mean(returnsOf(env, () => env.actionSpace.sample(), 100));
    expect(random).toBeGreaterThan(-220);
    expect(random).toBeLessThan(-150);
  });

  it("has Gymnasium's id, limit, threshold and spaces", () => {
    const env = make("LunarLander-v3");
    expect(env.spec).toMatchObject({ maxEpisodeSteps: 1000, rewardThreshold: 200 });
    expect(String(env.observationSpace)).toMatchInlineSnapshot(
      `"Box([-2.5 -2.5 -10 -10 -6.2831855 -10 0 0], [2.5 2.5 10 10 6.2831855 10 1 1], (8,), float32)"`,
    );
    expect(String(env.actionSpace)).toBe("Discrete(4)");
    expect(String(make("LunarLanderContinuous-v3").actionSpace)).toBe("Box(-1.0, 1.0, (2,), float32)");
    expect(make("LunarLander-v3", { continuous: true }).actionSpace.shape).toEqual([2]);
  });

  it("falls freely, and begins at the top in the middle", () => {
    const env = new LunarLander();
    // no push: the middle of the draw's range
    const { random } = env;
    random.uniform = (low, high, size) => new Float64Array(size).fill((low + high) / 2);
    const [obs] = env.reset();
    // 400 pixels high, the pad at a quarter, the legs 18 below the centre; in halves of the height
    expect(obs[1]).toBeCloseTo((400 / 30 - (100 + 18) / 30) / (200 / 30), 2);
    expect(Math.abs(obs[0]!)).toBeLessThan(1e-3);
    const speeds = [obs[3]!];
    for (let i = 0; i < 10; i++) speeds.push(env.step(0)[0][3]!);
    // g = 10 m/s² for 1/50 s a step, in halves of the height a fiftieth of a second; the legs swing a little
    expect((speeds[10]! - speeds[0]!) / 10).toBeCloseTo((-10 / 50) * (20 / 3 / 50), 3);
  });

  it("pays for nearness, slowness and uprightness, and takes fuel", () => {
    const env = new LunarLander({ continuous: true });
    let [obs] = env.reset({ seed: 4 });
    const worth = ([x, y, speedX, speedY, angle, , left, right]: Float32Array) =>
      -100 * (Math.hypot(x!, y!) + Math.hypot(speedX!, speedY!) + Math.abs(angle!)) + 10 * (left! + right!);
    for (const [action, fuel] of [
      [[0, 0], 0],
      [[1, 0], 0.3],
      [[0.5, 0], 0.225],
      [[-1, -1], 0.03],
      [[-1, 0.75], 0.0225],
      [[7, 0.4], 0.3],
    ] as const) {
      const [next, reward, terminated] = env.step([...action]);
      expect(terminated).toBe(false);
      expect(reward).toBeCloseTo(worth(next) - worth(obs) - fuel, 3);
      obs = next;
    }
  });

  it("side engines turn it and the wind drives it", () => {
    const spinAfter = (action: number) => {
      const env = make("LunarLander-v3");
      env.reset({ seed: 1 });
      let spin = 0;
      for (let i = 0; i < 10; i++) spin = env.step(action)[0][5]!;
      return spin;
    };
    expect(spinAfter(1)).toBeGreaterThan(spinAfter(0));
    expect(spinAfter(3)).toBeLessThan(spinAfter(0));
    const speeds = (windPower: number) => {
      const env = make("LunarLander-v3", { enableWind: true, windPower, turbulencePower: 0 });
      env.reset({ seed: 1 });
      return Array.from({ length: 20 }, () => env.step(0)[0][2]!);
    };
    expect(speeds(20)).not.toEqual(speeds(1));
  });

  it("goes on exactly from a saved state, on the ground and after its end too", () => {
    const env = make("LunarLander-v3");
    const other = make("LunarLander-v3");
    let [obs] = env.reset({ seed: 3 });
    let stands = false;
    for (let i = 0; i < 400 && !stands; i++) {
      obs = env.step(land(obs))[0];
      stands = obs[6] === 1;
    }
    expect(stands).toBe(true);
    other.loadState(structuredClone(env.saveState()));
    for (let ended = false; !ended; ) {
      const result = env.step(land(obs));
      expect(other.step(land(obs))).toEqual(result);
      obs = result[0];
      ended = result[2];
    }
    other.loadState(env.saveState());
    expect(other.reset()).toEqual(env.reset());
    expect(checkEnv(make("LunarLanderContinuous-v3", { enableWind: true }), { steps: 100 })).toEqual([]);
  });

  it("draws the ground, the flags, the lander and its flames", () => {
    const env = make("LunarLander-v3", { renderMode: "drawList" });
    env.reset({ seed: 1 });
    const count = () => env.draw().shapes.length;
    // ground, two flags on poles, two legs, the hull
    expect(count()).toBe(8);
    const hullAt = () => env.draw().shapes.at(-1) as unknown as { points: [number, number][] };
    const [before] = hullAt().points;
    env.step(2);
    expect(count()).toBe(9);
    env.step(1);
    expect(count()).toBe(9);
    for (let i = 0; i < 60; i++) env.step(0);
    expect(count()).toBe(8);
    expect(hullAt().points[0]![1]).toBeGreaterThan(before![1] + 10);
  });

  it("says what must hold", () => {
    expect(() => new LunarLander({ gravity: 3 })).toThrowErrorMatchingInlineSnapshot(
      `[UsageError: LunarLander: gravity must be between -12 and 0; got 3. Leave it out for -10.]`,
    );
    const env = new LunarLander();
    env.reset({ seed: 1 });
    expect(() => env.step(4)).toThrowErrorMatchingInlineSnapshot(
      `[UsageError: LunarLander.step: the action must be 0, 1, 2 or 3; got 4. Pass nothing, left, main or right.]`,
    );
    const throttled = new LunarLander({ continuous: true });
    throttled.reset({ seed: 1 });
    expect(() => throttled.step([1])).toThrowErrorMatchingInlineSnapshot(
      `[UsageError: LunarLander.step: the action must be two finite numbers in an array; got [1]. Pass [main, side].]`,
    );
    expect(() => throttled.step([1, Number.NaN])).toThrowErrorMatchingInlineSnapshot(
      `[UsageError: LunarLander.step: the action must be two finite numbers in an array; got [1,null]. Pass [main, side].]`,
    );
  });
});
