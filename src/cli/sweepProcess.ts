/** One run of a sweep, in a process of its own: `rl train`, or `rl resume` where the run has begun. */
import { spawn } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import type { RunEvent } from "../train/events.ts";
import { type MetricsLine, readMetrics, readResult } from "../train/index.ts";
import { isLocked } from "../train/runLock.ts";
import type { Launch, RunEnd, RunRequest } from "../train/sweep/index.ts";
import { exitCodes } from "./exitCodes.ts";
import { trialFolder } from "./sweepFolder.ts";

export interface SweepProcesses {
  readonly folder: string;
  /** What every trial has in common. */
  readonly config: Readonly<Record<string, unknown>>;
  /** The file that the environment came from, or null. */
  readonly envFile: string | null;
  /** A process was stopped by somebody else, as by Ctrl-C, which all processes of a terminal get. */
  readonly onStopped: () => void;
}

const isEvaluation = (line: MetricsLine) => line.event === "evaluation";

/** How a run ended that has come to its end within so many steps, or null where it can go on. */
function endedRun(directory: string, steps: number): RunEnd | null {
  if (!fs.existsSync(path.join(directory, "config.json"))) return null;
  const result = readResult(directory);
  if (!result || (result.outcome !== "solved" && result.step < steps)) return null;
  const { settings } = JSON.parse(fs.readFileSync(path.join(directory, "config.json"), "utf8")) as {
    settings: { stopAt: number | null };
  };
  const evaluations = readMetrics(directory).filter(isEvaluation);
  const curve = evaluations.map(({ step, evaluation }) => [step, evaluation.mean] as const);
  const value = Math.min(result.evaluation.mean, settings.stopAt ?? Number.POSITIVE_INFINITY);
  return { status: "finished", value, steps: result.step, curve };
}

/** Whether a run can be gone on with; one that broke off before it had anything to go on from is taken away. */
function hasBegun(directory: string): boolean {
  const checkpoints = path.join(directory, "checkpoints");
  if (fs.existsSync(checkpoints) && fs.readdirSync(checkpoints).some((name) => name.endsWith(".safetensors")))
    return true;
  fs.rmSync(directory, { recursive: true, force: true });
  return false;
}

/** The command line of a run. */
function commandOf({ folder, config, envFile }: SweepProcesses, request: RunRequest, directory: string): string[] {
  const { trial, values, seed, steps } = request;
  const env = envFile === null ? [] : ["--env", envFile];
  if (hasBegun(directory)) return ["resume", directory, "--steps", String(steps), "--json", ...env];
  // by any other name than config.json, which is what a run directory is known by
  const file = path.join(trialFolder(folder, trial), "trial.json");
  const hyperparameters = { ...(config.hyperparameters as object), ...values };
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(file, `${JSON.stringify({ ...config, hyperparameters }, null, 2)}\n`);
  const told = ["--seed", String(seed), "--steps", String(steps), "--out", directory];
  return ["train", "--config", file, ...told, "--json", ...env];
}

/** Calls `use` with every whole line. */
function onLines(stream: NodeJS.ReadableStream, use: (line: string) => void): void {
  let text = "";
  stream.setEncoding("utf8");
  stream.on("data", (piece: string) => {
    const lines = (text + piece).split("\n");
    text = lines.pop()!;
    for (const line of lines) use(line);
  });
}

/** Milliseconds that a process is waited for which a sweep that was killed left behind: it stops as nobody listens. */
const patience = 10_000;

async function untilLeft(directory: string): Promise<void> {
  const since = performance.now();
  do {
    await new Promise((resolve) => setTimeout(resolve, 200));
  } while (isLocked(directory) && performance.now() - since < patience);
}

/** Makes the runs of a sweep. */
export const processLauncher =
  (processes: SweepProcesses): Launch =>
  async (request) => {
    const directory = path.join(trialFolder(processes.folder, request.trial), `seed-${request.seed}`);
    const { end, isRefused } = await runIn(directory, processes, request);
    if (!isRefused) return end;
    // the run of a process that was left behind may have stood in the way
    await untilLeft(directory);
    return (await runIn(directory, processes, request)).end;
  };

async function runIn(
  directory: string,
  processes: SweepProcesses,
  request: RunRequest,
): Promise<{ readonly end: RunEnd; readonly isRefused?: boolean }> {
  const { steps, signal, onEvaluation } = request;
  const ended = endedRun(directory, steps);
  if (ended) return { end: ended };
  if (signal.aborted) return { end: { status: "stopped" } };
  const words = commandOf(processes, request, directory);
  const child = spawn(process.execPath, [process.argv[1]!, ...words], { stdio: ["ignore", "pipe", "pipe"] });
  const stop = () => child.kill("SIGTERM");
  signal.addEventListener("abort", stop, { once: true });
  let message = "";
  onLines(child.stderr, (line) => {
    if (line !== "") message = line;
  });
  onLines(child.stdout, (line) => {
    const event = JSON.parse(line) as RunEvent;
    if (event.event === "evaluation") onEvaluation(event.step, event.evaluation.mean);
    if (event.event !== "start" || event.fromStep === 0) return;
    // what stood before the checkpoint is not told again
    for (const line of readMetrics(directory).filter(isEvaluation)) {
      if (line.step <= event.fromStep) onEvaluation(line.step, line.evaluation.mean);
    }
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", resolve);
  });
  signal.removeEventListener("abort", stop);
  if (code === exitCodes.fine) {
    return { end: endedRun(directory, steps) ?? { status: "failed", message: "it ended without a result" } };
  }
  if (signal.aborted) return { end: { status: "stopped" } };
  if (code === exitCodes.interrupted || code === exitCodes.terminated || code === null) {
    processes.onStopped();
    return { end: { status: "stopped" } };
  }
  return {
    end: { status: "failed", message: message.replace(/^rl(?: train| resume)?: /, "") },
    isRefused: code === exitCodes.usage,
  };
}
