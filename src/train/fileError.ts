import { UsageError } from "../errors.ts";

/** A file that is there and cannot be used: cut off, damaged, or of another program, agent or version. */
export class FileError extends UsageError {
  override name = "FileError";
}
