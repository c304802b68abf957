/** What every space is: a set of values to draw from and to test membership in. The names and forms are Gymnasium's. */
import type { State, Stateful } from "../../state.ts";
import { NpRandom } from "../npRandom.ts";

export abstract class Space<T> implements Stateful {
  /** The shape of one element; null where elements have parts of different shapes (Tuple, Dict). */
  abstract readonly shape: readonly number[] | null;
  /** The type of an element's numbers, by NumPy's name; null where the parts differ (Tuple, Dict). */
  abstract readonly dtype: string | null;
  /** How many numbers an element takes when flattened (a choice of n takes n, one-hot). */
  abstract readonly flatDim: number;
  #random: NpRandom | undefined;

  /** The stream samples are drawn from, made at the first use. */
  protected get random(): NpRandom {
    this.#random ??= new NpRandom();
    return this.#random;
  }

  /**
   * Makes the samples that follow those of Python's `space.seed(seed)`; without a seed, unlike any before.
   *
   * @throws UsageError when the seed is no whole number between 0 and 2^53 - 1
   */
  seed(seed?: number): void {
    this.#random = new NpRandom(seed);
  }

  /** A random element. A mask, where the space knows one, says what may be drawn. */
  abstract sample(mask?: unknown): T;

  /** Whether x is an element. */
  abstract contains(x: unknown): boolean;

  /** Whether the other space has the same elements, of the same type. */
  abstract equals(other: Space<unknown>): boolean;

  /** As Gymnasium prints the space. */
  abstract toString(): string;

  /** The state of the random stream: a space itself does not change. */
  saveState(): State {
    return { random: this.#random?.saveState() ?? null };
  }

  loadState(state: State): void {
    const { random } = state as { random: State };
    if (random === null) this.#random = undefined;
    else this.random.loadState(random);
  }
}

/** A shape as Python prints it: `(4,)`, `(2, 3)`. */
export function formatShape(shape: readonly number[]): string {
  return shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(", ")})`;
}

/** The numbers of an array or typed array; undefined for anything else. */
export function numbersOf(x: unknown): ArrayLike<number> | undefined {
  if (Array.isArray(x)) return x.every((value) => typeof value === "number") ? x : undefined;
  if (!ArrayBuffer.isView(x) || x instanceof DataView) return undefined;
  return x instanceof BigInt64Array || x instanceof BigUint64Array ? undefined : (x as Float64Array);
}

/** The places of the ones in a mask of zeros and ones. */
export function allowedBy(mask: ArrayLike<number>): number[] {
  const allowed: number[] = [];
  for (let i = 0; i < mask.length; i++) if (mask[i] === 1) allowed.push(i);
  return allowed;
}
