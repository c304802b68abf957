/** `rl train`: flags and a config file become the config of `train`. */
import { Parser } from "yargs/helpers";
import { listAgents } from "../../agents/index.ts";
import { train, trainSettings } from "../../train/index.ts";
import type { Command } from "../command.ts";
import { envFlags, kwargFlags } from "../envArgument.ts";
import { exitCodes } from "../exitCodes.ts";
import { type Argv, flagsOf, parserConfiguration } from "../flags.ts";
import { printScript } from "../printScript.ts";
import {
  agentOf,
  completeConfig,
  deviceFlag,
  givenConfig,
  otherDefaults,
  readConfigFile,
  requiredAgent,
} from "../trainConfig.ts";
import { outputFlags, watchRun } from "../watchRun.ts";

const configFileOf = (argv: Argv) => (argv.config === undefined ? {} : readConfigFile(String(argv.config)));

export const command: Command = {
  usage: `Usage: rl train --agent ID --env ID [flags]

Trains an agent until an evaluation reaches the environment's reward threshold or all steps are taken.`,
  examples: [
    "rl train --agent dqn --env CartPole",
    "rl train --agent dqn --env CartPole --seed 3 --hidden-sizes 128,128 --stop-at none --out runs/wide",
    "rl train --agent dqn --env ./my-env.ts --env.size 4 --json > events.ndjson",
    "rl train --agent dqn --env CartPole --print-config > config.json && rl train --config config.json",
  ],
  words: 0,
  openFlags: kwargFlags,

  async options(typed) {
    // which agent's flags there are must be known before they can be parsed
    const strings = ["agent", "env", "config"];
    const first: Argv = Parser([...typed], { string: strings, configuration: parserConfiguration });
    const file = configFileOf(first);
    const isAsking = typed.some((word) => ["--help", "-h", "--version"].includes(word));
    const agent = isAsking ? agentOf(first, file) : requiredAgent(first, file);
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
  },

  async run(argv) {
    const given = await givenConfig(argv, configFileOf(argv));
    const { env, envFile, config } = given;
    if (argv["print-config"]) {
      process.stdout.write(`${JSON.stringify(completeConfig(given), null, 2)}\n`);
      return exitCodes.fine;
    }
    if (argv["print-script"]) {
      process.stdout.write(printScript(completeConfig(given), envFile && { file: env, ...envFile }));
      return exitCodes.fine;
    }
    return watchRun(train(config), argv, envFile ? env : null);
  },
};
