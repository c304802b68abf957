/** The course of a sweep: which run is next, when one is given up, and what is written of it. Knows no files. */
import { UsageError } from "../../errors.ts";
import { Random } from "../../random.ts";
import { type Curve, isBelowMedian, type Pruner, promotion, rungSteps } from "./pruning.ts";
import { type Dimension, gridAt, gridSize, type Values } from "./searchSpace.ts";
import { type Algorithm, drawRandom, drawTpe } from "./suggest.ts";
import type { SweepLine, SweepState } from "./sweepState.ts";

export interface SweepPlan {
  readonly dimensions: readonly Dimension[];
  readonly algorithm: Algorithm;
  readonly pruner: Pruner;
  /** How many configurations are tried; of a grid, all. */
  readonly trials: number;
  /** Each configuration is trained with every one. */
  readonly seeds: readonly number[];
  /** Environment steps of a run, at most. */
  readonly steps: number;
  /** Successive halving: steps of the lowest rung at least, and how many times as many the next one has. */
  readonly leastSteps: number;
  readonly eta: number;
  /** Of the draws of configurations. */
  readonly seed: number;
}

/** One run to be made, or to be gone on with. */
export interface RunRequest {
  readonly trial: number;
  readonly values: Values;
  readonly seed: number;
  /** Counted from the run's beginning. */
  readonly steps: number;
  /** Is told of every evaluation. */
  readonly onEvaluation: (step: number, mean: number) => void;
  /** Aborted when the run is to end, so that it can be gone on with. */
  readonly signal: AbortSignal;
}
export type RunEnd =
  | { readonly status: "finished"; readonly value: number; readonly steps: number; readonly curve: Curve }
  | { readonly status: "stopped" }
  | { readonly status: "failed"; readonly message: string };
export type Launch = (request: RunRequest) => Promise<RunEnd>;

export interface SweepCourse {
  readonly launch: Launch;
  /** Writes a line; the state has it already. */
  readonly write: (line: SweepLine) => void;
  /** Runs at a time. */
  readonly parallel: number;
  readonly signal: AbortSignal;
}

interface Job {
  readonly trial: number;
  readonly values: Values;
  readonly rung: number;
}

/** So many failures before the first success end a sweep: the next one would fail too. */
const failuresAtFirst = 3;

/** How many configurations a plan tries. */
export const trialsOf = ({ algorithm, dimensions, trials }: SweepPlan): number =>
  algorithm === "grid" ? gridSize(dimensions) : trials;

/** The steps of each rung; without successive halving there is one. */
export const rungsOf = ({ pruner, steps, leastSteps, eta }: SweepPlan): number[] =>
  pruner === "asha" ? rungSteps(steps, leastSteps, eta) : [steps];

/** The configuration of a trial; the same for the same trials before it. */
export function suggest(plan: SweepPlan, state: SweepState, trial: number): Values {
  const { algorithm, dimensions, seed } = plan;
  // seeds of Alea that differ in their last letters alone begin with numbers in arithmetic progression
  const random = new Random(`${trial} of the trials of sweep ${seed}`);
  if (algorithm === "grid") return gridAt(dimensions, trial);
  if (algorithm === "random") return drawRandom(dimensions, random);
  const ranked = state.ranked.map(({ values }) => values);
  return drawTpe(dimensions, ranked, random);
}

/**
 * Goes on with a sweep to its end, or until the signal.
 * @param state what earlier lines say; is kept up to date
 * @throws UsageError when the first trials all fail
 */
export async function runSweep(plan: SweepPlan, state: SweepState, course: SweepCourse): Promise<void> {
  const { launch, parallel, signal } = course;
  const rungs = rungsOf(plan);
  const active = new Map<number, Promise<void>>();
  let failure: unknown = null;

  const tell = (line: SweepLine) => {
    state.add(line);
    course.write(line);
  };

  const next = (): Job | null => {
    const waiting = state.trials.find(({ trial, status }) => status === "running" && !active.has(trial));
    if (waiting) return waiting;
    if (rungs.length > 1) {
      const ranked = rungs.map((_, rung) => state.rankedAt(rung));
      const promoted = rungs.map((_, rung) => state.promotedFrom(rung));
      const going = promotion(ranked, promoted, plan.eta);
      if (going) {
        tell({ event: "promoted", ...going });
        return state.trials[going.trial]!;
      }
    }
    const trial = state.count;
    if (trial >= trialsOf(plan)) return null;
    const values = suggest(plan, state, trial);
    tell({ event: "trial", trial, values });
    return { trial, values, rung: 0 };
  };

  /** Runs every seed of a trial through a rung. */
  const work = async ({ trial, values, rung }: Job): Promise<void> => {
    for (const seed of plan.seeds) {
      if (state.runOf(trial, rung, seed)) continue;
      const stop = new AbortController();
      const curve: [number, number][] = [];
      let isGivenUp = false;
      const onEvaluation = (step: number, mean: number) => {
        curve.push([step, mean]);
        if (plan.pruner !== "median" || !isBelowMedian(curve, state.curvesOf(seed))) return;
        isGivenUp = true;
        stop.abort();
      };
      const onStop = () => stop.abort();
      signal.addEventListener("abort", onStop, { once: true });
      const end = await launch({
        ...{ trial, values, seed, steps: rungs[rung]! },
        onEvaluation,
        signal: stop.signal,
      }).finally(() => signal.removeEventListener("abort", onStop));
      if (end.status === "failed") {
        tell({ event: "failed", trial, seed, message: end.message });
        const { trials } = state;
        if (trials.filter(({ status }) => status === "failed").length >= failuresAtFirst && !state.rankedAt(0).length) {
          throw new UsageError(
            `sweep: trials must be able to run; got ${failuresAtFirst} that failed. The last one said: ${end.message}`,
          );
        }
        return;
      }
      if (end.status === "stopped") {
        if (!isGivenUp) return;
        const value = Math.max(...curve.map(([, mean]) => mean));
        tell({ event: "pruned", trial, seed, step: curve.at(-1)![0], value });
        return;
      }
      const { value, steps } = end;
      tell({ event: "run", trial, rung, seed, value, steps, curve: end.curve });
    }
  };

  for (;;) {
    while (active.size < parallel && !signal.aborted && failure === null) {
      const job = next();
      if (job === null) break;
      const done = work(job)
        .catch((error: unknown) => {
          failure ??= error;
        })
        .finally(() => active.delete(job.trial));
      active.set(job.trial, done);
    }
    if (active.size === 0) break;
    await Promise.race(active.values());
  }
  if (failure !== null) throw failure;
}
