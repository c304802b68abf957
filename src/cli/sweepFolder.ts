/** The folder of a sweep: what it is, its lines, and its runs. */
import fs from "node:fs";
import path from "node:path";
import { UsageError } from "../errors.ts";
import { FileError } from "../train/fileError.ts";
import type { SweepLine } from "../train/sweep/index.ts";

const where = "rl sweep";

/** What sweep.json holds; a sweep goes on where all of it but `trials` is the same. */
export interface SweepDefinition {
  /** What `--print-config` prints of a run, without seed and out. */
  readonly config: Readonly<Record<string, unknown>>;
  /** As `--search` takes them. */
  readonly search: readonly string[];
  readonly algorithm: string;
  readonly pruner: string;
  readonly trials: number;
  readonly seeds: readonly number[];
  readonly leastSteps: number;
  readonly eta: number;
  readonly seed: number;
}

const definitionFile = "sweep.json";
const linesFile = "trials.ndjson";

const readDefinition = (folder: string): SweepDefinition | null => {
  const file = path.join(folder, definitionFile);
  if (!fs.existsSync(file)) return null;
  try {
    return JSON.parse(fs.readFileSync(file, "utf8")) as SweepDefinition;
  } catch (error) {
    throw new FileError(
      `${where}: ${file} must be what rl sweep wrote; got ${(error as Error).message}. Choose another folder.`,
    );
  }
};

/** Names of what two sweeps say differently. */
function differences(a: SweepDefinition, b: SweepDefinition): string[] {
  const flat = ({ config, trials: _, ...rest }: SweepDefinition): Record<string, unknown> => {
    const { hyperparameters, ...settings } = config;
    return { ...rest, ...settings, ...(hyperparameters as object) };
  };
  const [one, other] = [flat(a), flat(b)];
  const names = [...new Set([...Object.keys(one), ...Object.keys(other)])];
  return names.filter((name) => JSON.stringify(one[name]) !== JSON.stringify(other[name]));
}

/**
 * The folder to write: the one given, or the first `runs/AGENT-ENV-sweep-N` that is free or of the same sweep.
 * @throws UsageError where the folder given is another sweep's, or a run's
 */
export function sweepFolderOf(out: string | undefined, definition: SweepDefinition, envId: string): string {
  if (out !== undefined) {
    const there = readDefinition(out);
    const other = there ? differences(there, definition) : [];
    if (other.length > 0) {
      throw new UsageError(
        `${where}: --out ${out} must be of the same sweep; got one with another ${other.slice(0, 5).join(", ")}. Choose another folder.`,
      );
    }
    if (!there && fs.existsSync(path.join(out, "config.json"))) {
      throw new UsageError(
        `${where}: --out must be a folder for many runs; got ${out}, which is a run. Choose another.`,
      );
    }
    return out;
  }
  const name = `${definition.config.agent}-${envId}`.replaceAll(/[^\w.-]/g, "_");
  for (let n = 1; ; n++) {
    const folder = path.join("runs", `${name}-sweep-${n}`);
    if (!fs.existsSync(folder)) return folder;
    const there = readDefinition(folder);
    if (there && differences(there, definition).length === 0) return folder;
  }
}

/** trials.ndjson: lines are added at its end; one that was cut off is taken away. */
export class SweepLines {
  readonly found: readonly SweepLine[];
  readonly #fd: number;

  /** @throws FileError where a whole line is no JSON */
  constructor(folder: string) {
    const file = path.join(folder, linesFile);
    this.#fd = fs.openSync(file, "a+");
    const text = fs.readFileSync(file, "utf8");
    const whole = text.slice(0, text.lastIndexOf("\n") + 1);
    if (whole !== text) fs.ftruncateSync(this.#fd, Buffer.byteLength(whole));
    this.found = whole
      .split("\n")
      .filter((line) => line !== "")
      .map((line, i) => {
        try {
          return JSON.parse(line) as SweepLine;
        } catch {
          throw new FileError(
            `${where}: line ${i + 1} of ${file} must be JSON; got ${line.slice(0, 40)}. Choose another folder.`,
          );
        }
      });
  }

  add(line: SweepLine): void {
    fs.writeSync(this.#fd, `${JSON.stringify(line)}\n`);
    fs.fsyncSync(this.#fd);
  }

  close(): void {
    fs.closeSync(this.#fd);
  }
}

export const writeDefinition = (folder: string, definition: SweepDefinition): void =>
  fs.writeFileSync(path.join(folder, definitionFile), `${JSON.stringify(definition, null, 2)}\n`);

/** Where the runs of a trial are. */
export const trialFolder = (folder: string, trial: number): string =>
  path.join(folder, `trial-${String(trial).padStart(4, "0")}`);
