/**
 * The errors a user of the library can meet. Messages follow one form:
 * `where: what must hold; got values. What to do.` One sentence each, always both values.
 */

/** Tensor shapes that do not fit an operation. */
export class ShapeError extends Error {
  override name = "ShapeError";
}

/** The caller asked for something that cannot be: a wrong option, a step after the end of an episode, a bad file. */
export class UsageError extends Error {
  override name = "UsageError";
}

/** The machine cannot do it: no memory, no adapter, no WebAssembly SIMD, a full disk. */
export class DeviceError extends Error {
  override name = "DeviceError";
}

/** A mistake of ours. */
export class InternalError extends Error {
  override name = "InternalError";
  constructor(message: string) {
    super(`${message} This is a mistake in kusari, please report it.`);
  }
}

/** Edits between two words, where two letters that changed places are one; for "did you mean" suggestions. */
function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const current = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = previous[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      const areSwapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      const swap = areSwapped ? beforeLast[j - 2]! + 1 : Number.POSITIVE_INFINITY;
      current.push(Math.min(substitution, swap, previous[j]! + 1, current[j - 1]! + 1));
    }
    [beforeLast, previous] = [previous, current];
  }
  return previous[b.length]!;
}

/** The known word nearest to a mistyped one (ignoring case), or undefined where none is near. */
export function nearest(word: string, known: Iterable<string>): string | undefined {
  let best: string | undefined;
  let bestDistance = Number.POSITIVE_INFINITY;
  const lower = word.toLowerCase();
  for (const candidate of known) {
    const distance = editDistance(lower, candidate.toLowerCase());
    if (distance < bestDistance) {
      bestDistance = distance;
      best = candidate;
    }
  }
  return bestDistance <= Math.max(2, Math.floor(word.length / 3)) ? best : undefined;
}
