import { describe, expect, it, vi } from "vitest";
import {
  Box,
  CartPole,
  checkEnv,
  Discrete,
  Env,
  listEnvs,
  make,
  makeVec,
  noInfo,
  register,
  type StepResult,
  spec,
} from "../../src/envs/index.ts";

describe("every registered environment", () => {
  for (const id of listEnvs()) {
    it(`${id} passes checkEnv, with reused observations too`, () => {
      expect(checkEnv(make(id, { maxEpisodeSteps: 100 }))).toEqual([]);
      expect(checkEnv(make(id, { maxEpisodeSteps: 100, reuseObs: true }))).toEqual([]);
    });
  }
});

describe("make", () => {
  it("resolves a name to its newest version, and warns at an older one", () => {
    expect(make("CartPole").spec?.id).toBe("CartPole-v1");
    expect(spec("CartPole")).toMatchObject({ id: "CartPole-v1", maxEpisodeSteps: 500, rewardThreshold: 475 });
    const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
    const entryPoint = () => new CartPole();
    register({ id: "test/Pole-v2", entryPoint });
    register({ id: "test/Pole-v10", entryPoint });
    make("test/Pole-v2");
    make("test/Pole-v2");
    expect(make("test/Pole").spec?.id).toBe("test/Pole-v10");
    expect(warn.mock.calls).toEqual([["make: test/Pole-v2 is not the newest version; test/Pole-v10 is."]]);
    warn.mockRestore();
  });

  it("knows names without their namespace", () => {
    expect(make("Breakout").spec?.id).toBe("AtariLite/Breakout-v1");
    expect(make("Breakout-v1").spec?.id).toBe("AtariLite/Breakout-v1");
    expect(() => make("Breakout-v3")).toThrowErrorMatchingInlineSnapshot(
      `[UsageError: make: AtariLite/Breakout must be one of AtariLite/Breakout-v1, AtariLite/Breakout-v0; got Breakout-v3. Leave the version out for the newest.]`,
    );
    expect(() => make("Breakot")).toThrowErrorMatchingInlineSnapshot(
      `[UsageError: make: an environment's id must be a registered one; got Breakot. Did you mean AtariLite/Breakout-v1?]`,
    );
    const entryPoint = () => new CartPole();
    register({ id: "one/Twice-v0", entryPoint });
    register({ id: "other/Twice-v3", entryPoint });
    expect(() => make("Twice")).toThrowErrorMatchingInlineSnapshot(
      `[UsageError: make: Twice must be one of one/Twice, other/Twice; got Twice. Give its namespace.]`,
    );
    expect(make("other/Twice").spec?.id).toBe("other/Twice-v3");
  });

  it("says what must hold", () => {
    expect(() => make("Cartpole")).toThrowErrorMatchingInlineSnapshot(
      `[UsageError: make: an environment's id must be a registered one; got Cartpole. Did you mean CartPole-v1?]`,
    );
    expect(() => make("CartPole-v7")).toThrowErrorMatchingInlineSnapshot(
      `[UsageError: make: CartPole must be one of CartPole-v1, CartPole-v0; got CartPole-v7. Leave the version out for the newest.]`,
    );
    expect(() => make("Qwertyuiop")).toThrowErrorMatchingInlineSnapshot(
      `[UsageError: make: an environment's id must be a registered one; got Qwertyuiop. See rl list envs, or register your own with register().]`,
    );
    expect(() => make("Cart Pole")).toThrowErrorMatchingInlineSnapshot(
      `[UsageError: make: an id must look like Name-v0 or namespace/Name-v0; got "Cart Pole". Check its spelling.]`,
    );
    expect(() => make("CartPole", { suttonBartoRewards: true })).toThrowErrorMatchingInlineSnapshot(
      `[UsageError: make: CartPole-v1 takes suttonBartoReward, kinematicsIntegrator, maxEpisodeSteps, reuseObs, renderMode, wrappers; got suttonBartoRewards. Did you mean suttonBartoReward?]`,
    );
    expect(() => make("CartPole", { suttonBartoReward: 1 })).toThrowErrorMatchingInlineSnapshot(
      `[UsageError: make: suttonBartoReward of CartPole-v1 must be a boolean; got 1.]`,
    );
    expect(() => make("CartPole", { maxEpisodeSteps: 0 })).toThrowErrorMatchingInlineSnapshot(
      `[UsageError: TimeLimit: maxEpisodeSteps must be a whole number of at least 1; got 0. Leave it out for no limit.]`,
    );
  });

  it("gives fresh observations, or two buffers in turn", () => {
    const env = make("CartPole");
    const [first] = env.reset({ seed: 0 });
    const copy = Array.from(first);
    for (let i = 0; i < 5; i++) env.step(i % 2);
    expect(Array.from(first)).toEqual(copy);

    const reusing = make("CartPole", { reuseObs: true });
    const buffers = new Set([reusing.reset({ seed: 0 })[0]]);
    for (let i = 0; i < 5; i++) buffers.add(reusing.step(i % 2)[0]);
    expect(buffers.size).toBe(2);
  });

  it("takes registered environments of one's own", () => {
    class Coin extends Env<Float32Array, number> {
      readonly observationSpace = new Box(0, 1, { shape: [1] });
      readonly actionSpace = new Discrete(2);
      override reset({ seed }: { seed?: number } = {}): [Float32Array, typeof noInfo] {
        this.seedRandom(seed);
        return [new Float32Array(1), noInfo];
      }
      override step(action: number): StepResult<Float32Array> {
        return [new Float32Array(1), this.random.random() < 0.5 === (action === 1) ? 1 : 0, true, false, noInfo];
      }
    }
    register({ id: "test/Coin-v0", entryPoint: () => new Coin(), rewardThreshold: 1 });
    expect(checkEnv(make("test/Coin"))).toEqual([]);
    expect(make("test/Coin-v0").spec?.rewardThreshold).toBe(1);
  });
});

describe("checkEnv", () => {
  class Broken extends Env<Float32Array, number> {
    readonly observationSpace = new Box(0, 1, { shape: [2] });
    readonly actionSpace = new Discrete(2);
    #count = 0;
    override reset(): [Float32Array, typeof noInfo] {
      return [Float32Array.of(this.#count++ / 1000, 0), noInfo];
    }
    override step(action: number): StepResult<Float32Array> {
      return [new Float32Array(2), action, false, false, noInfo];
    }
  }
  it("names what is wrong", () => {
    expect(() => checkEnv(new Broken())).toThrowErrorMatchingInlineSnapshot(
      `[UsageError: checkEnv: Broken reset: the same seed must give the same observation; got [0,0] and [0.0010000000474974513,0].]`,
    );
    class WrongObs extends Broken {
      override reset(): [Float32Array, typeof noInfo] {
        return [Float32Array.of(2, 3), noInfo];
      }
    }
    expect(() => checkEnv(new WrongObs())).toThrowErrorMatchingInlineSnapshot(
      `[UsageError: checkEnv: WrongObs reset: the observation must be in Box(0.0, 1.0, (2,), float32); got [2,3].]`,
    );
    class WrongStep extends Broken {
      override reset(): [Float32Array, typeof noInfo] {
        return [new Float32Array(2), noInfo];
      }
      override step(): StepResult<Float32Array> {
        return [new Float32Array(2), Number.NaN, 0 as never, false, noInfo];
      }
    }
    expect(() => checkEnv(new WrongStep())).toThrowErrorMatchingInlineSnapshot(
      `[UsageError: checkEnv: WrongStep step: the reward must be a finite number; got NaN. step: terminated must be a boolean; got 0.]`,
    );
    class Forgetful extends Broken {
      #x = 0;
      override reset(): [Float32Array, typeof noInfo] {
        this.#x = 0;
        return [new Float32Array(2), noInfo];
      }
      override step(): StepResult<Float32Array> {
        this.#x += 0.001;
        return [Float32Array.of(this.#x, 0), 0, false, false, noInfo];
      }
    }
    expect(() => checkEnv(new Forgetful())).toThrowErrorMatchingInlineSnapshot(
      `[UsageError: checkEnv: Forgetful loadState: a loaded state must go on as the saved one did; got another course. Save all that steps depend on.]`,
    );
  });
});

describe("in a page", () => {
  it("there is neither Python nor a thread", () => {
    const refusal = (body: () => unknown) => {
      try {
        body();
      } catch (error) {
        return String(error);
      }
      return "nothing";
    };
    // this file loads what a page loads
    expect([
      refusal(() => make("python:CartPole-v1")),
      refusal(() => makeVec("CartPole-v1", 2, { mode: "worker" })),
    ]).toMatchInlineSnapshot(`
      [
        "UsageError: make: an environment in Python must have a process of its own; got python:CartPole-v1 in a page, which has none. Run it in Node or Deno.",
        "UsageError: makeVec: mode worker must have threads of Node; got a page, which has none. Use sync or batch.",
      ]
    `);
  });
});
