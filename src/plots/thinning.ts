/** Fewer points that look the same. */
import type { Curve } from "./curve.ts";

/**
 * The lowest and the highest point of each of `limit / 2` stretches of equally many points, in their order, with the
 * first and the last one: no spike is lost, and the picture is the same wherever a pixel is wider than a stretch.
 * @param limit most points that may be left, at least 4
 */
export function thinned(curve: Curve, limit: number): Curve {
  const { steps, values } = curve;
  const n = values.length;
  if (n <= limit) return curve;
  const stretches = Math.floor(limit / 2) - 1;
  const kept: number[] = [0];
  for (let s = 0; s < stretches; s++) {
    const from = 1 + Math.floor((s * (n - 2)) / stretches);
    const to = 1 + Math.floor(((s + 1) * (n - 2)) / stretches);
    let [low, high] = [from, from];
    for (let i = from + 1; i < to; i++) {
      if (values[i]! < values[low]!) low = i;
      if (values[i]! > values[high]!) high = i;
    }
    kept.push(Math.min(low, high));
    if (low !== high) kept.push(Math.max(low, high));
  }
  kept.push(n - 1);
  return { steps: Float64Array.from(kept, (i) => steps[i]!), values: Float64Array.from(kept, (i) => values[i]!) };
}
