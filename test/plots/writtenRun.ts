/** Run directories made by hand: what they hold is known to the last number. */
import fs from "node:fs";
import path from "node:path";

export interface WrittenRun {
  readonly agent?: string;
  readonly env?: string;
  readonly seed?: number;
  readonly steps?: number;
  readonly hyperparameters?: Readonly<Record<string, unknown>>;
  /** Means of evaluations, one every 1,000 steps. */
  readonly evaluations?: readonly number[];
  /** The result's mean; none for a run that can go on. */
  readonly final?: number;
  readonly outcome?: "solved" | "finished";
}

const evaluation = (mean: number) => ({ episodes: 10, mean, median: mean, stdev: 1, min: mean - 5, max: mean + 5 });

/** Writes a run and returns its directory. */
export function writeRun(directory: string, run: WrittenRun = {}): string {
  const { agent = "dqn", env = "CartPole-v1", seed = 0, evaluations = [10, 200, 480], outcome = "finished" } = run;
  const { steps = 1_000 * evaluations.length, hyperparameters = { gamma: 0.99, hiddenSizes: [64, 64] } } = run;
  fs.mkdirSync(path.join(directory, "checkpoints"), { recursive: true });
  const settings = { steps, seed, envs: 1, actors: 1, stopAt: 475 };
  const config = { kusari: "0.1.0", agent, env, envKwargs: {}, settings, hyperparameters };
  fs.writeFileSync(path.join(directory, "config.json"), JSON.stringify(config));
  const lines: object[] = [];
  const timing: object[] = [];
  evaluations.forEach((mean, i) => {
    for (const half of [500, 1_000]) {
      const step = 1_000 * i + half;
      const statistics = {
        averageQ: mean / 10,
        averageLoss: 1e6 / step ** 2,
        updates: step,
        epsilon: Math.max(0.05, 1 - step / 4_000),
      };
      lines.push({ event: "progress", step, episodes: step / 100, episodeReturn: mean * (half / 1_000), statistics });
      timing.push({ step, seconds: step / 5_000, stepsPerSecond: 5_000 + (seed + half) });
    }
    lines.push({
      event: "evaluation",
      step: 1_000 * (i + 1),
      episodes: 10 * i,
      evaluation: evaluation(mean),
      best: false,
    });
  });
  if (run.final !== undefined) {
    const step = 1_000 * evaluations.length;
    lines.push({ event: "result", step, episodes: 30, outcome, keptStep: step, evaluation: evaluation(run.final) });
  }
  const text = (all: readonly object[]) => all.map((line) => `${JSON.stringify(line)}\n`).join("");
  fs.writeFileSync(path.join(directory, "metrics.ndjson"), text(lines));
  fs.writeFileSync(path.join(directory, "timing.ndjson"), text(timing));
  return directory;
}
