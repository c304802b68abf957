/** How much each searched hyperparameter matters. */
import { type Dimension, placeOf } from "./searchSpace.ts";
import type { Trial } from "./sweepState.ts";

/** Into how many groups the values of a range are put. */
const bins = 4;

/**
 * The share of the variance among the trials' ranks that goes with the value of each dimension: the correlation ratio over
 * the values of a choice, or over quarters of the trials by their place in a range, corrected for the number of groups
 * (ε² of Kelley 1935). Like the main effects of functional ANOVA (Hutter et al. 2014), but of the trials themselves: with
 * few of them, and with those of TPE, which crowd where it is good, it is a rough guide.
 *
 * @param ranked trials with scores, the best first
 * @returns from 0 to 1, by name; null where there are too few trials to tell
 */
export function importanceOf(
  dimensions: readonly Dimension[],
  ranked: readonly Trial[],
): Record<string, number | null> {
  const entries = dimensions.map((dimension) => [dimension.name, explained(groupsOf(dimension, ranked))]);
  return Object.fromEntries(entries);
}

/** The group of each trial. */
function groupsOf(dimension: Dimension, ranked: readonly Trial[]): string[] {
  const values = ranked.map((trial) => trial.values[dimension.name]);
  if (dimension.kind === "choice") return values.map((value) => JSON.stringify(value));
  const places = values.map((value) => placeOf(dimension, value as number));
  const sorted = [...places].sort((a, b) => a - b);
  return places.map((place) => String(Math.floor((bins * sorted.indexOf(place)) / sorted.length)));
}

/** ε² of ranks 0, 1, 2, … in these groups. */
function explained(groups: readonly string[]): number | null {
  const n = groups.length;
  const middle = (n - 1) / 2;
  const members = new Map<string, number[]>();
  groups.forEach((group, rank) => {
    members.set(group, [...(members.get(group) ?? []), rank]);
  });
  const k = members.size;
  if (n <= k) return null;
  if (k < 2) return 0;
  let within = 0;
  let total = 0;
  for (const ranks of members.values()) {
    const mean = ranks.reduce((a, b) => a + b, 0) / ranks.length;
    for (const rank of ranks) {
      within += (rank - mean) ** 2;
      total += (rank - middle) ** 2;
    }
  }
  return Math.max(0, 1 - within / (n - k) / (total / (n - 1)));
}
