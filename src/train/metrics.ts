/** The lines of metrics.ndjson: what a run tells, less everything that depends on the clock or the machine. */
import type { EvaluationEvent, EvaluationSummary, ProgressEvent, ResultEvent } from "./events.ts";

/** Every `reportInterval` steps. */
export type ProgressLine = Omit<
  ProgressEvent,
  "steps" | "stepsPerSecond" | "actorStepsPerSecond" | "actorUpdatesBehind" | "secondsLeft"
>;
/** Every `evalInterval` steps. */
export type EvaluationLine = EvaluationEvent;
/** The last line of a run that came to its end; a stopped or failed run has none. */
export interface ResultLine {
  readonly event: "result";
  readonly step: number;
  readonly episodes: number;
  readonly outcome: ResultEvent["outcome"];
  readonly keptStep: number;
  readonly evaluation: EvaluationSummary;
}

/**
 * One line of metrics.ndjson. For a seed the file is the same byte for byte, however often the run was stopped and
 * resumed; speeds stand in timing.ndjson. Numbers that are not finite are written as null and read back as NaN.
 */
export type MetricsLine = ProgressLine | EvaluationLine | ResultLine;

/** One line of timing.ndjson, written beside each progress line. */
export interface TimingLine {
  readonly step: number;
  /** Seconds of training so far, all processes of the run together. */
  readonly seconds: number;
  /** Since the line before. */
  readonly stepsPerSecond: number;
}

/** The lines of a metrics.ndjson; a last line that is not whole yet is left out. */
export function parseMetrics(text: string): MetricsLine[] {
  const whole = text.slice(0, text.lastIndexOf("\n") + 1);
  const lines = whole.split("\n").filter((line) => line !== "");
  return lines.map((line) => {
    const parsed = JSON.parse(line) as MetricsLine;
    if (parsed.event !== "progress") return parsed;
    const numbers = Object.entries(parsed.statistics).map(([name, x]) => [name, x ?? Number.NaN]);
    return { ...parsed, statistics: Object.fromEntries(numbers) };
  });
}
