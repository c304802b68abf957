/**
 * Statistics of few runs, after Agarwal et al. 2021, "Deep reinforcement learning at the edge of the statistical
 * precipice" (the paper of rliable).
 *
 * Scores are arrays (tasks)(runs): a task is an environment, a run one seed.
 */
import { Random } from "../random.ts";

export type Scores = readonly (readonly number[])[];

/** Numbers in ascending order. */
export const sorted = (x: ArrayLike<number>): Float64Array => Float64Array.from(x).sort();

export function mean(x: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < x.length; i++) sum += x[i]!;
  return sum / x.length;
}

/** The q-quantile of sorted numbers, linear between neighbours (NumPy's default, type 7 of Hyndman & Fan 1996). */
export function quantileOfSorted(x: ArrayLike<number>, q: number): number {
  const place = q * (x.length - 1);
  const i = Math.floor(place);
  const low = x[i]!;
  return i + 1 < x.length ? low + (x[i + 1]! - low) * (place - i) : low;
}

export const median = (x: ArrayLike<number>): number => quantileOfSorted(sorted(x), 0.5);

/**
 * The interquartile mean: the mean of what is left when the lowest and the highest quarter are cut off, both rounded
 * down to whole numbers of scores (scipy.stats.trim_mean(x, 0.25)). Section 4.3 of the paper.
 */
export function iqm(x: ArrayLike<number>): number {
  const cut = Math.floor(0.25 * x.length);
  return mean(sorted(x).subarray(cut, x.length - cut));
}

/**
 * P(X > Y): how likely a run of X beats one of Y, ties counting half: the Mann–Whitney statistic divided by the number
 * of pairs, averaged over tasks. Section 4.3 of the paper.
 */
export function probabilityOfImprovement(x: Scores, y: Scores): number {
  const perTask = x.map((xs, task) => {
    const ys = y[task]!;
    let wins = 0;
    for (const a of xs) for (const b of ys) wins += a > b ? 1 : a === b ? 0.5 : 0;
    return wins / (xs.length * ys.length);
  });
  return mean(perTask);
}

export interface Interval {
  readonly low: number;
  readonly high: number;
}

export interface BootstrapOptions {
  /** Resamples; rliable takes 50,000, the interval's ends are steady from some thousands on. */
  readonly resamples?: number;
  /** Share of the resamples that the interval holds. */
  readonly confidence?: number;
  readonly seed?: number;
}

/** As many scores of a task as it has, drawn with replacement. */
const resampled = (xs: readonly number[], random: Random): number[] => xs.map(() => xs[random.integer(xs.length)]!);

/**
 * The percentile interval of a stratified bootstrap: runs are drawn with replacement within each task, and for each of
 * the sets of scores on its own. Section 4.1 of the paper.
 * @param statistic of as many sets as are given
 */
export function bootstrapInterval(
  statistic: (...sets: Scores[]) => number,
  sets: readonly Scores[],
  { resamples = 10_000, confidence = 0.95, seed = 0 }: BootstrapOptions = {},
): Interval {
  const random = new Random(`${seed}/bootstrap`);
  const drawn = new Float64Array(resamples);
  for (let i = 0; i < resamples; i++) {
    drawn[i] = statistic(...sets.map((set) => set.map((xs) => resampled(xs, random))));
  }
  drawn.sort();
  return {
    low: quantileOfSorted(drawn, (1 - confidence) / 2),
    high: quantileOfSorted(drawn, (1 + confidence) / 2),
  };
}

/** The interquartile mean over all runs of all tasks. */
export const iqmOfScores = (scores: Scores): number => iqm(scores.flat());

/**
 * The mean of the `window` values around each place, of as many as there are at the ends; nothing lags behind.
 * @param window whole; an even one counts as the next odd one
 */
export function smooth(values: ArrayLike<number>, window: number): Float64Array {
  const n = values.length;
  const half = Math.floor(window / 2);
  const result = new Float64Array(n);
  let sum = 0;
  let [from, to] = [0, 0];
  for (let i = 0; i < n; i++) {
    while (to < Math.min(n, i + half + 1)) sum += values[to++]!;
    while (from < i - half) sum -= values[from++]!;
    result[i] = sum / (to - from);
  }
  return result;
}

/** A window that leaves about fifty independent values of a curve, at least five points wide. */
export const usualWindow = (points: number): number => Math.max(5, 2 * Math.round(points / 100) + 1);
