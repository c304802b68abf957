/** A chart before it is drawn: plotly, SVG and the terminal draw the same one. */
import type { Curve } from "./curve.ts";

/**
 * "raw": numbers as they were written; "smooth": the same, smoothed; "seed": one run of several; "centre": the line
 * that is to be seen first.
 */
export type LineRole = "raw" | "smooth" | "seed" | "centre";

export interface ChartLine {
  /** `dqn seed 3`, `dqn, interquartile mean of 3 seeds`: shown where the pointer is. */
  readonly name: string;
  /** Number of its group, which gives the colour. */
  readonly group: number;
  readonly role: LineRole;
  readonly curve: Curve;
  /** An interval around each value. */
  readonly band?: { readonly low: Float64Array; readonly high: Float64Array };
  /** Each point gets a dot: there are few. */
  readonly hasDots?: boolean;
}

export interface Chart {
  /** Unique in its report: a word for anchors and file names. */
  readonly id: string;
  /** What is seen. */
  readonly title: string;
  /** What the kinds of lines are. */
  readonly note: string;
  readonly lines: readonly ChartLine[];
  /** What the horizontal axis counts; environment steps unless given. */
  readonly xTitle?: string;
  /** A level that counts as solved. */
  readonly threshold: number | null;
  /** Powers of ten are equally far apart. */
  readonly isLogarithmic: boolean;
  /** The chart in words, a sentence a group. */
  readonly summary: readonly string[];
}

/** What stands under the horizontal axis. */
export const xTitleOf = ({ xTitle = "environment steps" }: Chart): string => xTitle;

/** Least and greatest of what a chart shows, with a little room; never of no width. */
export function rangeOf({ lines, threshold, isLogarithmic }: Chart): { low: number; high: number } {
  let [low, high] = threshold === null ? [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY] : [threshold, threshold];
  for (const { curve, band } of lines) {
    for (const values of [curve.values, ...(band ? [band.low, band.high] : [])]) {
      for (const value of values) {
        if (isLogarithmic && value <= 0) continue;
        if (value < low) low = value;
        if (value > high) high = value;
      }
    }
  }
  if (low > high) return { low: 0, high: 1 };
  if (isLogarithmic) return low === high ? { low: low / 2, high: high * 2 } : { low: low / 1.15, high: high * 1.15 };
  if (low === high)
    return low === 0 ? { low: -1, high: 1 } : { low: low - Math.abs(low) / 2, high: high + Math.abs(low) / 2 };
  const room = 0.04 * (high - low);
  return { low: low - room, high: high + room };
}

/** The last step that a chart shows. */
export const lastStepOf = ({ lines }: Chart): number =>
  Math.max(1, ...lines.map(({ curve }) => curve.steps.at(-1) ?? 0));

/** Whether the threshold lies so high that its label has no room above it. */
export function isNearTop(chart: Chart): boolean {
  const { low, high } = rangeOf(chart);
  return chart.threshold !== null && high - chart.threshold < 0.12 * (high - low);
}
