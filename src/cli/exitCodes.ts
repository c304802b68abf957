/** What `rl` ends with, and the one line it says when something went wrong. */
import { DeviceError, ShapeError, UsageError } from "../errors.ts";
import { FileError } from "../train/fileError.ts";
import { withTyped } from "./typedAs.ts";

export const exitCodes = {
  /** All went well (or the reader of stdout went away). */
  fine: 0,
  /** An unexpected internal error. */
  internal: 1,
  /** Wrong usage: an unknown command, flag, agent, environment or config key, or a bad value. */
  usage: 2,
  /** The machine cannot do it: no device, a full disk, a directory that cannot be written. */
  machine: 3,
  /** A damaged or foreign file. */
  file: 4,
  /** Stopped by SIGINT (Ctrl-C). */
  interrupted: 130,
  /** Stopped by SIGTERM. */
  terminated: 143,
} as const;

export const exitCodesHelp = `Exit codes:
    0  fine
    1  an unexpected internal error
    2  wrong usage: unknown command, flag, agent, environment or config key, bad value
    3  the machine: no device, disk full, directory not writable
    4  a damaged or foreign file, such as a cut-off checkpoint
  130  stopped by Ctrl-C (SIGINT)   143  stopped by SIGTERM`;

/** Errors of the operating system that say something about the machine and nothing about us. */
const machineCodes = new Set(
  "EACCES EPERM EROFS ENOSPC EDQUOT EFBIG EIO ENOTDIR EISDIR ENOENT EEXIST EMFILE ENFILE ELOOP ENAMETOOLONG EBUSY".split(
    " ",
  ),
);

const systemCode = (error: unknown): string | undefined =>
  error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;

/** The exit code an error stands for. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof FileError) return exitCodes.file;
  if (error instanceof UsageError || error instanceof ShapeError) return exitCodes.usage;
  if (error instanceof DeviceError) return exitCodes.machine;
  return machineCodes.has(systemCode(error) ?? "") ? exitCodes.machine : exitCodes.internal;
}

/**
 * What the library says of the function that was called (`make: …`, `train: …`): the user of a command called none. Methods,
 * classes and operations (`CartPole.step: …`, and whatever a ShapeError names) say where to look, and stay.
 */
const calledFunction = /^([a-z][a-zA-Z]*): /;

/**
 * The one line for stderr, `rl COMMAND: what is wrong`; the whole stack with `debug` (RL_DEBUG=1).
 * @param command the one that was typed; what it says of itself begins with its name already
 * @param rl what to type for `rl`
 */
export function errorText(error: unknown, debug: boolean, command: string, rl: string): string {
  if (debug && error instanceof Error) {
    // whose fault it is may stand in the cause alone
    const cause = error.cause === undefined ? "" : `\ncaused by ${errorText(error.cause, true, command, rl)}`;
    return `${error.stack ?? error.message}${cause}`;
  }
  const message = (error instanceof Error ? error.message : String(error)).replaceAll(/\s*\n\s*/g, " ");
  if (exitCodeOf(error) === exitCodes.internal) {
    return `rl: unexpected error: ${message} (RL_DEBUG=1 shows where it came from)`;
  }
  if (/^rl\b/.test(message)) return withTyped(message, rl);
  const where = error instanceof ShapeError ? undefined : calledFunction.exec(message)?.[1];
  // of several reasons each has the name before it
  const plain = where === undefined ? message : ` ${message}`.replaceAll(` ${where}: `, " ").trimStart();
  return withTyped(`rl ${command}: ${plain}`, rl);
}
