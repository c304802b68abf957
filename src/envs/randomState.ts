/**
 * NumPy's legacy `RandomState(seed)` in JavaScript: MT19937 (Matsumoto & Nishimura 1998) and the draws of environments,
 * number for number. MinAtar draws from it, where Gymnasium draws from `default_rng` (npRandom.ts).
 */
import { UsageError } from "../errors.ts";
import type { State } from "../state.ts";
import type { EnvRandom } from "./npRandom.ts";

const size = 624;
const two32 = 2 ** 32;

export class RandomState implements EnvRandom {
  /** The seed it was made from; a fresh one where none was given, so that a run can be repeated. */
  seed: number;
  readonly #key = new Uint32Array(size);
  /** Words of the key handed out. */
  #position = size;
  /** The second of a pair of normal numbers, until it is asked for. */
  #spareNormal: number | null = null;

  /** @throws UsageError when the seed is no whole number between 0 and 2^32 - 1. */
  constructor(seed: number = crypto.getRandomValues(new Uint32Array(1))[0]!) {
    if (!(Number.isInteger(seed) && seed >= 0 && seed < two32)) {
      throw new UsageError(
        `RandomState: seed must be a whole number from 0 to 2^32 - 1; got ${seed}. Change the seed.`,
      );
    }
    this.seed = seed;
    const key = this.#key;
    key[0] = seed;
    for (let i = 1; i < size; i++) key[i] = Math.imul(1812433253, key[i - 1]! ^ (key[i - 1]! >>> 30)) + i;
  }

  /** The next 624 words. */
  #twist(): void {
    const key = this.#key;
    for (let i = 0; i < size; i++) {
      const y = (key[i]! & 0x80000000) | (key[i + 1 === size ? 0 : i + 1]! & 0x7fffffff);
      const other = key[i + 397 < size ? i + 397 : i + 397 - size]!;
      key[i] = other ^ (y >>> 1) ^ (y & 1 ? 0x9908b0df : 0);
    }
    this.#position = 0;
  }

  #uint32(): number {
    if (this.#position === size) this.#twist();
    let y = this.#key[this.#position++]!;
    y ^= y >>> 11;
    y ^= (y << 7) & 0x9d2c5680;
    y ^= (y << 15) & 0xefc60000;
    return (y ^ (y >>> 18)) >>> 0;
  }

  random(): number {
    const high = this.#uint32() >>> 5;
    const low = this.#uint32() >>> 6;
    return (high * 67108864 + low) / 9007199254740992;
  }

  uniform(low: number, high: number, size: number): Float64Array {
    const out = new Float64Array(size);
    for (let i = 0; i < size; i++) out[i] = low + (high - low) * this.random();
    return out;
  }

  /** NumPy's `randint`. @throws UsageError when low and high are no whole numbers with low < high <= low + 2^32. */
  integers(low: number, high: number): number {
    if (!(Number.isSafeInteger(low) && Number.isSafeInteger(high) && low < high && high - low <= two32)) {
      throw new UsageError(
        `RandomState.integers: low and high must be whole numbers with low < high <= low + 2^32; got low ${low}, high ${high}. Change the range.`,
      );
    }
    return low + this.#upTo(high - low - 1);
  }

  integersArray(low: number, high: number, size: number): number[] {
    return Array.from({ length: size }, () => this.integers(low, high));
  }

  /** A whole number from 0 to `last`: the lowest bits of one word after the other, until they are no more than that. */
  #upTo(last: number): number {
    if (last === 0) return 0;
    const mask = 0xffffffff >>> Math.clz32(last);
    let value = (this.#uint32() & mask) >>> 0;
    while (value > last) value = (this.#uint32() & mask) >>> 0;
    return value;
  }

  /** Marsaglia's polar method (1964), which makes two at a time. */
  standardNormal(): number {
    if (this.#spareNormal !== null) {
      const spare = this.#spareNormal;
      this.#spareNormal = null;
      return spare;
    }
    for (;;) {
      const x = 2 * this.random() - 1;
      const y = 2 * this.random() - 1;
      const squares = x * x + y * y;
      if (squares >= 1 || squares === 0) continue;
      const factor = Math.sqrt((-2 * Math.log(squares)) / squares);
      this.#spareNormal = factor * x;
      return factor * y;
    }
  }

  /** Fisher and Yates from the end. */
  permutation(n: number): number[] {
    const out = Array.from({ length: n }, (_, i) => i);
    for (let i = n - 1; i > 0; i--) {
      const j = this.#upTo(i);
      const kept = out[i]!;
      out[i] = out[j]!;
      out[j] = kept;
    }
    return out;
  }

  choice(n: number): number {
    return this.integers(0, n);
  }

  saveState(): State {
    return { seed: this.seed, key: this.#key.slice(), position: this.#position, spareNormal: this.#spareNormal };
  }

  loadState(state: State): void {
    const saved = state as unknown as { seed: number; key: Uint32Array; position: number; spareNormal: number | null };
    this.seed = saved.seed;
    this.#key.set(saved.key);
    this.#position = saved.position;
    this.#spareNormal = saved.spareNormal;
  }
}
