/** `rl eval`: plays greedy episodes with the weights that a run kept. */
import { existsSync } from "node:fs";
import path from "node:path";
import { hp } from "../../agents/index.ts";
import { ShapeError, UsageError } from "../../errors.ts";
import { evaluate, FileError, type Kept, loadAgent, loadEnv } from "../../train/index.ts";
import type { Command } from "../command.ts";
import { exitCodes } from "../exitCodes.ts";
import { readFlags } from "../flags.ts";
import { evaluationText } from "../report.ts";
import { keptSetting, runOf, trainedRunFlags } from "../runArgument.ts";

const settings = {
  episodes: hp.integer(100, "greedy episodes to play", "Kusari"),
  seed: hp.integer(0, "seed of the first episode; each later one has the next number", "Kusari", { min: 0 }),
  which: keptSetting("play"),
} as const;

const has = (directory: string, kept: Kept) => existsSync(path.join(directory, kept, "score.json"));

export const command: Command = {
  usage: `Usage: rl eval RUN [flags]

Plays greedy episodes with the agent a run has trained. Nothing is learned or written.`,
  examples: [
    "rl eval runs/dqn-CartPole-v1-0-1",
    "rl eval runs/dqn-CartPole-v1-0-1 --which best --episodes 1000 --json",
  ],
  words: 1,

  async options() {
    return {
      ...trainedRunFlags(settings),
      json: { group: "Output:", boolean: true, describe: "print the evaluation as one line of JSON on stdout" },
    };
  },

  async run(argv) {
    const where = "rl eval";
    const { directory, config } = await runOf(where, argv);
    const {
      episodes = 100,
      seed = 0,
      which,
    } = readFlags(where, settings, argv) as {
      episodes?: number;
      seed?: number;
      which?: Kept;
    };
    const kept = which ?? (has(directory, "finish") ? "finish" : "best");
    const agent = await loadAgent(directory, kept).catch((error: unknown) => {
      const damaged = has(directory, kept) && (error instanceof UsageError || error instanceof ShapeError);
      throw damaged
        ? new FileError(`${where}: the weights in ${path.join(directory, kept)} are of no use; ${error.message}`)
        : error;
    });
    const evaluation = await evaluate(agent, loadEnv(directory), { episodes, seed });
    const { agent: agentId, env } = config;
    const line = { event: "evaluation", agent: agentId, env, seed, which: kept, evaluation, runDirectory: directory };
    process.stdout.write(argv.json ? `${JSON.stringify(line)}\n` : `${evaluationText(evaluation)}\n`);
    return exitCodes.fine;
  },
};
