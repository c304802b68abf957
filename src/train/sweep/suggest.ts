/** Which configuration to try next: at random, or by what those before came to. */
import type { Random } from "../../random.ts";
import {
  type ChoiceDimension,
  type Dimension,
  placeOf,
  type RangeDimension,
  type Values,
  valueAt,
} from "./searchSpace.ts";

export const algorithms = ["tpe", "random", "grid"] as const;
export type Algorithm = (typeof algorithms)[number];

/** A configuration, evenly drawn from the space. */
export const drawRandom = (dimensions: readonly Dimension[], random: Random): Values =>
  Object.fromEntries(dimensions.map((dimension) => [dimension.name, drawValue(dimension, random)]));

function drawValue(dimension: Dimension, random: Random): unknown {
  if (dimension.kind === "choice") return dimension.values[random.integer(dimension.values.length)];
  return valueAt(dimension, random.random());
}

/** Configurations drawn at random before any is proposed. */
export const startingTrials = 10;
/** The share of trials that counts as good, γ; at most so many. */
const goodShare = 0.25;
const mostGood = 25;
/** Candidates drawn from the good density, of which the best is taken. */
const candidates = 24;

/**
 * The tree-structured Parzen estimator: of configurations drawn from l, the density of good trials, the one with the
 * largest l / g, g the density of the others. Source: Bergstra, Bardenet, Bengio & Kégl 2011, "Algorithms for
 * hyper-parameter optimization", section 4; each dimension by itself, as there.
 *
 * @param ranked configurations tried before, the best first
 */
export function drawTpe(dimensions: readonly Dimension[], ranked: readonly Values[], random: Random): Values {
  if (ranked.length < startingTrials) return drawRandom(dimensions, random);
  const count = Math.min(mostGood, Math.ceil(goodShare * ranked.length));
  const [good, others] = [ranked.slice(0, count), ranked.slice(count)];
  const entries = dimensions.map((dimension) => {
    const of = (trials: readonly Values[]) => trials.map((values) => values[dimension.name]);
    const value =
      dimension.kind === "choice"
        ? chooseValue(dimension, of(good), of(others), random)
        : proposeNumber(dimension, of(good) as number[], of(others) as number[], random);
    return [dimension.name, value];
  });
  return Object.fromEntries(entries);
}

/** Shares of each value among trials, as if each had been tried once more. */
function sharesOf({ values }: ChoiceDimension, tried: readonly unknown[]): number[] {
  const key = (value: unknown) => JSON.stringify(value);
  const counts = values.map((value) => 1 + tried.filter((one) => key(one) === key(value)).length);
  return counts.map((count) => count / (tried.length + values.length));
}

function chooseValue(
  dimension: ChoiceDimension,
  good: readonly unknown[],
  others: readonly unknown[],
  random: Random,
): unknown {
  const [l, g] = [sharesOf(dimension, good), sharesOf(dimension, others)];
  const drawn = Array.from({ length: candidates }, () => random.choice(l));
  return dimension.values[best(drawn, (i) => l[i]! / g[i]!)];
}

function proposeNumber(
  dimension: RangeDimension,
  good: readonly number[],
  others: readonly number[],
  random: Random,
): number {
  const estimate = (values: readonly number[]) => new ParzenEstimator(values.map((value) => placeOf(dimension, value)));
  const [l, g] = [estimate(good), estimate(others)];
  const drawn = Array.from({ length: candidates }, () => l.draw(random));
  return valueAt(
    dimension,
    best(drawn, (place) => l.density(place) / g.density(place)),
  );
}

function best<T>(items: readonly T[], score: (item: T) => number): T {
  const scores = items.map(score);
  return items[scores.indexOf(Math.max(...scores))]!;
}

/** Abramowitz & Stegun 1964, 7.1.26: the normal distribution function to 1.5·10⁻⁷. */
function normalCdf(x: number): number {
  const z = Math.abs(x) / Math.SQRT2;
  const t = 1 / (1 + 0.3275911 * z);
  const series = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
  const erf = 1 - series * Math.exp(-z * z);
  return x < 0 ? (1 - erf) / 2 : (1 + erf) / 2;
}

/**
 * A density over [0, 1]: a wide bell in the middle, and one at each place with the larger distance to its neighbours as
 * width, all cut at the borders.
 */
class ParzenEstimator {
  readonly #centres: readonly number[];
  readonly #widths: readonly number[];
  /** Of each bell within the borders. */
  readonly #masses: readonly number[];

  constructor(places: readonly number[]) {
    const sorted = [...places, 0.5].sort((a, b) => a - b);
    const narrowest = 1 / Math.min(100, 1 + sorted.length);
    const prior = sorted.indexOf(0.5);
    this.#centres = sorted;
    this.#widths = sorted.map((place, i) => {
      if (i === prior) return 1;
      const left = place - (sorted[i - 1] ?? 0);
      const right = (sorted[i + 1] ?? 1) - place;
      return Math.min(1, Math.max(narrowest, left, right));
    });
    this.#masses = sorted.map((centre, i) => {
      const width = this.#widths[i]!;
      return normalCdf((1 - centre) / width) - normalCdf(-centre / width);
    });
  }

  draw(random: Random): number {
    const i = random.integer(this.#centres.length);
    for (;;) {
      const place = this.#centres[i]! + this.#widths[i]! * random.normal();
      if (place >= 0 && place <= 1) return place;
    }
  }

  density(place: number): number {
    let sum = 0;
    this.#centres.forEach((centre, i) => {
      const width = this.#widths[i]!;
      sum += Math.exp(-(((place - centre) / width) ** 2) / 2) / (width * this.#masses[i]!);
    });
    return sum / (this.#centres.length * Math.sqrt(2 * Math.PI));
  }
}
