/**
 * Reads run directories, of runs under way too, and of whatever else is found in their place: what cannot be used
 * becomes one sentence in `warnings`, the rest is read.
 */
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { UsageError } from "../errors.ts";
import { LineReader, RunCurves } from "./runCurves.ts";

/** What config.json says, as far as it is needed here; of another version some of it may be missing. */
export interface RunDescription {
  readonly agent: string;
  readonly env: string;
  readonly kusari: string | null;
  readonly seed: number | null;
  /** Steps it was told to take. */
  readonly steps: number | null;
  /** Mean evaluation return at which it stops; null for none. */
  readonly stopAt: number | null;
  readonly envKwargs: Readonly<Record<string, unknown>>;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly hyperparameters: Readonly<Record<string, unknown>>;
}

/**
 * "running": a process writes it; "solved" and "finished": it came to its end; "failed": it broke off and said so;
 * "stopped": none of these, so that it can be resumed.
 */
export type RunStatus = "running" | "solved" | "finished" | "stopped" | "failed";

type Values = Readonly<Record<string, unknown>>;
const objectOr = (value: unknown): Values =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Values) : {};
const numberOr = (value: unknown): number | null => (typeof value === "number" ? value : null);

/** A config.json as a description, or null where it is none. */
export function describeRun(config: unknown): RunDescription | null {
  const { agent, env, kusari, settings, hyperparameters, envKwargs } = objectOr(config);
  if (typeof agent !== "string" || typeof env !== "string") return null;
  const { seed, steps, stopAt } = objectOr(settings);
  return {
    agent,
    env,
    kusari: typeof kusari === "string" ? kusari : null,
    seed: numberOr(seed),
    steps: numberOr(steps),
    stopAt: numberOr(stopAt),
    envKwargs: objectOr(envKwargs),
    settings: objectOr(settings),
    hyperparameters: objectOr(hyperparameters),
  };
}

/** Reads what was appended to a file since the last time; begins anew where the file was cut back. */
class FileTail {
  readonly #file: string;
  #offset = 0;
  readonly #decoder = () => new TextDecoder();
  #decode = this.#decoder();

  constructor(file: string) {
    this.#file = file;
  }

  /** Hands over text in pieces; `restart` is called first where what was read before no longer holds. */
  read(push: (text: string) => void, restart: () => void): void {
    let fd: number;
    try {
      fd = fs.openSync(this.#file, "r");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return;
      throw error;
    }
    try {
      if (fs.fstatSync(fd).size < this.#offset) {
        // a resume goes back to its checkpoint
        this.#offset = 0;
        this.#decode = this.#decoder();
        restart();
      }
      const buffer = new Uint8Array(1 << 16);
      for (;;) {
        const bytes = fs.readSync(fd, buffer, 0, buffer.length, this.#offset);
        if (bytes === 0) return;
        this.#offset += bytes;
        push(this.#decode.decode(buffer.subarray(0, bytes), { stream: true }));
      }
    } finally {
      fs.closeSync(fd);
    }
  }
}

/** `3 lines (the first is line 12)`. */
const whichLines = ([first, ...more]: readonly number[]): string =>
  more.length === 0 ? `line ${first}` : `${more.length + 1} lines, the first of them line ${first},`;

const fileNames = ["metrics.ndjson", "timing.ndjson"] as const;

/** How long ago a process on another machine may have written and still be at it. */
const writesWithin = 10 * 60 * 1_000;

/** A run directory that is read again and again while it grows. */
export class RunReader {
  readonly directory: string;
  readonly description: RunDescription;
  #tails!: readonly FileTail[];
  #lines!: readonly LineReader[];
  #curves!: RunCurves;

  private constructor(directory: string, description: RunDescription) {
    this.directory = directory;
    this.description = description;
    this.#restart();
  }

  /** A run directory, nothing of its metrics read yet; or the sentence that says why it is none. */
  static open(directory: string): RunReader | string {
    const file = path.join(directory, "config.json");
    let text: string;
    try {
      text = fs.readFileSync(file, "utf8");
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (!fs.existsSync(directory)) return `${directory} is not there.`;
      return code === "ENOENT" || code === "ENOTDIR"
        ? `${directory} has no config.json: it holds no run.`
        : `${file} cannot be read (${code}).`;
    }
    let description: RunDescription | null = null;
    try {
      description = describeRun(JSON.parse(text));
    } catch {
      // said below
    }
    return description
      ? new RunReader(directory, description)
      : `${file} is damaged or of another program: it names no agent and environment.`;
  }

  #restart(): void {
    this.#tails = fileNames.map((name) => new FileTail(path.join(this.directory, name)));
    this.#lines = fileNames.map(() => new LineReader());
    this.#curves = new RunCurves();
  }

  get curves(): RunCurves {
    return this.#curves;
  }

  /** What must be said about the run. */
  get warnings(): readonly string[] {
    return fileNames.flatMap((name, i) => {
      const { damaged } = this.#lines[i]!;
      if (damaged.length === 0) return [];
      return [`${path.join(this.directory, name)}: ${whichLines(damaged)} cannot be read; the rest is shown.`];
    });
  }

  /** Reads what was written since the last time. */
  refresh(): this {
    let isCutBack = false;
    this.#readOn(() => (isCutBack = true));
    if (isCutBack) {
      this.#restart();
      this.#readOn(() => {});
    }
    return this;
  }

  #readOn(cutBack: () => void): void {
    const curves = this.#curves;
    this.#tails.forEach((tail, i) => {
      const lines = this.#lines[i]!;
      tail.read((text) => lines.push(text, (line) => curves.add(line)), cutBack);
    });
  }

  /** From the lock, the result's line and the file that a failure leaves; `refresh` first. */
  get status(): RunStatus {
    if (this.#isWritten()) return "running";
    const { result } = this.#curves;
    if (result) return result.outcome;
    return this.#hasFailed() ? "failed" : "stopped";
  }

  #isWritten(): boolean {
    try {
      const lock = JSON.parse(fs.readFileSync(path.join(this.directory, "lock"), "utf8")) as {
        pid: number;
        host: string;
      };
      if (lock.host !== os.hostname()) {
        // of a process elsewhere only its writing can be seen
        const written = fs.statSync(path.join(this.directory, "metrics.ndjson")).mtimeMs;
        return Date.now() - written < writesWithin;
      }
      process.kill(lock.pid, 0);
      return true;
    } catch (error) {
      return (error as NodeJS.ErrnoException).code === "EPERM";
    }
  }

  /** Whether the last thing written is the state of a failure; a run that was resumed goes past it. */
  #hasFailed(): boolean {
    const folder = path.join(this.directory, "checkpoints");
    if (!fs.existsSync(folder)) return false;
    const steps = (pattern: RegExp) =>
      fs
        .readdirSync(folder)
        .flatMap((name) => pattern.exec(name)?.[1] ?? [])
        .map(Number);
    const failed = Math.max(-1, ...steps(/^failed-(\d+)\.safetensors$/));
    return failed >= 0 && failed >= Math.max(0, ...steps(/^step-(\d+)\.safetensors$/));
  }
}

const isRun = (directory: string): boolean => fs.existsSync(path.join(directory, "config.json"));

const subfolders = (directory: string): string[] =>
  fs
    .readdirSync(directory, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith("."))
    .map((entry) => entry.name)
    .sort(byNumbers);

/** seed-2 before seed-10. */
const byNumbers = new Intl.Collator("en", { numeric: true }).compare;

/** The directories that a pattern with `*` and `?` stands for. */
function matches(pattern: string): string[] {
  const [first = "", ...rest] = path.normalize(pattern).split(path.sep);
  let found = [pattern.startsWith(path.sep) ? path.sep : first];
  const isWild = (segment: string) => /[*?]/.test(segment);
  if (isWild(first)) [found] = [["."]];
  for (const segment of isWild(first) ? [first, ...rest] : rest) {
    if (segment === "") continue;
    if (!isWild(segment)) {
      found = found.map((folder) => path.join(folder, segment)).filter((folder) => fs.existsSync(folder));
      continue;
    }
    const quoted = segment.replaceAll(/[.+^${}()|[\]\\]/g, "\\$&");
    const expression = new RegExp(`^${quoted.replaceAll("*", ".*").replaceAll("?", ".")}$`);
    found = found
      .filter((folder) => fs.statSync(folder, { throwIfNoEntry: false })?.isDirectory())
      .flatMap((folder) =>
        subfolders(folder)
          .filter((name) => expression.test(name))
          .map((name) => path.join(folder, name)),
      );
  }
  return found;
}

/** How far below a folder runs are looked for: runs/NAME/seed-N. */
const depth = 3;

function runsBelow(directory: string, levels: number): string[] {
  if (isRun(directory)) return [directory];
  if (levels === 0 || !fs.statSync(directory, { throwIfNoEntry: false })?.isDirectory()) return [];
  return subfolders(directory).flatMap((name) => runsBelow(path.join(directory, name), levels - 1));
}

export interface FoundRuns {
  readonly runs: readonly RunReader[];
  /** One sentence for each place without a run. */
  readonly warnings: readonly string[];
}

/**
 * Opens the runs that words stand for: run directories, folders of them (`runs`, or the one that `rl train --seeds`
 * made), patterns with `*` and `?`. A run that is named twice is opened once.
 */
export function findRuns(words: readonly string[]): FoundRuns {
  const warnings: string[] = [];
  const found = new Map<string, RunReader>();
  for (const word of words) {
    const isPattern = /[*?]/.test(word) && !fs.existsSync(word);
    const folders = isPattern ? matches(word) : [word];
    const directories = folders.flatMap((folder) => runsBelow(folder, depth));
    if (directories.length === 0) warnings.push(noRuns(word, isPattern));
    for (const directory of directories) {
      const place = path.resolve(directory);
      if (found.has(place)) continue;
      const run = RunReader.open(directory);
      if (typeof run === "string") warnings.push(run);
      else found.set(place, run);
    }
  }
  return { runs: [...found.values()], warnings };
}

function noRuns(word: string, isPattern: boolean): string {
  if (isPattern) return `no directory matches ${word}.`;
  return fs.existsSync(word) ? `${word} holds no run.` : `${word} is not there.`;
}

/**
 * Opens the runs that words stand for and reads all of each.
 * @param version of this program, where runs of another one shall be told
 * @throws UsageError where there is not a single run
 */
export function readRuns(where: string, words: readonly string[], version?: string): FoundRuns {
  const { runs, warnings } = findRuns(words);
  if (runs.length === 0) {
    throw new UsageError(
      `${where}: there must be a run in ${words.join(", ")}; got none: ${warnings.join(" ")} Check the path.`,
    );
  }
  const others = runs.flatMap(({ directory, description: { kusari } }) =>
    version === undefined || kusari === version
      ? []
      : [`${directory} was written by kusari ${kusari ?? "of an unknown version"}; this is ${version}.`],
  );
  const said = runs.flatMap((run) => {
    try {
      run.refresh();
    } catch (error) {
      return [`${run.directory} cannot be read (${(error as NodeJS.ErrnoException).code ?? String(error)}).`];
    }
    const { warnings: about, curves, directory, status } = run;
    const isEmpty = curves.names.length === 0 && status !== "running";
    return isEmpty ? [...about, `${directory} has no metrics: it ended before its first report.`] : about;
  });
  return { runs, warnings: [...warnings, ...others, ...said] };
}
