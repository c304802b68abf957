/**
 * The curves of one run, fed line by line: from metrics.ndjson and timing.ndjson, or from the events of a run under way.
 */
import { type Curve, GrowingCurve } from "./curve.ts";

/** Greedy returns of an evaluation, as metrics.ndjson has them. */
export interface Evaluation {
  readonly episodes: number;
  readonly mean: number;
  readonly median: number;
  readonly stdev: number;
  readonly min: number;
  readonly max: number;
}

/** How a run ended. */
export interface RunResult {
  readonly outcome: "solved" | "finished";
  readonly step: number;
  readonly episodes: number;
  readonly keptStep: number;
  readonly evaluation: Evaluation;
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null;

/** Names of curves that are no statistics of an agent. */
export const evaluationCurve = "evaluation";
export const returnCurve = "episodeReturn";
export const speedCurve = "stepsPerSecond";

export class RunCurves {
  readonly #curves = new Map<string, GrowingCurve>();
  /** The last step that anything was written of. */
  lastStep = 0;
  episodes = 0;
  /** The best evaluation and the newest one. */
  best: { readonly step: number; readonly evaluation: Evaluation } | null = null;
  newest: { readonly step: number; readonly evaluation: Evaluation } | null = null;
  /** All evaluations, in the order they were made. */
  readonly evaluations: { readonly step: number; readonly evaluation: Evaluation }[] = [];
  result: RunResult | null = null;

  /** Names of the curves that have a point, in the order they came. */
  get names(): readonly string[] {
    return [...this.#curves.keys()];
  }

  get(name: string): Curve | undefined {
    return this.#curves.get(name);
  }

  #point(name: string, step: number, value: unknown): void {
    if (typeof value !== "number" || !Number.isFinite(value)) return;
    let curve = this.#curves.get(name);
    if (!curve) this.#curves.set(name, (curve = new GrowingCurve()));
    curve.push(step, value);
  }

  /**
   * Takes in a line of metrics.ndjson or of timing.ndjson, or an event of a run.
   * @returns whether it was one; what a later version may write besides is passed over
   */
  add(line: unknown): boolean {
    if (!isObject(line)) return false;
    const { event, step } = line;
    if (typeof step !== "number") return event === "start" || event === "result";
    this.lastStep = Math.max(this.lastStep, step);
    if (typeof line.episodes === "number") this.episodes = line.episodes;
    // events of a run have the speed in their progress, files in lines of their own
    this.#point(speedCurve, step, line.stepsPerSecond);
    if (event === "progress") {
      this.#point(returnCurve, step, line.episodeReturn);
      const statistics = isObject(line.statistics) ? line.statistics : {};
      for (const [name, value] of Object.entries(statistics)) {
        // what is averaged over updates is 0 before the first one, and no number of the run
        if (value !== 0 || statistics.updates !== 0) this.#point(name, step, value);
      }
      return true;
    }
    if (event === "evaluation" && isObject(line.evaluation)) {
      const evaluation = line.evaluation as unknown as Evaluation;
      this.#point(evaluationCurve, step, evaluation.mean);
      this.newest = { step, evaluation };
      this.evaluations.push(this.newest);
      if (this.best === null || evaluation.mean > this.best.evaluation.mean) this.best = this.newest;
      return typeof evaluation.mean === "number";
    }
    if (event === "result" && isObject(line.evaluation)) this.result = line as unknown as RunResult;
    return true;
  }
}

/** Splits text that arrives in pieces into parsed lines; counts those that are no JSON. */
export class LineReader {
  #rest = "";
  /** Lines so far, whole ones. */
  lines = 0;
  /** Numbers of the lines that could not be used, the first one being 1. */
  readonly damaged: number[] = [];

  /** @param take is handed each parsed line, and returns whether it could use it */
  push(text: string, take: (line: unknown) => boolean): void {
    const pieces = (this.#rest + text).split("\n");
    this.#rest = pieces.pop()!;
    for (const piece of pieces) {
      this.lines++;
      if (piece === "") continue;
      let fits = false;
      try {
        fits = take(JSON.parse(piece));
      } catch (error) {
        if (!(error instanceof SyntaxError)) throw error;
      }
      if (!fits) this.damaged.push(this.lines);
    }
  }
}
