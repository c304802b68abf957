/** The environment of a command line: `--env`, `--env.KEY`, `--wrap`. */
import type { Options } from "yargs";
import { type AnyEnv, listEnvs, make, type NamedWrapper } from "../envs/node.ts";
import { UsageError } from "../errors.ts";
import { isEnvFile, loadEnvFile } from "./envFile.ts";
import type { Argv } from "./flags.ts";

const numberList = /^-?[\d.]+(?:,-?[\d.]+)+$/;

/** A value of `--env.key`: JSON where it is some, a list where it is numbers with commas, else the text itself. */
function kwargOf(text: unknown): unknown {
  try {
    if (typeof text === "string" && numberList.test(text)) return JSON.parse(`[${text}]`);
    return typeof text === "string" ? JSON.parse(text) : text;
  } catch {
    return text;
  }
}

const kwargFlag = "env.";
export const kwargFlags = /^env\../;

/** For the help of `--wrap`. */
const wrapExample = "FlattenObservation+FrameStackObservation:stackSize=4,padding=zero";

/**
 * `--wrap Name:option=value,option=value+Name`, the first one innermost, as `make` takes it.
 * @throws UsageError for an option without a value
 */
function wrappersOf(where: string, text: string): readonly NamedWrapper[] {
  return text.split("+").map((word) => {
    const [name = "", options = ""] = word.split(/:(.*)/);
    const pairs = options === "" ? [] : options.split(/,(?=[A-Za-z]\w*(?:=|$))/);
    const values = pairs.map((pair) => {
      const [, option, value] = /^([^=]+)=(.+)$/.exec(pair) ?? [];
      if (option !== undefined && option !== "name") return [option, kwargOf(value)];
      throw new UsageError(
        `${where}: every option of --wrap must have a value; got ${pair} of ${name}. Write ${name}:option=value.`,
      );
    });
    return { name, ...Object.fromEntries(values) };
  });
}

/** The flags that say which environment. */
export const envFlags = (group: string): Readonly<Record<string, Options>> => ({
  env: {
    group,
    nargs: 1,
    describe: `the environment: ${listEnvs().join(", ")}; a file such as ./my-env.ts; or python: and an id of Python's Gymnasium, such as python:CartPole-v1`,
  },
  "env.KEY": { group, nargs: 1, describe: "a keyword argument of the environment" },
  wrap: { group, nargs: 1, describe: `wrappers around the environment, such as ${wrapExample}` },
});

/** The keyword arguments that were typed, the wrappers among them. */
export function kwargsOf(where: string, argv: Argv): Readonly<Record<string, unknown>> {
  const typed = Object.entries(argv).filter(([name]) => kwargFlags.test(name));
  return {
    ...Object.fromEntries(typed.map(([name, text]) => [name.slice(kwargFlag.length), kwargOf(text)])),
    ...(argv.wrap === undefined ? {} : { wrappers: wrappersOf(where, String(argv.wrap)) }),
  };
}

/**
 * Makes the environment that was typed.
 * @param env an id or a file
 */
export async function makeEnv(where: string, env: string, argv: Argv): Promise<AnyEnv> {
  const id = isEnvFile(env) ? (await loadEnvFile(where, env)).id : env;
  return make(id, kwargsOf(where, argv));
}
