/** One growing run of numbers, handed out in blocks that never move. */

/** Blocks start at and fill whole multiples of this many bytes. */
const blockBytes = 64;

export const roundToBlock = (bytes: number): number => Math.ceil(bytes / blockBytes) * blockBytes;

export abstract class Memory {
  /** Whether the numbers stand where this program can read them at once; those of a GPU do not. */
  readonly isOnHost: boolean = true;
  /**
   * All numbers; the address of element i is 4 i. Replaced when the memory grows: never keep it.
   * @throws UsageError where the memory is not on the host, but right after `sync`
   */
  abstract readonly floats: Float32Array | Float64Array;
  /** Counts replacements of `floats`. */
  generation = 0;
  #end = blockBytes; // address 0 stays unused, so that it can mean "none"
  readonly #free = new Map<number, number[]>();

  /** Makes addresses below `bytes`, and 64 bytes behind them, usable. @throws DeviceError when there is no more. */
  abstract grow(bytes: number): void;

  /** Puts numbers at an address, behind everything that was launched before. */
  write(address: number, values: ArrayLike<number>): void {
    this.floats.set(values, address >> 2);
  }

  /** A copy of `count` numbers, once everything launched before has run. */
  async read(address: number, count: number): Promise<Float32Array | Float64Array> {
    return this.floats.slice(address >> 2, (address >> 2) + count);
  }

  /** Makes `floats` readable until the next launch or write, where it is not so already. */
  async sync(): Promise<void> {}

  /** Fills a block with zeros. */
  protected clear(address: number, bytes: number): void {
    this.floats.fill(0, address >> 2, (address + bytes) >> 2);
  }

  /** The address of a block of at least `bytes`, filled with zeros. */
  reserve(bytes: number): number {
    const size = roundToBlock(Math.max(bytes, 1));
    const recycled = this.#free.get(size)?.pop();
    if (recycled !== undefined) {
      this.clear(recycled, size);
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
