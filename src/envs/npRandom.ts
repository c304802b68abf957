/**
 * NumPy's `default_rng(seed)` in JavaScript: SeedSequence, PCG64 (XSL-RR 128/64, O'Neill 2014) and the draws of `Generator`
 * that environments make, number for number, so that `reset({ seed })` gives what Python's Gymnasium gives.
 * Beside it `RecordedDraws`, which replays a list of draws in their stead.
 */
import { UsageError } from "../errors.ts";
import type { State, Stateful } from "../state.ts";
import { exponentialZiggurat, normalZiggurat } from "./ziggurat.ts";

/** What an environment draws through. */
export interface EnvRandom extends Stateful {
  /** A uniform number in [0, 1), 53 bits of resolution. */
  random(): number;
  /** `size` uniform numbers in [low, high). */
  uniform(low: number, high: number, size: number): Float64Array;
  /** A uniform integer in [low, high). */
  integers(low: number, high: number): number;
  /** `size` uniform integers in [low, high). */
  integersArray(low: number, high: number, size: number): number[];
  /** A normal number of mean 0 and standard deviation 1. */
  standardNormal(): number;
  /** The integers 0 … n - 1 in random order. */
  permutation(n: number): number[];
  /** A uniform integer in [0, n). */
  choice(n: number): number;
}

/** The high 32 bits of the product of two unsigned 32-bit integers. */
function multiplyHigh(a: number, b: number): number {
  const a0 = a & 0xffff;
  const a1 = a >>> 16;
  const b0 = b & 0xffff;
  const b1 = b >>> 16;
  const middle = a1 * b0 + ((a0 * b0) >>> 16);
  const other = (middle & 0xffff) + a0 * b1;
  return a1 * b1 + (middle >>> 16) + (other >>> 16);
}

/** NumPy's `SeedSequence(seed).generate_state(8)`: eight well-mixed 32-bit words from a seed of up to 53 bits. */
export function seedWords(seed: number): Uint32Array {
  const pool = new Uint32Array(4);
  let constant = 0x43b0d7e5;
  const hash = (value: number): number => {
    value ^= constant;
    constant = Math.imul(constant, 0x931e8875);
    value = Math.imul(value, constant);
    return value ^ (value >>> 16);
  };
  const entropy = [seed >>> 0, Math.floor(seed / 2 ** 32), 0, 0];
  for (let i = 0; i < 4; i++) pool[i] = hash(entropy[i]!);
  for (let from = 0; from < 4; from++) {
    for (let to = 0; to < 4; to++) {
      if (from === to) continue;
      const mixed = (Math.imul(0xca01f9dd, pool[to]!) - Math.imul(0x4973f715, hash(pool[from]!))) | 0;
      pool[to] = mixed ^ (mixed >>> 16);
    }
  }
  const words = new Uint32Array(8);
  constant = 0x8b51f9dd;
  for (let i = 0; i < 8; i++) {
    let value = pool[i % 4]! ^ constant;
    constant = Math.imul(constant, 0x58f38ded);
    value = Math.imul(value, constant);
    words[i] = value ^ (value >>> 16);
  }
  return words;
}

function requireRange(where: string, low: number, high: number): void {
  if (
    !(Number.isSafeInteger(low) && Number.isSafeInteger(high) && low < high && high - low <= Number.MAX_SAFE_INTEGER)
  ) {
    throw new UsageError(
      `${where}: low and high must be whole numbers with low < high; got low ${low}, high ${high}. Change the range.`,
    );
  }
}

// PCG64's multiplier, 0x2360ed051fc65da44385df649fccf645, lowest 32 bits first
const m0 = 0x9fccf645;
const m1 = 0x4385df64;
const m2 = 0x1fc65da4;
const m3 = 0x2360ed05;

const two32 = 2 ** 32;

export class NpRandom implements EnvRandom {
  /** The seed it was made from; a fresh one where none was given, so that a run can be repeated. */
  seed: number;
  /** The 128-bit state and increment, lowest 32 bits first. */
  readonly #state = new Uint32Array(4);
  readonly #increment = new Uint32Array(4);
  /** The halves of the 64 bits drawn last. */
  #high = 0;
  #low = 0;
  /** The unused high half of a 64-bit draw that served a 32-bit one. */
  #spare: number | null = null;

  /** @throws UsageError when the seed is no whole number between 0 and 2^53 - 1. */
  constructor(seed?: number) {
    if (seed === undefined) {
      const [high, low] = crypto.getRandomValues(new Uint32Array(2)) as unknown as [number, number];
      seed = (high >>> 11) * two32 + low;
    } else if (!(Number.isSafeInteger(seed) && seed >= 0)) {
      throw new UsageError(`NpRandom: seed must be a whole number from 0 to 2^53 - 1; got ${seed}. Change the seed.`);
    }
    this.seed = seed;
    const words = seedWords(seed);
    const state = this.#state;
    const increment = this.#increment;
    // a pair of 64-bit words, the high one first, makes 128 bits; the increment is made odd
    const start = [words[2]!, words[3]!, words[0]!, words[1]!];
    const sequence = [words[6]!, words[7]!, words[4]!, words[5]!];
    increment[0] = (sequence[0]! << 1) | 1;
    for (let i = 1; i < 4; i++) increment[i] = (sequence[i]! << 1) | (sequence[i - 1]! >>> 31);
    this.#step();
    let carry = 0;
    for (let i = 0; i < 4; i++) {
      const sum = state[i]! + start[i]! + carry;
      state[i] = sum;
      carry = sum >= two32 ? 1 : 0;
    }
    this.#step();
  }

  /** state = state * multiplier + increment, modulo 2^128. */
  #step(): void {
    const state = this.#state;
    const increment = this.#increment;
    const s0 = state[0]!;
    const s1 = state[1]!;
    const s2 = state[2]!;
    const s3 = state[3]!;
    // each sum stays far below 2^53
    const r0 = (Math.imul(s0, m0) >>> 0) + increment[0]!;
    const r1 =
      multiplyHigh(s0, m0) +
      (Math.imul(s0, m1) >>> 0) +
      (Math.imul(s1, m0) >>> 0) +
      increment[1]! +
      (r0 >= two32 ? 1 : 0);
    const r2 =
      multiplyHigh(s0, m1) +
      multiplyHigh(s1, m0) +
      (Math.imul(s0, m2) >>> 0) +
      (Math.imul(s1, m1) >>> 0) +
      (Math.imul(s2, m0) >>> 0) +
      increment[2]! +
      Math.floor(r1 / two32);
    const r3 =
      multiplyHigh(s0, m2) +
      multiplyHigh(s1, m1) +
      multiplyHigh(s2, m0) +
      Math.imul(s0, m3) +
      Math.imul(s1, m2) +
      Math.imul(s2, m1) +
      Math.imul(s3, m0) +
      increment[3]! +
      Math.floor(r2 / two32);
    state[0] = r0;
    state[1] = r1;
    state[2] = r2;
    state[3] = r3;
  }

  /** Draws 64 bits into #high and #low: the halves of the state xored, turned right by the state's top six bits. */
  #next(): void {
    this.#step();
    const state = this.#state;
    const turn = state[3]! >>> 26;
    let high = state[3]! ^ state[1]!;
    let low = state[2]! ^ state[0]!;
    if (turn >= 32) [high, low] = [low, high];
    const shift = turn & 31;
    if (shift === 0) {
      this.#high = high >>> 0;
      this.#low = low >>> 0;
    } else {
      this.#high = ((high >>> shift) | (low << (32 - shift))) >>> 0;
      this.#low = ((low >>> shift) | (high << (32 - shift))) >>> 0;
    }
  }

  /** 64 bits as a BigInt, as NumPy's `bit_generator.random_raw()`. */
  raw(): bigint {
    this.#next();
    return (BigInt(this.#high) << 32n) | BigInt(this.#low);
  }

  /** 32 bits: the low half of a fresh draw, and at the next call its high half. */
  #uint32(): number {
    if (this.#spare !== null) {
      const spare = this.#spare;
      this.#spare = null;
      return spare;
    }
    this.#next();
    this.#spare = this.#high;
    return this.#low;
  }

  random(): number {
    this.#next();
    return (this.#high * 2097152 + (this.#low >>> 11)) * 2 ** -53;
  }

  uniform(low: number, high: number, size: number): Float64Array {
    const out = new Float64Array(size);
    const range = high - low;
    for (let i = 0; i < size; i++) out[i] = low + range * this.random();
    return out;
  }

  /** @throws UsageError when low and high are no whole numbers with low < high. */
  integers(low: number, high: number): number {
    requireRange("NpRandom.integers", low, high);
    return low + this.#below(high - low);
  }

  /** @throws UsageError when low and high are no whole numbers with low < high. */
  integersArray(low: number, high: number, size: number): number[] {
    requireRange("NpRandom.integersArray", low, high);
    return Array.from({ length: size }, () => low + this.#below(high - low));
  }

  /** `size` integers 0 or 1 as `Generator.integers(0, 2, size, dtype=int8)` draws them: from bytes, four a 32-bit draw. */
  bits(size: number): Int8Array {
    const out = new Int8Array(size);
    let word = 0;
    // Lemire's method with a range of 2 takes the top bit of each byte and rejects none
    for (let i = 0; i < size; i++) {
      word = i % 4 === 0 ? this.#uint32() : word >>> 8;
      out[i] = (word >>> 7) & 1;
    }
    return out;
  }

  /** A uniform integer in [0, n), by Lemire's method (2019): the high half of a product, with the few biased ones rejected. */
  #below(n: number): number {
    if (n === 1) return 0;
    if (n === two32) return this.#uint32();
    if (n > two32) return this.#belowWide(BigInt(n));
    let word = this.#uint32();
    let low = Math.imul(word, n) >>> 0;
    if (low < n) {
      const threshold = (two32 - n) % n;
      while (low < threshold) {
        word = this.#uint32();
        low = Math.imul(word, n) >>> 0;
      }
    }
    return multiplyHigh(word, n);
  }

  /** The same from 64 bits; ranges of more than 2^32 are too rare to be worth limbs. */
  #belowWide(n: bigint): number {
    const threshold = (2n ** 64n - n) % n;
    let product = this.raw() * n;
    while (BigInt.asUintN(64, product) < threshold) product = this.raw() * n;
    return Number(product >> 64n);
  }

  standardNormal(): number {
    const { width, height, inside, tail } = normalZiggurat();
    for (;;) {
      this.#next();
      const low = this.#low;
      const layer = low & 0xff;
      const integer = (this.#high & 0x1fffffff) * 8388608 + (low >>> 9);
      const x = (low & 0x100 ? -integer : integer) * width[layer]!;
      if (integer < inside[layer]!) return x;
      if (layer === 0) {
        // Marsaglia's tail (1964)
        for (;;) {
          const beyond = (-1 / tail) * Math.log1p(-this.random());
          const y = -Math.log1p(-this.random());
          if (y + y > beyond * beyond) return low & 0x20000 ? -(tail + beyond) : tail + beyond;
        }
      }
      const y = (height[layer - 1]! - height[layer]!) * this.random() + height[layer]!;
      if (y < Math.exp(-0.5 * x * x)) return x;
    }
  }

  /** An exponential number of mean 1. */
  standardExponential(): number {
    const { width, height, inside, tail } = exponentialZiggurat();
    for (;;) {
      this.#next();
      const layer = (this.#low >>> 3) & 0xff;
      const integer = this.#high * 2097152 + (this.#low >>> 11);
      const x = integer * width[layer]!;
      if (integer < inside[layer]!) return x;
      if (layer === 0) return tail - Math.log1p(-this.random());
      const y = (height[layer - 1]! - height[layer]!) * this.random() + height[layer]!;
      if (y < Math.exp(-x)) return x;
    }
  }

  /** Fisher and Yates from the end; NumPy draws its places with masks, not by Lemire's method. */
  permutation(n: number): number[] {
    const out = Array.from({ length: n }, (_, i) => i);
    for (let i = n - 1; i > 0; i--) {
      const mask = 0xffffffff >>> Math.clz32(i);
      let j = (this.#uint32() & mask) >>> 0;
      while (j > i) j = (this.#uint32() & mask) >>> 0;
      const kept = out[i]!;
      out[i] = out[j]!;
      out[j] = kept;
    }
    return out;
  }

  /** @throws UsageError when n is no positive whole number. */
  choice(n: number): number {
    requireRange("NpRandom.choice", 0, n);
    return this.#below(n);
  }

  saveState(): State {
    return { seed: this.seed, state: [...this.#state], increment: [...this.#increment], spare: this.#spare };
  }

  loadState(state: State): void {
    const saved = state as unknown as { seed: number; state: number[]; increment: number[]; spare: number | null };
    this.seed = saved.seed;
    this.#state.set(saved.state);
    this.#increment.set(saved.increment);
    this.#spare = saved.spare;
  }
}

/** One recorded draw: the method's name, what it returned, and of integers the range, where that was recorded. */
export type RecordedDraw = readonly [
  kind: string,
  value: number | readonly number[],
  range?: readonly [low: number, high: number],
];

/** Replays recorded draws in order, for tests against another program's record. */
export class RecordedDraws implements EnvRandom {
  readonly #draws: readonly RecordedDraw[];
  #next = 0;

  constructor(draws: readonly RecordedDraw[]) {
    this.#draws = draws;
  }

  /** How many draws are left. */
  get remaining(): number {
    return this.#draws.length - this.#next;
  }

  #take(kind: string): number | readonly number[] {
    const draw = this.#draws[this.#next];
    if (draw?.[0] !== kind) {
      throw new UsageError(
        `RecordedDraws: draw ${this.#next} must be asked for as recorded; got a call of "${kind}" where ${
          draw === undefined ? `the record of ${this.#draws.length} draws ends` : `"${draw[0]}" is recorded`
        }. Make the same draws in the same order.`,
      );
    }
    this.#next++;
    return draw[1];
  }

  random(): number {
    return this.#take("random") as number;
  }

  uniform(_low: number, _high: number, _size: number): Float64Array {
    return Float64Array.from(this.#take("uniform") as readonly number[]);
  }

  integers(low: number, high: number): number {
    const range = this.#draws[this.#next]?.[2];
    if (range && (range[0] !== low || range[1] !== high)) {
      throw new UsageError(
        `RecordedDraws: draw ${this.#next} must be asked for as recorded; got a range from ${low} to ${high} where one from ${range[0]} to ${range[1]} is recorded. Make the same draws in the same order.`,
      );
    }
    return this.#take("integers") as number;
  }

  integersArray(_low: number, _high: number, _size: number): number[] {
    return [...(this.#take("integersArray") as readonly number[])];
  }

  standardNormal(): number {
    return this.#take("standardNormal") as number;
  }

  permutation(_n: number): number[] {
    return [...(this.#take("permutation") as readonly number[])];
  }

  choice(_n: number): number {
    return this.#take("choice") as number;
  }

  saveState(): State {
    return { next: this.#next };
  }

  loadState(state: State): void {
    this.#next = (state as { next: number }).next;
  }
}
