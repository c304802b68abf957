/** Minibatches of steps from rollouts, in a new order in each epoch. */
import { embedId, reshape, type Variable } from "../autograd/index.ts";
import type { Random } from "../random.ts";
import type { Rollout } from "./rollout.ts";

/** The numbers of the rows that are steps, in what `loadRollouts` makes of the rollouts. */
export function stepRowsOf(rollouts: readonly Rollout[]): number[] {
  let before = 0;
  return rollouts.flatMap((rollout) => {
    const rows = rollout.stepRows(before);
    before += rollout.rows;
    return rows;
  });
}

/**
 * Shuffles the rows (Fisher & Yates) and gives them in parts of `size`; rows that are left over are left out this time.
 */
export function* minibatches(rows: number[], size: number, random: Random): Generator<number[]> {
  for (let i = rows.length - 1; i > 0; i--) {
    const j = random.integer(i + 1);
    [rows[i], rows[j]] = [rows[j]!, rows[i]!];
  }
  for (let i = 0; i + size <= rows.length; i += size) yield rows.slice(i, i + size);
}

/** The given rows (minibatch) of x (rows, …). */
export function rowsOf(x: Variable, rows: Variable): Variable {
  const [count, ...rest] = x.shape;
  const table = rest.length === 0 ? reshape(x, [count!, 1]) : x;
  return reshape(embedId(rows, table), [rows.shape[0]!, ...rest]);
}
