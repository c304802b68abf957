/** `train` where there are files: everything goes into one directory. */
import "../envs/node.ts";
import { openActors } from "./actors/openActors.ts";
import type { Run } from "./run.ts";
import { RunDirectory } from "./runDirectory.ts";
import { versions } from "./runOrigin.ts";
import { type TrainConfig, trainInto } from "./train.ts";

/**
 * Trains an agent until an evaluation reaches `stopAt`, all steps are taken, or the run is stopped. Everything goes
 * into one directory, from which the run can be resumed bit for bit.
 *
 * @returns the run, which begins in the next turn; a mistake in the config rejects it
 */
export const train = (config: TrainConfig): Run =>
  trainInto(
    config,
    (told) => (config.out === null ? null : RunDirectory.create(config.out, { ...versions(), ...told })),
    openActors,
  );
