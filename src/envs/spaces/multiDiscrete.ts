/** Several choices at once. */
import { UsageError } from "../../errors.ts";
import { requireMask } from "./discrete.ts";
import { allowedBy, numbersOf, Space } from "./space.ts";

/** An Int32Array `(choices)`; its i-th number is one of start[i] … start[i] + nvec[i] - 1. */
export class MultiDiscrete extends Space<Int32Array> {
  readonly shape: readonly number[];
  readonly dtype = "int32";
  readonly nvec: Int32Array;
  readonly start: Int32Array;

  /** @throws UsageError when a count is no positive 32-bit integer, or start is not as long as nvec. */
  constructor(nvec: ArrayLike<number>, start: ArrayLike<number> = new Int32Array(nvec.length)) {
    super();
    this.nvec = Int32Array.from(nvec);
    this.start = Int32Array.from(start);
    if (!this.nvec.every((n, i) => n === nvec[i] && n > 0)) {
      throw new UsageError(
        `MultiDiscrete: nvec must be positive whole numbers; got [${Array.from(nvec)}]. Change nvec.`,
      );
    }
    if (start.length !== nvec.length || !this.start.every((first, i) => first === start[i])) {
      throw new UsageError(
        `MultiDiscrete: start must be ${nvec.length} whole numbers, one a choice; got [${Array.from(start)}]. Change start.`,
      );
    }
    this.shape = [nvec.length];
  }

  get flatDim(): number {
    return this.nvec.reduce((a, b) => a + b, 0);
  }

  /**
   * @param mask a mask for each choice, as in `Discrete.sample`
   * @throws UsageError when there is not one mask a choice, or one has another length or other numbers
   */
  sample(mask?: readonly ArrayLike<number>[]): Int32Array {
    if (mask === undefined) return this.nvec.map((n, i) => Math.floor(this.random.random() * n) + this.start[i]!);
    if (mask.length !== this.nvec.length) {
      throw new UsageError(
        `MultiDiscrete.sample: mask must have one mask for each of ${this.nvec.length} choices; got ${mask.length}. Change the mask.`,
      );
    }
    return this.start.map((start, i) => {
      requireMask("MultiDiscrete.sample", mask[i]!, this.nvec[i]!);
      const allowed = allowedBy(mask[i]!);
      return start + (allowed.length === 0 ? 0 : allowed[this.random.choice(allowed.length)]!);
    });
  }

  contains(x: unknown): boolean {
    const values = numbersOf(x);
    return (
      values?.length === this.nvec.length &&
      this.nvec.every((n, i) => {
        const place = values[i]! - this.start[i]!;
        return Number.isInteger(place) && place >= 0 && place < n;
      })
    );
  }

  equals(other: Space<unknown>): boolean {
    return other instanceof MultiDiscrete && String(other) === String(this);
  }

  toString(): string {
    const start = this.start.some((first) => first !== 0) ? `, start=[${this.start.join(" ")}]` : "";
    return `MultiDiscrete([${this.nvec.join(" ")}]${start})`;
  }
}
