/** `rl train`: flags and a config file become the config of `train`. */
import type { Options } from "yargs";
import { Parser } from "yargs/helpers";
import { hp, listAgents } from "../../agents/index.ts";
import { UsageError } from "../../errors.ts";
import { train, trainSettings } from "../../train/index.ts";
import type { Command } from "../command.ts";
import { envFlags, kwargFlags } from "../envArgument.ts";
import { exitCodes } from "../exitCodes.ts";
import { type Argv, flagsOf, parserConfiguration, readFlags } from "../flags.ts";
import { printScript } from "../printScript.ts";
import { parseSeeds } from "../seedList.ts";
import {
  agentOf,
  completeConfig,
  configFileOf,
  deviceFlag,
  type GivenConfig,
  givenConfig,
  otherDefaults,
  requiredAgent,
} from "../trainConfig.ts";
import { dashboardFlags, outputFlags, watchRun } from "../watchRun.ts";

const where = "rl train";

const parallelFlag = {
  parallel: hp.integer(1, "runs at a time, of --seeds", "Kusari", { min: 1 }),
} as const;

/** `--seeds`: each seed is a run of its own, in a process of its own. */
async function trainManySeeds(given: GivenConfig, argv: Argv): Promise<number> {
  if (argv.seeds === undefined) {
    throw new UsageError(`${where}: --parallel is for many seeds; got none. Add --seeds 0-9.`);
  }
  if (argv.seed !== undefined) {
    throw new UsageError(`${where}: one of --seed and --seeds can be given; got both. Write --seeds alone.`);
  }
  const { out, seed: _, ...experiment } = completeConfig(given);
  if (out === null) {
    throw new UsageError(`${where}: runs of --seeds must be written; got --out none. Leave it out, or name a folder.`);
  }
  // read, compared and trained from as it is written; an id is whole, however it was typed
  const env = given.envFile ? given.env : given.config.env;
  const plain = JSON.parse(JSON.stringify({ ...experiment, env })) as Readonly<Record<string, unknown>>;
  const { parallel = 1 } = readFlags(where, parallelFlag, argv) as { parallel?: number };
  const { trainSeeds } = await import("../seedRuns.ts");
  const envFile = given.envFile ? given.env : null;
  const seeds = parseSeeds(where, String(argv.seeds));
  return trainSeeds(
    { seeds, parallel, experiment: plain, out: out as string | undefined, envId: String(given.config.env), envFile },
    argv,
  );
}

/**
 * The flags that say what is trained and how.
 * @param where the command that takes them, for errors
 */
export async function trainOptions(where: string, typed: readonly string[]): Promise<Record<string, Options>> {
  // which agent's flags there are must be known before they can be parsed
  const strings = ["agent", "env", "config"];
  const first: Argv = Parser([...typed], { string: strings, configuration: parserConfiguration });
  const file = configFileOf(where, first);
  const isAsking = typed.some((word) => ["--help", "-h", "--version"].includes(word));
  const agent = isAsking ? agentOf(where, first, file) : requiredAgent(where, first, file);
  const others = otherDefaults(agent, first, file);
  const what = "What to train:";
  const text = { group: what, nargs: 1 };
  return {
    agent: {
      ...text,
      describe: `the agent: ${listAgents()
        .map(({ id }) => id)
        .join(", ")}`,
    },
    ...envFlags(what),
    config: { ...text, describe: "a JSON file with the same names; flags win over it" },
    out: {
      ...text,
      describe: "the run directory, none to write nothing [default runs/AGENT-ENV-SEED-N]",
    },
    seeds: {
      ...text,
      describe: "many runs that differ in their seed: 0-9, or 0,3,5; --out is then the folder of their directories",
    },
    ...flagsOf(parallelFlag, what),
    ...flagsOf(deviceFlag, what),
    ...outputFlags,
    "print-config": {
      group: "Output:",
      boolean: true,
      describe: "print the complete config as JSON, and train nothing",
    },
    "print-script": {
      group: "Output:",
      boolean: true,
      describe: "print the run as a TypeScript program, and train nothing",
    },
    ...flagsOf(trainSettings, "Run settings:", others),
    ...(agent ? flagsOf(agent.hyperparameters, `Hyperparameters of ${agent.id} (${agent.name}):`, others) : {}),
  };
}

export const command: Command = {
  usage: `Usage: rl train --agent ID --env ID [flags]

Trains an agent until an evaluation reaches the environment's reward threshold or all steps are taken. With --agent ID the
help has the hyperparameters of the agent, too.`,
  examples: [
    "rl train --agent dqn --env CartPole",
    "rl train --agent dqn --env CartPole --dashboard",
    "rl train --agent dqn --help",
    "rl train --agent dqn --env CartPole --seed 3 --hidden-sizes 128,128 --stop-at none --out runs/wide",
    "rl train --agent dqn --env ./my-env.ts --env.size 4 --json > events.ndjson",
    "rl train --agent dqn --env CartPole --seeds 0-9 --parallel 2",
    "rl train --agent dqn --env CartPole --print-config > config.json && rl train --config config.json",
  ],
  words: 0,
  openFlags: kwargFlags,

  options: (typed) => trainOptions(where, typed),

  async run(argv) {
    const given = await givenConfig(where, argv, configFileOf(where, argv));
    const { env, envFile, config } = given;
    if (argv["print-config"]) {
      process.stdout.write(`${JSON.stringify(completeConfig(given), null, 2)}\n`);
      return exitCodes.fine;
    }
    if (argv["print-script"]) {
      process.stdout.write(printScript(completeConfig(given), envFile && { file: env, ...envFile }));
      return exitCodes.fine;
    }
    if (argv.seeds !== undefined || argv.parallel !== undefined) {
      if (argv.dashboard) {
        throw new UsageError(
          `${where}: --dashboard must come without --seeds; got both. Watch the runs with rl dashboard in another terminal.`,
        );
      }
      return trainManySeeds(given, argv);
    }
    const dashboard = await dashboardFlags(where, argv, config.out);
    return watchRun(train(config), argv, envFile ? env : null, dashboard);
  },
};
