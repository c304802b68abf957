/** Writing files so that neither a crash nor a full disk harms what was there before. */
import fs from "node:fs";
import path from "node:path";
import { writeFailure } from "./failure.ts";

/** The bytes hashed, read or written in one call: Node takes less than 2 GiB at a time. */
const pieceBytes = 1 << 26;
export function* piecesOf(bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes);
}

/** Writes all of the bytes; the operating system may take fewer at a time. */
export function writeAll(fd: number, bytes: Uint8Array): void {
  for (const piece of piecesOf(bytes)) {
    for (let at = 0; at < piece.length; ) at += fs.writeSync(fd, piece, at);
  }
}

/** Makes renames and new files in a directory last through a loss of power. Windows has no such call. */
export function syncDirectory(directory: string): void {
  if (process.platform === "win32") return;
  const fd = fs.openSync(directory, "r");
  try {
    fs.fsyncSync(fd);
  } finally {
    fs.closeSync(fd);
  }
}

/**
 * Writes a file under a temporary name, then renames it: at any moment the file is the old one or the new one, whole.
 * @throws DeviceError when the disk refuses; the old file is left as it was
 */
export function replaceFile(file: string, write: (fd: number) => void): void {
  const temporary = `${file}.${process.pid}.tmp`;
  try {
    const fd = fs.openSync(temporary, "w");
    try {
      write(fd);
      fs.fsyncSync(fd);
    } finally {
      fs.closeSync(fd);
    }
    fs.renameSync(temporary, file);
    syncDirectory(path.dirname(file));
  } catch (error) {
    fs.rmSync(temporary, { force: true });
    throw writeFailure("train", file, error) ?? error;
  }
}
