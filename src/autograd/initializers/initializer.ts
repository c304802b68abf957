import type { Random } from "../../random.ts";

/** Fills a parameter's numbers, row-major, given its shape; weights of a linear map are (in, out). */
export type Initializer = (values: Float64Array, shape: readonly number[], random: Random) => void;

/** How many numbers feed one output, and how many outputs one input feeds: (in, out) or (out, in, …kernel). */
export function fans(shape: readonly number[]): { fanIn: number; fanOut: number } {
  if (shape.length < 2) return { fanIn: shape[0] ?? 1, fanOut: shape[0] ?? 1 };
  if (shape.length === 2) return { fanIn: shape[0]!, fanOut: shape[1]! };
  const receptive = shape.slice(2).reduce((product, n) => product * n, 1);
  return { fanIn: shape[1]! * receptive, fanOut: shape[0]! * receptive };
}
