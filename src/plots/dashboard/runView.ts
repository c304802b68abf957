/** A run as the page gets it: everything at first, then what is new. */
import fs from "node:fs";
import path from "node:path";
import type { Curve } from "../curve.ts";
import { evaluationCurve } from "../runCurves.ts";
import { RunReader, type RunStatus } from "../runReader.ts";
import { thinned } from "../thinning.ts";
import { type Alert, alertsOf } from "./alerts.ts";
import { type ConfigDifference, configDiff, configValues } from "./configDiff.ts";
import type { DashboardHooks, LiveRun } from "./hooks.ts";

/** Points of a curve that are sent at first. */
const mostPoints = 2_000;

/** Columns of points, as plotly takes them. */
export interface Points {
  readonly steps: readonly number[];
  readonly values: readonly number[];
}

/** What does not change while a run goes. */
export interface RunHead {
  readonly name: string;
  readonly agent: string;
  readonly env: string;
  readonly seed: number | null;
  readonly steps: number | null;
  readonly stopAt: number | null;
  readonly kusari: string | null;
  readonly hyperparameters: Readonly<Record<string, unknown>>;
  readonly config: readonly { readonly name: string; readonly value: string }[];
  /** Against what the agent would be told without a flag; null where that is not known here. */
  readonly againstPreset: readonly ConfigDifference[] | null;
  readonly previous: { readonly name: string; readonly differences: readonly ConfigDifference[] } | null;
}

export interface RunState {
  readonly status: RunStatus | "paused";
  /** Whether this dashboard can pause and stop it. */
  readonly isMine: boolean;
  readonly step: number;
  readonly episodes: number;
  readonly stepsPerSecond: number | null;
  readonly secondsLeft: number | null;
  readonly actors: readonly { readonly stepsPerSecond: number; readonly lag: number | null }[];
  readonly note: string | null;
  readonly best: { readonly step: number; readonly mean: number } | null;
  readonly newest: { readonly step: number; readonly mean: number; readonly stdev: number } | null;
  readonly result: {
    readonly outcome: string;
    readonly keptStep: number;
    readonly mean: number;
    readonly episodes: number;
  } | null;
  /** Steps of the recorded episodes, newest first. */
  readonly recorded: readonly number[];
  /** Of the newest of them: how often each action was taken; null for continuous actions. */
  readonly actionCounts: readonly number[] | null;
  readonly warnings: readonly string[];
  readonly alerts: readonly Alert[];
}

export interface CurvesMessage {
  /** The points replace what was sent before; otherwise they follow it. */
  readonly isWhole: boolean;
  /** Of the agent's statistics, of training returns and of the speed. */
  readonly curves: Readonly<Record<string, Points>>;
  /** Greedy evaluations with their spread. */
  readonly evaluations: readonly { readonly step: number; readonly mean: number; readonly stdev: number }[];
}

/** How much of a run was sent. */
export interface Sent {
  readonly curves: ReadonlyMap<string, number>;
  readonly evaluations: number;
}

const pointsOf = ({ steps, values }: Curve, from = 0): Points => ({
  steps: Array.from(steps.subarray(from)),
  values: Array.from(values.subarray(from)),
});

/** Steps of the episodes in a run directory, newest first. */
export function recordedSteps(directory: string): number[] {
  let names: string[] = [];
  try {
    names = fs.readdirSync(path.join(directory, "episodes"));
  } catch {
    // none yet
  }
  const steps = names.flatMap((name) => /^step-(\d+)\.json$/.exec(name)?.[1] ?? []).map(Number);
  return steps.sort((a, b) => b - a);
}

/** The run in the same folder, of the same agent and environment, that was begun last before this one. */
function previousRun(directory: string): RunReader | null {
  const begun = (folder: string) =>
    fs.statSync(path.join(folder, "config.json"), { throwIfNoEntry: false })?.birthtimeMs;
  const mine = RunReader.open(directory);
  const since = begun(directory);
  if (typeof mine === "string" || since === undefined) return null;
  const parent = path.dirname(directory);
  let found: { run: RunReader; at: number } | null = null;
  for (const name of fs.readdirSync(parent)) {
    const folder = path.join(parent, name);
    const at = begun(folder);
    if (at === undefined || folder === directory || at > since || (found && at <= found.at)) continue;
    const run = RunReader.open(folder);
    if (typeof run === "string") continue;
    const { agent, env } = run.description;
    if (agent === mine.description.agent && env === mine.description.env) found = { run, at };
  }
  return found?.run ?? null;
}

/** One run that somebody looks at; several pages share it. */
export class RunView {
  readonly reader: RunReader;
  readonly name: string;
  readonly #hooks: DashboardHooks;
  readonly #live: LiveRun | null;
  #counted: { step: number; counts: readonly number[] | null } | null = null;

  /** @param live the run itself, where it is trained by this process */
  constructor(name: string, reader: RunReader, hooks: DashboardHooks, live: LiveRun | null) {
    this.name = name;
    this.reader = reader;
    this.#hooks = hooks;
    this.#live = live;
  }

  head(): RunHead {
    const { description, directory } = this.reader;
    const { agent, env, seed, steps, stopAt, kusari, hyperparameters } = description;
    const preset = this.#hooks.preset(agent, env);
    // a run alone is all that may be looked at
    const previous = this.name === "" ? null : previousRun(directory);
    // each run has its own
    const ofInterest = (differences: ConfigDifference[]) => differences.filter(({ name }) => name !== "seed");
    return {
      name: this.name,
      agent,
      env,
      seed,
      steps,
      stopAt,
      kusari,
      hyperparameters,
      config: configValues(description),
      againstPreset: preset && ofInterest(configDiff(description, preset)),
      previous: previous && {
        name: path.basename(previous.directory),
        differences: configDiff(description, previous.description),
      },
    };
  }

  /** Reads on. @returns whether what was read before no longer holds */
  refresh(): boolean {
    const before = this.reader.curves;
    this.reader.refresh();
    return this.reader.curves !== before;
  }

  /** The names of the curves that are points in an order of their own, not evaluations. */
  get #names(): readonly string[] {
    return this.reader.curves.names.filter((name) => name !== evaluationCurve);
  }

  #evaluations(from: number): CurvesMessage["evaluations"] {
    const { evaluations } = this.reader.curves;
    return evaluations.slice(from).map(({ step, evaluation: { mean, stdev } }) => ({ step, mean, stdev }));
  }

  /** All curves, thinned. */
  whole(): CurvesMessage {
    const { curves } = this.reader;
    const points = this.#names.map((name) => [name, pointsOf(thinned(curves.get(name)!, mostPoints))]);
    return { isWhole: true, curves: Object.fromEntries(points), evaluations: this.#evaluations(0) };
  }

  /** How much there is. */
  lengths(): Sent {
    const { curves } = this.reader;
    const lengths = this.#names.map((name) => [name, curves.get(name)!.steps.length] as const);
    return { curves: new Map(lengths), evaluations: curves.evaluations.length };
  }

  /** What has come since then; null for nothing. */
  since(sent: Sent): CurvesMessage | null {
    const { curves } = this.reader;
    const has = (name: string) => sent.curves.get(name) ?? 0;
    const grown = this.#names.filter((name) => curves.get(name)!.steps.length > has(name));
    if (grown.length === 0 && curves.evaluations.length === sent.evaluations) return null;
    const points = grown.map((name) => [name, pointsOf(curves.get(name)!, has(name))]);
    return { isWhole: false, curves: Object.fromEntries(points), evaluations: this.#evaluations(sent.evaluations) };
  }

  #actionCounts(step: number | undefined): readonly number[] | null {
    if (step === undefined) return null;
    if (this.#counted?.step === step) return this.#counted.counts;
    let counts: number[] | null = null;
    try {
      const episode = readEpisode(this.reader.directory, step) as {
        actions: unknown[];
        explanation: { numbers: number[][] } | null;
      };
      if (episode.actions.every((action) => Number.isInteger(action))) {
        const actions = episode.actions as number[];
        const n = Math.max(episode.explanation?.numbers[0]?.length ?? 0, ...actions.map((action) => action + 1));
        counts = new Array<number>(n).fill(0);
        for (const action of actions) counts[action]!++;
      }
    } catch {
      // the viewer says what is wrong with the file
    }
    this.#counted = { step, counts };
    return counts;
  }

  state(): RunState {
    const { reader } = this;
    const { curves, description, warnings } = reader;
    const said = reader.status;
    const live = this.#live?.status() ?? null;
    const status = live?.isPaused && said === "running" ? "paused" : said;
    const isGoing = status === "running" || status === "paused";
    const speeds = curves.get("stepsPerSecond");
    const written = speeds?.values.at(-1) ?? null;
    const step = Math.max(curves.lastStep, live?.step ?? 0);
    const stepsPerSecond = live && isGoing ? live.stepsPerSecond : written;
    const left = description.steps === null || !stepsPerSecond ? null : (description.steps - step) / stepsPerSecond;
    const recorded = recordedSteps(reader.directory);
    const actionCounts = this.#actionCounts(recorded[0]);
    const { result, best, newest } = curves;
    const other =
      description.kusari === this.#hooks.version
        ? []
        : [
            `This run was written by kusari ${description.kusari ?? "of an unknown version"}; this is ${this.#hooks.version}.`,
          ];
    return {
      status,
      isMine: this.#live !== null && isGoing,
      step,
      episodes: curves.episodes,
      stepsPerSecond,
      secondsLeft: isGoing ? (live?.secondsLeft ?? left) : null,
      actors: (live?.actorStepsPerSecond ?? []).map((speed, i) => ({
        stepsPerSecond: speed,
        lag: live?.actorLag?.[i] ?? null,
      })),
      note: live?.note ?? null,
      best: best && { step: best.step, mean: best.evaluation.mean },
      newest: newest && { step: newest.step, mean: newest.evaluation.mean, stdev: newest.evaluation.stdev },
      result: result && {
        outcome: result.outcome,
        keptStep: result.keptStep,
        mean: result.evaluation.mean,
        episodes: result.evaluation.episodes,
      },
      recorded,
      actionCounts,
      warnings: [...warnings, ...other],
      alerts: alertsOf({
        curves: new Map(curves.names.map((name) => [name, curves.get(name)!])),
        hyperparameters: description.hyperparameters,
        evaluations: {
          means: curves.evaluations.map(({ evaluation }) => evaluation.mean),
          stdevs: curves.evaluations.map(({ evaluation }) => evaluation.stdev),
        },
        actionCounts,
        stopAt: description.stopAt,
      }),
    };
  }
}

/** What `episodes/step-N.json` holds, unchecked. @throws where there is none, or no JSON */
export const readEpisode = (directory: string, step: number): unknown =>
  JSON.parse(fs.readFileSync(path.join(directory, "episodes", `step-${step}.json`), "utf8"));
