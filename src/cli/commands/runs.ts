/** `rl runs`: a table of the runs in a folder. */
import { existsSync } from "node:fs";
import { UsageError } from "../../errors.ts";
import { findRuns, type RunReader, valueText, wholeText } from "../../plots/index.ts";
import type { Command } from "../command.ts";
import { exitCodes } from "../exitCodes.ts";
import { wordsOf } from "../flags.ts";
import { table } from "../report.ts";

const where = "rl runs";

/** One object a run, for `--json`. */
function rowOf(run: RunReader) {
  const { directory, description, curves, status } = run;
  const { agent, env, seed, steps } = description;
  const best = curves.best && { step: curves.best.step, mean: curves.best.evaluation.mean };
  const final = curves.result?.evaluation.mean ?? null;
  return { directory, agent, env, seed, step: curves.lastStep, steps, best, final, status };
}

export const command: Command = {
  usage: `Usage: rl runs [FOLDER…] [flags]

Lists the runs in a folder and below it; runs/ unless given.`,
  examples: ["rl runs", "rl runs runs/dqn-CartPole-v1-seeds-1", "rl runs --json"],
  words: Number.POSITIVE_INFINITY,

  async options() {
    return { json: { group: "Output:", boolean: true, describe: "print one JSON array on stdout" } };
  },

  async run(argv) {
    const words = wordsOf(argv);
    if (words.length === 0 && !existsSync("runs")) {
      throw new UsageError(`${where}: there must be a folder runs here; got none. Write ${where} FOLDER.`);
    }
    const { runs, warnings } = findRuns(words.length === 0 ? ["runs"] : words);
    if (runs.length === 0 && words.length > 0) {
      throw new UsageError(
        `${where}: there must be a run in ${words.join(", ")}; got none: ${warnings.join(" ")} Check the path.`,
      );
    }
    const said = [...warnings];
    const rows = runs.flatMap((run) => {
      try {
        const row = rowOf(run.refresh());
        said.push(...run.warnings);
        return [row];
      } catch (error) {
        said.push(`${run.directory} cannot be read (${(error as NodeJS.ErrnoException).code ?? String(error)}).`);
        return [];
      }
    });
    for (const warning of said) process.stderr.write(`warning: ${warning}\n`);
    if (argv.json) {
      process.stdout.write(`${JSON.stringify(rows, null, 2)}\n`);
      return exitCodes.fine;
    }
    if (rows.length === 0) return exitCodes.fine;
    const cells = rows.map(({ directory, agent, env, seed, step, steps, best, final, status }) => [
      directory,
      agent,
      env,
      String(seed ?? "–"),
      steps === null || step >= steps ? wholeText(step) : `${wholeText(step)} of ${wholeText(steps)}`,
      best ? `${valueText(best.mean)} at ${wholeText(best.step)}` : "–",
      final === null ? "–" : valueText(final),
      status,
    ]);
    const headings = ["run", "agent", "environment", "seed", "steps", "best", "final", "status"];
    process.stdout.write(table(headings, cells));
    return exitCodes.fine;
  },
};
