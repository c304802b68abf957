/** What a run's curves say about its health, in plain language: pure functions of numbers. */
import type { Curve } from "../curve.ts";
import { valueText } from "../numberText.ts";

export interface Alert {
  /** "bad": training will not recover by itself; "warn": worth a look. */
  readonly level: "bad" | "warn";
  readonly text: string;
}

export interface AlertInput {
  readonly curves: ReadonlyMap<string, Curve>;
  readonly hyperparameters: Readonly<Record<string, unknown>>;
  /** Mean evaluation return, the standard deviation beside it, at each evaluation. */
  readonly evaluations: { readonly means: ArrayLike<number>; readonly stdevs: ArrayLike<number> };
  /** How often each action was taken in the last recorded episode; null for continuous actions and without one. */
  readonly actionCounts: readonly number[] | null;
  readonly stopAt: number | null;
}

/** Mean of `values[from … to)`. */
function meanOf(values: ArrayLike<number>, from: number, to: number): number {
  let sum = 0;
  for (let i = from; i < to; i++) sum += values[i]!;
  return sum / (to - from);
}

/** Means of the four quarters of a curve, each of at least three points; null for a shorter one. */
function quarters({ values }: Curve): readonly [number, number, number, number] | null {
  const n = values.length;
  if (n < 12) return null;
  const at = (k: number) => Math.round((k * n) / 4);
  const quarter = (k: number) => meanOf(values, at(k), at(k + 1));
  return [quarter(0), quarter(1), quarter(2), quarter(3)];
}

/** The largest sum of rewards to come that the returns seen so far can explain. */
function largestReturn(curves: ReadonlyMap<string, Curve>): number | null {
  const values = curves.get("episodeReturn")?.values;
  if (!values || values.length === 0) return null;
  let largest = 0;
  for (const value of values) largest = Math.max(largest, Math.abs(value));
  return largest;
}

/** Which of the two hyperparameters there is to turn. */
function remedyForGrowth(hyperparameters: AlertInput["hyperparameters"]): string {
  const ways = ["lower the learning rate"];
  if ("targetUpdateInterval" in hyperparameters) ways.push("raise targetUpdateInterval");
  else if ("tau" in hyperparameters) ways.push("lower tau");
  return ways.join(" or ");
}

function growingQ({ curves, hyperparameters }: AlertInput): Alert | null {
  const q = curves.get("averageQ");
  const parts = q && quarters(q);
  if (!parts) return null;
  const [a, b, c, d] = parts.map(Math.abs) as [number, number, number, number];
  const largest = largestReturn(curves);
  const isGrowing = a < b && b < c && c < d && d - c > c - b && c - b > b - a;
  // discounted sums of rewards cannot lie far above the undiscounted sums that were seen
  const isBeyond = largest !== null && d > 3 * Math.max(largest, 1);
  if (!isGrowing || !isBeyond) return null;
  return {
    level: "bad",
    text:
      `Q grows without bound: its mean is ${valueText(q.values.at(-1)!)}, while no episode returned more than ` +
      `${valueText(largest)}. Next time ${remedyForGrowth(hyperparameters)}.`,
  };
}

function growingLoss({ curves }: AlertInput): Alert[] {
  return [...curves].flatMap(([name, curve]) => {
    if (!/loss$/i.test(name) || /actor|policy/i.test(name)) return [];
    const parts = quarters(curve);
    if (!parts) return [];
    const [a, b, c, d] = parts;
    if (!(a > 0 && b > 3 * a && c > 3 * b && d > 3 * c)) return [];
    return [
      {
        level: "bad" as const,
        text:
          `The loss (${name}) has grown from ${valueText(a)} to ${valueText(d)} and goes on growing: lower the ` +
          "learning rate, clip gradients (maxGradNorm) or scale rewards down (rewardScale).",
      },
    ];
  });
}

function lostPolicy({ curves }: AlertInput): Alert | null {
  const name = [...curves.keys()].find((key) => /entropy$/i.test(key) && !/target/i.test(key));
  const parts = name === undefined ? null : quarters(curves.get(name)!);
  if (!parts || !(parts[0] > 0.3 && parts[3] < 0.02 && parts[3] >= 0)) return null;
  return {
    level: "warn",
    text:
      `The policy hardly explores any more: its entropy fell from ${valueText(parts[0])} to ${valueText(parts[3])}. ` +
      "If returns stand still, raise the weight of the entropy or lower the learning rate.",
  };
}

function collapsed({ evaluations: { means, stdevs } }: AlertInput): Alert | null {
  const n = means.length;
  if (n < 4) return null;
  let [best, worst, bestAt] = [means[0]!, means[0]!, 0];
  for (let i = 1; i < n; i++) {
    if (means[i]! > best) [best, bestAt] = [means[i]!, i];
    worst = Math.min(worst, means[i]!);
  }
  const now = meanOf(means, n - 2, n);
  // beyond the spread of episodes, and more than half of what was won
  if (best === worst || bestAt >= n - 2 || best - now < 2 * (stdevs[bestAt] ?? 0) || best - now < 0.5 * (best - worst))
    return null;
  return {
    level: "warn",
    text:
      `What was learned is being lost: the last two evaluations have a mean return of ${valueText(now)}, the best had ` +
      `${valueText(best)}. Its weights are kept in best/; a lower learning rate holds on to more.`,
  };
}

function stuck({ evaluations: { means }, stopAt }: AlertInput): Alert | null {
  const n = means.length;
  if (n < 10) return null;
  for (let i = 1; i < n; i++) if (means[i] !== means[0]) return null;
  if (stopAt !== null && means[0]! >= stopAt) return null;
  return {
    level: "warn",
    text:
      `All ${n} evaluations returned ${valueText(means[0]!)}: nothing is learned that changes what the greedy policy does. ` +
      "Look at the rewards, explore longer, or wait until replayStartSize is passed.",
  };
}

function oneAction({ actionCounts }: AlertInput): Alert | null {
  if (actionCounts === null || actionCounts.length < 2) return null;
  const total = actionCounts.reduce((sum, count) => sum + count, 0);
  const most = Math.max(...actionCounts);
  if (total < 30 || most / total < 0.98) return null;
  return {
    level: "warn",
    text:
      `The last evaluation episode took action ${actionCounts.indexOf(most)} in ${Math.round((100 * most) / total)}% of its ` +
      `${total} steps: early in training that is usual; later explore longer or look at the observations.`,
  };
}

/** What should be said about a run; an empty list is a healthy one. */
export function alertsOf(input: AlertInput): Alert[] {
  const single = [growingQ, lostPolicy, collapsed, stuck, oneAction].flatMap((look) => look(input) ?? []);
  return [...single, ...growingLoss(input)].sort((a, b) => Number(b.level === "bad") - Number(a.level === "bad"));
}
