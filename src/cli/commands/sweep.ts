/** `rl sweep`: trains with many configurations, and says which is the best. */
import fs from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import type { Options } from "yargs";
import { Parser } from "yargs/helpers";
import { hp } from "../../agents/index.ts";
import { UsageError } from "../../errors.ts";
import { type SweepAxis, sweepReport } from "../../plots/sweepReport.ts";
import { makeDirectories } from "../../train/makeDirectories.ts";
import { lockRun } from "../../train/runLock.ts";
import { shellWord } from "../../train/runOrigin.ts";
import {
  algorithms,
  type Dimension,
  importanceOf,
  parseSearch,
  placeOf,
  pruners,
  runSweep,
  type SweepPlan,
  SweepState,
  searchText,
  type Trial,
  trialsOf,
  usualSearch,
  valueAt,
} from "../../train/sweep/index.ts";
import type { Command } from "../command.ts";
import { kwargFlags } from "../envArgument.ts";
import { exitCodes } from "../exitCodes.ts";
import { type Argv, flagName, flagsOf, flagText, parserConfiguration, readFlags } from "../flags.ts";
import { short } from "../progress.ts";
import { table } from "../report.ts";
import { parseSeeds } from "../seedList.ts";
import { type SweepDefinition, SweepLines, sweepFolderOf, trialFolder, writeDefinition } from "../sweepFolder.ts";
import { processLauncher } from "../sweepProcess.ts";
import { agentOf, completeConfig, configFileOf, type GivenConfig, givenConfig } from "../trainConfig.ts";
import { rlTyped, withTyped } from "../typedAs.ts";
import { trainOptions } from "./train.ts";

const where = "rl sweep";

const settings = {
  algorithm: hp.choice(algorithms, "tpe", "how configurations are chosen", "Bergstra et al. 2011"),
  pruner: hp.choice(
    pruners,
    "none",
    "which trials are given up early",
    "median: Golovin et al. 2017; asha: Li et al. 2018",
  ),
  trials: hp.integer(20, "configurations to try; a grid has all of its own", "Kusari"),
  parallel: hp.integer(1, "processes at a time", "Kusari"),
  leastSteps: hp.integer(1_000, "asha: environment steps after which trials are first compared, at least", "Kusari"),
  eta: hp.integer(4, "asha: one trial of so many goes on, with so many times as many steps", "Li et al. 2018", {
    min: 2,
  }),
  sweepSeed: hp.integer(0, "seed of the draws of configurations", "Kusari", { min: 0 }),
} as const;

/** Flags of `rl train` that a sweep has no use for, or gives another meaning. */
const notOfSweeps = ["print-config", "print-script", "seed", "seeds", "parallel", "dashboard", "port"];

/** Every `--search`: a flag that is typed several times is known to nobody but the command line itself. */
function searchesIn(typed: readonly string[]): string[] {
  return typed.flatMap((word, i) => {
    if (word.startsWith("--search=")) return [word.slice("--search=".length)];
    return word === "--search" ? [typed[i + 1] ?? ""] : [];
  });
}
let searches: readonly string[] = [];

/** The dimensions that were typed, or the usual ones of the agent. */
function dimensionsOf({ agent }: GivenConfig): Dimension[] {
  const schema = agent.hyperparameters;
  const dimensions =
    searches.length > 0 ? searches.map((text) => parseSearch(where, text, schema)) : usualSearch(schema);
  const names = dimensions.map(({ name }) => name);
  const double = names.find((name, i) => names.indexOf(name) < i);
  if (double !== undefined) {
    throw new UsageError(`${where}: --search must name a hyperparameter once; got ${double} twice. Leave one out.`);
  }
  if (dimensions.length === 0) {
    throw new UsageError(
      `${where}: there must be something to search; got ${agent.id}, whose hyperparameters have no usual ranges. Add --search NAME=VALUES.`,
    );
  }
  return dimensions;
}

const valuesText = (values: Trial["values"]): string =>
  Object.entries(values)
    .map(([name, value]) => `${name} ${flagText(value)}`)
    .join(", ");

/** One line for a trial that has ended. */
function trialText({ trial, values, status, score, message }: Trial, isBest: boolean): string {
  const what = {
    finished: () => `mean return ${short(score!.value)} after ${Math.round(score!.steps)} steps`,
    pruned: () => `given up at step ${score!.steps}, mean return ${short(score!.value)}`,
    failed: () => `failed: ${message}`,
    running: () => "",
  }[status]();
  return `trial ${trial}: ${what} (${valuesText(values)})${isBest ? " best so far" : ""}`;
}

/** The command that trains with a configuration. */
function trainCommandOf(given: GivenConfig, env: string, values: Trial["values"], bestFile: string): string {
  const {
    agent,
    env: _env,
    envKwargs = {},
    hyperparameters = {},
    ...rest
  } = given.config as GivenConfig["config"] & object;
  if (Object.keys(envKwargs).length > 0) return `rl train --config ${shellWord(bestFile)}`;
  const { out: _, signal: __, actorModule: ___, device, seed: ____, ...told } = rest;
  const flags = { ...(device === "auto" ? {} : { device }), ...told, ...hyperparameters, ...values };
  const words = Object.entries(flags).flatMap(([name, value]) => {
    const flag = flagName(name);
    if (typeof value === "boolean") return [value ? `--${flag}` : `--no-${flag}`];
    return [`--${flag}`, shellWord(flagText(value))];
  });
  return ["rl train --agent", String(agent), "--env", shellWord(env), ...words].join(" ");
}

/** The best trials, as a table for people. */
function summaryText(plan: SweepPlan, state: SweepState, most: number): string {
  const names = plan.dimensions.map(({ name }) => name);
  const rows = state.ranked
    .slice(0, most)
    .map(({ trial, status, score, values }, i) => [
      String(i + 1),
      String(trial),
      score === null ? "-" : short(score.value),
      score === null ? "-" : String(Math.round(score.steps)),
      status === "pruned" ? "given up" : status,
      ...names.map((name) => flagText(values[name])),
    ]);
  return table(["rank", "trial", "return", "steps", "status", ...names], rows);
}

export const command: Command = {
  usage: `Usage: rl sweep --agent ID --env ID [--search NAME=VALUES]… [flags]

Trains with many configurations of hyperparameters, each in processes of its own, and says which is the best. What is not
searched is as for rl train. The same command, typed again, goes on where it was stopped.`,
  examples: [
    "rl sweep --agent dqn --env CartPole --trials 30 --parallel 4",
    "rl sweep --agent ppo --env CartPole --search learningRate=log:1e-4..1e-2 --search gamma=0.95,0.99 --seeds 0-2",
    "rl sweep --agent dqn --env CartPole --search hiddenSizes=32,32|64,64 --search learningRate=log:1e-4..1e-2:5 --algorithm grid",
    "rl sweep --agent sac --env Pendulum --steps 20000 --pruner asha --eta 3 --trials 27",
  ],
  words: 0,
  openFlags: kwargFlags,

  async options(typed) {
    searches = searchesIn(typed);
    const kept = Object.entries(await trainOptions(where, typed)).filter(([name]) => !notOfSweeps.includes(name));
    const text: Options = { group: "Sweep:", nargs: 1 };
    const first: Argv = Parser([...typed], { string: ["agent", "config"], configuration: parserConfiguration });
    const agent = agentOf(where, first, configFileOf(where, first));
    const usual = agent
      ? usualSearch(agent.hyperparameters).map(searchText).join(" ")
      : "the usual ranges of the agent";
    return {
      search: {
        ...text,
        describe:
          "what to search, once for each: NAME=LOW..HIGH, NAME=log:LOW..HIGH, of a grid with :POINTS behind, NAME=A,B,C, " +
          `lists NAME=64,64|128 [default ${usual || "none"}]`,
      },
      seeds: { ...text, describe: "seeds that each configuration is trained with, as 0-2 or 0,3 [default 0]" },
      ...flagsOf(settings, "Sweep:"),
      ...Object.fromEntries(kept),
      out: { ...text, describe: "the folder of the sweep [default runs/AGENT-ENV-sweep-N]" },
      json: {
        group: "Output:",
        boolean: true,
        describe: "print what is written to trials.ndjson on stdout, and the result",
      },
      quiet: { group: "Output:", boolean: true, describe: "print only errors and the result" },
    };
  },

  async run(argv) {
    const given = await givenConfig(where, argv, configFileOf(where, argv));
    const dimensions = dimensionsOf(given);
    const told = readFlags(where, settings, argv) as Partial<Record<keyof typeof settings, never>>;
    const {
      algorithm = "tpe",
      pruner = "none",
      trials = 20,
      parallel = 1,
      leastSteps = 1_000,
      eta = 4,
      sweepSeed = 0,
    } = told;
    const { seed: _, out: __, ...complete } = completeConfig(given);
    const envId = String(given.config.env);
    // an id is whole, however it was typed
    const config: Readonly<Record<string, unknown>> = { ...complete, env: given.envFile ? given.env : envId };
    const seeds = argv.seeds === undefined ? [0] : parseSeeds(where, String(argv.seeds));
    const steps = config.steps as number;
    const plan: SweepPlan = { dimensions, algorithm, pruner, trials, seeds, steps, leastSteps, eta, seed: sweepSeed };
    const search = dimensions.map(searchText);
    const definition = { config, search, algorithm, pruner, trials, seeds, leastSteps, eta, seed: sweepSeed };
    const folder = sweepFolderOf(argv.out === undefined ? undefined : String(argv.out), definition, envId);
    return sweepIn(folder, { plan, definition, given, parallel }, argv);
  },
};

interface Asked {
  readonly plan: SweepPlan;
  readonly definition: SweepDefinition;
  readonly given: GivenConfig;
  readonly parallel: number;
}

const signals = { SIGINT: exitCodes.interrupted, SIGTERM: exitCodes.terminated } as const;

async function sweepIn(
  folder: string,
  { plan, definition, given, parallel }: Asked,
  { json, quiet }: Argv,
): Promise<number> {
  makeDirectories(folder);
  const unlock = lockRun(where, folder);
  writeDefinition(folder, definition);
  const lines = new SweepLines(folder);
  const state = new SweepState(plan.seeds, lines.found);
  const stop = new AbortController();
  let code: number = exitCodes.fine;
  const say = (text: string) => {
    if (!quiet) process.stderr.write(`${text}\n`);
  };
  const onSignal = (signal: keyof typeof signals) => {
    if (code !== exitCodes.fine) process.exit(signals[signal]);
    code = signals[signal];
    say("stopping; once more to quit at once");
    stop.abort();
  };
  for (const signal of Object.keys(signals)) process.on(signal, onSignal);
  try {
    const all = trialsOf(plan);
    if (state.count > 0) say(`goes on with ${folder}: ${state.count} of ${all} trials begun`);
    const envFile = given.envFile ? given.env : null;
    const launch = processLauncher({
      ...{ folder, config: definition.config, envFile },
      onStopped: () => {
        if (code === exitCodes.fine) code = exitCodes.interrupted;
        stop.abort();
      },
    });
    const told = new Map(state.trials.map((trial) => [trial.trial, `${trial.status} ${trial.rung}`]));
    await runSweep(plan, state, {
      ...{ launch, parallel, signal: stop.signal },
      write: (line) => {
        lines.add(line);
        if (json) process.stdout.write(`${JSON.stringify(line)}\n`);
        const trial = state.trials[line.trial]!;
        const now = `${trial.status} ${trial.rung}`;
        if (trial.status === "running" || told.get(line.trial) === now) return;
        told.set(line.trial, now);
        const ended = state.trials.filter(({ status }) => status !== "running").length;
        say(
          `[${ended}/${all}] ${trialText(trial, state.ranked[0]?.trial === trial.trial && trial.status === "finished")}`,
        );
      },
    });
    writeResult(folder, { plan, definition, given, parallel }, state, json === true);
    if (code !== exitCodes.fine) say(`saved; the same command goes on (${folder})`);
    return code;
  } finally {
    for (const signal of Object.keys(signals)) process.off(signal, onSignal);
    lines.close();
    unlock();
  }
}

/** `20 trials of 3 runs, by tpe with asha`. */
function subtitleOf({ algorithm, pruner, seeds }: SweepPlan, { trials }: SweepState): string {
  const runs = seeds.length === 1 ? `seed ${seeds[0]}` : `${seeds.length} seeds each`;
  const count = (status: Trial["status"]) => trials.filter((trial) => trial.status === status).length;
  const [pruned, failed] = [count("pruned"), count("failed")];
  const few = [...(pruned > 0 ? [`${pruned} given up`] : []), ...(failed > 0 ? [`${failed} failed`] : [])];
  const given = pruner === "none" ? "" : ` with ${pruner}`;
  return [`${trials.length} trials, ${runs}, by ${algorithm}${given}`, ...few].join("; ");
}

/** The place of a value on the axis of its dimension. */
function placeIn(dimension: Dimension, value: unknown): number {
  if (dimension.kind === "range") return placeOf(dimension, value as number);
  const texts = dimension.values.map(flagText);
  return texts.length === 1 ? 0.5 : texts.indexOf(flagText(value)) / (texts.length - 1);
}

function axisOf(dimension: Dimension, importance: number | null): SweepAxis {
  const values = dimension.kind === "choice" ? dimension.values : labelValues(dimension);
  const labels = values.map((value) => ({ place: placeIn(dimension, value), text: flagText(value) }));
  return { name: dimension.name, importance, labels };
}

/** A few values along a range: powers of ten, or five at equal distances. */
function labelValues(dimension: Extract<Dimension, { kind: "range" }>): number[] {
  const { low, high, isLog } = dimension;
  if (high === low) return [low];
  const powers = isLog
    ? Array.from({ length: 21 }, (_, i) => Number(`1e${i - 10}`)).filter((x) => x >= low && x <= high)
    : [];
  if (powers.length >= 3) return powers;
  return [...new Set([0, 0.25, 0.5, 0.75, 1].map((place) => valueAt(dimension, place)))];
}

/** Says what the sweep found, and writes its best configuration and its page. */
function writeResult(folder: string, { plan, definition, given }: Asked, state: SweepState, json: boolean): void {
  const scored = state.ranked.filter(({ score }) => score !== null);
  const importance = importanceOf(plan.dimensions, scored);
  const [best] = scored;
  const report = path.join(folder, "report.html");
  if (!best) {
    if (!json) process.stdout.write(`no trial has come to its end yet; saved in ${folder}\n`);
    return;
  }
  const bestFile = path.join(folder, "best.json");
  const hyperparameters = { ...(definition.config.hyperparameters as object), ...best.values };
  fs.writeFileSync(bestFile, `${JSON.stringify({ ...definition.config, hyperparameters }, null, 2)}\n`);
  const train = trainCommandOf(given, String(definition.config.env), best.values, bestFile);
  const { agent, env } = definition.config;
  fs.writeFileSync(
    report,
    sweepReport({
      title: `${agent} in ${env}`,
      subtitle: subtitleOf(plan, state),
      axes: plan.dimensions.map((dimension) => axisOf(dimension, importance[dimension.name]!)),
      trials: state.ranked.map(({ trial, status, values, score }) => ({
        ...{ trial, status, directory: trialFolder(folder, trial) },
        score: score?.value ?? null,
        steps: score && Math.round(score.steps),
        values: plan.dimensions.map((dimension) => {
          const value = values[dimension.name];
          return { place: placeIn(dimension, value), text: flagText(value) };
        }),
      })),
      command: train,
    }),
  );
  if (json) {
    const { trial, values, score } = best;
    const line = {
      event: "sweep",
      folder,
      trials: state.count,
      best: { trial, values, score },
      importance,
      command: train,
    };
    process.stdout.write(`${JSON.stringify(line)}\n`);
    return;
  }
  const shares = Object.entries(importance)
    .flatMap(([name, share]) => (share === null ? [] : [{ name, share }]))
    .sort((a, b) => b.share - a.share)
    .map(({ name, share }) => `${name} ${Math.round(100 * share)}%`);
  const told = shares.length === 0 ? "too few trials to tell" : shares.join(", ");
  process.stdout.write(`${summaryText(plan, state, 10)}
importance (share of the variance of ranks): ${told}
saved in ${folder}
open ${pathToFileURL(path.resolve(report)).href}
${withTyped(`best: ${train}`, rlTyped())}
`);
}
