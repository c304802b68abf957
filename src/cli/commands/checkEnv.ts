/** `rl check-env`: whether an environment keeps to the interface. */
import { hp } from "../../agents/hyperparameters.ts";
import { inspectEnv } from "../../envs/node.ts";
import { UsageError } from "../../errors.ts";
import type { Command } from "../command.ts";
import { envFlags, kwargFlags, makeEnv } from "../envArgument.ts";
import { exitCodes } from "../exitCodes.ts";
import { flagsOf, readFlags, wordsOf } from "../flags.ts";

const settings = {
  steps: hp.integer(300, "steps to play in each check", "Kusari"),
  seed: hp.integer(123, "seed of the episodes", "Kusari", { min: 0 }),
} as const;

const count = (n: number, what: string) => `${n} ${what}${n === 1 ? "" : "s"}`;

export const command: Command = {
  usage: `Usage: rl check-env FILE|--env ID [flags]

Plays some episodes and says what is wrong with an environment: a line for each check, and a summary. It stops at the
first check that finds an error, and ends with 2 then.`,
  examples: ["rl check-env ./my-env.ts", "rl check-env ./my-env.ts --env.size 4", "rl check-env --env CartPole"],
  words: 1,
  openFlags: kwargFlags,

  async options() {
    return {
      ...envFlags("What:"),
      ...flagsOf(settings, "What:"),
      json: { group: "Output:", boolean: true, describe: "print the checks as one line of JSON on stdout" },
    };
  },

  async run(argv) {
    const where = "rl check-env";
    const [file] = wordsOf(argv);
    const wanted = file ?? argv.env;
    if (wanted === undefined || (file !== undefined && argv.env !== undefined)) {
      const got = wanted === undefined ? "neither" : `${file} and ${String(argv.env)}`;
      throw new UsageError(`${where}: a file or --env ID must be given; got ${got}. Write ${where} ./my-env.ts.`);
    }
    const env = await makeEnv(where, String(wanted), argv);
    const checks = inspectEnv(env, readFlags(where, settings, argv));
    env.close();
    const findings = checks.flatMap((check) => check.findings);
    const errors = findings.filter(({ severity }) => severity === "error").length;
    const warnings = findings.length - errors;
    if (argv.json)
      process.stdout.write(`${JSON.stringify({ env: env.spec?.id ?? env.name, errors, warnings, checks })}\n`);
    else {
      for (const { name, findings } of checks) {
        const lines = findings.map(({ severity, message }) => `${severity.padEnd(7)}  ${message}\n`);
        process.stdout.write(lines.length === 0 ? `ok       ${name}\n` : lines.join(""));
      }
      const summary = `${count(checks.length, "check")}, ${count(errors, "error")}, ${count(warnings, "warning")}`;
      process.stdout.write(`${env.name}: ${summary}\n`);
    }
    return errors === 0 ? exitCodes.fine : exitCodes.usage;
  },
};
