/** Keeps the log of a persistent replay buffer in the files of a directory, a few megabytes each. Node and Deno only. */
import { DeviceError, UsageError } from "../errors.ts";
import type { ReplayLog } from "./persistentReplayBuffer.ts";

/** A file whose name is the place of its first byte. */
interface Piece {
  readonly place: number;
  bytes: number;
}

const nameOf = (place: number): string => `replay-${String(place).padStart(16, "0")}.bin`;

/**
 * Opens the log in a directory, which is made if need be.
 * @param pieceBytes size from which on a new file is begun, at the next episode
 * @throws DeviceError where the directory cannot be written; UsageError in a page
 */
export async function openReplayLog(directory: string, { pieceBytes = 1 << 24 } = {}): Promise<ReplayLog> {
  // asked for while running: a bundle for a page has none of Node's modules
  const builtin = (globalThis as { process?: Partial<NodeJS.Process> }).process?.getBuiltinModule;
  if (!builtin) {
    throw new UsageError(
      `replay: the log's directory must be in a file system; got ${directory} in a page, which has none. Use a ReplayBuffer.`,
    );
  }
  const fs = builtin("node:fs");
  const { join } = builtin("node:path");
  const pathOf = (place: number) => join(directory, nameOf(place));
  const pieces: Piece[] = [];
  try {
    fs.mkdirSync(directory, { recursive: true });
    for (const name of fs.readdirSync(directory).sort()) {
      const digits = /^replay-(\d{16})\.bin$/.exec(name)?.[1];
      if (digits) pieces.push({ place: Number(digits), bytes: fs.statSync(join(directory, name)).size });
    }
  } catch (cause) {
    throw new DeviceError(
      `replay: the directory ${directory} must be writable; got ${(cause as Error).message}. Choose another one.`,
      { cause },
    );
  }
  const gap = pieces.findIndex((piece, i) => i > 0 && pieces[i - 1]!.place + pieces[i - 1]!.bytes !== piece.place);
  if (gap > 0) {
    throw new UsageError(
      `replay: the files in ${directory} must follow one another; got ${nameOf(pieces[gap]!.place)} behind byte ` +
        `${pieces[gap - 1]!.place + pieces[gap - 1]!.bytes}. Restore what is missing, or begin in an empty directory.`,
    );
  }
  let file: number | null = null;
  /** Bytes that wait to be written: writing each step by itself would cost a system call. */
  const waiting = new Uint8Array(1 << 16);
  let count = 0;

  const writeAll = (bytes: Uint8Array): void => {
    try {
      if (pieces.length === 0) pieces.push({ place: 0, bytes: 0 });
      const piece = pieces.at(-1)!;
      file ??= fs.openSync(pathOf(piece.place), "a");
      for (let at = 0; at < bytes.length; ) at += fs.writeSync(file, bytes, at);
      piece.bytes += bytes.length;
    } catch (cause) {
      throw new DeviceError(
        `replay: ${directory} must have room for the log; got ${(cause as Error).message}. Free some space or choose another directory.`,
        { cause },
      );
    }
  };
  const drain = (): void => {
    if (count === 0) return;
    writeAll(waiting.subarray(0, count));
    count = 0;
  };
  const closeFile = (): void => {
    drain();
    if (file !== null) fs.closeSync(file);
    file = null;
  };

  const log: ReplayLog = {
    get begin() {
      return pieces[0]?.place ?? 0;
    },
    get end() {
      const last = pieces.at(-1);
      return (last ? last.place + last.bytes : 0) + count;
    },
    append(bytes, isBoundary) {
      if (isBoundary && (pieces.at(-1)?.bytes ?? 0) + count >= pieceBytes) {
        closeFile();
        pieces.push({ place: log.end, bytes: 0 });
      }
      if (count + bytes.length > waiting.length) drain();
      if (bytes.length > waiting.length) writeAll(bytes);
      else {
        waiting.set(bytes, count);
        count += bytes.length;
      }
    },
    *read() {
      drain();
      for (const { place, bytes } of pieces) if (bytes > 0) yield fs.readFileSync(pathOf(place));
    },
    truncate(end) {
      if (!(end >= log.begin && end <= log.end)) {
        throw new UsageError(
          `replay: the log in ${directory} must reach from byte ${log.begin} to the saved place; got ${end} of ${log.end}. ` +
            "Resume with the directory the state was saved with.",
        );
      }
      closeFile();
      while (pieces.length > 0 && pieces.at(-1)!.place > end) fs.rmSync(pathOf(pieces.pop()!.place), { force: true });
      const last = pieces.at(-1);
      if (!last || last.place + last.bytes === end) return;
      last.bytes = end - last.place;
      fs.truncateSync(pathOf(last.place), last.bytes);
    },
    dropBefore(place) {
      while (pieces.length > 1 && pieces[1]!.place <= place) fs.rmSync(pathOf(pieces.shift()!.place), { force: true });
    },
    flush() {
      drain();
      if (file !== null) fs.fsyncSync(file);
    },
    close: closeFile,
  };
  return log;
}
