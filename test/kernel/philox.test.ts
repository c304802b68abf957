import { beforeEach, describe, expect, it } from "vitest";
import { RandomStream, randomNormal, randomUniform, scope } from "../../src/autograd/index.ts";
import { createCpuBackend } from "../../src/cpu/cpuBackend.ts";
import { openDevice } from "../../src/device.ts";
import { philox4x32 } from "../../src/kernel/philox.ts";
import { createReferenceBackend } from "../../src/kernel/reference.ts";
import { Random } from "../../src/random.ts";

const hex = (words: readonly number[]) => words.map((word) => word.toString(16).padStart(8, "0")).join(" ");

describe("philox4x32", () => {
  // the known answers of Random123 (kat_vectors, philox4x32 with 10 rounds)
  it.each<[string, [number, number, number, number], [number, number], string]>([
    ["zeros", [0, 0, 0, 0], [0, 0], "6627e8d5 e169c58d bc57ac4c 9b00dbd8"],
    [
      "ones",
      [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff],
      [0xffffffff, 0xffffffff],
      "408f276d 41c83b0e a20bc7c6 6d5451fd",
    ],
    [
      "digits of π",
      [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
      [0xa4093822, 0x299f31d0],
      "d16cfe09 94fdcceb 5001e420 24126ea1",
    ],
  ])("%s", (_name, counter, key, words) => {
    expect(hex(philox4x32(counter, key))).toBe(words);
  });
});

describe("randomUniform of a backend", () => {
  it("is the same on cpu and reference, to the last bit, from any block on", () => {
    const cpu = createCpuBackend();
    const reference = createReferenceBackend();
    for (const [count, key0, key1, block] of [
      [1, 0, 0, 0],
      [1000, 0xa4093822, 0x299f31d0, 0],
      [37, 0xffffffff, 0x80000000, 0xfffffffe], // the counter turns over
      [6, 1, 2, 0x7fffffff],
    ] as const) {
      const [found, expected] = [cpu, reference].map(({ memory, families }) => {
        const address = memory.reserve(4 * count);
        families.randomUniform(count, address, key0, key1, block);
        return Array.from(memory.floats.subarray(address >> 2, (address >> 2) + count));
      });
      expect(found).toEqual(expected);
    }
  });
});

describe.each(["cpu", "reference"] as const)("random tensors on %s", (device) => {
  beforeEach(async () => {
    await openDevice(device);
  });

  const n = 200_000;
  const moments = (values: readonly number[]) => {
    const mean = values.reduce((a, b) => a + b, 0) / values.length;
    const central = (k: number) => values.reduce((sum, x) => sum + (x - mean) ** k, 0) / values.length;
    return { mean, variance: central(2), skewness: central(3), kurtosis: central(4) };
  };

  it("randomUniform has the moments of the uniform distribution", () => {
    const stream = new RandomStream(new Random(5));
    const values = scope(() => randomUniform([n], stream).toArray());
    const { mean, variance } = moments(values);
    expect(Math.abs(mean - 0.5)).toBeLessThan(4 * Math.sqrt(1 / 12 / n));
    expect(Math.abs(variance - 1 / 12)).toBeLessThan(1e-3);
    expect(values.every((x) => x >= 0 && x < 1)).toBe(true);
  });

  it("randomNormal has the moments of the normal distribution", () => {
    const stream = new RandomStream(new Random(6));
    const { mean, variance, skewness, kurtosis } = moments(scope(() => randomNormal([n], stream).toArray()));
    // four standard errors: √(1/n), √(2/n), √(6/n), √(96/n)
    expect(Math.abs(mean)).toBeLessThan(4 * Math.sqrt(1 / n));
    expect(Math.abs(variance - 1)).toBeLessThan(4 * Math.sqrt(2 / n));
    expect(Math.abs(skewness)).toBeLessThan(4 * Math.sqrt(15 / n));
    expect(Math.abs(kurtosis - 3)).toBeLessThan(4 * Math.sqrt(96 / n));
  });

  it("a stream draws other numbers each time, and the same again from its saved state", () => {
    const stream = new RandomStream(new Random(7));
    const draw = () => scope(() => randomUniform([5], stream).toArray());
    const first = draw();
    const state = stream.saveState();
    const second = draw();
    expect(second).not.toEqual(first);
    expect(new Set([...first, ...second]).size).toBe(10);
    const other = new RandomStream(new Random(8));
    other.loadState(JSON.parse(JSON.stringify(state)));
    expect(scope(() => randomUniform([5], other).toArray())).toEqual(second);
  });
});
