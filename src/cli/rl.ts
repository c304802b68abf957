/** Parses the command line, loads the one command that was typed, and turns errors into one line and an exit code. */
import type { Argv } from "yargs";
import { isEnabled } from "../debug.ts";
import { nearest, UsageError } from "../errors.ts";
import type { Command } from "./command.ts";
import { errorText, exitCodeOf, exitCodes, exitCodesHelp } from "./exitCodes.ts";
import { parserConfiguration, refuseUnknown } from "./flags.ts";
import { rlTyped } from "./typedAs.ts";
import { kusariVersion } from "./version.ts";

interface Entry {
  readonly name: string;
  readonly words: string;
  readonly describe: string;
  load(): Promise<{ command: Command }>;
}

/** In the order of `rl --help`: train and go on, look at it, judge it, search, take it away, what there is. */
const entries: readonly Entry[] = [
  { name: "train", words: "", describe: "train an agent", load: () => import("./commands/train.ts") },
  { name: "resume", words: "RUN", describe: "continue a stopped run", load: () => import("./commands/resume.ts") },
  { name: "watch", words: "RUN", describe: "watch a trained agent play", load: () => import("./commands/watch.ts") },
  {
    name: "record",
    words: "RUN",
    describe: "write a trained agent's episode as a GIF",
    load: () => import("./commands/record.ts"),
  },
  {
    name: "eval",
    words: "RUN",
    describe: "score a trained agent over greedy episodes",
    load: () => import("./commands/eval.ts"),
  },
  { name: "plot", words: "RUN…", describe: "draw learning curves", load: () => import("./commands/plot.ts") },
  { name: "compare", words: "A B", describe: "say which runs are better", load: () => import("./commands/compare.ts") },
  { name: "runs", words: "[FOLDER…]", describe: "list runs", load: () => import("./commands/runs.ts") },
  {
    name: "dashboard",
    words: "[RUNS]",
    describe: "show runs in a page",
    load: () => import("./commands/dashboard.ts"),
  },
  { name: "sweep", words: "", describe: "search hyperparameters", load: () => import("./commands/sweep.ts") },
  {
    name: "export",
    words: "RUN",
    describe: "write a trained agent as ONNX or safetensors",
    load: () => import("./commands/export.ts"),
  },
  {
    name: "list",
    words: "agents|envs",
    describe: "list the agents or the environments",
    load: () => import("./commands/list.ts"),
  },
  { name: "play", words: "", describe: "play an environment by hand", load: () => import("./commands/play.ts") },
  {
    name: "check-env",
    words: "FILE",
    describe: "check an environment of your own",
    load: () => import("./commands/checkEnv.ts"),
  },
  {
    name: "devices",
    words: "",
    describe: "list what can run the networks here",
    load: () => import("./commands/devices.ts"),
  },
];

/** yargs' own complaints, in our words. */
function complaint(where: string, message: string): UsageError {
  const flag = /^Not enough arguments following: (.*)$/.exec(message)?.[1];
  return new UsageError(flag ? `${where}: --${flag} needs a value; got none.` : `${where}: ${message}`);
}

/** Refuses a word that is no command. */
function refuseUnknownCommand(typed: readonly string[]): void {
  const word = typed[0];
  const names = entries.map((entry) => entry.name);
  if (word === undefined || names.includes(word) || ["--help", "-h", "--version"].includes(word)) return;
  const near = nearest(word, names);
  const what = word.startsWith("-") ? "a command must come first" : `the command must be one of ${names.join(", ")}`;
  throw new UsageError(`rl: ${what}; got ${word}. ${near ? `Did you mean rl ${near}?` : "See rl --help."}`);
}

/** Runs a command line (without `node` and the script's name) and returns the exit code. */
export async function rl(typed: readonly string[]): Promise<number> {
  // a reader that has seen enough (`| head`) is no error
  for (const stream of [process.stdout, process.stderr]) {
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code !== "EPIPE") throw error;
    });
  }
  try {
    return await parseAndRun(typed);
  } catch (error) {
    process.stderr.write(`${errorText(error, isEnabled(1), typed[0] ?? "--help", rlTyped())}\n`);
    return exitCodeOf(error);
  }
}

async function parseAndRun(typed: readonly string[]): Promise<number> {
  refuseUnknownCommand(typed);
  const [word, ...rest] = typed;
  const entry = entries.find(({ name }) => name === word);
  if (entry) return runCommand(entry, rest);
  process.stdout.write(`${word === "--version" ? kusariVersion() : helpText()}\n`);
  return exitCodes.fine;
}

/** What `rl --help` says; yargs takes as long to be loaded as Node takes to start. */
function helpText(): string {
  const typed = entries.map(({ name, words }) => `rl ${name} ${words}`.trimEnd());
  const width = Math.max(...typed.map((text) => text.length));
  const lines = entries.map(({ describe }, i) => `  ${typed[i]!.padEnd(width)}  ${describe}`);
  return `Usage: rl COMMAND [flags]

Kusari: reinforcement learning for TypeScript.

Commands:
${lines.join("\n")}

Options:
  -h, --help     show this help
      --version  show the version

rl COMMAND --help tells more about a command.

${exitCodesHelp}`;
}

/** A command's usage, whose paragraphs are left to yargs to wrap; how it is typed stays as it is. */
function unwrapped(usage: string): string {
  const [typed, ...paragraphs] = usage.split("\n\n");
  return [typed, ...paragraphs.map((text) => text.replaceAll("\n", " "))].join("\n\n");
}

/** Parses and runs one command. yargs never hears of the others: it would lay out their help at every start. */
async function runCommand({ name, load }: Entry, typed: readonly string[]): Promise<number> {
  const { command } = await load();
  const options = await command.options(typed);
  const where = `rl ${name}`;
  const examples = command.examples.map((line) => `  ${line}`).join("\n");
  const argv = await (await parserFor(where, typed))
    .usage(unwrapped(command.usage))
    .options(options)
    .epilogue(`Examples:\n${examples}`)
    .parseAsync();
  // yargs has answered these
  if (argv.help || argv.version) return exitCodes.fine;
  refuseUnknown(where, argv, typed, options, command);
  return command.run(argv);
}

/** What all commands share; yargs answers `--help` and `--version` itself. */
async function parserFor(where: string, typed: readonly string[]): Promise<Argv> {
  const { default: yargs } = await import("yargs");
  return yargs([...typed])
    .scriptName("rl")
    .parserConfiguration(parserConfiguration)
    .detectLocale(false)
    .version(kusariVersion())
    .help()
    .alias("help", "h")
    .describe({ help: "show this help", version: "show the version" })
    .wrap(process.stdout.columns ? Math.min(process.stdout.columns, 120) : 100)
    .exitProcess(false)
    .fail((message, error) => {
      throw error && error.name !== "YError" ? error : complaint(where, message);
    });
}
