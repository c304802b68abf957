/** When a trial is not worth going on with. */

export const pruners = ["none", "median", "asha"] as const;
export type Pruner = (typeof pruners)[number];

/** Evaluations of a run: the step, and the mean return. */
export type Curve = readonly (readonly [step: number, mean: number])[];

const median = (numbers: readonly number[]): number => {
  const sorted = [...numbers].sort((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2;
};

/** Finished trials that the median is taken of, at least. */
export const medianTrials = 4;

/**
 * The median stopping rule: a run is given up when its best evaluation so far is below the median of the averages that
 * finished runs had over the same steps. Source: Golovin et al. 2017, "Google Vizier", section 3.2.1.
 *
 * @param curve of the run in question, up to now
 * @param finished curves of the others, whole
 */
export function isBelowMedian(curve: Curve, finished: readonly Curve[]): boolean {
  const step = curve.at(-1)?.[0] ?? 0;
  const averages = finished.flatMap((other) => {
    const until = other.filter(([at]) => at <= step).map(([, mean]) => mean);
    return until.length === 0 ? [] : [until.reduce((a, b) => a + b, 0) / until.length];
  });
  if (averages.length < medianTrials) return false;
  return Math.max(...curve.map(([, mean]) => mean)) < median(averages);
}

/** The steps of each rung: `most` is the last, and each has η times those of the one before. */
export function rungSteps(most: number, least: number, eta: number): number[] {
  const rungs = [most];
  while (rungs[0]! / eta >= least) rungs.unshift(rungs[0]! / eta);
  return rungs.map((steps) => Math.max(1, Math.round(steps)));
}

/**
 * Which trial goes on, and to which rung: of the highest rung that has one, the best of those within its top 1 / η that
 * have not gone on yet. Null where there is none: a new trial begins in the lowest rung. Source: Li et al. 2018, "A system
 * for massively parallel hyperparameter tuning", algorithm 2.
 *
 * @param rungs the trials that came to the end of each, the best first; the last rung is the top
 * @param promoted trials that have left each
 */
export function promotion(
  rungs: readonly (readonly number[])[],
  promoted: readonly ReadonlySet<number>[],
  eta: number,
): { readonly trial: number; readonly rung: number } | null {
  for (let rung = rungs.length - 2; rung >= 0; rung--) {
    const ranked = rungs[rung]!;
    const trial = ranked.slice(0, Math.floor(ranked.length / eta)).find((one) => !promoted[rung]!.has(one));
    if (trial !== undefined) return { trial, rung: rung + 1 };
  }
  return null;
}
