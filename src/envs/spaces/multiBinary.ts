/** Zeros and ones in an array. */
import { UsageError } from "../../errors.ts";
import { formatShape, numbersOf, Space } from "./space.ts";

/** An Int8Array of zeros and ones, `(n)` or of the shape given. */
export class MultiBinary extends Space<Int8Array> {
  readonly shape: readonly number[];
  readonly dtype = "int8";
  readonly n: number | readonly number[];
  readonly flatDim: number;

  /** @throws UsageError when n, or a size in it, is no positive whole number. */
  constructor(n: number | readonly number[]) {
    super();
    this.n = n;
    this.shape = typeof n === "number" ? [n] : [...n];
    if (!this.shape.every((size) => Number.isSafeInteger(size) && size > 0)) {
      throw new UsageError(`MultiBinary: n must be positive whole numbers; got ${JSON.stringify(n)}. Change n.`);
    }
    this.flatDim = this.shape.reduce((a, b) => a * b, 1);
  }

  /**
   * @param mask one number a place: 0 and 1 are taken as they are, 2 is drawn
   * @throws UsageError when the mask has another length or other numbers
   */
  sample(mask?: ArrayLike<number>): Int8Array {
    if (mask === undefined) return this.random.bits(this.flatDim);
    const values = Array.from(mask);
    if (values.length !== this.flatDim || !values.every((value) => value === 0 || value === 1 || value === 2)) {
      throw new UsageError(
        `MultiBinary.sample: mask must have ${this.flatDim} numbers, each 0, 1 or 2; got [${values}]. Change the mask.`,
      );
    }
    return this.random.bits(this.flatDim).map((bit, i) => (values[i] === 2 ? bit : values[i]!));
  }

  contains(x: unknown): boolean {
    const values = numbersOf(x);
    return values?.length === this.flatDim && Array.from(values).every((value) => value === 0 || value === 1);
  }

  equals(other: Space<unknown>): boolean {
    return other instanceof MultiBinary && String(other) === String(this);
  }

  toString(): string {
    return `MultiBinary(${typeof this.n === "number" ? this.n : formatShape(this.n)})`;
  }
}
