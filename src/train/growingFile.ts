/** A file that grows, and is cut back to where it was at a checkpoint. */
import fs from "node:fs";
import { writeFailure } from "./failure.ts";
import { writeAll } from "./replaceFile.ts";

export class GrowingFile {
  readonly #file: string;
  readonly #fd: number;
  length: number;

  constructor(file: string) {
    this.#file = file;
    this.#fd = fs.openSync(file, "a");
    this.length = fs.fstatSync(this.#fd).size;
  }

  append(data: string | Uint8Array): void {
    const bytes = typeof data === "string" ? Buffer.from(data) : data;
    try {
      writeAll(this.#fd, bytes);
    } catch (error) {
      throw writeFailure("train", this.#file, error) ?? error;
    }
    this.length += bytes.length;
  }

  /** Cuts off what stands behind `length`, also what a write that failed left there. */
  truncate(length: number): void {
    this.length = length;
    fs.ftruncateSync(this.#fd, length);
  }

  sync(): void {
    fs.fsyncSync(this.#fd);
  }

  close(): void {
    fs.closeSync(this.#fd);
  }
}
