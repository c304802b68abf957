/** What a file in commands/ offers; each is loaded only when its command is typed. */
import type { Options } from "yargs";
import type { Argv } from "./flags.ts";

export interface Command {
  /** The lines at the top of its help: how it is typed, what it does. */
  readonly usage: string;
  /** Complete command lines, shown at the end of its help. */
  readonly examples: readonly string[];
  /** How many words without a flag may follow the command. */
  readonly words: number;
  /** Flags outside `options` that the command reads itself. */
  readonly openFlags?: RegExp;
  /** The flags, which may depend on what was typed (`--agent`). */
  options(typed: readonly string[]): Promise<Record<string, Options>>;
  /** Does it, and returns the exit code. */
  run(argv: Argv): Promise<number>;
}
