/** What a training run is told besides the agent's hyperparameters: one schema for `train(config)`, flags, help and config files. */
import { type HyperparameterValues, hp } from "../agents/hyperparameters.ts";

export const trainSettings = {
  steps: hp.integer(100_000, "environment steps to train for at most", "Kusari"),
  envs: hp.integer(1, "environments stepped side by side, each of their steps counted", "Kusari", { min: 1 }),
  vectorMode: hp.choice(
    ["auto", "sync", "batch", "worker"],
    "auto",
    "how several environments are stepped: one after the other, in flat arrays, in threads, or what is fastest in one thread",
    "Kusari",
  ),
  seed: hp.integer(0, "seed of every random stream of the run", "Kusari", { min: 0 }),
  evalInterval: hp.integer(1_000, "environment steps between evaluations", "Kusari"),
  evalEpisodes: hp.integer(10, "greedy episodes of one evaluation", "ChainerRL quickstart"),
  confirmEpisodes: hp.integer(
    90,
    "further episodes played where an evaluation reaches stopAt; training stops when the pooled mean reaches it too",
    "Kusari: early stops on ten lucky episodes fail",
    { min: 0 },
  ),
  finalEpisodes: hp.integer(100, "fresh greedy episodes of the kept agent at the end", "Kusari", { min: 1 }),
  stopAt: hp.optional(null, "mean evaluation return that ends training early", "the environment's reward threshold"),
  checkpointInterval: hp.integer(
    50_000,
    "environment steps between checkpoints of everything a resume needs",
    "Kusari",
    { min: 1 },
  ),
  actors: hp.integer(
    1,
    "threads that act at once, of an agent that rl list agents calls async",
    "Mnih et al. 2016: 16",
  ),
  restartActors: hp.boolean(false, "replace an actor that fails, instead of ending the run", "Kusari"),
  reportInterval: hp.integer(500, "environment steps between lines of metrics.ndjson", "Kusari"),
  tensorboard: hp.boolean(false, "write the metrics as a TensorBoard event file as well", "Kusari"),
} as const;

export type TrainSettings = HyperparameterValues<typeof trainSettings>;
