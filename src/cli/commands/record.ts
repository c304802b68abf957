/** `rl record`: one episode of a trained agent as a GIF. */
import { hp } from "../../agents/index.ts";
import { UsageError } from "../../errors.ts";
import type { Kept } from "../../train/index.ts";
import type { Command } from "../command.ts";
import { gifOf, playAndShow } from "../episodePictures.ts";
import { exitCodes } from "../exitCodes.ts";
import { readFlags } from "../flags.ts";
import { short } from "../progress.ts";
import { keptSetting, runOf, trainedRunFlags } from "../runArgument.ts";
import { writeOutput, wroteText } from "../writeOutput.ts";

const where = "rl record";

const settings = {
  seed: hp.integer(0, "seed of the episode", "Kusari", { min: 0 }),
  which: keptSetting("play"),
  fps: hp(25, "frames a second", "Kusari", { min: 1, max: 50 }),
} as const;

export const command: Command = {
  usage: `Usage: rl record RUN --gif FILE [flags]

Has the agent that a run has trained play one greedy episode, and writes it as an animated GIF.`,
  examples: [
    "rl record runs/dqn-CartPole-v1-0-1 --gif cartpole.gif",
    "rl record runs/dqn-CartPole-v1-0-1 --gif cartpole.gif --seed 3 --which best --fps 50",
  ],
  words: 1,

  async options() {
    return {
      gif: { group: "What:", nargs: 1, describe: "the file to write" },
      ...trainedRunFlags(settings),
    };
  },

  async run(argv) {
    if (argv.gif === undefined) {
      throw new UsageError(`${where}: --gif must be given; got none. Write ${where} RUN --gif episode.gif.`);
    }
    const { directory } = await runOf(where, argv);
    const {
      seed = 0,
      which,
      fps = 25,
    } = readFlags(where, settings, argv) as { seed?: number; which?: Kept; fps?: number };
    const episode = await playAndShow(directory, seed, which);
    const gif = await gifOf(episode, fps);
    const file = String(argv.gif);
    writeOutput(where, file, gif);
    const { length } = episode.actions;
    process.stdout.write(`${wroteText(file, gif.length)}: ${length} steps, return ${short(episode.return)}\n`);
    return exitCodes.fine;
  },
};
