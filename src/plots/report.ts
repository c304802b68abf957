/** Which charts there are for some runs, and what they say. */
import { aggregate, type Member } from "./aggregate.ts";
import type { Chart, ChartLine } from "./chart.ts";
import { type Curve, curveOf } from "./curve.ts";
import { stepsText, valueText, wholeText } from "./numberText.ts";
import { evaluationCurve, returnCurve, speedCurve } from "./runCurves.ts";
import { groupRuns, type PlottedRun, type RunGroup } from "./runGroups.ts";
import { iqm, quantileOfSorted, smooth, sorted, usualWindow } from "./statistics.ts";
import { thinned } from "./thinning.ts";

export interface ReportOptions {
  /** The return at which an environment counts as solved; runs know it only where they stopped at it. */
  readonly thresholdOf?: (env: string) => number | null;
  /** Reports that are averaged for a smooth line; a fiftieth of a run's unless given. */
  readonly smoothing?: number;
  /** Names of the curves that get a chart; all unless given. */
  readonly curves?: readonly string[];
}

/** The runs of one environment. */
export interface ReportSection {
  readonly env: string;
  readonly groups: readonly RunGroup[];
  readonly threshold: number | null;
  /** The chart of returns first. */
  readonly charts: readonly Chart[];
}

/** Points of all lines of a report together, beyond which they are thinned; and those that a line keeps in any case. */
const pointBudget = 150_000;
const fewestPoints = 100;
const mostPoints = 3_000;

/** What is known about the curves' names; others are called by their own. */
const known: Readonly<Record<string, { readonly title: string; readonly rank: number }>> = {
  [returnCurve]: { title: "Return of training episodes", rank: 1 },
  averageLoss: { title: "Loss", rank: 2 },
  averageQ: { title: "Mean Q-value", rank: 4 },
  entropy: { title: "Entropy of the policy", rank: 5 },
  averageEntropy: { title: "Entropy of the policy", rank: 5 },
  epsilon: { title: "ε, the share of random actions", rank: 6 },
  [speedCurve]: { title: "Environment steps per second", rank: 9 },
};

/** Curves of no interest: how many updates were made follows from the steps. */
const unseen = ["updates", evaluationCurve];

/** `averageActorLoss` → `Actor loss`: all are averages. */
function titleOf(name: string): string {
  const words = name
    .replace(/^average(?=[A-Z])/, "")
    .replaceAll(/([a-z])([A-Z])/g, "$1 $2")
    .toLowerCase();
  return known[name]?.title ?? words[0]!.toUpperCase() + words.slice(1);
}

const rankOf = (name: string): number => known[name]?.rank ?? (/loss/i.test(name) ? 3 : 7);

/** Whether a curve wanders enough to be smoothed. */
const isNoisy = (name: string): boolean => name === returnCurve || name === speedCurve;

const seedName = (label: string, run: PlottedRun): string =>
  run.description.seed === null ? label : `${label}, seed ${run.description.seed}`;

const count = (n: number, word: string): string => `${n} ${word}${n === 1 ? "" : "s"}`;

/** `from 9.5 at 500 steps to 481 at 20k steps, highest 500 at 11k steps`: how high it came is said of returns. */
function pathText({ steps, values }: Curve, isReturn: boolean): string {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (values[i]! > values[best]!) best = i;
  const at = (i: number) => `${valueText(values[i]!)} at ${stepsText(steps[i]!)} steps`;
  const last = values.length - 1;
  const path = last === 0 ? at(0) : `from ${at(0)} to ${at(last)}`;
  return isReturn && best !== 0 && best !== last ? `${path}, highest ${at(best)}` : path;
}

/** A loss that falls over decades is seen on a logarithmic scale only. */
function spansDecades(curves: readonly Curve[]): boolean {
  const all = sorted(
    curves.flatMap(({ values }) => [...thinned({ steps: values, values }, 1_000).values]).filter((x) => x !== 0),
  );
  return all.length > 0 && all[0]! > 0 && quantileOfSorted(all, 0.95) > 50 * quantileOfSorted(all, 0.05);
}

/** Whether there is one run only: the chart of its evaluations then holds its training returns as well. */
const isSingle = (groups: readonly RunGroup[]): boolean => groups.length === 1 && groups[0]!.runs.length === 1;

class ChartBuilder {
  readonly #groups: readonly RunGroup[];
  readonly #threshold: number | null;
  readonly #smoothing: number | undefined;
  readonly #limit: number;
  readonly #prefix: string;

  constructor(
    prefix: string,
    groups: readonly RunGroup[],
    threshold: number | null,
    limit: number,
    smoothing?: number,
  ) {
    this.#prefix = prefix;
    this.#groups = groups;
    this.#threshold = threshold;
    this.#limit = limit;
    this.#smoothing = smoothing;
  }

  #smoothed(curve: Curve): Curve {
    return { steps: curve.steps, values: smooth(curve.values, this.#smoothing ?? usualWindow(curve.values.length)) };
  }

  /** The lines of a group of several runs: each faint, and their middle with its band. */
  #manyRuns(group: RunGroup, number: number, curveIn: (run: PlottedRun) => Curve | undefined, isHeld: boolean) {
    const lines: ChartLine[] = [];
    const members: Member[] = [];
    for (const run of group.runs) {
      const curve = curveIn(run);
      if (!curve) continue;
      members.push({ curve, isHeld: isHeld && run.status === "solved" });
      lines.push({ name: seedName(group.label, run), group: number, role: "seed", curve: thinned(curve, this.#limit) });
    }
    const middle = aggregate(members);
    if (middle) {
      const { centre, low, high } = middle;
      const name = `${group.label}, interquartile mean of ${members.length} seeds`;
      lines.push({ name, group: number, role: "centre", curve: centre, band: { low, high } });
    } else if (lines.length === 1) {
      return [{ ...lines[0]!, role: "centre" } satisfies ChartLine];
    }
    return lines;
  }

  /** The lines of one run: as they are, or raw and smoothed. */
  #oneRun(group: RunGroup, number: number, curve: Curve, isNoisyCurve: boolean): ChartLine[] {
    const name = seedName(group.label, group.runs[0]!);
    if (!isNoisyCurve) return [{ name, group: number, role: "centre", curve: thinned(curve, this.#limit) }];
    return [
      { name: `${name}, as reported`, group: number, role: "raw", curve: thinned(curve, this.#limit) },
      { name: `${name}, smoothed`, group: number, role: "centre", curve: thinned(this.#smoothed(curve), this.#limit) },
    ];
  }

  #summaries(lines: readonly ChartLine[], isReturn: boolean): string[] {
    return this.#groups.flatMap(({ label, runs }, i) => {
      const line = lines.find(({ group, role }) => group === i && role === "centre");
      if (!line) return [];
      const who = line.band ? `${label} (interquartile mean of ${count(runs.length, "seed")})` : label;
      return [`${who}: ${pathText(line.curve, isReturn)}.`];
    });
  }

  /** Greedy evaluations; for a single run its training returns are in the same chart. */
  evaluation(): Chart | null {
    const isAlone = isSingle(this.#groups);
    const lines = this.#groups.flatMap((group, i) => {
      if (group.runs.length > 1) return this.#manyRuns(group, i, ({ curves }) => curves.get(evaluationCurve), true);
      const { curves } = group.runs[0]!;
      const name = `${seedName(group.label, group.runs[0]!)}, evaluation`;
      const evaluations = curves.get(evaluationCurve);
      const trained = isAlone ? curves.get(returnCurve) : undefined;
      const before = trained ? this.#oneRun(group, i, trained, true) : [];
      const faint = before.map((line): ChartLine => (line.role === "centre" ? { ...line, role: "smooth" } : line));
      if (!evaluations) return faint;
      const hasDots = evaluations.steps.length <= 60;
      const curve = thinned(evaluations, this.#limit);
      return [...faint, { name, group: i, role: "centre", curve, hasDots } satisfies ChartLine];
    });
    if (lines.length === 0) return null;
    const notes = [
      isAlone ? "bold: greedy evaluations; behind them training episodes, smoothed and (faint) as reported" : "",
      lines.some(({ band }) => band)
        ? "bold: interquartile mean over seeds, with its 95% bootstrap band; faint: each seed"
        : "",
    ].filter((note) => note !== "");
    return {
      id: `${this.#prefix}evaluation`,
      title: isAlone ? "Return of evaluations and training episodes" : "Return of greedy evaluations",
      note: notes.join("; "),
      lines,
      threshold: this.#threshold,
      isLogarithmic: false,
      summary: this.#summaries(lines, true),
    };
  }

  /** Any other curve. */
  chart(name: string): Chart | null {
    const noisy = isNoisy(name);
    const all = this.#groups.flatMap(({ runs }) => runs.flatMap(({ curves }) => curves.get(name) ?? []));
    const isLogarithmic = /loss/i.test(name) && spansDecades(all);
    const curveIn = ({ curves }: PlottedRun): Curve | undefined => {
      const curve = curves.get(name);
      return curve && isLogarithmic ? positive(curve) : curve;
    };
    const lines = this.#groups.flatMap((group, i) => {
      if (group.runs.length > 1) {
        const smoothIn = (run: PlottedRun) => {
          const curve = curveIn(run);
          return curve && noisy ? this.#smoothed(curve) : curve;
        };
        return this.#manyRuns(group, i, smoothIn, false);
      }
      const curve = curveIn(group.runs[0]!);
      return curve ? this.#oneRun(group, i, curve, noisy) : [];
    });
    if (lines.length === 0) return null;
    const notes = [noisy ? "smoothed" : "", isLogarithmic ? "logarithmic scale" : ""].filter((note) => note !== "");
    return {
      id: `${this.#prefix}${name}`,
      title: titleOf(name),
      note: notes.join(", "),
      lines,
      threshold: name === returnCurve ? this.#threshold : null,
      isLogarithmic,
      summary: this.#summaries(lines, name === returnCurve),
    };
  }
}

/** Without what has no logarithm: a loss of 0 before the first update. */
function positive({ steps, values }: Curve): Curve {
  const kept = [...values.keys()].filter((i) => values[i]! > 0);
  return kept.length === values.length
    ? { steps, values }
    : curveOf(
        kept.map((i) => steps[i]!),
        kept.map((i) => values[i]!),
      );
}

/** The threshold of a group's environment: the one its runs stopped at, else the registered one. */
function thresholdOf(groups: readonly RunGroup[], given: ReportOptions["thresholdOf"]): number | null {
  const registered = given?.(groups[0]!.env) ?? null;
  if (registered !== null) return registered;
  const stops = new Set(groups.flatMap(({ runs }) => runs.map(({ description }) => description.stopAt)));
  return stops.size === 1 ? [...stops][0]! : null;
}

/** Names of the curves of runs that have a chart. */
export function curveNames(runs: readonly PlottedRun[]): string[] {
  const names = new Set(runs.flatMap(({ curves }) => curves.names));
  return [
    evaluationCurve,
    ...[...names].filter((name) => !unseen.includes(name)).sort((a, b) => rankOf(a) - rankOf(b)),
  ];
}

/** Charts of runs, by environment. */
export function reportOf(runs: readonly PlottedRun[], options: ReportOptions = {}): ReportSection[] {
  const sections = [...groupRuns(runs)];
  const curves = runs.reduce((sum, run) => sum + run.curves.names.length, 0);
  const limit = Math.min(mostPoints, Math.max(fewestPoints, Math.floor(pointBudget / Math.max(1, curves))));
  return sections.map(([env, groups], i) => {
    const threshold = thresholdOf(groups, options.thresholdOf);
    const prefix = sections.length > 1 ? `${i + 1}-` : "";
    const builder = new ChartBuilder(prefix, groups, threshold, limit, options.smoothing);
    const isWanted = (name: string) => options.curves?.includes(name) ?? true;
    const main = isWanted(evaluationCurve) ? builder.evaluation() : null;
    const names = new Set(groups.flatMap((group) => group.runs.flatMap((run) => run.curves.names)));
    // the training returns of a single run are in the chart of its evaluations
    const isShown = (name: string) =>
      isWanted(name) && !unseen.includes(name) && !(main && name === returnCurve && isSingle(groups));
    const others = [...names].filter(isShown).sort((a, b) => rankOf(a) - rankOf(b));
    const charts = [main, ...others.map((name) => builder.chart(name))].filter((chart) => chart !== null);
    return { env, groups, threshold, charts };
  });
}

/** What is said about a group in one line: `3 of 5 solved; final return 481 (interquartile mean of 5), best 500`. */
export function groupText({ runs }: RunGroup): string {
  const finals = runs.flatMap((run) => finalReturn(run) ?? []);
  const solved = runs.filter(({ status }) => status === "solved").length;
  const steps = sorted(runs.map(({ curves }) => curves.lastStep));
  const [fewest, most] = [steps[0]!, steps.at(-1)!];
  const parts = [
    count(runs.length, "run"),
    ...(solved > 0 ? [runs.length === 1 ? "solved" : `${solved} solved`] : []),
    fewest === most ? `${wholeText(most)} steps` : `${wholeText(fewest)} to ${wholeText(most)} steps`,
    ...(finals.length > 0
      ? [`final return ${valueText(iqm(finals))}${finals.length > 1 ? " (interquartile mean)" : ""}`]
      : []),
  ];
  return parts.join(", ");
}

/** Mean return of the kept weights, or while there are none of the newest evaluation. */
export const finalReturn = ({ curves }: PlottedRun): number | null =>
  curves.result?.evaluation.mean ?? curves.newest?.evaluation.mean ?? null;
