/** The engine's randomness: a counter-based stream that every backend draws alike, seeded from a named `Random`. */
import type { Random } from "../random.ts";

export class RandomStream {
  #key: [number, number];
  #block = 0;

  constructor(random: Random) {
    this.#key = [random.uint32(), random.uint32()];
  }

  /** Reserves numbers for a fill of `count`; blocks hold four numbers. */
  take(count: number): { key: readonly [number, number]; block: number } {
    const block = this.#block;
    this.#block = (block + Math.ceil(count / 4)) >>> 0;
    return { key: this.#key, block };
  }

  /** The two words of the key and the next block. */
  saveState(): Uint32Array {
    return Uint32Array.of(...this.#key, this.#block);
  }

  loadState(state: Uint32Array): void {
    this.#key = [state[0]!, state[1]!];
    this.#block = state[2]!;
  }
}
