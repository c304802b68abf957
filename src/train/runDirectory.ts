/**
 * The directory of one run:
 *
 *     config.json     everything the run was told, with the versions it ran on
 *     command.txt     the command line        git.txt   commit of the working folder, where it is a git checkout
 *     metrics.ndjson  what happened, without the clock: the same bytes for the same seed
 *     timing.ndjson   speeds                  scores.tsv  one row an evaluation, ChainerRL's columns
 *     best/  finish/  weights, with score.json
 *     checkpoints/    the last two checkpoints
 *     events.out.tfevents  the metrics for TensorBoard, where the run was told to write them
 *     episodes/       the first episodes of the last evaluations, as seeds and actions
 *     live/           while somebody looks on, what the training environment shows
 *     lock            while a process writes here
 *
 * Environment variables are never written.
 */
import fs from "node:fs";
import path from "node:path";
import type { Agent } from "../agents/agent.ts";
import { DeviceError, UsageError } from "../errors.ts";
import type { State } from "../state.ts";
import { readCheckpoint, writeCheckpoint } from "./checkpoint.ts";
import type { RecordedEpisode } from "./episode.ts";
import { writeFailure } from "./failure.ts";
import { FileError } from "./fileError.ts";
import { GrowingFile } from "./growingFile.ts";
import { clearLive, showLive } from "./livePicture.ts";
import type { LiveSource } from "./liveScene.ts";
import type { RunStore, Score } from "./loop.ts";
import { makeDirectories } from "./makeDirectories.ts";
import type { EvaluationLine, MetricsLine, ProgressLine, ResultLine, TimingLine } from "./metrics.ts";
import { metricsFile, type RunConfig } from "./readRun.ts";
import { replaceFile, syncDirectory, writeAll } from "./replaceFile.ts";
import { lockRun } from "./runLock.ts";
import { commandLine, gitState } from "./runOrigin.ts";
import { evaluationScalars, eventFileName, fileVersionRecord, scalarsRecord, trainScalars } from "./tensorboard.ts";

const asJson = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;

/** The files that grow, in the order they are written. */
const growing = {
  metrics: metricsFile,
  scores: "scores.tsv",
  timing: "timing.ndjson",
  tensorboard: eventFileName,
} as const;
type Growing = keyof typeof growing;

/** Those that a run has. */
const growingNames = ({ settings }: RunConfig): Growing[] =>
  (Object.keys(growing) as Growing[]).filter((name) => name !== "tensorboard" || settings.tensorboard);

/** Everything that a run puts into its directory, the file that claims it first. */
const runNames = [
  "config.json",
  ...Object.values(growing),
  "checkpoints",
  "best",
  "finish",
  "episodes",
  "live",
  "command.txt",
  "git.txt",
  "lock",
];

/** What a checkpoint of a run directory holds. */
interface SavedRun {
  readonly run: State;
  /** Bytes of the growing files at that moment, of those that the run has. */
  readonly lengths: Readonly<Record<Growing, number>>;
  /** The files of best/, which later evaluations overwrite; null before the first. */
  readonly best: Readonly<Record<string, Uint8Array>> | null;
}

/** A checkpoint that can be used. */
export interface FoundCheckpoint {
  readonly step: number;
  /** What was handed to `checkpoint`. */
  readonly run: State;
  /** Puts the directory back to what it was then; later checkpoints get another name. */
  rewind(): void;
}

/** Steps of the checkpoints in a run directory, newest first. */
function checkpointSteps(directory: string): number[] {
  const names = fs.existsSync(directory) ? fs.readdirSync(directory) : [];
  const steps = names.flatMap((name) => /^step-(\d+)\.safetensors$/.exec(name)?.[1] ?? []).map(Number);
  return steps.sort((a, b) => b - a);
}

/** Evaluations of which an episode is kept. */
const keptEpisodes = 10;

/** Steps of the recorded episodes in a folder, newest first. */
export function episodeSteps(folder: string): number[] {
  const names = fs.existsSync(folder) ? fs.readdirSync(folder) : [];
  const steps = names.flatMap((name) => /^step-(\d+)\.json$/.exec(name)?.[1] ?? []).map(Number);
  return steps.sort((a, b) => b - a);
}

/** The error of a place where a run cannot be written. */
const unwritable = (directory: string, error: unknown): DeviceError =>
  writeFailure("train", directory, error) ??
  new DeviceError(
    `train: ${directory} must be writable; nothing can be made there (${(error as NodeJS.ErrnoException).code}). ` +
      "Choose another place with out.",
    { cause: error },
  );

/** A directory of a run that this process writes. */
export class RunDirectory implements RunStore {
  readonly directory: string;
  config: RunConfig;
  readonly #unlock: () => void;
  readonly #growing: readonly Growing[];
  readonly #files: Readonly<Record<Growing, GrowingFile>>;
  #scoreColumns: readonly string[] | null;

  private constructor(directory: string, config: RunConfig, unlock: () => void) {
    this.directory = directory;
    this.config = config;
    this.#unlock = unlock;
    fs.mkdirSync(this.#path("checkpoints"), { recursive: true });
    this.#growing = growingNames(config);
    const opened = this.#growing.map((name) => [name, new GrowingFile(this.#path(growing[name]))]);
    this.#files = Object.fromEntries(opened) as Record<Growing, GrowingFile>;
    const header = fs.readFileSync(this.#path(growing.scores), "utf8").split("\n", 1)[0]!;
    this.#scoreColumns = header === "" ? null : header.split("\t").slice(scoreColumns.length);
  }

  #path(...names: readonly string[]): string {
    return path.join(this.directory, ...names);
  }

  /**
   * Claims a directory for a new run; of two runs that start at once one gets it.
   * @param out the directory; undefined for the next free `runs/<agent>-<env>-<seed>-<n>`
   * @throws UsageError when there is a run in it already; DeviceError when it cannot be written
   */
  static create(out: string | undefined, config: RunConfig): RunDirectory {
    const directory = out ?? freeDirectory(config);
    const place = (name: string) => path.join(directory, name);
    const taken = (name: string) =>
      new UsageError(
        name === "config.json"
          ? `train: out must be a directory without a run; got ${directory}, which holds one. ` +
              `Choose another, or continue that run with rl resume ${directory}.`
          : `train: out must be a directory without a run; got ${directory}, which holds ${name} of one. Choose another.`,
      );
    let claim: number;
    try {
      makeDirectories(directory);
      const there = runNames.find((name) => fs.existsSync(place(name)));
      if (there) throw taken(there);
      // the file that makes a directory a run's is made by one process only
      claim = fs.openSync(place("config.json"), "wx");
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code;
      if (code === undefined) throw error;
      if (code === "EEXIST") throw taken("config.json");
      if (code === "ENOTDIR") {
        throw new UsageError(`train: out must be a directory; got ${directory}, where a file is. Choose another.`);
      }
      throw unwritable(directory, error);
    }
    let run: RunDirectory | null = null;
    try {
      writeAll(claim, Buffer.from(asJson(config)));
      fs.fsyncSync(claim);
      run = new RunDirectory(directory, config, lockRun("train", directory));
      fs.writeFileSync(place("command.txt"), `${commandLine()}\n`);
      const git = gitState();
      if (git !== null) fs.writeFileSync(place("git.txt"), git);
      return run;
    } catch (error) {
      // nothing has begun: the directory must be free for another try
      run?.close();
      for (const name of runNames) fs.rmSync(place(name), { recursive: true, force: true });
      throw writeFailure("train", directory, error) ?? error;
    } finally {
      fs.closeSync(claim);
    }
  }

  /**
   * Takes up the directory of a run that was stopped.
   * @throws UsageError when another process is writing it
   */
  static open(directory: string, config: RunConfig): RunDirectory {
    let unlock: (() => void) | null = null;
    try {
      unlock = lockRun("resume", directory);
      return new RunDirectory(directory, config, unlock);
    } catch (error) {
      unlock?.();
      throw writeFailure("resume", directory, error) ?? error;
    }
  }

  get resumable(): boolean {
    return checkpointSteps(this.#path("checkpoints")).length > 0;
  }

  close(): void {
    for (const name of this.#growing) this.#files[name].close();
    // of an actor too that was ended before it could
    clearLive(this.directory);
    this.#unlock();
  }

  /** Writes config.json anew. */
  saveConfig(config: RunConfig): void {
    this.config = config;
    replaceFile(this.#path("config.json"), (fd) => writeAll(fd, Buffer.from(asJson(config))));
  }

  #line(name: Growing, line: MetricsLine | TimingLine): void {
    this.#files[name].append(`${JSON.stringify(line)}\n`);
  }

  /**
   * Writes whole lines to several files, or none of them: where the disk refuses one, a checkpoint may still be
   * written, and a resume from it writes the lines again.
   */
  #together(write: () => void): void {
    const lengths = this.#lengths();
    try {
      write();
    } catch (error) {
      for (const name of this.#growing) this.#files[name].truncate(lengths[name]);
      throw error;
    }
  }

  #lengths(): SavedRun["lengths"] {
    const lengths = this.#growing.map((name) => [name, this.#files[name].length]);
    return Object.fromEntries(lengths) as SavedRun["lengths"];
  }

  progress(line: ProgressLine, timing: TimingLine): void {
    this.#together(() => {
      this.#line("metrics", line);
      this.#line("timing", timing);
      this.#scalars(line.step, trainScalars(line, timing));
    });
  }

  evaluation(line: EvaluationLine, statistics: Record<string, number>, seconds: number): void {
    const { step, episodes, evaluation } = line;
    const { mean, median, stdev, max, min } = evaluation;
    const known = [step, episodes, seconds.toFixed(3), mean, median, stdev, max, min];
    this.#together(() => {
      this.#line("metrics", line);
      this.#scoreColumns ??= this.#startScores(Object.keys(statistics));
      const row = [...known, ...this.#scoreColumns.map((name) => statistics[name] ?? Number.NaN)];
      this.#files.scores.append(`${row.join("\t")}\n`);
      this.#scalars(step, evaluationScalars(line));
    });
  }

  /** For TensorBoard, where the run was told so. */
  #scalars(step: number, scalars: Readonly<Record<string, number>>): void {
    if (!this.config.settings.tensorboard) return;
    const wallTime = Date.now() / 1_000;
    const file = this.#files.tensorboard;
    if (file.length === 0) file.append(fileVersionRecord(wallTime));
    file.append(scalarsRecord(wallTime, step, scalars));
  }

  #startScores(statistics: readonly string[]): readonly string[] {
    this.#files.scores.append(`${[...scoreColumns, ...statistics].join("\t")}\n`);
    return statistics;
  }

  result(line: ResultLine): void {
    this.#together(() => this.#line("metrics", line));
  }

  episode(episode: RecordedEpisode): void {
    const folder = this.#path("episodes");
    const file = path.join(folder, `step-${episode.step}.json`);
    try {
      fs.mkdirSync(folder, { recursive: true });
      // whole for whoever reads it meanwhile; not worth waiting for the disk
      fs.writeFileSync(`${file}.tmp`, JSON.stringify(episode));
      fs.renameSync(`${file}.tmp`, file);
      for (const step of episodeSteps(folder).slice(keptEpisodes)) fs.rmSync(path.join(folder, `step-${step}.json`));
    } catch (error) {
      fs.rmSync(`${file}.tmp`, { force: true });
      throw writeFailure("train", file, error) ?? error;
    }
  }

  live(source: LiveSource): () => void {
    return showLive(this.directory, source);
  }

  saveBest(agent: Agent, score: Score): Promise<void> {
    return this.#saveWeights("best", agent, score);
  }

  loadBest(agent: Agent): Promise<void> {
    return agent.load(this.#path("best"));
  }

  saveFinish(agent: Agent, score: Score): Promise<void> {
    return this.#saveWeights("finish", agent, score);
  }

  async #saveWeights(name: "best" | "finish", agent: Agent, score: Score): Promise<void> {
    const fresh = this.#path(`.${name}-new`);
    try {
      fs.rmSync(fresh, { recursive: true, force: true });
      fs.mkdirSync(fresh);
      await agent.save(fresh);
      fs.writeFileSync(path.join(fresh, "score.json"), asJson(score));
      this.#putInPlace(name, fresh);
    } catch (error) {
      fs.rmSync(fresh, { recursive: true, force: true });
      throw writeFailure("train", this.#path(name), error) ?? error;
    }
  }

  /** Gives a directory its name; the one that had it goes when the new one is there. */
  #putInPlace(name: string, fresh: string): void {
    // what a loss of power takes from best/ is in the next checkpoint; finish/ has nothing behind it
    for (const file of name === "finish" ? filesIn(fresh) : []) {
      const fd = fs.openSync(path.join(fresh, file), "r+");
      fs.fsyncSync(fd);
      fs.closeSync(fd);
    }
    const place = this.#path(name);
    const old = this.#path(`.${name}-old`);
    fs.rmSync(old, { recursive: true, force: true });
    if (fs.existsSync(place)) fs.renameSync(place, old);
    fs.renameSync(fresh, place);
    if (name === "finish") syncDirectory(this.directory);
    fs.rmSync(old, { recursive: true, force: true });
  }

  checkpoint(step: number, state: State): string {
    const file = this.#checkpointPath(step);
    writeCheckpoint(file, step, this.#withFiles(state));
    for (const old of checkpointSteps(this.#path("checkpoints")).slice(2)) fs.rmSync(this.#checkpointPath(old));
    return file;
  }

  failure(step: number, state: State): string {
    const file = this.#path("checkpoints", `failed-${step}.safetensors`);
    writeCheckpoint(file, step, this.#withFiles(state));
    return file;
  }

  #checkpointPath(step: number): string {
    return this.#path("checkpoints", `step-${step}.safetensors`);
  }

  #withFiles(run: State): State {
    // what the checkpoint counts on must be on the disk before it
    for (const name of this.#growing) this.#files[name].sync();
    const lengths = this.#lengths();
    const place = this.#path("best");
    const names = fs.existsSync(place) ? filesIn(place) : null;
    const best = names && Object.fromEntries(names.map((name) => [name, fs.readFileSync(path.join(place, name))]));
    return { run, lengths, best };
  }

  /**
   * Reads the newest checkpoint that is whole, or the one given; nothing is changed yet.
   * @param warn is told of each checkpoint that was passed over
   * @throws FileError with one sentence a file when none can be used; UsageError when there is none
   */
  findCheckpoint(warn: (message: string) => void, chosen?: string): FoundCheckpoint {
    if (chosen !== undefined && !fs.statSync(chosen, { throwIfNoEntry: false })?.isFile()) {
      throw new UsageError(`resume: the checkpoint must be a file; got ${chosen}, where none is. Check the path.`);
    }
    const newest = () => checkpointSteps(this.#path("checkpoints")).map((step) => this.#checkpointPath(step));
    const reasons: string[] = [];
    for (const file of chosen === undefined ? newest() : [chosen]) {
      try {
        const { step, state } = readCheckpoint(file);
        const saved = state as unknown as SavedRun;
        this.#checkLengths(file, saved.lengths);
        for (const reason of reasons) warn(`${reason} The run goes on from step ${step}.`);
        return { step, run: saved.run, rewind: () => this.#rewind(step, saved) };
      } catch (error) {
        if (!(error instanceof FileError)) throw error;
        reasons.push(error.message);
      }
    }
    if (reasons.length > 0) throw new FileError(reasons.join(" "));
    throw new UsageError(
      `resume: ${this.directory} must hold a checkpoint; got none in checkpoints/. ` +
        "The run ended before its first one: begin it again with another out.",
    );
  }

  #checkLengths(file: string, lengths: SavedRun["lengths"]): void {
    for (const name of this.#growing) {
      const length = this.#files[name].length;
      if (length >= lengths[name]) continue;
      throw new FileError(
        `resume: ${growing[name]} must have the ${lengths[name]} bytes it had at ${file}; got ${length}. ` +
          "It was cut off or changed: resume from an earlier checkpoint.",
      );
    }
  }

  #rewind(step: number, { lengths, best }: SavedRun): void {
    for (const name of this.#growing) this.#files[name].truncate(lengths[name]);
    if (lengths.scores === 0) this.#scoreColumns = null;
    const folder = this.#path("checkpoints");
    for (const name of fs.readdirSync(folder)) if (name.endsWith(".tmp")) fs.rmSync(path.join(folder, name));
    // those passed over must neither be taken up again nor count as one of the two that are kept
    for (const later of checkpointSteps(folder).filter((other) => other > step)) {
      fs.renameSync(this.#checkpointPath(later), `${this.#checkpointPath(later)}.unused`);
    }
    for (const later of episodeSteps(this.#path("episodes")).filter((other) => other > step)) {
      fs.rmSync(this.#path("episodes", `step-${later}.json`));
    }
    if (best === null) {
      fs.rmSync(this.#path("best"), { recursive: true, force: true });
      return;
    }
    const fresh = this.#path(".best-new");
    fs.rmSync(fresh, { recursive: true, force: true });
    for (const [name, bytes] of Object.entries(best)) {
      const file = path.join(fresh, name);
      fs.mkdirSync(path.dirname(file), { recursive: true });
      fs.writeFileSync(file, bytes);
    }
    this.#putInPlace("best", fresh);
  }
}

/** ChainerRL's scores.txt begins with these; the agent's statistics follow. */
const scoreColumns = ["steps", "episodes", "elapsed", "mean", "median", "stdev", "max", "min"];

/** Names of the files in a directory and below it. */
function filesIn(directory: string): string[] {
  const entries = fs.readdirSync(directory, { withFileTypes: true });
  const names = entries.map((entry) =>
    entry.isDirectory()
      ? filesIn(path.join(directory, entry.name)).map((name) => path.join(entry.name, name))
      : [entry.name],
  );
  return names.flat().sort();
}

/** Makes the next free directory of its kind in `runs/`. */
function freeDirectory({ agent, env, settings }: RunConfig): string {
  const name = `${agent}-${env}-${settings.seed}`.replaceAll(/[^\w.-]/g, "_");
  for (let n = 1; ; n++) {
    const directory = path.join("runs", `${name}-${n}`);
    try {
      makeDirectories("runs");
      // not recursive: of two processes one makes it
      fs.mkdirSync(directory);
      return directory;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === "EEXIST") continue;
      if (code === "ENOTDIR") {
        throw new UsageError(
          "train: runs must be a directory; got a file of that name. Choose another place with out.",
        );
      }
      throw unwritable(directory, error);
    }
  }
}
