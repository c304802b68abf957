/** One of n whole numbers. */
import { UsageError } from "../../errors.ts";
import { allowedBy, Space } from "./space.ts";

/** A mask must have one number, 0 or 1, for each choice. */
export function requireMask(where: string, mask: ArrayLike<number>, length: number): void {
  const values = Array.from(mask);
  if (values.length !== length || !values.every((value) => value === 0 || value === 1)) {
    throw new UsageError(`${where}: mask must have ${length} numbers, each 0 or 1; got [${values}]. Change the mask.`);
  }
}

/** start … start + n - 1. */
export class Discrete extends Space<number> {
  readonly shape: readonly number[] = [];
  readonly dtype = "int64";
  readonly n: number;
  readonly start: number;

  /** @throws UsageError when n is no positive whole number or start no whole number. */
  constructor(n: number, start = 0) {
    super();
    if (!(Number.isSafeInteger(n) && n > 0)) {
      throw new UsageError(`Discrete: n must be a positive whole number; got ${n}. Change n.`);
    }
    if (!Number.isSafeInteger(start)) {
      throw new UsageError(`Discrete: start must be a whole number; got ${start}. Change start.`);
    }
    this.n = n;
    this.start = start;
  }

  get flatDim(): number {
    return this.n;
  }

  /**
   * @param mask one number a choice, 1 where it may be drawn; with none allowed, `start` comes
   * @throws UsageError when the mask has another length or other numbers
   */
  sample(mask?: ArrayLike<number>): number {
    if (mask === undefined) return this.start + this.random.integers(0, this.n);
    requireMask("Discrete.sample", mask, this.n);
    const allowed = allowedBy(mask);
    return this.start + (allowed.length === 0 ? 0 : allowed[this.random.choice(allowed.length)]!);
  }

  contains(x: unknown): boolean {
    return typeof x === "number" && Number.isInteger(x) && x >= this.start && x < this.start + this.n;
  }

  equals(other: Space<unknown>): boolean {
    return other instanceof Discrete && other.n === this.n && other.start === this.start;
  }

  toString(): string {
    return this.start === 0 ? `Discrete(${this.n})` : `Discrete(${this.n}, start=${this.start})`;
  }
}
