/** How a run looks while it goes: one line redrawn in place on a terminal, plain lines now and then in a pipe. */
import type { EvaluationEvent, ProgressEvent, RunEvent } from "../train/events.ts";

/** Milliseconds between redraws of the live line, and between plain lines of progress. */
const redrawInterval = 100;
const lineInterval = 10_000;

/** 950, 12.3k, 1.50M: three digits, at most five characters. */
export function compact(x: number): string {
  if (x < 1_000) return String(Math.round(x));
  const [scaled, unit] = x < 999_500 ? [x / 1_000, "k"] : x < 999.5e6 ? [x / 1e6, "M"] : [x / 1e9, "G"];
  return `${scaled.toFixed(scaled < 9.995 ? 2 : scaled < 99.95 ? 1 : 0)}${unit}`;
}

/** A return or a loss in about six characters: 0.0123, 187.2, 500, 1.5e-7. */
export function short(x: number): string {
  const size = Math.abs(x);
  if (!Number.isFinite(x) || (Number.isInteger(x) && size < 1e6)) return String(x);
  if (size < 1e-3 || size >= 1e6) return x.toExponential(1);
  return String(Number(x.toFixed(size < 0.1 ? 4 : size < 10 ? 3 : size < 1_000 ? 1 : 0)));
}

/** 1 episode, 10 episodes. */
export const episodesText = (n: number, kind = ""): string => `${n} ${kind}episode${n === 1 ? "" : "s"}`;

/** 0:07, 12:34, 1:02:03. */
export function clock(seconds: number): string {
  if (!Number.isFinite(seconds)) return "?";
  const total = Math.ceil(seconds);
  const two = (n: number) => String(n).padStart(2, "0");
  const hours = Math.floor(total / 3_600);
  const minutes = Math.floor(total / 60) % 60;
  return hours > 0 ? `${hours}:${two(minutes)}:${two(total % 60)}` : `${minutes}:${two(total % 60)}`;
}

/** The speeds of the actors, as 12.1k+11.8k. */
const byActor = (speeds: readonly number[]): string => speeds.map((speed) => compact(speed)).join("+");

/** How far behind learning the actors act, as 12+9 updates. */
const behind = (updates: readonly number[]): string => `${updates.join("+")} updates behind`;

/** What is told of the actors. */
function actorsOf({ actorStepsPerSecond, actorUpdatesBehind }: ProgressEvent): string | null {
  if (!actorStepsPerSecond) return null;
  return byActor(actorStepsPerSecond) + (actorUpdatesBehind ? `, ${behind(actorUpdatesBehind)}` : "");
}

/** The parts of a progress line, in the order they are read; the lower the rank, the longer a part stays. */
function parts(progress: ProgressEvent) {
  const { step, steps, episodeReturn, statistics, stepsPerSecond, secondsLeft } = progress;
  const actors = actorsOf(progress);
  const { averageLoss, epsilon } = statistics;
  const part = (rank: number, text: string | null) => ({ rank, text });
  return [
    part(0, `${Math.floor((100 * step) / steps)}%`.padStart(4)),
    part(4, `${compact(step)}/${compact(steps)}`),
    part(3, `${compact(stepsPerSecond).padStart(5)}/s`),
    part(7, actors && `(${actors})`),
    part(2, episodeReturn === null ? null : `return ${short(episodeReturn).padEnd(5)}`),
    part(5, averageLoss === undefined ? null : `loss ${short(averageLoss).padEnd(6)}`),
    part(6, epsilon === undefined ? null : `ε ${epsilon.toFixed(2)}`),
    part(1, `${clock(secondsLeft)} left`),
  ].filter((x): x is { rank: number; text: string } => x.text !== null);
}

/** Columns below which numbers give way to the bar. */
const shortestBar = 6;

const length = (texts: readonly string[]) => texts.join("  ").length;

/**
 * The live line: a bar and as many numbers as fit into `width` columns, the least important left out first.
 * Never longer than `width`.
 */
export function liveLine(progress: ProgressEvent, width: number): string {
  let kept = parts(progress);
  while (kept.length > 1 && shortestBar + 1 + length(kept.map((x) => x.text)) > width) {
    const last = Math.max(...kept.map((x) => x.rank));
    kept = kept.filter((x) => x.rank !== last);
  }
  const text = kept.map((x) => x.text).join("  ");
  const room = Math.min(24, width - text.length - 1);
  if (room < 3) return text.slice(0, Math.max(0, width));
  const done = Math.min(room, Math.floor((room * progress.step) / progress.steps));
  return `${"█".repeat(done)}${"░".repeat(room - done)} ${text}`;
}

/** The same as one plain line: `step 42000 of 100000, 9.80k steps/s, return 153.0, …`. */
export function plainLine(progress: ProgressEvent): string {
  const { step, steps, episodeReturn, statistics, stepsPerSecond, secondsLeft } = progress;
  const { averageLoss, epsilon } = statistics;
  const actors = actorsOf(progress);
  return [
    `step ${step} of ${steps}`,
    `${compact(stepsPerSecond)} steps/s${actors ? ` (actors ${actors})` : ""}`,
    ...(episodeReturn === null ? [] : [`return ${short(episodeReturn)}`]),
    ...(averageLoss === undefined ? [] : [`loss ${short(averageLoss)}`]),
    ...(epsilon === undefined ? [] : [`ε ${epsilon.toFixed(2)}`]),
    `${clock(secondsLeft)} left`,
  ].join(", ");
}

/** The permanent line of one evaluation. */
export function evaluationLine({ step, evaluation, best }: EvaluationEvent): string {
  const { mean, stdev, min, max, episodes } = evaluation;
  const range = `min ${short(min)}, max ${short(max)}, ${episodesText(episodes)}`;
  return `step ${step}: mean return ${short(mean)} ± ${short(stdev)} (${range})${best ? " best so far" : ""}`;
}

/** Where lines go: `process.stderr`, or what a test puts in its place. */
export interface LineStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

/** Whether lines may be redrawn in place, and whether they may be coloured. */
export const isLive = (stream: LineStream, env = process.env): boolean => stream.isTTY === true && env.TERM !== "dumb";
export const isColoured = (stream: LineStream, env = process.env): boolean => isLive(stream, env) && !env.NO_COLOR;

/** Shows the events of a run on a stream. */
export class Progress {
  readonly #stream: LineStream;
  readonly #live: boolean;
  readonly #coloured: boolean;
  readonly #now: () => number;
  #shown: string | null = null;
  #last: number;

  constructor(stream: LineStream, env = process.env, now: () => number = () => performance.now()) {
    this.#stream = stream;
    this.#live = isLive(stream, env);
    this.#coloured = isColoured(stream, env);
    this.#now = now;
    this.#last = this.#live ? Number.NEGATIVE_INFINITY : now();
  }

  on(event: RunEvent): void {
    if (event.event === "start" && event.resumed) this.line(`goes on from the checkpoint of step ${event.fromStep}`);
    if (event.event === "start" && event.deviceReason !== null) this.line(`on the ${event.deviceReason}`);
    if (event.event === "evaluation") {
      const line = evaluationLine(event);
      this.line(this.#coloured && event.best ? `\u001b[32m${line}\u001b[39m` : line);
    }
    if (event.event === "warning") this.line(`warning: ${event.message}`);
    if (event.event !== "progress") return;
    const now = this.#now();
    if (now - this.#last < (this.#live ? redrawInterval : lineInterval)) return;
    this.#last = now;
    if (this.#live) {
      // one column stays free: a terminal wraps when its last column is written
      this.#shown = liveLine(event, (this.#stream.columns || 80) - 1);
      this.#draw();
    } else {
      this.line(plainLine(event));
    }
  }

  /** A line that stays, above the live line. */
  line(text: string): void {
    this.#stream.write(`${this.#shown === null ? "" : "\r\u001b[K"}${text}\n`);
    this.#draw();
  }

  /** Takes the live line away; nothing is drawn after. */
  close(): void {
    if (this.#shown !== null) this.#stream.write("\r\u001b[K");
    this.#shown = null;
  }

  #draw(): void {
    if (this.#shown !== null) this.#stream.write(`\r${this.#coloured ? coloured(this.#shown) : this.#shown}\u001b[K`);
  }
}

/** The bar's filled part in cyan, its empty part dim. */
const coloured = (line: string): string =>
  line.replace(/█+/, "\u001b[36m$&\u001b[39m").replace(/░+/, "\u001b[2m$&\u001b[22m");
