/** One growing run of numbers, handed out in blocks that never move. */

/** Blocks start at and fill whole multiples of this many bytes. */
const blockBytes = 64;

export const roundToBlock = (bytes: number): number => Math.ceil(bytes / blockBytes) * blockBytes;

export abstract class Memory {
  /** All numbers; the address of element i is 4 i. Replaced when the memory grows: never keep it. */
  abstract floats: Float32Array | Float64Array;
  /** Counts replacements of `floats`. */
  generation = 0;
  #end = blockBytes; // address 0 stays unused, so that it can mean "none"
  readonly #free = new Map<number, number[]>();

  /** Makes addresses below `bytes`, and 64 bytes behind them, usable. @throws DeviceError when there is no more. */
  abstract grow(bytes: number): void;

  /** The address of a block of at least `bytes`, filled with zeros. */
  reserve(bytes: number): number {
    const size = roundToBlock(Math.max(bytes, 1));
    const recycled = this.#free.get(size)?.pop();
    if (recycled !== undefined) {
      this.floats.fill(0, recycled >> 2, (recycled + size) >> 2);
      return recycled;
    }
    this.grow(this.#end + size);
    const address = this.#end;
    this.#end += size;
    return address;
  }

  /** Gives back a block of `reserve(bytes)`. */
  release(address: number, bytes: number): void {
    const size = roundToBlock(Math.max(bytes, 1));
    const list = this.#free.get(size);
    if (list) list.push(address);
    else this.#free.set(size, [address]);
  }

  /** Bytes handed out so far, whether or not they were given back. */
  get reservedBytes(): number {
    return this.#end;
  }
}
