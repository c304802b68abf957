/** Shows a run while it goes, stops it cleanly on a signal, and says at the end what came of it. */
import type { Options } from "yargs";
import { UsageError } from "../errors.ts";
import type { ResultEvent } from "../train/events.ts";
import type { Run } from "../train/run.ts";
import { shellWord } from "../train/runOrigin.ts";
import { exitCodes } from "./exitCodes.ts";
import { type Argv, flagsOf, readFlags } from "./flags.ts";
import { LiveDashboard, portSetting, requireFreePort } from "./liveDashboard.ts";
import { Progress } from "./progress.ts";
import { runReport } from "./report.ts";
import { rlTyped } from "./typedAs.ts";

/** The flags of what `watchRun` shows. */
export const outputFlags: Readonly<Record<string, Options>> = {
  json: {
    group: "Output:",
    boolean: true,
    describe: "print events as lines of JSON on stdout, everything else on stderr",
  },
  quiet: { group: "Output:", boolean: true, describe: "print no progress, only errors and the result" },
  dashboard: { group: "Output:", boolean: true, describe: "show the run in a page, and let it be paused from there" },
  ...flagsOf(portSetting, "Output:"),
};

/** What is typed about a dashboard; null where none is wanted. */
export interface DashboardFlags {
  readonly port: number;
}

/**
 * Reads `--dashboard` and `--port`, before a run begins.
 * @throws UsageError for a port in use, or a port without a dashboard
 */
export async function dashboardFlags(where: string, argv: Argv, out: unknown): Promise<DashboardFlags | null> {
  const { port = 0 } = readFlags(where, portSetting, argv) as { port?: number };
  if (!argv.dashboard) {
    if (argv.port === undefined) return null;
    throw new UsageError(`${where}: --port must come with --dashboard; got it alone. Add --dashboard.`);
  }
  if (out === null) {
    throw new UsageError(
      `${where}: --dashboard must have a run directory to read; got --out none. Leave --out none away.`,
    );
  }
  if (port !== 0) await requireFreePort(where, port);
  return { port };
}

const signals = { SIGINT: exitCodes.interrupted, SIGTERM: exitCodes.terminated } as const;

/**
 * Follows a run to its end.
 * @param envFile the file that the environment came from, for the commands that the end names
 * @param wanted the dashboard, which stays open after the run until a signal comes
 * @returns the exit code: 0, or that of the signal which stopped the run
 */
export async function watchRun(
  run: Run,
  { json, quiet }: Argv,
  envFile: string | null,
  wanted: DashboardFlags | null = null,
): Promise<number> {
  const progress = quiet ? null : new Progress(process.stderr);
  let code: number = exitCodes.fine;
  let readerGone = false;

  const say = (line: string) => (progress ? progress.line(line) : void process.stderr.write(`${line}\n`));
  const dashboard = wanted && new LiveDashboard(run, { ...wanted, envFile }, say);
  let isOver = false;

  const onSignal = (signal: keyof typeof signals) => {
    // only the dashboard is still open
    if (isOver) return;
    if (code !== exitCodes.fine) {
      progress?.close();
      process.exit(signals[signal]);
    }
    code = signals[signal];
    progress?.line("stopping; once more to quit without saving");
    progress?.close();
    void stop();
  };
  // a failure of the run is told by the loop below
  const stop = () => run.stop().then(undefined, () => undefined);
  const onError = () => {
    // nobody reads the events any more: save and end, as with a signal, but quietly
    readerGone = true;
    progress?.close();
    void stop();
  };
  for (const signal of Object.keys(signals)) process.on(signal, onSignal);
  process.stdout.on("error", onError);
  try {
    let result: ResultEvent | null = null;
    for await (const event of run) {
      if (json && !readerGone) process.stdout.write(`${JSON.stringify(event)}\n`);
      if (event.event === "result") result = event;
      else if (code === exitCodes.fine && !readerGone) progress?.on(event);
    }
    progress?.close();
    if (!readerGone) (json ? process.stderr : process.stdout).write(runReport(result!, envFile, rlTyped()));
    isOver = true;
    if (code === exitCodes.fine && !readerGone) await dashboard?.untilSignal();
    return code;
  } catch (error) {
    // the library does not know that the environment came from a file
    if (error instanceof Error && envFile !== null) {
      error.message = error.message.replace(
        /(rl (?:resume|eval) \S+?)(?=[.,;]?(?:\s|$))/g,
        `$1 --env ${shellWord(envFile)}`,
      );
    }
    throw error;
  } finally {
    progress?.close();
    await dashboard?.close();
    for (const signal of Object.keys(signals)) process.off(signal, onSignal);
    process.stdout.off("error", onError);
  }
}
