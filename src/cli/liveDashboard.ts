/** The dashboard of a run that this process trains: a thread serves it, and hears of the run a few times a second. */
import { createServer } from "node:net";
import path from "node:path";
import { Worker } from "node:worker_threads";
import { hp } from "../agents/hyperparameters.ts";
import { UsageError } from "../errors.ts";
import type { LiveStatus, RunCommand } from "../plots/dashboard/index.ts";
import type { Run } from "../train/index.ts";

export interface ThreadSettings {
  readonly root: string;
  readonly directory: string;
  readonly port: number;
  readonly envFile: string | null;
}

export type FromDashboard =
  | { readonly kind: "open"; readonly url: string }
  | { readonly kind: "failed"; readonly message: string }
  | { readonly kind: "command"; readonly command: RunCommand };

/** Milliseconds between what is told of a run. */
const tellInterval = 250;

export const portSetting = {
  port: hp.integer(0, "port of 127.0.0.1 for the dashboard, 0 for any that is free", "Kusari", { min: 0, max: 65_535 }),
} as const;

/** @throws UsageError for a port in use, before anything begins */
export function requireFreePort(where: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once("error", () =>
      reject(new UsageError(`${where}: --port must be a free one; got ${port}, which is in use. Leave --port out.`)),
    );
    probe.listen(port, "127.0.0.1", () => probe.close(() => resolve()));
  });
}

/** The folder that a page may look at: `runs` where the run is in it, else the run alone. */
function rootOf(directory: string): string {
  const inside = path.relative("runs", directory);
  return inside !== "" && !inside.startsWith("..") && !path.isAbsolute(inside) ? "runs" : directory;
}

export class LiveDashboard {
  readonly #run: Run;
  readonly #say: (line: string) => void;
  #thread: Worker | null = null;
  #status: LiveStatus | null = null;
  #timer: NodeJS.Timeout | undefined;
  /** Whether the page can be opened; settled when the thread is ready, or never will be. */
  #opened: Promise<boolean> = Promise.resolve(false);
  #lag: readonly number[] | null = null;

  /**
   * Opens with the run's first event, and closes with `close`.
   * @param say prints a line for people
   */
  constructor(run: Run, settings: Pick<ThreadSettings, "port" | "envFile">, say: (line: string) => void) {
    this.#run = run;
    this.#say = say;
    run.on("start", ({ runDirectory, fromStep }) => {
      if (runDirectory === null) return;
      this.#status = {
        step: fromStep,
        stepsPerSecond: 0,
        secondsLeft: Number.POSITIVE_INFINITY,
        isPaused: false,
        actorStepsPerSecond: null,
        actorLag: null,
        note: null,
      };
      this.#open({ ...settings, root: rootOf(runDirectory), directory: runDirectory });
    });
    run.on("progress", ({ step, stepsPerSecond, secondsLeft, actorStepsPerSecond = null, ...others }) => {
      this.#lag = (others as { actorUpdatesBehind?: readonly number[] }).actorUpdatesBehind ?? null;
      this.#note({ step, stepsPerSecond, secondsLeft, actorStepsPerSecond, actorLag: this.#lag });
    });
    const at = (step: number) => `at step ${step.toLocaleString("en-US")}.`;
    run.on("pause", ({ step }) => this.#note({ step, isPaused: true, note: `Paused ${at(step)}` }));
    run.on("continue", ({ step }) => this.#note({ step, isPaused: false, note: `Went on ${at(step)}` }));
    run.on("checkpoint", ({ step }) => this.#note({ note: `Checkpoint written ${at(step)}` }));
    run.on("warning", ({ message }) => this.#note({ note: message }));
  }

  #open(workerData: ThreadSettings): void {
    const thread = new Worker(new URL("./dashboardThread.js", import.meta.url), { workerData, execArgv: [] });
    this.#thread = thread;
    this.#opened = new Promise((resolve) => {
      thread.on("message", (message: FromDashboard) => {
        if (message.kind === "command") return this.#obey(message.command);
        this.#say(message.kind === "open" ? `dashboard: ${message.url}` : message.message);
        resolve(message.kind === "open");
      });
      thread.on("error", (error) => {
        this.#say(`dashboard: it failed and was closed: ${error.message}`);
        resolve(false);
      });
    });
  }

  #obey(command: RunCommand): void {
    if (command === "pause") this.#run.pause();
    else if (command === "continue") this.#run.continue();
    else if (command === "checkpoint") this.#run.checkpoint();
    // a failure of the run is told by whoever waits for it
    else this.#run.stop().then(undefined, () => undefined);
  }

  #note(news: Partial<LiveStatus>): void {
    this.#status = { ...this.#status!, ...news };
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#thread?.postMessage(this.#status);
    }, tellInterval);
  }

  /** Resolves when a signal comes: what was learned can be looked at until then. */
  async untilSignal(): Promise<void> {
    if (!(await this.#opened)) return;
    this.#say("the dashboard stays open; Ctrl-C closes it");
    await new Promise<void>((resolve) => {
      for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => resolve());
    });
  }

  async close(): Promise<void> {
    clearTimeout(this.#timer);
    await this.#thread?.terminate();
  }
}
