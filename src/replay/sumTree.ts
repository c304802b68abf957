/** Weights of numbered places, their sum, and the place at a given running sum, each in O(log n). */

/** Children of a node: 16 float64 are two cache lines, so that a search in a million places touches five nodes. */
const fan = 16;
const fanBits = 4;

export class SumTree {
  readonly size: number;
  /** From the leaves up; each level is the sums of `fan` neighbours of the one below, the last a single number. */
  readonly #levels: readonly Float64Array[];

  /** All weights are 0 at first. */
  constructor(size: number) {
    this.size = size;
    const levels = [new Float64Array((size + fan - 1) & -fan)];
    while (levels.at(-1)!.length > 1) {
      const sums = Math.ceil(levels.at(-1)!.length / fan);
      levels.push(new Float64Array(sums > 1 ? (sums + fan - 1) & -fan : 1));
    }
    this.#levels = levels;
  }

  get total(): number {
    return this.#levels.at(-1)![0]!;
  }

  get(place: number): number {
    return this.#levels[0]![place]!;
  }

  /** Sums are computed anew from their parts, never corrected: they depend on the weights alone. */
  set(place: number, weight: number): void {
    const levels = this.#levels;
    levels[0]![place] = weight;
    let at = place;
    for (let level = 1; level < levels.length; level++) {
      at >>>= fanBits;
      const below = levels[level - 1]!;
      let sum = 0;
      for (let i = at << fanBits, end = i + fan; i < end; i++) sum += below[i]!;
      levels[level]![at] = sum;
    }
  }

  /** The place with weight where the running sum of the weights first exceeds `at`, a number from 0 to below the total. */
  find(at: number): number {
    const levels = this.#levels;
    let rest = at;
    let node = 0;
    for (let level = levels.length - 2; level >= 0; level--) {
      const weights = levels[level]!;
      const first = node << fanBits;
      node = first;
      const end = first + fan;
      while (node < end && rest >= weights[node]!) rest -= weights[node++]!;
      if (node === end) {
        // rounding let the rest exceed them all: the last place with weight, here and further down
        node--;
        while (node > first && weights[node] === 0) node--;
        rest = Number.POSITIVE_INFINITY;
      }
    }
    return node;
  }
}
