/** The WebAssembly memory of this thread, up to 2 GiB, shared where the platform allows it (growth then keeps views). */
import { DeviceError } from "../errors.ts";
import { Memory } from "../kernel/memory.ts";
import type { MemoryLimits } from "./assembler.ts";

const pageBytes = 65536;
const initialPages = 64;
/** Addresses stay positive int32 numbers. */
const maximumPages = 32767;

export class CpuMemory extends Memory {
  readonly memory: WebAssembly.Memory;
  readonly limits: MemoryLimits;
  floats: Float32Array;

  constructor() {
    super();
    const shared = typeof SharedArrayBuffer !== "undefined";
    [this.memory, this.limits] = CpuMemory.#reserve(shared);
    this.floats = new Float32Array(this.memory.buffer);
  }

  /** Asks for less address space where the process may not have so much. */
  static #reserve(shared: boolean): [WebAssembly.Memory, MemoryLimits] {
    for (let maximum = maximumPages; ; maximum = Math.floor(maximum / 2)) {
      const limits = { initial: initialPages, maximum, shared };
      try {
        return [new WebAssembly.Memory(limits), limits];
      } catch (cause) {
        if (maximum < 512) {
          const message = `cpu: WebAssembly needs ${(maximum * pageBytes) >> 20} MiB of address space; got none.`;
          throw new DeviceError(`${message} Close other programs or raise the process's memory limit.`, { cause });
        }
      }
    }
  }

  override grow(bytes: number): void {
    const missing = bytes + 64 - this.memory.buffer.byteLength;
    if (missing <= 0) return;
    const present = this.memory.buffer.byteLength / pageBytes;
    // at least a quarter more, so that growing is rare
    const wanted = Math.max(Math.ceil(missing / pageBytes), Math.ceil(present / 4));
    const pages = Math.min(wanted, this.limits.maximum - present);
    try {
      if (pages * pageBytes < missing) throw new RangeError("beyond the maximum");
      this.memory.grow(pages);
    } catch (cause) {
      throw new DeviceError(
        `cpu: tensors need ${(bytes / 2 ** 20).toFixed(0)} MiB; got at most ${(this.limits.maximum * pageBytes) >> 20} MiB.` +
          " Use smaller batches or networks, or open a scope() around each step so that memory is recycled.",
        { cause },
      );
    }
    this.floats = new Float32Array(this.memory.buffer);
    this.generation++;
  }
}
