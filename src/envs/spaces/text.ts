/** Short strings. */
import { UsageError } from "../../errors.ts";
import { Space } from "./space.ts";

export interface TextOptions {
  /** The fewest letters, 1 by default. */
  readonly minLength?: number;
  /** The letters there are; by default those of English and the digits. */
  readonly charset?: string;
}

const alphanumeric = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/**
 * Strings of minLength … maxLength letters of a set. The letters are drawn from the sorted set; Gymnasium draws from one
 * whose order changes with every Python process, so that its samples have no seed.
 */
export class Text extends Space<string> {
  readonly shape: readonly number[] = [];
  readonly dtype = "str";
  readonly minLength: number;
  readonly maxLength: number;
  /** Each letter once, sorted. */
  readonly charset: string;
  readonly #letters: readonly string[];

  /** @throws UsageError when the lengths are no whole numbers with 0 ≤ minLength ≤ maxLength, or there is no letter. */
  constructor(maxLength: number, { minLength = 1, charset = alphanumeric }: TextOptions = {}) {
    super();
    if (!(Number.isSafeInteger(minLength) && Number.isSafeInteger(maxLength) && 0 <= minLength)) {
      throw new UsageError(
        `Text: minLength and maxLength must be whole numbers from 0 on; got ${minLength} and ${maxLength}. Change them.`,
      );
    }
    if (minLength > maxLength) {
      throw new UsageError(
        `Text: minLength must not be above maxLength; got ${minLength} and ${maxLength}. Swap or change them.`,
      );
    }
    this.#letters = [...new Set(charset)].sort();
    if (this.#letters.length === 0) {
      throw new UsageError('Text: charset must have at least one letter; got "". Leave it out for letters and digits.');
    }
    this.minLength = minLength;
    this.maxLength = maxLength;
    this.charset = this.#letters.join("");
  }

  get flatDim(): number {
    return this.maxLength;
  }

  sample(): string {
    const length = this.random.integers(this.minLength, this.maxLength + 1);
    return this.random
      .integersArray(0, this.#letters.length, length)
      .map((i) => this.#letters[i])
      .join("");
  }

  contains(x: unknown): boolean {
    if (typeof x !== "string") return false;
    const letters = Array.from(x);
    const fits = this.minLength <= letters.length && letters.length <= this.maxLength;
    return fits && letters.every((letter) => this.#letters.includes(letter));
  }

  equals(other: Space<unknown>): boolean {
    return other instanceof Text && String(other) === String(this);
  }

  toString(): string {
    return `Text(${this.minLength}, ${this.maxLength}, charset=${this.charset})`;
  }
}
