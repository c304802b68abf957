/** What is said at the end of a run and of an evaluation. */
import type { EvaluationSummary, ResultEvent } from "../train/events.ts";
import { shellWord } from "../train/runOrigin.ts";
import { clock, compact, episodesText, short } from "./progress.ts";

/** `mean return 493.2 ± 12.1 over 100 greedy episodes (min 420.0, median 500.0, max 500.0)`. */
export function evaluationText({ episodes, mean, median, stdev, min, max }: EvaluationSummary): string {
  const range = `min ${short(min)}, median ${short(median)}, max ${short(max)}`;
  return `mean return ${short(mean)} ± ${short(stdev)} over ${episodesText(episodes, "greedy ")} (${range})`;
}

/**
 * The last lines of a run: its score, whether it was solved, its directory and what to type next.
 * A stopped run says how to continue; what it scores is its last evaluation, if it had one.
 * @param envFile the file that the environment came from: the next commands need it again
 * @param rl what to type for `rl`
 */
export function runReport(result: ResultEvent, envFile: string | null, rl: string): string {
  const { outcome, runDirectory, steps, episodes, seconds, stepsPerSecond, evaluation } = result;
  const directory = runDirectory === null ? null : shellWord(runDirectory);
  const score = evaluation === null ? "no evaluation yet" : evaluationText(evaluation);
  const time = seconds < 60 ? `${seconds.toFixed(1)} s` : clock(seconds);
  const effort = `${steps} steps, ${episodesText(episodes)}, ${time} (${compact(stepsPerSecond)} steps/s)`;
  const lines = [`${outcome}: ${score}`, effort];
  if (directory !== null) {
    const again = envFile === null ? directory : `${directory} --env ${shellWord(envFile)}`;
    if (outcome === "stopped") lines.push(`saved; continue with ${rl} resume ${again}`);
    else {
      const next = [`${rl} watch ${again}`, `${rl} plot ${directory}`, `${rl} eval ${again}`];
      lines.push(`saved in ${directory}`, ...next.map((command, i) => `${i === 0 ? "next:" : "     "} ${command}`));
    }
  }
  return `${lines.join("\n")}\n`;
}

/** Rows under their headings, columns as wide as their longest cell. */
export function table(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [headings, ...rows];
  const widths = headings.map((_, column) => Math.max(...all.map((row) => row[column]!.length)));
  return all
    .map(
      (row) =>
        `${row
          .map((cell, column) => cell.padEnd(widths[column]!))
          .join("  ")
          .trimEnd()}\n`,
    )
    .join("");
}
