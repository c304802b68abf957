/** NumPy's numbers: the recorded generators of seeding.json, and draws of NumPy 2.4.6 beyond them. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { NpRandom, RecordedDraws, seedWords } from "../../src/envs/npRandom.ts";
import { UsageError } from "../../src/errors.ts";

interface Recorded {
  seed: number;
  seedsequence_generate_state_u32x8: number[];
  pcg64_state: string;
  pcg64_inc: string;
  random_raw_u64: string[];
  random: number[];
  "uniform_-0.05_0.05": number[];
  integers_0_2: number[];
  integers_0_6_scalar_calls: number[];
  integers_0_1000: number[];
  standard_normal: number[];
  permutation_10: number[];
  choice_13: number[];
}

const fixture = JSON.parse(readFileSync(new URL("../fixtures/envs/seeding.json", import.meta.url), "utf8")) as {
  numpy_generator: Recorded[];
};

const repeat = <T>(n: number, draw: () => T): T[] => Array.from({ length: n }, draw);
const join = (limbs: number[]): string => String(limbs.reduceRight((sum, limb) => (sum << 32n) | BigInt(limb), 0n));

describe.each(fixture.numpy_generator)("default_rng($seed)", (recorded) => {
  const fresh = (): NpRandom => new NpRandom(recorded.seed);

  test("is seeded as SeedSequence and PCG64 are", () => {
    expect([...seedWords(recorded.seed)]).toEqual(recorded.seedsequence_generate_state_u32x8);
    const { state, increment } = fresh().saveState() as unknown as { state: number[]; increment: number[] };
    expect([join(state), join(increment)]).toEqual([recorded.pcg64_state, recorded.pcg64_inc]);
  });

  test("draws the same numbers, bit for bit", () => {
    const raw = fresh();
    expect(repeat(8, () => String(raw.raw()))).toEqual(recorded.random_raw_u64);
    const random = fresh();
    expect(repeat(8, () => random.random())).toEqual(recorded.random);
    expect([...fresh().uniform(-0.05, 0.05, 8)]).toEqual(recorded["uniform_-0.05_0.05"]);
    expect(fresh().integersArray(0, 2, 16)).toEqual(recorded.integers_0_2);
    const integers = fresh();
    expect(repeat(16, () => integers.integers(0, 6))).toEqual(recorded.integers_0_6_scalar_calls);
    expect(fresh().integersArray(0, 1000, 8)).toEqual(recorded.integers_0_1000);
    const normal = fresh();
    expect(repeat(8, () => normal.standardNormal())).toEqual(recorded.standard_normal);
    expect(fresh().permutation(10)).toEqual(recorded.permutation_10);
    const choice = fresh();
    expect(repeat(8, () => choice.choice(13))).toEqual(recorded.choice_13);
  });
});

describe("NpRandom beyond the fixture, against NumPy 2.4.6", () => {
  test("seeds of more than 32 bits", () => {
    const largest = new NpRandom(Number.MAX_SAFE_INTEGER);
    expect(repeat(2, () => largest.random())).toEqual([0.7862681066761149, 0.6063032385025929]);
    const power = new NpRandom(2 ** 32);
    expect(repeat(2, () => power.random())).toEqual([0.8897387912781343, 0.5571380502062263]);
  });

  test("200,000 normal numbers, tails and wedges included, have the same sum", () => {
    const random = new NpRandom(7);
    let sum = 0;
    let smallest = 0;
    let largest = 0;
    for (let i = 0; i < 200_000; i++) {
      const x = random.standardNormal();
      sum += x;
      smallest = Math.min(smallest, x);
      largest = Math.max(largest, x);
    }
    expect([sum, smallest, largest]).toEqual([190.8526145758009, -4.502222241099144, 4.522829666849905]);
  });

  test("200,000 exponential numbers have the same sum", () => {
    const random = new NpRandom(7);
    const drawn = repeat(200_000, () => random.standardExponential());
    expect(drawn.slice(0, 4)).toEqual([0.7075292557919215, 1.025203348294905, 0.5685486573832514, 0.8951098635951629]);
    expect(drawn.reduce((a, b) => a + b, 0)).toBe(199928.6474211806);
    expect(drawn.reduce((a, b) => Math.max(a, b))).toBe(11.45871735227823);
  });

  test("ranges of more than 2^32 take 64 bits a draw", () => {
    const random = new NpRandom(7);
    expect(repeat(5, () => random.integers(-(2 ** 40), 2 ** 50 + 12345))).toEqual([
      703382715731883, 1010059920319628, 873097810203943, 252708860529754, 337187716915301,
    ]);
    expect(random.random()).toBe(0.8735534453962619);
  });

  test("ranges near 2^32, and one that rejects a third of the draws", () => {
    const random = new NpRandom(7);
    expect(repeat(4, () => random.integers(0, 2 ** 32))).toEqual([4058335883, 2684764585, 2938530453, 3853503932]);
    expect(repeat(2, () => random.integers(0, 2 ** 32 - 1))).toEqual([2483747169, 3331544670]);
    expect(random.integersArray(-5, 3 * 2 ** 30, 8)).toEqual([
      2685377904, 725443132, 966903279, 918265187, 2813912608, 2939765075, 16960727, 2645361898,
    ]);
  });

  test("bits come four from a 32-bit draw", () => {
    const random = new NpRandom(7);
    expect([...random.bits(11)]).toEqual([1, 0, 1, 1, 1, 0, 0, 1, 1, 0, 0]);
    expect(random.integers(0, 1000)).toBe(897);
  });
});

describe("NpRandom", () => {
  test("a saved state goes on with the same draws, the spare half included", () => {
    const random = new NpRandom(3);
    random.integers(0, 10);
    const saved = JSON.parse(JSON.stringify(random.saveState()));
    const draws = (from: NpRandom): number[] => [from.integers(0, 1000), from.integers(0, 1000), from.standardNormal()];
    const expected = draws(random);
    const other = new NpRandom(4);
    other.loadState(saved);
    expect(draws(other)).toEqual(expected);
    expect(other.seed).toBe(3);
  });

  test("without a seed each has its own, which repeats its draws", () => {
    const first = new NpRandom();
    const second = new NpRandom();
    expect(first.seed).not.toBe(second.seed);
    expect(new NpRandom(first.seed).random()).toBe(first.random());
  });

  test.each([-1, 1.5, Number.NaN, 2 ** 53])("refuses %d as a seed", (seed) => {
    expect(() => new NpRandom(seed)).toThrow(
      `NpRandom: seed must be a whole number from 0 to 2^53 - 1; got ${seed}. Change the seed.`,
    );
  });

  test("refuses an empty range", () => {
    const random = new NpRandom(0);
    expect(() => random.integers(3, 3)).toThrow(
      "NpRandom.integers: low and high must be whole numbers with low < high; got low 3, high 3. Change the range.",
    );
    expect(() => random.choice(0)).toThrow(UsageError);
    expect(() => random.integersArray(0, 0.5, 2)).toThrow(UsageError);
  });
});

describe("RecordedDraws", () => {
  test("replays what was recorded, and goes on from a saved state", () => {
    const draws = new RecordedDraws([
      ["random", 0.25],
      ["choice", 7],
      ["random", 0.5],
    ]);
    expect(draws.random()).toBe(0.25);
    const saved = draws.saveState();
    expect(draws.choice(13)).toBe(7);
    expect(draws.remaining).toBe(1);
    draws.loadState(saved);
    expect(draws.choice(13)).toBe(7);
  });

  test("raises where the draw asked for is another kind, or none is left", () => {
    const draws = new RecordedDraws([["random", 0.25]]);
    expect(() => draws.choice(13)).toThrow(
      'RecordedDraws: draw 0 must be asked for as recorded; got a call of "choice" where "random" is recorded.',
    );
    draws.random();
    expect(() => draws.random()).toThrow('got a call of "random" where the record of 1 draws ends.');
  });

  test("raises where integers are asked for from another range than the recorded one", () => {
    const draws = new RecordedDraws([["integers", 1, [0, 2]]]);
    expect(() => draws.integers(0, 3)).toThrow(
      "RecordedDraws: draw 0 must be asked for as recorded; got a range from 0 to 3 where one from 0 to 2 is recorded.",
    );
    expect(draws.integers(0, 2)).toBe(1);
  });
});
