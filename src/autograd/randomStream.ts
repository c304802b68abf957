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

  saveState(): { key: number[]; block: number } {
    return { key: [...this.#key], block: this.#block };
  }

  loadState(state: { key: number[]; block: number }): void {
    this.#key = [state.key[0]!, state.key[1]!];
    this.#block = state.block;
  }
}
