/** `rl resume`: goes on with a run that was stopped. */
import { resume, trainSettings } from "../../train/index.ts";
import type { Command } from "../command.ts";
import { actorModuleOf } from "../envFile.ts";
import { flagsOf, readFlags } from "../flags.ts";
import { envFileFlag, runOf } from "../runArgument.ts";
import { dashboardFlags, outputFlags, watchRun } from "../watchRun.ts";

const { steps } = trainSettings;

export const command: Command = {
  usage: `Usage: rl resume RUN [flags]

Continues a run that was stopped, from its newest checkpoint, as if it had never been interrupted.`,
  examples: ["rl resume runs/dqn-CartPole-v1-0-1", "rl resume runs/dqn-CartPole-v1-0-1 --steps 200000"],
  words: 1,

  async options() {
    const others = { steps: { value: "what the run was told", source: null } };
    return {
      ...flagsOf(
        { steps: { ...steps, meaning: `${steps.meaning}, counted from the run's beginning` } },
        "What:",
        others,
      ),
      ...envFileFlag,
      ...outputFlags,
    };
  },

  async run(argv) {
    const { directory, envFile } = await runOf("rl resume", argv);
    const dashboard = await dashboardFlags("rl resume", argv, directory);
    const given = readFlags("rl resume", { steps }, argv);
    const run = resume(directory, { ...given, ...(envFile === null ? {} : { actorModule: actorModuleOf(envFile) }) });
    return watchRun(run, argv, envFile, dashboard);
  },
};
