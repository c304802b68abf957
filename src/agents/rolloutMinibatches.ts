/**
 * Minibatches from rollouts, in a new order in each epoch: of single steps, or for networks with a memory of sequences, each
 * from what the one that acted remembered at its first step.
 */
import { embedId, type Link, reshape, type Variable } from "../autograd/index.ts";
import { UsageError } from "../errors.ts";
import type { Random } from "../random.ts";
import { overStretches, stateSize } from "./hiddenState.ts";
import type { Rollout, RolloutBatch } from "./rollout.ts";

/** The numbers of the rows of a sequence, in what `loadRollouts` makes of the rollouts. */
export type RowSequence = readonly number[];

/** Sequences of at most `length` steps, all steps of the rollouts. */
export function sequencesOf(rollouts: readonly Rollout[], length: number): RowSequence[] {
  let before = 0;
  return rollouts.flatMap((rollout) => {
    const sequences = rollout.sequences(length, before);
    before += rollout.rows;
    return sequences;
  });
}

/** The same batch in these sequences, as they are before they are shuffled, in the place of its stretches. */
export const inSequences = (batch: RolloutBatch, order: readonly RowSequence[]): RolloutBatch => ({
  ...batch,
  starts: order.map(([first]) => first!),
});

/** @throws UsageError where the rollouts of n environments would not fill a minibatch */
export function requireMinibatch(
  where: string,
  { minibatchSize, updateInterval }: { readonly minibatchSize: number; readonly updateInterval: number },
  n: number,
): void {
  if (minibatchSize <= n * updateInterval) return;
  throw new UsageError(
    `${where}: minibatchSize ≤ updateInterval · environments must hold; got ${minibatchSize} and ${updateInterval} · ${n}. Raise updateInterval.`,
  );
}

/**
 * Shuffles the sequences (Fisher & Yates) and gives whole ones, until there are as many steps as `size` at least; what is
 * left over is left out this time.
 */
export function* minibatches(order: RowSequence[], size: number, random: Random): Generator<readonly RowSequence[]> {
  for (let i = order.length - 1; i > 0; i--) {
    const j = random.integer(i + 1);
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  let minibatch: RowSequence[] = [];
  let steps = 0;
  for (const sequence of order) {
    minibatch.push(sequence);
    steps += sequence.length;
    if (steps < size) continue;
    yield minibatch;
    [minibatch, steps] = [[], 0];
  }
}

/** The given rows (minibatch) of x (rows, …). */
export function rowsOf(x: Variable, rows: Variable): Variable {
  const [count, ...rest] = x.shape;
  const table = rest.length === 0 ? reshape(x, [count!, 1]) : x;
  return reshape(embedId(rows, table), [rows.shape[0]!, ...rest]);
}

/** Runs a pass over the observations (minibatch, …obs) of a minibatch, whose rows (minibatch) are those of its sequences. */
export function overMinibatch<T>(
  network: Link,
  batch: RolloutBatch,
  minibatch: readonly RowSequence[],
  rows: Variable,
  body: (obs: Variable) => T,
): T {
  const obs = rowsOf(batch.obs, rows);
  if (stateSize(network) === 0) return body(obs);
  let next = 0;
  const starts = minibatch.map(({ length }) => {
    next += length;
    return next - length;
  });
  return overStretches(network, { starts, rows: next, state: rowsOf(batch.state, rows) }, () => body(obs));
}
