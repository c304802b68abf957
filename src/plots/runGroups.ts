/** Runs of the same experiment, differing in their seed. */
import type { RunCurves } from "./runCurves.ts";
import type { RunDescription, RunStatus } from "./runReader.ts";

/** A run as charts take it: a `RunReader`, or what a page has heard of one. */
export interface PlottedRun {
  readonly directory: string;
  readonly description: RunDescription;
  readonly curves: RunCurves;
  readonly status: RunStatus;
}

export interface RunGroup {
  /** What tells it from the other groups of its environment: `dqn`, `dqn, nStep 3`. */
  readonly label: string;
  readonly env: string;
  /** In ascending order of their seeds. */
  readonly runs: readonly PlottedRun[];
}

/** Settings that take part in what is learned; the others say when to look, to save and to stop. */
const learningSettings = ["envs", "actors"];

type Values = Readonly<Record<string, unknown>>;

/** Everything about a run but its seed that what it learns depends on, under the names of flags. */
const experimentOf = ({ agent, envKwargs, settings, hyperparameters }: RunDescription): Values => ({
  agent,
  ...Object.fromEntries(learningSettings.map((name) => [name, settings[name]])),
  ...Object.fromEntries(Object.entries(envKwargs).map(([name, value]) => [`env.${name}`, value])),
  ...hyperparameters,
});

/** JSON with names in alphabetical order: files of two versions may have them in another one. */
const key = (values: Values): string => JSON.stringify(Object.entries(values).sort(([a], [b]) => (a < b ? -1 : 1)));

const valueText = (value: unknown): string =>
  value === undefined || value === null ? "none" : Array.isArray(value) ? value.join("×") : String(value);

/**
 * What tells experiments apart: the agent, and what differs between those of the same agent. Values that differ
 * between agents only are left out: the agents' names say more.
 */
function labels(experiments: readonly Values[]): string[] {
  return experiments.map((experiment) => {
    const siblings = experiments.filter(({ agent }) => agent === experiment.agent);
    const names = [...new Set(siblings.flatMap((sibling) => Object.keys(sibling)))];
    const different = names.filter(
      (name) => new Set(siblings.map((sibling) => JSON.stringify(sibling[name]))).size > 1,
    );
    return [String(experiment.agent), ...different.map((name) => `${name} ${valueText(experiment[name])}`)].join(", ");
  });
}

/** Groups of runs by environment, environments and groups in the order in which their first runs come. */
export function groupRuns(runs: readonly PlottedRun[]): Map<string, RunGroup[]> {
  const byEnv = new Map<string, Map<string, { experiment: Values; runs: PlottedRun[] }>>();
  for (const run of runs) {
    const { env } = run.description;
    const groups = byEnv.get(env) ?? new Map<string, { experiment: Values; runs: PlottedRun[] }>();
    byEnv.set(env, groups);
    const experiment = experimentOf(run.description);
    const group = groups.get(key(experiment));
    if (group) group.runs.push(run);
    else groups.set(key(experiment), { experiment, runs: [run] });
  }
  return new Map(
    [...byEnv].map(([env, groups]) => {
      const all = [...groups.values()];
      const texts = labels(all.map(({ experiment }) => experiment));
      const bySeed = (a: PlottedRun, b: PlottedRun) => (a.description.seed ?? 0) - (b.description.seed ?? 0);
      return [env, all.map((group, i) => ({ label: texts[i]!, env, runs: group.runs.sort(bySeed) }))];
    }),
  );
}
