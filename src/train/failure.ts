/** What a run that breaks off says: at which step, what broke, and how to go on. */
import { DeviceError, ShapeError, UsageError } from "../errors.ts";

/** What the loop was doing. */
export type FailedPart = "loop" | "agent" | "env" | "evaluation" | "finish";

/** What to do about the operating system's ways to refuse a write. */
const writeAdvice: Readonly<Record<string, string>> = {
  ENOSPC: "the disk is full (ENOSPC). Free some space",
  EDQUOT: "the disk quota is used up (EDQUOT). Free some space",
  EFBIG: "the file is larger than this disk allows (EFBIG). Choose another disk or a smaller replay",
  EROFS: "the disk is read-only (EROFS). Make it writable",
  EACCES: "permission was denied (EACCES). Make it writable",
  EPERM: "permission was denied (EPERM). Make it writable",
  EIO: "the disk has an error (EIO). Check the disk",
};

const codeOf = (error: unknown): string =>
  error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "";

/** The DeviceError for a refused write, or null for any other error. */
export function writeFailure(where: string, path: string, error: unknown): DeviceError | null {
  const advice = writeAdvice[codeOf(error)];
  return advice ? new DeviceError(`${where}: ${path} must be writable; ${advice}.`, { cause: error }) : null;
}

/** What can be done with what a run has written. */
function wayOn(store: { readonly directory: string; readonly resumable: boolean } | null): string {
  if (store === null) return "";
  const { directory, resumable } = store;
  return resumable
    ? ` What was written is kept; continue with rl resume ${directory}.`
    : ` It broke off before the first checkpoint of ${directory}: begin it again with another out.`;
}

/** The error of a run that broke off, of the same kind as what it broke on. */
export function runFailure(
  error: unknown,
  {
    part,
    step,
    steps,
    kept,
    store,
  }: {
    part: FailedPart;
    step: number;
    steps: number;
    kept: string | null;
    store: { readonly directory: string; readonly resumable: boolean } | null;
  },
): Error {
  const what = {
    loop: "the run",
    agent: "the agent",
    env: "the environment",
    evaluation: "evaluation",
    finish: "the end",
  };
  // an agent or an environment may have files of its own; those are not ours to explain
  const ours = part === "loop" || part === "finish";
  const path = (error as { path?: string } | null)?.path ?? "the run directory";
  const cause = (ours ? writeFailure("train", path, error) : null) ?? error;
  const reason = (cause instanceof Error ? cause.message : String(cause)).replace(/\.?$/, ".");
  const saved = kept === null ? "" : ` (${kept})`;
  const message = `train: ${what[part]} failed at step ${step} of ${steps}${saved}: ${reason}${wayOn(store)}`;
  // what an environment throws is its author's to mend
  const other = part === "env" ? UsageError : Error;
  const Kind = [DeviceError, ShapeError, UsageError].find((kind) => cause instanceof kind) ?? other;
  return new Kind(message, { cause: error });
}
