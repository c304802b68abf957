/** Elements of any space as one flat array of numbers, in Gymnasium's order. */
import { UsageError } from "../../errors.ts";
import { Box, type BoxDtype } from "./box.ts";
import { Dict } from "./dict.ts";
import { Discrete } from "./discrete.ts";
import { MultiBinary } from "./multiBinary.ts";
import { MultiDiscrete } from "./multiDiscrete.ts";
import type { Space } from "./space.ts";
import { Tuple } from "./tuple.ts";

/** The parts of a space that has some, in the order they are flattened in. */
function partsOf(space: Space<unknown>): readonly [key: string | number, part: Space<unknown>][] | null {
  if (space instanceof Tuple) return (space.spaces as readonly Space<unknown>[]).map((part, i) => [i, part]);
  return space instanceof Dict ? Object.entries(space.spaces as Readonly<Record<string, Space<unknown>>>) : null;
}

function bounds(space: Space<unknown>): { low: number[]; high: number[] } {
  if (space instanceof Box) return { low: Array.from<number>(space.low), high: Array.from<number>(space.high) };
  const parts = partsOf(space)?.map(([, part]) => bounds(part));
  if (parts) return { low: parts.flatMap(({ low }) => low), high: parts.flatMap(({ high }) => high) };
  return { low: new Array(space.flatDim).fill(0), high: new Array(space.flatDim).fill(1) };
}

/** The Box of a space's flattened elements: of a Box its own numbers in one row, else float32, choices one-hot. */
export function flattenSpace(space: Space<unknown>): Box<BoxDtype> {
  const { low, high } = bounds(space);
  const dtype: BoxDtype = space instanceof Box ? space.dtype : "float32";
  return new Box(low, high, { shape: [space.flatDim], dtype });
}

/**
 * Writes an element's numbers one after the other.
 *
 * @returns where the next number goes
 * @throws UsageError for a space of an unknown kind
 */
export function flattenInto(space: Space<unknown>, x: unknown, into: { [at: number]: number }, from = 0): number {
  const parts = partsOf(space);
  if (parts) {
    let at = from;
    for (const [key, part] of parts) {
      at = flattenInto(part, (x as Readonly<Record<string | number, unknown>>)[key], into, at);
    }
    return at;
  }
  const end = from + space.flatDim;
  if (space instanceof Box || space instanceof MultiBinary) {
    const numbers = x as ArrayLike<number>;
    for (let i = from; i < end; i++) into[i] = numbers[i - from]!;
    return end;
  }
  for (let i = from; i < end; i++) into[i] = 0;
  if (space instanceof Discrete) into[from + (x as number) - space.start] = 1;
  else if (space instanceof MultiDiscrete) {
    let at = from;
    for (const [i, n] of space.nvec.entries()) {
      into[at + (x as ArrayLike<number>)[i]! - space.start[i]!] = 1;
      at += n;
    }
  } else {
    throw new UsageError(
      `flatten: the space must be a Box, Discrete, MultiBinary, MultiDiscrete, Tuple or Dict; got ${String(space)}. Flatten it yourself with TransformObservation.`,
    );
  }
  return end;
}
