/** The spaces against Gymnasium: recorded samples of seeding.json, and more drawn with Gymnasium 1.3.0 and NumPy 2.4.6. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { Box, Dict, Discrete, MultiBinary, MultiDiscrete, type Space, Tuple } from "../../src/envs/spaces/index.ts";
import { ShapeError, UsageError } from "../../src/errors.ts";

const inf = Number.POSITIVE_INFINITY;
const symmetric = (high: number[]): Box =>
  new Box(
    high.map((x) => -x),
    high,
  );
const plain = (sample: unknown): unknown => {
  if (ArrayBuffer.isView(sample)) return Array.from(sample as Float32Array);
  return Array.isArray(sample) ? sample.map(plain) : sample;
};

const environments: Record<string, { observation: Space<unknown>; action: Space<unknown> }> = {
  "CartPole-v1": { observation: symmetric([4.8, inf, (24 * 2 * Math.PI) / 360, inf]), action: new Discrete(2) },
  "MountainCar-v0": { observation: new Box([-1.2, -0.07], [0.6, 0.07]), action: new Discrete(3) },
  "MountainCarContinuous-v0": { observation: new Box([-1.2, -0.07], [0.6, 0.07]), action: new Box(-1, 1) },
  "Pendulum-v1": { observation: symmetric([1, 1, 8]), action: new Box(-2, 2) },
  "Acrobot-v1": { observation: symmetric([1, 1, 1, 1, 4 * Math.PI, 9 * Math.PI]), action: new Discrete(3) },
  "FrozenLake-v1": { observation: new Discrete(16), action: new Discrete(4) },
  "CliffWalking-v1": { observation: new Discrete(48), action: new Discrete(4) },
  "Taxi-v4": { observation: new Discrete(500), action: new Discrete(6) },
  "Blackjack-v1": {
    observation: new Tuple([new Discrete(32), new Discrete(11), new Discrete(2)]),
    action: new Discrete(2),
  },
};

interface Recorded {
  seed: number;
  action_space_samples: unknown[];
  observation_space_sample: unknown;
}

const { env_resets } = JSON.parse(readFileSync(new URL("../fixtures/envs/seeding.json", import.meta.url), "utf8")) as {
  env_resets: Record<string, Recorded[]>;
};

describe("samples as Python's", () => {
  test("of every environment in the record", () => {
    expect(Object.keys(env_resets).sort()).toEqual(Object.keys(environments).sort());
  });

  test.each(Object.entries(env_resets))("%s", (name, records) => {
    const { observation, action } = environments[name]!;
    for (const { seed, action_space_samples, observation_space_sample } of records) {
      action.seed(seed);
      expect(action_space_samples.map(() => plain(action.sample()))).toEqual(action_space_samples);
      observation.seed(seed);
      const sample = observation.sample();
      expect(plain(sample)).toEqual(observation_space_sample);
      expect(observation.contains(sample)).toBe(true);
    }
  });

  test("of a Box with all four kinds of interval: kind by kind, not place by place", () => {
    const box = new Box([-inf, 0, -inf, -1], [inf, inf, 2, 1]);
    box.seed(11);
    expect(plain(box.sample())).toEqual([
      0.0341927669942379, 0.5383070111274719, 0.8775923252105713, -0.9426220059394836,
    ]);
    expect(plain(box.sample())).toEqual([
      -0.2979695200920105, 3.7908613681793213, 1.9285931587219238, -0.7404521107673645,
    ]);
  });

  test("of integer Boxes", () => {
    const bytes = new Box(0, 255, { shape: [6], dtype: "uint8" });
    bytes.seed(11);
    const sample: Uint8Array = bytes.sample();
    expect(sample).toEqual(Uint8Array.of(32, 127, 153, 7, 37, 237));
    const signed = new Box(-3, 3, { shape: [6], dtype: "int32" });
    signed.seed(11);
    expect(signed.sample()).toEqual(Int32Array.of(-3, 0, 1, -3, -2, 3));
    const half = new Box(-inf, 5, { shape: [4], dtype: "int32" });
    half.seed(11);
    expect(half.sample()).toEqual(Int32Array.of(5, 5, 4, 5));
  });

  test("of Discrete, with a start and a mask", () => {
    const space = new Discrete(5, -2);
    space.seed(11);
    expect([1, 2, 3, 4].map(() => space.sample())).toEqual([-2, -2, 1, 0]);
    expect([1, 2, 3, 4].map(() => space.sample([1, 0, 1, 1, 0]))).toEqual([0, 0, 1, -2]);
    expect(space.sample([0, 0, 0, 0, 0])).toBe(-2);
  });

  test("of MultiBinary and MultiDiscrete", () => {
    const binary = new MultiBinary(5);
    binary.seed(11);
    expect(binary.sample()).toEqual(Int8Array.of(0, 1, 0, 0, 0));
    expect(binary.sample([2, 1, 0, 2, 2])).toEqual(Int8Array.of(0, 1, 0, 1, 1));
    const discrete = new MultiDiscrete([2, 3, 100]);
    discrete.seed(11);
    expect(discrete.sample()).toEqual(Int32Array.of(0, 1, 60));
    expect(discrete.sample([[0, 1], [1, 0, 1], new Uint8Array(100)])).toEqual(Int32Array.of(1, 2, 0));
  });

  test("of a Dict with a Tuple in it: parts seeded in the order of the sorted names", () => {
    const space = new Dict({
      b: new Discrete(100),
      a: new Box(0, 1, { shape: [2] }),
      c: new Tuple([new Discrete(1000), new MultiBinary(3)]),
    });
    space.seed(11);
    const sample = space.sample();
    const [count, bits]: [number, Int8Array] = sample.c;
    expect(plain(sample.a)).toEqual([0.8249338269233704, 0.3944028615951538]);
    expect([sample.b, count, plain(bits)]).toEqual([61, 257, [1, 1, 0]]);
    expect(space.contains(sample)).toBe(true);
    expect(String(space)).toBe(
      "Dict('a': Box(0.0, 1.0, (2,), float32), 'b': Discrete(100), 'c': Tuple(Discrete(1000), MultiBinary(3)))",
    );
  });
});

test.each<[Space<unknown>, string, number]>([
  [new Box(0, 255, { shape: [2, 3], dtype: "uint8" }), "Box(0, 255, (2, 3), uint8)", 6],
  [new Box(-1.5, 1), "Box(-1.5, 1.0, (1,), float32)", 1],
  [symmetric([4.8, inf]), "Box([-4.8 -inf], [4.8 inf], (2,), float32)", 2],
  [new Box(-inf, inf, { shape: [] }), "Box(-inf, inf, (), float32)", 1],
  [
    new Box(
      0,
      Array.from({ length: 20 }, (_, i) => i),
    ),
    "Box(0.0, [0 1 2 ... 17 18 19], (20,), float32)",
    20,
  ],
  [new Discrete(2), "Discrete(2)", 2],
  [new Discrete(3, -1), "Discrete(3, start=-1)", 3],
  [new MultiBinary(3), "MultiBinary(3)", 3],
  [new MultiBinary([2, 3]), "MultiBinary((2, 3))", 6],
  [new MultiDiscrete([2, 3]), "MultiDiscrete([2 3])", 5],
  [new MultiDiscrete([2, 3], [1, 0]), "MultiDiscrete([2 3], start=[1 0])", 5],
  [new Tuple([new Discrete(2), new Box(0, 1)]), "Tuple(Discrete(2), Box(0.0, 1.0, (1,), float32))", 3],
  [new Dict({ a: new Discrete(2), b: new Discrete(3) }), "Dict('a': Discrete(2), 'b': Discrete(3))", 5],
])("%s prints as %s and flattens to %d numbers", (space, text, flatDim) => {
  expect(String(space)).toBe(text);
  expect(space.flatDim).toBe(flatDim);
});

describe("contains", () => {
  test("Box: bounds included, its own typed array or plain numbers, no NaN", () => {
    const box = new Box([-1.2, -0.07], [0.6, 0.07]);
    expect(box.contains(Float32Array.of(-1.2, 0.07))).toBe(true);
    // 0.6 as a float64 lies below the float32 bound, 0.07 above it: plain numbers are rounded first
    expect(box.contains([0.6, 0.07])).toBe(true);
    expect(box.contains([0.7, 0])).toBe(false);
    expect(box.contains([0, Number.NaN])).toBe(false);
    expect(box.contains(Float64Array.of(0, 0))).toBe(false);
    expect(box.contains([0])).toBe(false);
    expect(box.contains(0)).toBe(false);
    expect(box.contains(["0", "0"])).toBe(false);
    expect(new Box(0, 9, { dtype: "int32" }).contains([0.5])).toBe(false);
  });

  test("Discrete, MultiBinary, MultiDiscrete", () => {
    const discrete = new Discrete(3, -1);
    expect([-2, -1, 1, 2, 0.5, "0"].map((x) => discrete.contains(x))).toEqual([false, true, true, false, false, false]);
    const binary = new MultiBinary(2);
    expect([[0, 1], [0, 2], [0]].map((x) => binary.contains(x))).toEqual([true, false, false]);
    const multi = new MultiDiscrete([2, 3], [0, 5]);
    expect([[1, 7], [1, 8], [1, 4], [1]].map((x) => multi.contains(x))).toEqual([true, false, false, false]);
  });

  test("Tuple and Dict look into their parts", () => {
    const tuple = new Tuple([new Discrete(2), new Discrete(3)]);
    expect([[1, 2], [2, 2], [1], 1].map((x) => tuple.contains(x))).toEqual([true, false, false, false]);
    const dict = new Dict({ a: new Discrete(2) });
    expect([{ a: 1 }, { a: 2 }, { b: 1 }, { a: 1, b: 1 }, null].map((x) => dict.contains(x))).toEqual([
      true,
      false,
      false,
      false,
      false,
    ]);
  });
});

test("equals compares kind, bounds, type and shape", () => {
  const spaces: (() => Space<unknown>)[] = [
    () => new Box(0, 1, { shape: [4] }),
    () => new Box(0, 1, { shape: [2, 2] }),
    () => new Box(0, 1, { shape: [4], dtype: "float64" }),
    () => new Box(0, [1, 1, 1, 2]),
    () => new Discrete(2),
    () => new Discrete(2, 1),
    () => new MultiBinary(2),
    () => new MultiDiscrete([2, 2]),
    () => new MultiDiscrete([2, 2], [1, 0]),
    () => new Tuple([new Discrete(2)]),
    () => new Tuple([new Discrete(3)]),
    () => new Dict({ a: new Discrete(2) }),
    () => new Dict({ b: new Discrete(2) }),
  ];
  for (const [i, make] of spaces.entries()) {
    expect(spaces.map((other) => make().equals(other()))).toEqual(spaces.map((_, j) => i === j));
  }
});

test("a saved state goes on with the same samples, in every part", () => {
  const make = () => new Dict({ a: new Box(0, 1), b: new Tuple([new Discrete(1000), new MultiBinary(9)]) });
  const space = make();
  space.seed(5);
  space.sample();
  const saved = JSON.parse(JSON.stringify(space.saveState()));
  const expected = [space.sample(), space.sample()];
  const other = make();
  other.loadState(saved);
  expect([other.sample(), other.sample()]).toEqual(expected);
});

test("seeds for each part, and none", () => {
  const alone = new Discrete(2 ** 40);
  alone.seed(9);
  const expected = alone.sample();
  const tuple = new Tuple([new Discrete(2), new Discrete(2 ** 40)]);
  tuple.seed([1, 9]);
  expect(tuple.sample()[1]).toBe(expected);
  const dict = new Dict({ a: new Discrete(2 ** 40) });
  dict.seed({ a: 9 });
  expect(dict.sample().a).toBe(expected);
  dict.seed();
  tuple.seed();
  expect(dict.sample().a).not.toBe(tuple.sample()[1]);
});

describe("what cannot be", () => {
  test.each<[() => unknown, string]>([
    [() => new Box(1, 0), "Box: low must not be above high; got low 1 and high 0 at 0. Swap or change them."],
    [
      () => new Box(0, 256, { dtype: "uint8" }),
      "Box: high must be a number uint8 can hold, from 0 to 255; got 256. Change high or dtype.",
    ],
    [
      () => new Box(-inf, 1, { dtype: "uint8" }),
      "Box: low must be a number uint8 can hold, from 0 to 255; got -Infinity.",
    ],
    [() => new Box(Number.NaN, 1), "Box: low must be a number float32 can hold"],
    [() => new Box(0, 1, { dtype: "float16" as "float32" }), "Box: dtype must be one of float32, float64, int8, int16"],
    [() => new Box(0, 1, { shape: [1.5] }), "Box: shape must be whole numbers; got (1.5,). Change shape."],
    [() => new Discrete(0), "Discrete: n must be a positive whole number; got 0. Change n."],
    [() => new Discrete(2, 0.5), "Discrete: start must be a whole number; got 0.5. Change start."],
    [
      () => new Discrete(2).sample([1]),
      "Discrete.sample: mask must have 2 numbers, each 0 or 1; got [1]. Change the mask.",
    ],
    [() => new MultiBinary([2, 0]), "MultiBinary: n must be positive whole numbers; got [2,0]. Change n."],
    [
      () => new MultiBinary(2).sample([0, 3]),
      "MultiBinary.sample: mask must have 2 numbers, each 0, 1 or 2; got [0,3].",
    ],
    [() => new MultiDiscrete([2, 0]), "MultiDiscrete: nvec must be positive whole numbers; got [2,0]. Change nvec."],
    [() => new MultiDiscrete([2], [1, 1]), "MultiDiscrete: start must be 1 whole numbers, one a choice; got [1,1]."],
    [() => new MultiDiscrete([2, 2]).sample([[1, 1]]), "MultiDiscrete.sample: mask must have one mask for each of 2"],
    [
      () => new Tuple([new Discrete(2)]).seed([1, 2]),
      "Tuple.seed: there must be one seed for each of 1 spaces; got 2.",
    ],
    [() => new Dict({ a: new Discrete(2) }).seed({ b: 1 }), "Dict.seed: there must be a seed for each of a; got b."],
  ])("%s", (make, message) => {
    expect(make).toThrow(UsageError);
    expect(make).toThrow(message);
  });

  test("bounds of another length than the shape", () => {
    const make = (): Box => new Box([0, 0], 1, { shape: [3] });
    expect(make).toThrow(ShapeError);
    expect(make).toThrow("Box: low must have 3 numbers for the shape (3,); got 2. Change low or shape.");
  });
});
