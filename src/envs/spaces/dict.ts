/** Several spaces at once, by name. */
import { UsageError } from "../../errors.ts";
import type { State } from "../../state.ts";
import { Space } from "./space.ts";
import { partSeedBound } from "./tuple.ts";

/** The elements of named spaces: for `{ a: Discrete }`, `{ a: number }`. */
export type NamedElementsOf<S extends Readonly<Record<string, Space<unknown>>>> = {
  -readonly [K in keyof S]: S[K] extends Space<infer T> ? T : never;
};

/** Its parts are seeded and drawn in the order of their sorted names, as Gymnasium does with a plain dict. */
export class Dict<
  S extends Readonly<Record<string, Space<unknown>>> = Readonly<Record<string, Space<unknown>>>,
> extends Space<NamedElementsOf<S>> {
  readonly shape = null;
  readonly dtype = null;
  readonly spaces: S;
  readonly #entries: readonly [name: string, space: Space<unknown>][];

  constructor(spaces: S) {
    super();
    this.#entries = Object.entries(spaces).sort(([a], [b]) => (a < b ? -1 : 1));
    this.spaces = Object.fromEntries(this.#entries) as S;
  }

  get flatDim(): number {
    return this.#entries.reduce((sum, [, space]) => sum + space.flatDim, 0);
  }

  /**
   * Seeds every part: from one seed, from a seed for each name, or afresh.
   *
   * @throws UsageError when the seeds have other names than the parts
   */
  override seed(seed?: number | Readonly<Record<string, number>>): void {
    if (seed === undefined) {
      for (const [, space] of this.#entries) space.seed();
      return;
    }
    if (typeof seed === "number") {
      super.seed(seed);
      const seeds = this.random.integersArray(0, partSeedBound, this.#entries.length);
      for (const [i, [, space]] of this.#entries.entries()) space.seed(seeds[i]);
      return;
    }
    const names = this.#entries.map(([name]) => name).join(", ");
    const given = Object.keys(seed).sort().join(", ");
    if (given !== names) {
      throw new UsageError(`Dict.seed: there must be a seed for each of ${names}; got ${given}. Change the seeds.`);
    }
    for (const [name, space] of this.#entries) space.seed(seed[name]);
  }

  /** @param mask a mask for each name, where one is wanted */
  sample(mask?: Readonly<Record<string, unknown>>): NamedElementsOf<S> {
    return Object.fromEntries(
      this.#entries.map(([name, space]) => [name, space.sample(mask?.[name])]),
    ) as NamedElementsOf<S>;
  }

  contains(x: unknown): boolean {
    if (x === null || typeof x !== "object" || Object.keys(x).length !== this.#entries.length) return false;
    return this.#entries.every(([name, space]) => name in x && space.contains((x as Record<string, unknown>)[name]));
  }

  equals(other: Space<unknown>): boolean {
    if (!(other instanceof Dict) || other.#entries.length !== this.#entries.length) return false;
    const others = other.#entries;
    return this.#entries.every(([name, space], i) => others[i]![0] === name && space.equals(others[i]![1]));
  }

  toString(): string {
    return `Dict(${this.#entries.map(([name, space]) => `'${name}': ${space}`).join(", ")})`;
  }

  override saveState(): State {
    return {
      own: super.saveState(),
      spaces: Object.fromEntries(this.#entries.map(([name, space]) => [name, space.saveState()])),
    };
  }

  override loadState(state: State): void {
    const { own, spaces } = state as { own: State; spaces: Record<string, State> };
    super.loadState(own);
    for (const [name, space] of this.#entries) space.loadState(spaces[name]!);
  }
}
