/** Sequences side by side in one batch of rows: how recurrent layers know which rows follow one another. */
import type { Variable } from "../variable.ts";
import type { Link } from "./link.ts";

/** The state of a batch, parts of shape (batch, units): the output of the layer first. */
export type RecurrentState = readonly Variable[];

/** How the rows of a batch make up sequences. */
export interface Sequences {
  readonly time: number;
  /** How many sequences stand side by side. */
  readonly batch: number;
  /** (time · batch): the row that each place, time first, is taken from; null where rows stand so already. */
  readonly rows?: Variable | null;
  /** (rows): the place of each row; comes with `rows`. */
  readonly places?: Variable | null;
  /** (time, batch): 0 where an episode begins, so that nothing before counts, 1 elsewhere; null for nowhere. */
  readonly continues?: Variable | null;
  /** The state of each layer before the first step; a layer that is not in it begins with zeros. */
  readonly states?: ReadonlyMap<Link, RecurrentState> | null;
  /** Filled with the state of each layer behind the last step. */
  readonly ends?: Map<Link, RecurrentState> | null;
}

/** What the running pass goes over; null where recurrent layers take single steps from states of their own. */
export let sequences: Sequences | null = null;

/**
 * Runs `body`, inside which recurrent layers see the rows of their inputs as steps of sequences instead of as a batch of
 * single steps; their own states stay untouched. Layers without a state see rows as ever.
 */
export function overSequences<T>(layout: Sequences, body: () => T): T {
  const before = sequences;
  sequences = layout;
  try {
    return body();
  } finally {
    sequences = before;
  }
}
