/** A small run that passes through everything a run has, and what of it must be the same byte for byte. */
import fs from "node:fs";
import path from "node:path";
import { make } from "../../src/envs/index.ts";
import { readCheckpoint } from "../../src/train/checkpoint.ts";
import type { TrainConfig, TrainingEnv } from "../../src/train/index.ts";

/** Replay wraps, the target network is copied many times, nothing falls on the same step as everything else. */
export const small = {
  steps: 1_500,
  // evaluations at 500 and 1,000 are each the best so far, the last is not
  seed: 10,
  evalInterval: 500,
  evalEpisodes: 3,
  confirmEpisodes: 0,
  finalEpisodes: 3,
  checkpointInterval: 400,
  reportInterval: 250,
  stopAt: null,
} as const satisfies Partial<TrainConfig>;
export const smallHyperparameters = {
  hiddenSizes: [16],
  replayCapacity: 600,
  replayStartSize: 150,
  minibatchSize: 16,
  updateInterval: 8,
  updatesPerInterval: 3,
  targetUpdateInterval: 20,
  decaySteps: 1_000,
};

/**
 * A factory of CartPole-v1 that tells of every step before it returns it: which environment (the first that the factory
 * makes is trained in, the second evaluated in) and its count in this process.
 */
export function watchedCartPole(onStep: (which: "train" | "evaluation", count: number) => void): () => TrainingEnv {
  const names = ["train", "evaluation"] as const;
  let made = 0;
  return () => {
    const env = make("CartPole-v1", { reuseObs: true });
    const which = names[made++ % 2]!;
    const { step } = env;
    let count = 0;
    env.step = (action) => {
      const result = step.call(env, action);
      onStep(which, ++count);
      return result;
    };
    return env;
  };
}
export const cartPole = () => watchedCartPole(() => {});

const filesBelow = (directory: string): string[] =>
  (fs.readdirSync(directory, { recursive: true }) as string[])
    .filter((name) => fs.statSync(path.join(directory, name)).isFile())
    .sort();

/** scores.tsv without the column that tells the time. */
const scoresOf = (directory: string): string =>
  fs
    .readFileSync(path.join(directory, "scores.tsv"), "utf8")
    .split("\n")
    .map((line) => line.split("\t").toSpliced(2, 1).join("\t"))
    .join("\n");

/** Everything in a finished run's directory that does not depend on the clock. */
export function outcomeOf(directory: string, steps: number = small.steps): Record<string, unknown> {
  const weights = ["best", "finish"].flatMap((name) =>
    filesBelow(path.join(directory, name)).map((file) => `${name}/${file}`),
  );
  const read = (name: string) => fs.readFileSync(path.join(directory, name));
  const { run } = readCheckpoint(path.join(directory, "checkpoints", `step-${steps}.safetensors`)).state as {
    run: { loop: object };
  };
  return {
    ...Object.fromEntries(weights.map((name) => [name, read(name).toString("base64")])),
    "metrics.ndjson": read("metrics.ndjson").toString(),
    "scores.tsv": scoresOf(directory),
    "the last checkpoint": { ...run, loop: { ...run.loop, seconds: 0 } },
  };
}
