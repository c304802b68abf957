/** `train` where there are no files: what a run produces is told by its events. */
import { UsageError } from "../errors.ts";
import type { Run } from "./run.ts";
import { type TrainConfig, trainInto } from "./train.ts";

/**
 * Trains an agent until an evaluation reaches `stopAt`, all steps are taken, or the run is stopped. Nothing is written:
 * to keep what was learned, pass `agent` as a function that keeps the agent it makes, and `agent.save` it into a Map.
 *
 * @returns the run, which begins in the next turn; a mistake in the config rejects it
 */
export const train = (config: TrainConfig): Run =>
  trainInto(
    config,
    () => {
      if (typeof config.out !== "string") return null;
      throw new UsageError(
        `train: out must be null in a page, which has no files; got ${config.out}. Save the agent into a Map at the end.`,
      );
    },
    null,
    // an id may be that of any agent; who passes a class needs none of the others
    async () => typeof config.agent === "string" && (await import("../agents/registerAll.ts")),
  );
