/** Whether one algorithm is better than another, from a few runs of each (Agarwal et al. 2021). */
import { UsageError } from "../errors.ts";
import { valueText } from "./numberText.ts";
import { finalReturn } from "./report.ts";
import type { PlottedRun } from "./runGroups.ts";
import {
  type BootstrapOptions,
  bootstrapInterval,
  type Interval,
  iqmOfScores,
  mean,
  median,
  probabilityOfImprovement,
  type Scores,
} from "./statistics.ts";

/** What is said of one side in one environment. */
export interface SideSummary {
  readonly runs: number;
  /** Runs whose score reaches the environment's threshold, or where none is known that stopped at one. */
  readonly solved: number;
  readonly iqm: number;
  /** 95% of a bootstrap over runs. */
  readonly interval: Interval;
  readonly mean: number;
  readonly median: number;
  /** Median of the steps that the runs took. */
  readonly steps: number;
}

export interface Improvement {
  /** That a run of A scores higher than one of B. */
  readonly probability: number;
  readonly interval: Interval;
}

/** One environment, or all of them together. */
export interface Comparison {
  readonly env: string;
  readonly a: SideSummary;
  readonly b: SideSummary;
  readonly improvement: Improvement;
}

export interface ComparisonReport {
  readonly a: string;
  readonly b: string;
  /** By environment. */
  readonly comparisons: readonly Comparison[];
  /** Over all environments, null for a single one; scores are scaled, see `overall`. */
  readonly overall: Omit<Comparison, "env"> | null;
  readonly verdict: string;
  readonly warnings: readonly string[];
}

export interface ComparisonOptions extends BootstrapOptions {
  /** The return at which an environment counts as solved. */
  readonly thresholdOf?: (env: string) => number | null;
}

/** The runs of one side. */
export interface Side {
  readonly name: string;
  readonly runs: readonly PlottedRun[];
}

/** Runs with a score, by environment. */
function scoresOf(where: string, { name, runs }: Side): Map<string, { run: PlottedRun; score: number }[]> {
  const byEnv = new Map<string, { run: PlottedRun; score: number }[]>();
  for (const run of runs) {
    const score = finalReturn(run);
    if (score === null) continue;
    const { env } = run.description;
    byEnv.set(env, [...(byEnv.get(env) ?? []), { run, score }]);
  }
  if (byEnv.size === 0) {
    throw new UsageError(
      `${where}: ${name} must hold a run with an evaluation; got ${runs.length} without. Train longer.`,
    );
  }
  return byEnv;
}

function summaryOf(scores: Scores, runs: readonly PlottedRun[], options: ComparisonOptions): SideSummary {
  const all = scores.flat();
  const isSolved = (run: PlottedRun) => {
    const threshold = options.thresholdOf?.(run.description.env) ?? null;
    return threshold === null ? run.status === "solved" : finalReturn(run)! >= threshold;
  };
  return {
    runs: runs.length,
    solved: runs.filter(isSolved).length,
    iqm: iqmOfScores(scores),
    interval: bootstrapInterval(iqmOfScores, [scores], options),
    mean: mean(all),
    median: median(all),
    steps: median(runs.map(({ curves }) => curves.lastStep)),
  };
}

function improvementOf(a: Scores, b: Scores, options: BootstrapOptions): Improvement {
  return {
    probability: probabilityOfImprovement(a, b),
    interval: bootstrapInterval((x, y) => probabilityOfImprovement(x!, y!), [a, b], options),
  };
}

/**
 * Scores of an environment on a scale from 0, the lowest of both sides, to 1, the highest: returns of different
 * environments have no common unit.
 */
function scaled(a: readonly number[], b: readonly number[]): readonly [number[], number[]] {
  const [low, high] = [Math.min(...a, ...b), Math.max(...a, ...b)];
  const scale = (x: number) => (high > low ? (x - low) / (high - low) : 0.5);
  return [a.map(scale), b.map(scale)];
}

const percent = (x: number): string => `${Math.round(100 * x)}%`;

/**
 * The verdict of the paper's section 4.3: an interval of the probability of improvement that lies above one half says
 * that A is better, one that reaches three quarters besides that the difference matters.
 */
function verdictOf(a: string, b: string, { probability, interval }: Improvement, fewest: number): string {
  if (fewest < 3) {
    const runs = fewest === 1 ? "a single run" : `${fewest} runs`;
    return `Nothing can be told from ${runs} of a side: train at least 3 seeds of each, better 10.`;
  }
  const isA = probability >= 0.5;
  const [better, worse] = isA ? [a, b] : [b, a];
  const [low, high] = isA ? [interval.low, interval.high] : [1 - interval.high, 1 - interval.low];
  const chance = isA ? probability : 1 - probability;
  if (low <= 0.5) {
    return `No difference can be told: a run of ${better} beats one of ${worse} in ${percent(chance)} of pairs, and the interval holds one half.`;
  }
  const size = high > 0.75 ? "" : " by little";
  const few =
    fewest < 5 ? " Of so few runs intervals come out too narrow: train 5 or more seeds of each to be sure." : "";
  return `${better} is better${size}: one of its runs beats one of ${worse} in ${percent(chance)} of pairs.${few}`;
}

/**
 * Compares two algorithms by what their runs scored at the end: the mean return of the kept weights over fresh episodes,
 * or of a run under way its newest evaluation.
 * @throws UsageError where a side has no score, or the two have no environment in common
 */
export function compareRuns(where: string, a: Side, b: Side, options: ComparisonOptions = {}): ComparisonReport {
  const [ofA, ofB] = [scoresOf(where, a), scoresOf(where, b)];
  const envs = [...ofA.keys()].filter((env) => ofB.has(env));
  if (envs.length === 0) {
    throw new UsageError(
      `${where}: both sides must have runs in the same environment; got ${[...ofA.keys()].join(", ")} and ` +
        `${[...ofB.keys()].join(", ")}. Compare runs of one environment.`,
    );
  }
  const pairs = envs.map((env) => ({ env, x: ofA.get(env)!, y: ofB.get(env)! }));
  const scores = (side: readonly { score: number }[]) => side.map(({ score }) => score);
  const runsIn = (side: readonly { run: PlottedRun }[]) => side.map(({ run }) => run);
  const comparisons = pairs.map(({ env, x, y }) => ({
    env,
    a: summaryOf([scores(x)], runsIn(x), options),
    b: summaryOf([scores(y)], runsIn(y), options),
    improvement: improvementOf([scores(x)], [scores(y)], options),
  }));
  const overall = envs.length === 1 ? null : overallOf();
  const fewest = Math.min(...comparisons.flatMap((one) => [one.a.runs, one.b.runs]));
  const improvement = (overall ?? comparisons[0]!).improvement;

  function overallOf(): Omit<Comparison, "env"> {
    const both = pairs.map(({ x, y }) => scaled(scores(x), scores(y)));
    const [xs, ys] = [both.map(([x]) => x), both.map(([, y]) => y)];
    return {
      a: summaryOf(
        xs,
        pairs.flatMap(({ x }) => runsIn(x)),
        options,
      ),
      b: summaryOf(
        ys,
        pairs.flatMap(({ y }) => runsIn(y)),
        options,
      ),
      improvement: improvementOf(xs, ys, options),
    };
  }

  return {
    a: a.name,
    b: b.name,
    comparisons,
    overall,
    verdict: verdictOf(a.name, b.name, improvement, fewest),
    warnings: [...cautions(a), ...cautions(b), ...onlyOneSide(a, ofA, ofB), ...onlyOneSide(b, ofB, ofA)],
  };
}

/** What makes a side's scores less than they seem. */
function cautions({ name, runs }: Side): string[] {
  const under = runs.filter(({ curves }) => curves.result === null);
  const experiments = new Set(
    runs.map(({ description: { agent, hyperparameters } }) => JSON.stringify([agent, hyperparameters])),
  );
  return [
    ...(under.length > 0
      ? [
          `${under.length} of ${runs.length} runs of ${name} have not ended: they count with their newest evaluation, if any.`,
        ]
      : []),
    ...(experiments.size > 1 ? [`${name} holds runs of ${experiments.size} different agents or hyperparameters.`] : []),
  ];
}

function onlyOneSide(side: Side, own: ReadonlyMap<string, unknown>, other: ReadonlyMap<string, unknown>): string[] {
  const alone = [...own.keys()].filter((env) => !other.has(env));
  return alone.length > 0 ? [`${alone.join(", ")}: only ${side.name} has runs there; they are left out.`] : [];
}

/** `481.3 (95% interval 470.1 to 492)`. */
export const intervalText = (value: number, { low, high }: Interval): string =>
  `${valueText(value)} (95% interval ${valueText(low)} to ${valueText(high)})`;
