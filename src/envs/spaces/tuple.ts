/** Several spaces at once, in order. */
import { UsageError } from "../../errors.ts";
import type { State } from "../../state.ts";
import { Space } from "./space.ts";

/** One below Gymnasium's bound for the seeds of parts, the largest int32. */
export const partSeedBound = 2 ** 31 - 1;

/** The elements of spaces in an array: for `new Tuple([new Discrete(2), new Box(0, 1)])`, `[number, Float32Array]`. */
export type ElementsOf<S extends readonly Space<unknown>[]> = {
  -readonly [K in keyof S]: S[K] extends Space<infer T> ? T : never;
};

export class Tuple<const S extends readonly Space<unknown>[] = readonly Space<unknown>[]> extends Space<ElementsOf<S>> {
  readonly shape = null;
  readonly dtype = null;
  readonly spaces: S;

  constructor(spaces: S) {
    super();
    this.spaces = spaces;
  }

  get flatDim(): number {
    return this.spaces.reduce((sum, space) => sum + space.flatDim, 0);
  }

  /**
   * Seeds every part: from one seed, from a seed each, or afresh.
   *
   * @throws UsageError when there is not one seed a part
   */
  override seed(seed?: number | readonly number[]): void {
    if (seed === undefined) {
      for (const space of this.spaces) space.seed();
      return;
    }
    let seeds = seed;
    if (typeof seeds === "number") {
      super.seed(seeds);
      seeds = this.random.integersArray(0, partSeedBound, this.spaces.length);
    }
    if (seeds.length !== this.spaces.length) {
      throw new UsageError(
        `Tuple.seed: there must be one seed for each of ${this.spaces.length} spaces; got ${seeds.length}. Change the seeds.`,
      );
    }
    for (const [i, space] of this.spaces.entries()) space.seed(seeds[i]);
  }

  /** @param mask a mask, or undefined, for each part */
  sample(mask?: readonly unknown[]): ElementsOf<S> {
    return this.spaces.map((space, i) => space.sample(mask?.[i])) as ElementsOf<S>;
  }

  contains(x: unknown): boolean {
    return Array.isArray(x) && x.length === this.spaces.length && this.spaces.every((space, i) => space.contains(x[i]));
  }

  equals(other: Space<unknown>): boolean {
    return (
      other instanceof Tuple &&
      other.spaces.length === this.spaces.length &&
      this.spaces.every((space, i) => space.equals(other.spaces[i]))
    );
  }

  toString(): string {
    return `Tuple(${this.spaces.join(", ")})`;
  }

  override saveState(): State {
    return { own: super.saveState(), spaces: this.spaces.map((space) => space.saveState()) };
  }

  override loadState(state: State): void {
    const { own, spaces } = state as { own: State; spaces: State[] };
    super.loadState(own);
    for (const [i, space] of this.spaces.entries()) space.loadState(spaces[i]!);
  }
}
