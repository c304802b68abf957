/** `rl plot`: learning curves of runs, as a page, a picture or in the terminal. */
import fs from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { hp } from "../../agents/hyperparameters.ts";
import { nearest, UsageError } from "../../errors.ts";
import {
  curveNames,
  type PlottedRun,
  plotlyText,
  pngPicture,
  type ReportSection,
  readRuns,
  reportOf,
  reportPage,
  svgPicture,
  terminalChart,
  themes,
} from "../../plots/index.ts";
import type { Command } from "../command.ts";
import { exitCodes } from "../exitCodes.ts";
import { type Argv, flagsOf, readFlags, wordsOf } from "../flags.ts";
import { isColoured } from "../progress.ts";
import { thresholdOf } from "../thresholdOf.ts";
import { kusariVersion } from "../version.ts";
import { writeOutput, wroteText } from "../writeOutput.ts";

const where = "rl plot";

const settings = {
  smooth: hp.integer(5, "reports that are averaged for a smooth line", "Kusari", { min: 1 }),
  width: hp.integer(1_120, "width of pictures in pixels", "Kusari", { min: 480 }),
  theme: hp.choice(["light", "dark"], "light", "colours of pictures; a page follows the system's", "Kusari"),
} as const;

const files = {
  out: "the page [default plot.html, where no other output is asked for]",
  png: "a picture",
  svg: "a picture made of lines",
};

const list = (words: readonly string[]): string =>
  words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`;

/** `dqn and ppo in CartPole-v1`. */
const titleOf = (sections: readonly ReportSection[]): string => {
  const agents = [...new Set(sections.flatMap(({ groups }) => groups.map(({ runs }) => runs[0]!.description.agent)))];
  return `Learning curves of ${list(agents)} in ${list(sections.map(({ env }) => env))}`;
};

/** A file that was asked for, or undefined. */
function fileOf(argv: Argv, name: keyof typeof files): string | undefined {
  const value = argv[name];
  if (value === undefined) return undefined;
  const file = String(value);
  if (file === "" || fs.statSync(file, { throwIfNoEntry: false })?.isDirectory()) {
    throw new UsageError(
      `${where}: --${name} must be a file; got ${file || "nothing"}. Write --${name} ${name === "out" ? "plot.html" : `plot.${name}`}.`,
    );
  }
  return file;
}

/** @throws UsageError for a curve that no run has */
function curvesOf(text: string, runs: readonly PlottedRun[]): string[] {
  const known = curveNames(runs);
  const names = text.split(",");
  const unknown = names.find((name) => !known.includes(name));
  if (unknown === undefined) return names;
  const near = nearest(unknown, known);
  throw new UsageError(
    `${where}: --curves must be of ${known.join(", ")}; got ${unknown || "nothing"}. ` +
      (near ? `Did you mean ${near}?` : "Write them with commas."),
  );
}

function write(file: string, content: string | Uint8Array): void {
  writeOutput(where, file, content);
  process.stdout.write(`${wroteText(file, Buffer.byteLength(content))}\n`);
}

function terminalText(title: string, sections: readonly ReportSection[], isChosen: boolean): string {
  const width = Math.max(40, Math.min(120, process.stdout.columns || 80));
  const options = { width, isColoured: isColoured(process.stdout) };
  const charts = sections.flatMap(({ env, charts: [main, ...others] }) => {
    if (!main) return [`${env}: no report and no evaluation yet.\n`];
    // what was asked for by name is drawn; of all, what fits on a screen or two
    const small = isChosen ? others : others.filter(({ id }) => /averageLoss$|episodeReturn$/.test(id));
    return [
      terminalChart(main, { ...options, height: 16 }),
      ...small.map((chart) => terminalChart(chart, { ...options, height: 8 })),
    ];
  });
  return `${title}\n\n${charts.join("\n")}`;
}

export const command: Command = {
  usage: `Usage: rl plot RUN… [flags]

Draws the learning curves of runs. RUN is a run directory, a folder of runs or a quoted pattern; runs of the same agent,
environment and hyperparameters are seeds of one experiment: faint lines, with their interquartile mean and its 95% band.`,
  examples: [
    "rl plot runs/dqn-CartPole-v1-0-1",
    "rl plot runs --out report.html",
    "rl plot 'runs/dqn-*' 'runs/ppo-*' --png curves.png --theme dark",
    "rl plot runs/dqn-CartPole-v1-seeds-1 --ascii --curves evaluation,averageLoss",
  ],
  words: Number.POSITIVE_INFINITY,

  async options() {
    const group = "Output:";
    return {
      out: { group, nargs: 1, describe: files.out },
      png: { group, nargs: 1, describe: files.png },
      svg: { group, nargs: 1, describe: files.svg },
      ascii: { group, boolean: true, describe: "draw in the terminal" },
      curves: { group: "Look:", nargs: 1, describe: "charts to draw, by the names of their curves [default all]" },
      ...flagsOf(settings, "Look:", { smooth: { value: "a fiftieth of a run's reports, at least 5", source: null } }),
    };
  },

  async run(argv) {
    const words = wordsOf(argv);
    if (words.length === 0) {
      throw new UsageError(`${where}: a run must be given; got none. Write ${where} RUN, or ${where} runs for all.`);
    }
    const given = readFlags(where, settings, argv) as { smooth?: number; width?: number; theme?: "light" | "dark" };
    const [png, svg] = [fileOf(argv, "png"), fileOf(argv, "svg")];
    const out = fileOf(argv, "out") ?? (png || svg || argv.ascii ? undefined : "plot.html");
    const { runs, warnings } = readRuns(where, words, kusariVersion());
    for (const warning of warnings) process.stderr.write(`warning: ${warning}\n`);
    const sections = reportOf(runs, {
      thresholdOf,
      ...(given.smooth ? { smoothing: given.smooth } : {}),
      ...(argv.curves === undefined ? {} : { curves: curvesOf(String(argv.curves), runs) }),
    });
    const title = titleOf(sections);
    if (argv.ascii) process.stdout.write(terminalText(title, sections, argv.curves !== undefined));
    if (png ?? svg) {
      const picture = svgPicture(title, sections, {
        theme: themes[given.theme ?? "light"],
        ...(given.width ? { width: given.width } : {}),
      });
      if (svg) write(svg, picture);
      if (png) write(png, await pngPicture(picture));
    }
    if (out) {
      const count = `${runs.length} run${runs.length === 1 ? "" : "s"}`;
      const subtitle = `${count}, read from ${list(words)} by kusari ${kusariVersion()}`;
      write(out, reportPage({ title, subtitle, sections, warnings, plotly: plotlyText() }));
      process.stdout.write(`open ${pathToFileURL(path.resolve(out)).href}\n`);
    }
    return exitCodes.fine;
  },
};
