/** What a sweep has come to: its lines, and what they say of each trial. */
import type { Curve } from "./pruning.ts";
import type { Values } from "./searchSpace.ts";

/** A configuration is to be tried. */
export interface TrialLine {
  readonly event: "trial";
  readonly trial: number;
  readonly values: Values;
}
/** A trial goes on to a rung. */
export interface PromotedLine {
  readonly event: "promoted";
  readonly trial: number;
  readonly rung: number;
}
/** A run of a trial came to the end of its rung; without successive halving there is rung 0 alone. */
export interface RunLine {
  readonly event: "run";
  readonly trial: number;
  readonly rung: number;
  readonly seed: number;
  /** Mean return of the kept weights, no more than what the run was to reach. */
  readonly value: number;
  /** Steps it took. */
  readonly steps: number;
  readonly curve: Curve;
}
/** A run was given up. */
export interface PrunedLine {
  readonly event: "pruned";
  readonly trial: number;
  readonly seed: number;
  readonly step: number;
  /** The best mean return so far. */
  readonly value: number;
}
export interface FailedLine {
  readonly event: "failed";
  readonly trial: number;
  readonly seed: number;
  readonly message: string;
}
/** One line of trials.ndjson. */
export type SweepLine = TrialLine | PromotedLine | RunLine | PrunedLine | FailedLine;

/** What a trial scored: the larger value is better, of equal ones that which took fewer steps. */
export interface Score {
  readonly value: number;
  readonly steps: number;
}

export const compareScores = (a: Score, b: Score): number => b.value - a.value || a.steps - b.steps;

export interface Trial {
  readonly trial: number;
  readonly values: Values;
  readonly status: "running" | "finished" | "pruned" | "failed";
  /** The rung that it is in, or came to the end of. */
  readonly rung: number;
  /** Over the seeds: of the last rung it came to the end of, or of the run that was given up; null before. */
  readonly score: Score | null;
  readonly message: string | null;
}

const mean = (numbers: readonly number[]) => numbers.reduce((a, b) => a + b, 0) / numbers.length;

export class SweepState {
  readonly #seeds: readonly number[];
  readonly #trials: TrialLine[] = [];
  readonly #rungOf = new Map<number, number>();
  readonly #runs = new Map<string, RunLine>();
  readonly #ended = new Map<number, PrunedLine | FailedLine>();
  /** By rung: the trials that left it. */
  readonly #promoted: Set<number>[] = [];

  /** @param seeds each trial has a run of every one */
  constructor(seeds: readonly number[], lines: readonly SweepLine[] = []) {
    this.#seeds = seeds;
    for (const line of lines) this.add(line);
  }

  add(line: SweepLine): void {
    const { trial } = line;
    if (line.event === "trial") {
      this.#trials.push(line);
      this.#rungOf.set(trial, 0);
    } else if (line.event === "promoted") {
      this.promotedFrom(line.rung - 1).add(trial);
      this.#rungOf.set(trial, line.rung);
    } else if (line.event === "run") this.#runs.set(`${trial} ${line.rung} ${line.seed}`, line);
    else this.#ended.set(trial, line);
  }

  promotedFrom(rung: number): Set<number> {
    while (this.#promoted.length <= rung) this.#promoted.push(new Set());
    return this.#promoted[rung]!;
  }

  get count(): number {
    return this.#trials.length;
  }

  runOf(trial: number, rung: number, seed: number): RunLine | undefined {
    return this.#runs.get(`${trial} ${rung} ${seed}`);
  }

  /** Evaluations of the runs of one seed that came to their end. */
  curvesOf(seed: number): Curve[] {
    return [...this.#runs.values()].filter((run) => run.seed === seed).map(({ curve }) => curve);
  }

  /** Of all seeds, where every run has come to the end of the rung. */
  scoreAt(trial: number, rung: number): Score | null {
    const runs = this.#seeds.map((seed) => this.runOf(trial, rung, seed));
    if (runs.some((run) => run === undefined)) return null;
    return { value: mean(runs.map((run) => run!.value)), steps: mean(runs.map((run) => run!.steps)) };
  }

  get trials(): Trial[] {
    return this.#trials.map(({ trial, values }): Trial => {
      const rung = this.#rungOf.get(trial)!;
      const ended = this.#ended.get(trial);
      const score = this.scoreAt(trial, rung);
      if (ended?.event === "failed") {
        return { trial, values, status: "failed", rung, score: null, message: ended.message };
      }
      if (ended) {
        const { value, step } = ended;
        return { trial, values, status: "pruned", rung, score: { value, steps: step }, message: null };
      }
      if (score) return { trial, values, status: "finished", rung, score, message: null };
      const before = rung > 0 ? this.scoreAt(trial, rung - 1) : null;
      return { trial, values, status: "running", rung, score: before, message: null };
    });
  }

  /** The trials that came to the end of a rung, the best first. */
  rankedAt(rung: number): number[] {
    return this.#trials
      .flatMap(({ trial }) => {
        const score = this.#ended.get(trial)?.event === "failed" ? null : this.scoreAt(trial, rung);
        return score ? [{ trial, score }] : [];
      })
      .sort((a, b) => compareScores(a.score, b.score) || a.trial - b.trial)
      .map(({ trial }) => trial);
  }

  /**
   * Trials that have ended, the best first: those of a higher rung before those of a lower one, then those that were given
   * up, the later the better, then those that failed.
   */
  get ranked(): Trial[] {
    const level = ({ status, rung }: Trial) => (status === "finished" ? rung : status === "pruned" ? -1 : -2);
    const compare = (a: Trial, b: Trial): number => {
      if (a.status === "failed") return 0;
      const [x, y] = [a.score!, b.score!];
      return a.status === "pruned" ? y.steps - x.steps || y.value - x.value : compareScores(x, y);
    };
    return this.trials
      .filter(({ status }) => status !== "running")
      .sort((a, b) => level(b) - level(a) || compare(a, b) || a.trial - b.trial);
  }
}
