/**
 * Named, seedable, savable streams of randomness. Every draw in the toolkit comes from one of these
 * (environments use their own NumPy-compatible `envs/npRandom.ts`), so that a run resumes bit for bit.
 *
 * The generator is seedrandom's Alea (Johannes Baagøe), about 8 ns a draw and four numbers of state.
 */
import type seedrandom from "seedrandom";
// the package's entry would bring six more generators, and ask for node:crypto
// @ts-expect-error its types are those of the entry alone
import aleaModule from "seedrandom/lib/alea.js";

const alea: typeof seedrandom.alea = aleaModule;

/** What `Random.saveState` returns: plain JSON. */
export interface RandomState {
  readonly seed: string;
  readonly alea: { c: number; s0: number; s1: number; s2: number };
  readonly spareNormal: number | null;
}

export class Random {
  /** The seed and the path of names that lead to this stream, as in `7/explorer`. */
  seed: string;
  #draw: seedrandom.StatefulPRNG<seedrandom.State.Alea>;
  #spareNormal: number | null = null;

  constructor(seed: number | string) {
    this.seed = String(seed);
    this.#draw = alea(this.seed, { state: true });
  }

  /** An independent stream for one purpose: the same seed and name give the same stream, whatever else was drawn. */
  stream(name: string): Random {
    // Alea's first draws hardly change with the last character of its seed, so that numbers must not stand there
    const end = /\d$/.test(name) ? "/stream" : "";
    return new Random(`${this.seed}/${name}${end}`);
  }

  /** A uniform number in [0, 1), 32 bits of resolution. */
  random(): number {
    return this.#draw();
  }

  /** A uniform number in [low, high). */
  uniform(low: number, high: number): number {
    return low + (high - low) * this.#draw();
  }

  /** A uniform integer in [0, n). */
  integer(n: number): number {
    return Math.floor(this.#draw() * n);
  }

  /** A uniform unsigned 32-bit integer. */
  uint32(): number {
    return (this.#draw() * 4294967296) >>> 0;
  }

  /** A standard normal number (polar Box–Muller; the second of each pair is kept for the next call). */
  normal(): number {
    if (this.#spareNormal !== null) {
      const spare = this.#spareNormal;
      this.#spareNormal = null;
      return spare;
    }
    for (;;) {
      const u = 2 * this.#draw() - 1;
      const v = 2 * this.#draw() - 1;
      const s = u * u + v * v;
      if (s > 0 && s < 1) {
        const factor = Math.sqrt((-2 * Math.log(s)) / s);
        this.#spareNormal = v * factor;
        return u * factor;
      }
    }
  }

  /** An index drawn with the given non-negative weights, which need not sum to 1. */
  choice(weights: ArrayLike<number>): number {
    let total = 0;
    for (let i = 0; i < weights.length; i++) total += weights[i]!;
    let u = this.#draw() * total;
    for (let i = 0; i < weights.length; i++) {
      u -= weights[i]!;
      if (u < 0) return i;
    }
    return weights.length - 1;
  }

  saveState(): RandomState {
    return { seed: this.seed, alea: this.#draw.state(), spareNormal: this.#spareNormal };
  }

  loadState(state: RandomState): void {
    this.seed = state.seed;
    this.#draw = alea("", { state: state.alea });
    this.#spareNormal = state.spareNormal;
  }
}
