/** The RUN of `rl eval RUN` and `rl resume RUN`. */
import type { Options } from "yargs";
import { isPython, listEnvs } from "../envs/node.ts";
import { UsageError } from "../errors.ts";
import { type RunConfig, readConfig } from "../train/index.ts";
import { loadEnvFile } from "./envFile.ts";
import { type Argv, wordsOf } from "./flags.ts";

/** A run in an environment of the user's needs the file again. */
export const envFileFlag: Readonly<Record<string, Options>> = {
  env: { group: "What:", nargs: 1, describe: "the file of the run's environment, where it came from one" },
};

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
