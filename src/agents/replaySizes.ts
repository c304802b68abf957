import { UsageError } from "../errors.ts";

/** How much a replay buffer keeps, when learning begins, and what a gradient step takes of it. */
export interface ReplaySizes {
  readonly minibatchSize: number;
  readonly replayStartSize: number;
  readonly replayCapacity: number;
}

/** @throws UsageError where a minibatch could not be filled when learning begins */
export function requireReplaySizes(where: string, sizes: ReplaySizes): void {
  const { minibatchSize, replayStartSize, replayCapacity } = sizes;
  if (minibatchSize > replayStartSize || replayStartSize > replayCapacity) {
    throw new UsageError(
      `${where}: minibatchSize ≤ replayStartSize ≤ replayCapacity must hold; got ${minibatchSize}, ${replayStartSize} and ${replayCapacity}. Raise the later ones.`,
    );
  }
}
