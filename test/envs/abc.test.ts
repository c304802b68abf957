import { describe, expect, it } from "vitest";
import { Abc, make } from "../../src/envs/index.ts";

const oneHot = (size: number, at: number) => Array.from({ length: size }, (_, i) => (i === at ? 1 : 0));

describe("ABC", () => {
  it("rewards the whole sequence once", () => {
    const env = make("ABC-v0", { size: 3 });
    expect(Array.from(env.reset({ seed: 0 })[0])).toEqual(oneHot(5, 0));
    expect(env.step(0).slice(1, 4)).toEqual([0, false, false]);
    expect(env.step(1).slice(1, 4)).toEqual([0, false, false]);
    const [obs, reward, terminated] = env.step(2);
    expect([Array.from(obs), reward, terminated]).toEqual([oneHot(5, 3), 1, true]);
  });

  it("ends at a wrong action, or stays where it is", () => {
    const env = make("ABC-v0");
    env.reset({ seed: 0 });
    expect(env.step(1).slice(1, 4)).toEqual([0, true, false]);
    const endless = make("ABC-v0", { episodic: false });
    endless.reset({ seed: 0 });
    expect(Array.from(endless.step(1)[0])).toEqual(oneHot(4, 0));
    endless.step(0);
    const [obs, reward, terminated] = endless.step(1);
    expect([Array.from(obs), reward, terminated]).toEqual([oneHot(4, 0), 1, false]);
  });

  it("shifts every other episode when partially observable and deterministic", () => {
    const env = new Abc({ partiallyObservable: true, deterministic: true });
    const first = [1, 2, 3, 4].map(() => Array.from(env.reset()[0]).indexOf(1));
    expect(first).toEqual([1, 0, 1, 0]);
    const random = new Abc({ partiallyObservable: true });
    random.reset({ seed: 3 });
    const shifts = new Set(Array.from({ length: 50 }, () => Array.from(random.reset()[0]).indexOf(1)));
    expect([...shifts].sort()).toEqual([0, 1]);
  });

  it("takes continuous actions as logits", () => {
    const env = new Abc({ discrete: false, deterministic: true });
    env.reset();
    expect(env.step(Float32Array.of(0.2, -3)).slice(1, 3)).toEqual([0, false]);
    expect(env.step(Float32Array.of(-1, 0)).slice(1, 3)).toEqual([1, true]);
    const random = new Abc({ discrete: false, episodic: false, size: 1 });
    random.reset({ seed: 0 });
    expect(random.step(Float32Array.of(0.5))[1]).toBe(1);
  });

  it("says what must hold", () => {
    const env = make("ABC-v0");
    env.reset();
    expect(() => env.step(2)).toThrowErrorMatchingInlineSnapshot(
      `[UsageError: ABC.step: the action must be in Discrete(2); got 2.]`,
    );
    expect(() => new Abc({ size: 0 })).toThrowErrorMatchingInlineSnapshot(
      `[UsageError: ABC: size must be a whole number of at least 1; got 0.]`,
    );
    const continuous = new Abc({ discrete: false });
    continuous.reset();
    expect(() => continuous.step(Float32Array.of(1))).toThrowErrorMatchingInlineSnapshot(
      `[UsageError: ABC.step: the action must be in Box(-1.0, 1.0, (2,), float32); got 1.]`,
    );
  });
});
