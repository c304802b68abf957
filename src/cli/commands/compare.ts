/** `rl compare`: whether one side's runs are better than the other's. */
import { hp } from "../../agents/hyperparameters.ts";
import { UsageError } from "../../errors.ts";
import {
  type Comparison,
  type ComparisonReport,
  compareRuns,
  intervalText,
  readRuns,
  type SideSummary,
  valueText,
  wholeText,
} from "../../plots/index.ts";
import type { Command } from "../command.ts";
import { exitCodes } from "../exitCodes.ts";
import { flagsOf, readFlags, wordsOf } from "../flags.ts";
import { table } from "../report.ts";
import { thresholdOf } from "../thresholdOf.ts";
import { kusariVersion } from "../version.ts";

const where = "rl compare";

const settings = {
  resamples: hp.integer(10_000, "resamples of the bootstrap", "Kusari", { min: 100 }),
  seed: hp.integer(0, "seed of the bootstrap", "Kusari", { min: 0 }),
} as const;

const row = (name: string, { runs, solved, iqm, interval, mean, median, steps }: SideSummary): string[] => [
  name,
  String(runs),
  String(solved),
  valueText(iqm),
  `${valueText(interval.low)} to ${valueText(interval.high)}`,
  valueText(mean),
  valueText(median),
  wholeText(steps),
];

const headings = ["", "runs", "solved", "IQM", "95% interval", "mean", "median", "steps (median)"];

function textOf({ a, b, comparisons, overall, verdict }: ComparisonReport): string {
  const part = (title: string, one: Omit<Comparison, "env">) => {
    const { probability, interval } = one.improvement;
    const chance = `P(A > B) = ${intervalText(probability, interval)}`;
    return `${title}\n${table(headings, [row(`A ${a}`, one.a), row(`B ${b}`, one.b)])}${chance}\n`;
  };
  const parts = comparisons.map((one) => part(`Final return in ${one.env}`, one));
  if (overall) parts.push(part("All environments, scores scaled from 0 (lowest of both) to 1 (highest)", overall));
  return `${parts.join("\n")}\n${verdict}\n`;
}

export const command: Command = {
  usage: `Usage: rl compare A B [flags]

Compares what the runs of A and B scored at the end: interquartile mean, stratified bootstrap intervals, probability of
improvement. A and B are each a run directory, a folder of runs (seeds) or a quoted pattern.`,
  examples: [
    "rl compare runs/dqn-CartPole-v1-seeds-1 runs/ppo-CartPole-v1-seeds-1",
    "rl compare 'runs/dqn-*' 'runs/ppo-*' --json",
  ],
  // more than two are most likely a pattern that the shell has filled in
  words: Number.POSITIVE_INFINITY,

  async options() {
    return {
      ...flagsOf(settings, "How:"),
      json: { group: "Output:", boolean: true, describe: "print the comparison as one line of JSON on stdout" },
    };
  },

  async run(argv) {
    const [a, b, ...more] = wordsOf(argv);
    if (a === undefined || b === undefined) {
      throw new UsageError(`${where}: two sides must be given; got ${a ?? "none"}. Write ${where} A B.`);
    }
    if (more.length > 0) {
      throw new UsageError(
        `${where}: two sides must be given; got ${more.length + 2}. Quote patterns: ${where} 'runs/dqn-*' 'runs/ppo-*'.`,
      );
    }
    const options = readFlags(where, settings, argv) as { resamples?: number; seed?: number };
    const sides = [a, b].map((word) => ({ word, ...readRuns(where, [word], kusariVersion()) }));
    const [first, second] = sides.map(({ word, runs }) => ({ name: word.replace(/\/+$/, ""), runs }));
    const report = compareRuns(where, first!, second!, { ...options, thresholdOf });
    for (const warning of [...sides.flatMap(({ warnings }) => warnings), ...report.warnings]) {
      process.stderr.write(`warning: ${warning}\n`);
    }
    process.stdout.write(argv.json ? `${JSON.stringify(report)}\n` : textOf(report));
    return exitCodes.fine;
  },
};
