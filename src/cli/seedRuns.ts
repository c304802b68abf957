/**
 * `rl train --seeds`: the same experiment with many seeds, each a run directory written by a process of its own. What
 * came to its end is passed over, what was stopped goes on: the same command line, typed again, completes the set.
 */
import { type ChildProcess, spawn } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { UsageError } from "../errors.ts";
import { finalReturn, iqm, LineReader, median, RunReader, type RunStatus } from "../plots/index.ts";
import type { ProgressEvent, ResultEvent, RunEvent } from "../train/events.ts";
import { shellWord } from "../train/runOrigin.ts";
import { exitCodes } from "./exitCodes.ts";
import type { Argv } from "./flags.ts";
import { Progress, short } from "./progress.ts";
import { evaluationText } from "./report.ts";
import { rlTyped } from "./typedAs.ts";
import { writeOutput } from "./writeOutput.ts";

const where = "rl train";

/** The file that says which experiment a folder of seeds is. */
const experimentFile = "seeds.json";

type Values = Readonly<Record<string, unknown>>;

const sameExperiment = (a: Values, b: Values): boolean => JSON.stringify(a) === JSON.stringify(b);

function readExperiment(folder: string): Values | null {
  try {
    return JSON.parse(fs.readFileSync(path.join(folder, experimentFile), "utf8")) as Values;
  } catch {
    return null;
  }
}

/** Names of what two experiments say differently. */
function differences(a: Values, b: Values): string[] {
  const flat = ({ hyperparameters, ...rest }: Values): Values => ({ ...rest, ...(hyperparameters as Values) });
  const [one, other] = [flat(a), flat(b)];
  const names = [...new Set([...Object.keys(one), ...Object.keys(other)])];
  return names
    .filter((name) => JSON.stringify(one[name]) !== JSON.stringify(other[name]))
    .map((name) => `${name} ${JSON.stringify(one[name]) ?? "none"} (now ${JSON.stringify(other[name]) ?? "none"})`);
}

/**
 * The folder of an experiment: the one given, or the first free `runs/AGENT-ENV-seeds-N`, unless one of them is of the
 * same experiment already.
 * @throws UsageError where the folder given is of another experiment
 */
function folderOf({ out, experiment, envId }: SeedsRequest): string {
  if (out !== undefined) {
    const there = readExperiment(out);
    if (there && !sameExperiment(there, experiment)) {
      throw new UsageError(
        `${where}: --out ${out} must be of the same experiment; got one with other values: ${differences(there, experiment).join(", ")}. ` +
          "Choose another folder.",
      );
    }
    if (fs.existsSync(path.join(out, "config.json"))) {
      throw new UsageError(
        `${where}: --out must be a folder for many runs; got ${out}, which is a run. Choose another.`,
      );
    }
    return out;
  }
  const name = `${experiment.agent}-${envId}`.replaceAll(/[^\w.-]/g, "_");
  for (let n = 1; ; n++) {
    const folder = path.join("runs", `${name}-seeds-${n}`);
    if (!fs.existsSync(folder)) return folder;
    const there = readExperiment(folder);
    if (there && sameExperiment(there, experiment)) return folder;
  }
}

/** What a seed came to. */
interface SeedEnd {
  readonly seed: number;
  readonly directory: string;
  readonly status: RunStatus;
  /** Of the kept weights, null where it has none. */
  readonly score: number | null;
  readonly steps: number;
}

/** What a seed's directory holds before anything is done. */
function seedIn(directory: string): RunReader | null {
  if (!fs.existsSync(path.join(directory, "config.json"))) return null;
  const run = RunReader.open(directory);
  if (typeof run === "string") throw new UsageError(`${where}: ${run} Delete the directory to train that seed anew.`);
  return run.refresh();
}

const endOf = (seed: number, run: RunReader): SeedEnd => ({
  seed,
  directory: run.directory,
  status: run.status,
  score: finalReturn(run),
  steps: run.curves.lastStep,
});

/** Follows all processes: how far each is, as one run of all their steps. */
class SeedsProgress {
  readonly #progress: Progress | null;
  readonly #steps: number;
  readonly #total: number;
  readonly #started = performance.now();
  readonly #at = new Map<number, number>();
  readonly #speeds = new Map<number, number>();
  /** Steps that this command has found done already. */
  #before = 0;

  constructor(progress: Progress | null, steps: number, seeds: number) {
    this.#progress = progress;
    this.#steps = steps;
    this.#total = steps * seeds;
  }

  /** A seed is at a step that it was at before this command. */
  found(seed: number, step: number): void {
    this.#at.set(seed, step);
    this.#before += step;
  }

  on(seed: number, event: RunEvent): void {
    if (event.event === "warning") this.#progress?.line(`seed ${seed}: warning: ${event.message}`);
    if (event.event !== "progress") return;
    this.#at.set(seed, event.step);
    this.#speeds.set(seed, event.stepsPerSecond);
    this.#show();
  }

  /** A seed has ended, perhaps early: what it did not need counts as done. */
  ended(seed: number, line: string): void {
    this.#before += this.#steps - (this.#at.get(seed) ?? 0);
    this.#at.set(seed, this.#steps);
    this.#speeds.delete(seed);
    this.#progress?.line(line);
  }

  #show(): void {
    const sum = (values: Iterable<number>) => [...values].reduce((a, b) => a + b, 0);
    const step = sum(this.#at.values());
    const seconds = (performance.now() - this.#started) / 1_000;
    const rate = (step - this.#before) / Math.max(seconds, 1e-3);
    const event: ProgressEvent = {
      event: "progress",
      step,
      steps: this.#total,
      episodes: 0,
      episodeReturn: null,
      statistics: {},
      stepsPerSecond: sum(this.#speeds.values()),
      secondsLeft: rate > 0 ? (this.#total - step) / rate : Number.POSITIVE_INFINITY,
    };
    this.#progress?.on(event);
  }
}

export interface SeedsRequest {
  readonly seeds: readonly number[];
  /** Processes at a time. */
  readonly parallel: number;
  /** What `--print-config` prints of the experiment, without seed and out. */
  readonly experiment: Values;
  readonly out: string | undefined;
  readonly envId: string;
  /** The file that the environment came from, or null. */
  readonly envFile: string | null;
}

const signals = { SIGINT: exitCodes.interrupted, SIGTERM: exitCodes.terminated } as const;

/**
 * Trains every seed that has not come to its end.
 * @returns the exit code: 0; that of the signal which stopped it; or that of the first seed that failed
 */
export async function trainSeeds(request: SeedsRequest, { json, quiet }: Argv): Promise<number> {
  const { seeds, parallel, experiment, envFile } = request;
  const folder = folderOf(request);
  const directoryOf = (seed: number) => path.join(folder, `seed-${seed}`);
  // damage is told before anything is begun
  const found = new Map(seeds.map((seed) => [seed, seedIn(directoryOf(seed))]));
  const experimentPath = path.join(folder, experimentFile);
  writeOutput(where, experimentPath, `${JSON.stringify(experiment, null, 2)}\n`);

  const shown = quiet ? null : new Progress(process.stderr);
  const progress = new SeedsProgress(shown, Number(experiment.steps), seeds.length);
  const children = new Map<ChildProcess, number>();
  /** Exit codes by seed. */
  const failures = new Map<number, number>();
  let code: number = exitCodes.fine;
  let readerGone = false;

  const stopChildren = (signal: NodeJS.Signals) => {
    for (const child of children.keys()) child.kill(signal);
  };
  const onSignal = (signal: keyof typeof signals) => {
    if (code === exitCodes.fine) shown?.line("stopping; once more to quit without saving");
    code = signals[signal];
    stopChildren(signal);
  };
  const onError = () => {
    readerGone = true;
    stopChildren("SIGTERM");
  };
  const isStopped = () => code !== exitCodes.fine || readerGone;
  const say = (line: object) => {
    if (json && !readerGone) process.stdout.write(`${JSON.stringify(line)}\n`);
  };

  /** Runs one seed in a process to its end. */
  async function trainSeed(seed: number): Promise<void> {
    const directory = directoryOf(seed);
    const run = found.get(seed) ?? null;
    if (run && ["finished", "solved"].includes(run.status)) {
      progress.found(seed, run.curves.lastStep);
      progress.ended(seed, `seed ${seed}: ${run.status} already (${directory})`);
      return;
    }
    if (run?.status === "running") {
      progress.ended(seed, `seed ${seed}: passed over, another process is at it (${directory})`);
      return;
    }
    if (run) progress.found(seed, run.curves.lastStep);
    const words = run
      ? ["resume", directory, ...(envFile === null ? [] : ["--env", envFile])]
      : ["train", "--config", experimentPath, "--seed", String(seed), "--out", directory];
    const args = [...process.execArgv, process.argv[1]!, ...words, "--json", "--quiet"];
    // in a group of its own: Ctrl-C reaches this process alone, which passes it on once
    const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"], detached: true });
    children.set(child, seed);
    let result: ResultEvent | null = null;
    let errors = "";
    const lines = new LineReader();
    child.stderr.setEncoding("utf8").on("data", (text: string) => (errors += text));
    const take = (line: unknown) => {
      const event = line as RunEvent;
      if (event.event === "result") result = event;
      say({ ...event, seed });
      progress.on(seed, event);
      return true;
    };
    child.stdout.setEncoding("utf8").on("data", (text: string) => lines.push(text, take));
    const ended = await new Promise<number>((resolve, reject) => {
      child.on("error", reject);
      child.on("close", (status) => resolve(status ?? exitCodes.internal));
    });
    children.delete(child);
    const { outcome, evaluation } = (result ?? {}) as Partial<ResultEvent>;
    if (outcome === undefined && isStopped()) {
      progress.ended(seed, `seed ${seed}: stopped`);
    } else if (outcome === undefined) {
      failures.set(seed, ended);
      const reason = errors.trim().split("\n").at(-1) || `its process ended with ${ended}`;
      const line = `seed ${seed}: failed: ${reason}`;
      progress.ended(seed, line);
      if (quiet) process.stderr.write(`${line}\n`);
    } else {
      const score = evaluation ? evaluationText(evaluation) : "no evaluation yet";
      progress.ended(seed, `seed ${seed}: ${outcome}: ${score} (${directory})`);
    }
  }

  for (const signal of Object.keys(signals)) process.on(signal, onSignal);
  process.stdout.on("error", onError);
  try {
    const queue = [...seeds];
    const worker = async () => {
      for (let seed = queue.shift(); seed !== undefined && !isStopped(); seed = queue.shift()) await trainSeed(seed);
    };
    await Promise.all(Array.from({ length: Math.min(parallel, seeds.length) }, worker));
  } finally {
    // an error of this process must leave none of its own behind
    stopChildren("SIGTERM");
    shown?.close();
    for (const signal of Object.keys(signals)) process.off(signal, onSignal);
    process.stdout.off("error", onError);
  }
  if (readerGone) return code;
  const ends = seeds.flatMap((seed) => {
    const run = seedIn(directoryOf(seed));
    if (!run) return [];
    // what an environment threw leaves nothing but a checkpoint to go on from
    return [failures.has(seed) ? { ...endOf(seed, run), status: "failed" as const } : endOf(seed, run)];
  });
  say({ event: "summary", folder, seeds: ends, ...scoresOf(ends) });
  (json ? process.stderr : process.stdout).write(summaryText(folder, ends, seeds.length));
  return code === exitCodes.fine ? ([...failures.values()][0] ?? code) : code;
}

/** Statistics of the seeds that came to their end; null where none did. */
function scoresOf(ends: readonly SeedEnd[]): { median: number | null; iqm: number | null } {
  const scores = ends.flatMap(({ status, score }) =>
    status === "finished" || status === "solved" ? (score ?? []) : [],
  );
  return scores.length === 0 ? { median: null, iqm: null } : { median: median(scores), iqm: iqm(scores) };
}

/** The last lines: how many seeds ended how, what they scored, and what to type next. */
function summaryText(folder: string, ends: readonly SeedEnd[], wanted: number): string {
  const counts = new Map<string, number>();
  for (const { status } of ends) counts.set(status, (counts.get(status) ?? 0) + 1);
  if (ends.length < wanted) counts.set("not begun", wanted - ends.length);
  const scores = scoresOf(ends);
  const how = [...counts].map(([status, n]) => `${n} ${status}`).join(", ");
  const ended = ends.filter(({ status }) => status === "finished" || status === "solved");
  const steps = ended.length > 0 ? `, median steps ${median(ended.map((end) => end.steps))}` : "";
  return [
    `${wanted} seed${wanted === 1 ? "" : "s"}: ${how}`,
    ...(scores.iqm === null
      ? []
      : [
          `final return of ${ended.length}: median ${short(scores.median!)}, interquartile mean ${short(scores.iqm)}${steps}`,
        ]),
    ...(ended.length < wanted ? ["type the same command again to go on"] : []),
    `next: ${rlTyped()} plot ${shellWord(folder)}`,
    "",
  ].join("\n");
}
