/** The RUN of `rl eval RUN` and other commands, and the flags that come with it. */
import type { Options } from "yargs";
import { type HyperparameterSchema, hp } from "../agents/hyperparameters.ts";
import { isPython, listEnvs } from "../envs/node.ts";
import { UsageError } from "../errors.ts";
import { type RunConfig, readConfig } from "../train/index.ts";
import { loadEnvFile } from "./envFile.ts";
import { type Argv, flagsOf, wordsOf } from "./flags.ts";

/** A run in an environment of the user's needs the file again. */
export const envFileFlag: Readonly<Record<string, Options>> = {
  env: { group: "What:", nargs: 1, describe: "the file of the run's environment, where it came from one" },
};

/** Which weights of the run are used. @param use what is done with them: `play` */
export const keptSetting = (use: string) =>
  hp.choice(["best", "finish"], "finish", `weights to ${use}: those of the best evaluation or of the result`, "Kusari");

/** The flags of a command that looks at what a run has learned; `which` among them is `keptSetting`. */
export const trainedRunFlags = (settings: HyperparameterSchema): Record<string, Options> => ({
  ...flagsOf(settings, "What:", { which: { value: "finish, or best while the run can go on", source: null } }),
  ...envFileFlag,
});

export interface RunArgument {
  readonly directory: string;
  readonly config: RunConfig;
  readonly envFile: string | null;
}

/**
 * The run directory that was typed, its environment registered.
 * @throws UsageError when there is none, or its environment comes from a file that was not given
 */
export async function runOf(where: string, argv: Argv): Promise<RunArgument> {
  const [directory] = wordsOf(argv);
  if (directory === undefined) {
    throw new UsageError(`${where}: the run directory must be given; got none. Write ${where} RUN.`);
  }
  const config = readConfig(where, directory);
  const envFile = argv.env === undefined ? null : String(argv.env);
  const id = envFile === null ? null : (await loadEnvFile(where, envFile)).id;
  if (id !== null && id !== config.env) {
    throw new UsageError(`${where}: --env must be the file that ${config.env} came from; got ${envFile} with ${id}.`);
  }
  if (!listEnvs().includes(config.env) && !isPython(config.env)) {
    throw new UsageError(
      `${where}: the environment ${config.env} of ${directory} came from a file, which must be given; got none. ` +
        "Add --env FILE.",
    );
  }
  return { directory, config, envFile };
}
