/** Hyperparameter schemas as flags: `learningRate` is `--learning-rate`, with the schema's meaning, default and checks. */
import type { Options } from "yargs";
import { type Hyperparameter, type HyperparameterSchema, misfit } from "../agents/hyperparameters.ts";
import { nearest, UsageError } from "../errors.ts";
import type { Command } from "./command.ts";

/** What yargs leaves of the command line: every value still a string, true or false where a flag stood alone. */
export type Argv = Readonly<Record<string, unknown>>;

/** Every value stays a string: what it must be is the schema's affair, and `abc` must not become NaN. */
export const parserConfiguration = {
  "parse-numbers": false,
  "parse-positional-numbers": false,
  "camel-case-expansion": false,
  "dot-notation": false,
  "duplicate-arguments-array": false,
} as const;

/** `learningRate` → `learning-rate`. */
export const flagName = (name: string): string => name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

/** A value as it is typed: `64,64`, `none`, `0.001`. */
export const flagText = (value: unknown): string =>
  value === null ? "none" : Array.isArray(value) ? value.join(",") || "''" : String(value);

/** A default other than the schema's own, and where it comes from ("preset for CartPole-v1"). */
export interface OtherDefault {
  readonly value: unknown;
  /** Null where the value says it all. */
  readonly source: string | null;
}

/** The yargs options of a schema, one flag a name, under one heading of the help. */
export function flagsOf(
  schema: HyperparameterSchema,
  group: string,
  others: Readonly<Record<string, OtherDefault>> = {},
): Record<string, Options> {
  const flag = ([name, { kind, choices, meaning, value, source }]: [string, Hyperparameter<unknown>]) => {
    const shown = others[name] ?? { value, source };
    const words = choices.length > 0 ? `${meaning}: ${choices.join(", ")}` : meaning;
    const from = shown.source === null ? "" : `: ${shown.source}`;
    const described = { group, describe: `${words} [default ${flagText(shown.value)}${from}]` };
    return [flagName(name), kind === "boolean" ? { ...described, boolean: true } : { ...described, nargs: 1 }];
  };
  return Object.fromEntries(Object.entries(schema).map(flag));
}

/** What a typed text says for a declaration; a text that says nothing is returned as it is, for `misfit` to refuse. */
function parse({ kind, optional }: Hyperparameter<unknown>, text: unknown): unknown {
  if (typeof text !== "string") return text;
  const number = (word: string): unknown => (/^\s*[-+]?[\d.]/.test(word) ? Number(word) : word);
  if (optional && text === "none") return null;
  if (kind === "integers") return text === "" ? [] : text.split(",").map(number);
  return kind === "number" || kind === "integer" ? number(text) : text;
}

/**
 * The values of a schema that were typed.
 * @throws UsageError for one outside its declaration.
 */
export function readFlags(where: string, schema: HyperparameterSchema, argv: Argv): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  for (const [name, declaration] of Object.entries(schema)) {
    const text = argv[flagName(name)];
    if (text === undefined) continue;
    const value = parse(declaration, text);
    const reason = misfit(declaration, value);
    if (reason) {
      throw new UsageError(
        `${where}: --${flagName(name)} ${reason}; got ${text === "" ? "nothing" : text}. Meaning: ${declaration.meaning}.`,
      );
    }
    values[name] = value;
  }
  return values;
}

/**
 * Refuses flags and words that nobody reads, and switches with a value that is neither true nor false
 * (yargs takes `--quiet=maybe` for false).
 * @throws UsageError with the nearest known flag.
 */
export function refuseUnknown(
  where: string,
  argv: Argv,
  typed: readonly string[],
  options: Readonly<Record<string, Options>>,
  { words, openFlags = /^$/ }: Pick<Command, "words" | "openFlags">,
): void {
  for (const name of Object.keys(argv)) {
    if (name in options || ["_", "$0", "help", "h", "version"].includes(name) || openFlags.test(name)) continue;
    const near = nearest(name, Object.keys(options));
    const dashes = name.length === 1 ? "-" : "--";
    // an agent's hyperparameters are in the help of that agent alone
    const help = typeof argv.agent === "string" ? `${where} --agent ${argv.agent} --help` : `${where} --help`;
    throw new UsageError(
      `${where}: there is no flag ${dashes}${name}. ${near ? `Did you mean --${near}?` : `See ${help}.`}`,
    );
  }
  const extra = wordsOf(argv)[words];
  if (extra !== undefined)
    throw new UsageError(`${where}: every value needs its flag; got ${extra}. See ${where} --help.`);
  for (const token of typed) {
    const [, name = "", text] = /^--(?:no-)?([^=]+)=(.*)$/.exec(token) ?? [];
    if (options[name]?.boolean && text !== "true" && text !== "false") {
      throw new UsageError(`${where}: --${name} must be true or false; got ${text}. Write --${name} or --no-${name}.`);
    }
  }
}

/** The words after the command that belong to no flag. */
export const wordsOf = (argv: Argv): readonly string[] => (argv._ as (string | number)[]).map(String);
