/** Literal numbers printed by `numpy.random.RandomState` (NumPy 2.4.6, whose legacy streams are frozen). */
import { describe, expect, it } from "vitest";
import { RandomState } from "../../src/envs/index.ts";

const recorded = [
  {
    seed: 0,
    random: [0.5488135039273248, 0.7151893663724195, 0.6027633760716439],
    randint1To6: [4, 2, 4, 3, 5, 1],
    randint0To9: [8, 1, 6, 7],
    word: 2271586391,
    permutation: [5, 2, 3, 4, 1, 0, 6],
    normal: [1.2206080970461388, -1.3394955497146936, 0.42837336964863926],
    uniform: [-1.2982460979367743, 2.3504362917921817],
    choice: 3,
    last: 0.7991585642167236,
  },
  {
    seed: 42,
    random: [0.3745401188473625, 0.9507143064099162, 0.7319939418114051],
    randint1To6: [5, 5, 2, 3, 3, 3],
    randint0To9: [7, 4, 3, 7],
    word: 3041148567,
    permutation: [0, 6, 3, 1, 4, 5, 2],
    normal: [1.4623781203460173, 1.538714967614598, -2.439105815056023],
    uniform: [-1.7666716839319228, 2.8687775942072955],
    choice: 2,
    last: 0.38246199126716274,
  },
  {
    seed: 4294967295,
    random: [0.0976320289940138, 0.9123828453026218, 0.78903530185164],
    randint1To6: [3, 2, 1, 4, 3, 4],
    randint0To9: [6, 7, 7, 6],
    word: 1779174926,
    permutation: [3, 2, 0, 4, 6, 1, 5],
    normal: [-0.2079355432041234, -2.4001594547890033, -0.2800301442510863],
    uniform: [1.1021864334943885, 1.916157716776544],
    choice: 9,
    last: 0.617638046841651,
  },
];

describe("RandomState", () => {
  it.each(recorded)("draws what NumPy draws of seed $seed", (numpy) => {
    const stream = new RandomState(numpy.seed);
    expect(Array.from({ length: 3 }, () => stream.random())).toEqual(numpy.random);
    expect(Array.from({ length: 6 }, () => stream.integers(1, 6))).toEqual(numpy.randint1To6);
    expect(stream.integersArray(0, 9, 4)).toEqual(numpy.randint0To9);
    expect(stream.integers(5, 6)).toBe(5); // takes no word
    expect(stream.integers(0, 2 ** 32)).toBe(numpy.word);
    expect(stream.permutation(7)).toEqual(numpy.permutation);
    // a logarithm's last bit is the platform's
    numpy.normal.forEach((x) => {
      expect(stream.standardNormal()).toBeCloseTo(x, 14);
    });
    expect([...stream.uniform(-2, 3, 2)]).toEqual(numpy.uniform);
    expect(stream.choice(10)).toBe(numpy.choice);
    expect(stream.random()).toBe(numpy.last);
  });

  it("goes on behind its first 624 words", () => {
    const stream = new RandomState(7);
    for (let i = 0; i < 1000; i++) stream.random();
    expect(stream.random()).toBe(0.08378587007198324);
    expect(stream.integers(0, 1000)).toBe(245);
  });

  it("goes on from a saved state", () => {
    const draw = (stream: RandomState) => [stream.standardNormal(), stream.random(), stream.integers(0, 1e6)];
    const stream = new RandomState(3);
    stream.standardNormal();
    const other = new RandomState();
    other.loadState(structuredClone(stream.saveState()));
    expect(draw(other)).toEqual(draw(stream));
    expect(other.seed).toBe(3);
  });

  it("says what must hold", () => {
    expect(() => new RandomState(2 ** 32)).toThrowErrorMatchingInlineSnapshot(
      `[UsageError: RandomState: seed must be a whole number from 0 to 2^32 - 1; got 4294967296. Change the seed.]`,
    );
    expect(() => new RandomState(0).integers(3, 3)).toThrowErrorMatchingInlineSnapshot(
      `[UsageError: RandomState.integers: low and high must be whole numbers with low < high <= low + 2^32; got low 3, high 3. Change the range.]`,
    );
  });
});
