/** Arrays of numbers, each between its bounds. */
import { ShapeError, UsageError } from "../../errors.ts";
import { formatShape, numbersOf, Space } from "./space.ts";

const arrays = {
  float32: Float32Array,
  float64: Float64Array,
  int8: Int8Array,
  int16: Int16Array,
  int32: Int32Array,
  uint8: Uint8Array,
  uint16: Uint16Array,
  uint32: Uint32Array,
};

/** The types a Box's numbers may have, by NumPy's names. */
export type BoxDtype = keyof typeof arrays;
/** The typed array that holds them. */
export type BoxArray<D extends BoxDtype> = InstanceType<(typeof arrays)[D]>;

export interface BoxOptions<D extends BoxDtype> {
  /** The shape of an element. By default the bounds say it: `(length)`, or `(1)` where both are numbers. */
  readonly shape?: readonly number[];
  /** The type of its numbers, float32 by default. */
  readonly dtype?: D;
}

/** The smallest and the largest number of a type. */
function limits(dtype: BoxDtype): [smallest: number, largest: number] {
  if (dtype === "float32") return [-3.4028234663852886e38, 3.4028234663852886e38];
  if (dtype === "float64") return [-Number.MAX_VALUE, Number.MAX_VALUE];
  const bits = 8 * arrays[dtype].BYTES_PER_ELEMENT;
  return dtype.startsWith("u") ? [0, 2 ** bits - 1] : [-(2 ** (bits - 1)), 2 ** (bits - 1) - 1];
}

/** A typed array of the given shape (flattened) and type whose numbers lie between low and high, both included. */
export class Box<D extends BoxDtype = "float32"> extends Space<BoxArray<D>> {
  readonly shape: readonly number[];
  readonly dtype: D;
  /** The bounds of each number, `(…shape)`. */
  readonly low: BoxArray<D>;
  readonly high: BoxArray<D>;
  readonly flatDim: number;
  /** What kinds of interval the numbers have: 1 for a lower bound, 2 for an upper one, 3 for both. */
  readonly #bounded: Uint8Array;

  /**
   * @throws UsageError when a bound is NaN, out of the type's range or above its partner
   * @throws ShapeError when an array of bounds does not fit the shape
   */
  constructor(low: number | ArrayLike<number>, high: number | ArrayLike<number>, options: BoxOptions<D> = {}) {
    super();
    const { dtype = "float32" as D } = options;
    if (!Object.hasOwn(arrays, dtype)) {
      throw new UsageError(`Box: dtype must be one of ${Object.keys(arrays).join(", ")}; got ${dtype}. Change dtype.`);
    }
    this.dtype = dtype;
    const array = typeof low === "number" ? high : low;
    this.shape = options.shape ? [...options.shape] : [typeof array === "number" ? 1 : array.length];
    if (!this.shape.every((size) => Number.isSafeInteger(size) && size >= 0)) {
      throw new UsageError(`Box: shape must be whole numbers; got ${formatShape(this.shape)}. Change shape.`);
    }
    this.flatDim = this.shape.reduce((a, b) => a * b, 1);
    this.#bounded = new Uint8Array(this.flatDim);
    this.low = this.#cast("low", low);
    this.high = this.#cast("high", high);
    for (let i = 0; i < this.flatDim; i++) {
      if (this.low[i]! > this.high[i]!) {
        throw new UsageError(
          `Box: low must not be above high; got low ${this.low[i]} and high ${this.high[i]} at ${i}. Swap or change them.`,
        );
      }
    }
  }

  /** Bounds in the space's type; notes which are finite. */
  #cast(name: "low" | "high", bound: number | ArrayLike<number>): BoxArray<D> {
    const { dtype, flatDim } = this;
    if (typeof bound !== "number" && bound.length !== flatDim) {
      throw new ShapeError(
        `Box: ${name} must have ${flatDim} numbers for the shape ${formatShape(this.shape)}; got ${bound.length}. Change ${name} or shape.`,
      );
    }
    const [smallest, largest] = limits(dtype);
    const isFloat = dtype.startsWith("float");
    const endless = name === "low" ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
    const out = new arrays[dtype](flatDim) as BoxArray<D>;
    for (let i = 0; i < flatDim; i++) {
      let value = typeof bound === "number" ? bound : bound[i]!;
      const isInfinite = value === Number.POSITIVE_INFINITY || value === Number.NEGATIVE_INFINITY;
      if (value !== endless) this.#bounded[i]! |= name === "low" ? 1 : 2;
      else if (dtype.startsWith("int")) value = name === "low" ? smallest : largest;
      const fits = isFloat && isInfinite ? true : value >= smallest && value <= largest;
      if (!fits) {
        throw new UsageError(
          `Box: ${name} must be a number ${dtype} can hold, from ${smallest} to ${largest}; got ${value}. Change ${name} or dtype.`,
        );
      }
      out[i] = value;
    }
    return out;
  }

  /**
   * Each number by its interval: uniform between two bounds, exponential of mean 1 from one bound on, standard normal
   * without any; integer types round down.
   */
  sample(): BoxArray<D> {
    const { dtype, low, high, flatDim, random } = this;
    const isFloat = dtype.startsWith("float");
    const values = new Float64Array(flatDim);
    // in Gymnasium's order: all numbers of one kind, then all of the next
    for (const kind of [0, 1, 2, 3]) {
      for (let i = 0; i < flatDim; i++) {
        if (this.#bounded[i] !== kind) continue;
        const from = low[i]!;
        const to = isFloat ? high[i]! : high[i]! + 1;
        if (kind === 0) values[i] = random.standardNormal();
        else if (kind === 1) values[i] = random.standardExponential() + from;
        else if (kind === 2) values[i] = to - random.standardExponential();
        else values[i] = from + (to - from) * random.random();
      }
    }
    if (!isFloat) {
      const [smallest, largest] = limits(dtype);
      // Gymnasium keeps two away from a signed type's ends
      const margin = dtype.startsWith("int") ? 2 : 0;
      for (let i = 0; i < flatDim; i++) {
        values[i] = Math.min(Math.max(Math.floor(values[i]!), smallest + margin), largest - margin);
      }
    }
    return new arrays[dtype](values) as BoxArray<D>;
  }

  /** Numbers as an array of the space's type; zeros without any. */
  arrayOf(numbers?: ArrayLike<number>): BoxArray<D> {
    return new arrays[this.dtype](numbers ?? (this.flatDim as never)) as BoxArray<D>;
  }

  /** A typed array must be of the space's own type; the numbers of a plain array are taken as that type would hold them. */
  contains(x: unknown): boolean {
    const values = numbersOf(x);
    if (values?.length !== this.flatDim) return false;
    const own = arrays[this.dtype];
    if (!Array.isArray(values) && !(values instanceof own)) return false;
    const isFloat = this.dtype.startsWith("float");
    const round = this.dtype === "float32" ? Math.fround : (value: number) => value;
    for (let i = 0; i < values.length; i++) {
      const value = round(values[i]!);
      if (!(value >= this.low[i]! && value <= this.high[i]!)) return false;
      if (!isFloat && !Number.isInteger(value)) return false;
    }
    return true;
  }

  equals(other: Space<unknown>): boolean {
    return (
      other instanceof Box &&
      other.dtype === this.dtype &&
      String(other.shape) === String(this.shape) &&
      other.low.every((value: number, i: number) => value === this.low[i]) &&
      other.high.every((value: number, i: number) => value === this.high[i])
    );
  }

  /** As Gymnasium's, but without NumPy's padding, and with long bounds cut in the middle. */
  toString(): string {
    return `Box(${this.#format(this.low)}, ${this.#format(this.high)}, ${formatShape(this.shape)}, ${this.dtype})`;
  }

  #format(bounds: ArrayLike<number>): string {
    const values = Array.from(bounds);
    if (values.length > 0 && values.every((value) => value === values[0])) {
      const text = this.#formatNumber(values[0]!);
      return this.dtype.startsWith("float") && /^-?\d+$/.test(text) ? `${text}.0` : text;
    }
    const words = values.map((value) => this.#formatNumber(value));
    return `[${(words.length > 16 ? [...words.slice(0, 3), "...", ...words.slice(-3)] : words).join(" ")}]`;
  }

  /** The shortest decimal that the type reads back as the same number. */
  #formatNumber(value: number): string {
    if (!Number.isFinite(value)) return value > 0 ? "inf" : "-inf";
    if (this.dtype !== "float32") return String(value);
    let digits = 1;
    while (Math.fround(Number(value.toPrecision(digits))) !== value) digits++;
    return String(Number(value.toPrecision(digits)));
  }
}
