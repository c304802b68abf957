/** A file that a command was asked for, and the line that says so. */
import fs from "node:fs";
import path from "node:path";
import { DeviceError } from "../errors.ts";
import { makeDirectories } from "../train/makeDirectories.ts";

/**
 * Writes a file and makes its folder where there is none.
 * @throws DeviceError where it cannot be written
 */
export function writeOutput(where: string, file: string, content: string | Uint8Array): void {
  try {
    makeDirectories(path.dirname(path.resolve(file)));
    fs.writeFileSync(file, content);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    throw new DeviceError(`${where}: ${file} must be writable; got ${code}. Choose another place.`, { cause: error });
  }
}

const sizeText = (bytes: number): string =>
  bytes < 1e6 ? `${Math.ceil(bytes / 1e3)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;

/** `wrote cartpole.gif (243 kB)`. */
export const wroteText = (file: string, bytes: number): string => `wrote ${file} (${sizeText(bytes)})`;
