/** One curve and its band out of the curves of several seeds. */
import { Random } from "../random.ts";
import { type Curve, valueAt } from "./curve.ts";
import { iqm, quantileOfSorted } from "./statistics.ts";

/** The curve of one run, and how far it counts. */
export interface Member {
  readonly curve: Curve;
  /** The last value stands for all later steps: the run ended since it was solved. */
  readonly isHeld: boolean;
}

export interface Aggregate {
  /** The interquartile mean of the runs at each step. */
  readonly centre: Curve;
  /** Ends of the 95% bootstrap interval, at the same steps. */
  readonly low: Float64Array;
  readonly high: Float64Array;
  /** Runs that count at each step. */
  readonly runs: Int32Array;
}

/** Of a band: its ends need not be as steady as those of a comparison. */
const resamples = 500;

/**
 * The interquartile mean over runs, with a bootstrap band (Agarwal et al. 2021: runs are drawn with replacement, whole
 * curves at a time). A run counts from its first to its last step; one that is held, to the end. The curve goes as far
 * as at least half of the runs do.
 * @param places most steps of the curve
 * @returns null for less than two runs with points
 */
export function aggregate(members: readonly Member[], places = 300): Aggregate | null {
  const used = members.filter(({ curve }) => curve.steps.length > 0);
  if (used.length < 2) return null;
  const grid = stepsOf(used, places);
  const columns = grid
    .map((step) => ({ step, values: used.map((member) => valueIn(member, step)) }))
    .filter(({ values }) => values.filter((x) => x !== null).length * 2 >= used.length);
  if (columns.length === 0) return null;
  const random = new Random("band");
  const draws = Array.from({ length: resamples }, () => used.map(() => random.integer(used.length)));
  const low = new Float64Array(columns.length);
  const high = new Float64Array(columns.length);
  const drawn = new Float64Array(resamples);
  columns.forEach(({ values }, i) => {
    let n = 0;
    for (const draw of draws) {
      const present = draw.map((run) => values[run]!).filter((x) => x !== null);
      if (present.length > 0) drawn[n++] = iqm(present);
    }
    const ordered = drawn.subarray(0, n).slice().sort();
    low[i] = quantileOfSorted(ordered, 0.025);
    high[i] = quantileOfSorted(ordered, 0.975);
  });
  const present = columns.map(({ values }) => values.filter((x) => x !== null));
  return {
    centre: { steps: Float64Array.from(columns, ({ step }) => step), values: Float64Array.from(present, iqm) },
    low,
    high,
    runs: Int32Array.from(present, (values) => values.length),
  };
}

/** A run's value at a step; null where it does not count. */
function valueIn({ curve, isHeld }: Member, step: number): number | null {
  const { steps } = curve;
  const isInside = step >= steps[0]! && (isHeld || step <= steps[steps.length - 1]!);
  return isInside ? valueAt(curve, step) : null;
}

/** The steps at which runs have points, evenly thinned; those of the longest run's end among them. */
function stepsOf(members: readonly Member[], places: number): number[] {
  const longest = Math.max(...members.map(({ curve }) => curve.steps.at(-1)!));
  const all = new Set<number>();
  // more than twice as many points as places would only cost time
  for (const { curve } of members) {
    const stride = Math.max(1, Math.floor(curve.steps.length / (2 * places)));
    for (let i = 0; i < curve.steps.length; i += stride) all.add(curve.steps[i]!);
  }
  all.add(longest);
  const steps = [...all].sort((a, b) => a - b);
  if (steps.length <= places) return steps;
  return Array.from({ length: places }, (_, i) => steps[Math.round((i * (steps.length - 1)) / (places - 1))]!);
}
