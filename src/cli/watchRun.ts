/** Shows a run while it goes, stops it cleanly on a signal, and says at the end what came of it. */
import type { Options } from "yargs";
import type { ResultEvent } from "../train/events.ts";
import type { Run } from "../train/run.ts";
import { exitCodes } from "./exitCodes.ts";
import type { Argv } from "./flags.ts";
import { Progress } from "./progress.ts";
import { runReport, shellWord } from "./report.ts";

/** The flags of what `watchRun` shows. */
export const outputFlags: Readonly<Record<string, Options>> = {
  json: {
    group: "Output:",
    boolean: true,
    describe: "print events as lines of JSON on stdout, everything else on stderr",
  },
  quiet: { group: "Output:", boolean: true, describe: "print no progress, only errors and the result" },
};

const signals = { SIGINT: exitCodes.interrupted, SIGTERM: exitCodes.terminated } as const;

/**
 * Follows a run to its end.
 * @param envFile the file that the environment came from, for the commands that the end names
 * @returns the exit code: 0, or that of the signal which stopped the run
 */
export async function watchRun(run: Run, { json, quiet }: Argv, envFile: string | null): Promise<number> {
  const progress = quiet ? null : new Progress(process.stderr);
  let code: number = exitCodes.fine;
  let readerGone = false;

  const onSignal = (signal: keyof typeof signals) => {
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
    if (!readerGone) (json ? process.stderr : process.stdout).write(runReport(result!, envFile));
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
    for (const signal of Object.keys(signals)) process.off(signal, onSignal);
    process.stdout.off("error", onError);
  }
}
