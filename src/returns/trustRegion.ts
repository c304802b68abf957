import { concat, defineOp, rowSum, splitAxis, type Variable } from "../autograd/index.ts";

/** g − max(0, (k·g − δ) / ‖k‖²) k of each row. */
export const projectRows = defineOp({
  name: "projectRows",
  inputs: ["g", "k"],
  scalars: ["delta"],
  forward: ({ g, k, delta }) => {
    const excess = rowSum(k.mul(g)).sub(delta).max(0);
    // where the divergence has no gradient there is nothing to keep away from
    return g.sub(excess.div(rowSum(k.square()).add(1e-12)).mul(k));
  },
  sample: { g: [3, 4], k: [3, 4], delta: 0.1 },
});

/**
 * The nearest step to g along which a divergence grows by at most δ to first order: min ‖g − z‖² / 2 with k·z ≤ δ, for
 * each row. Source: Wang et al. 2017, "Sample efficient actor-critic with experience replay", section 3.3.
 *
 * @param g (rows, n) each: the step for each group of statistics; all of them together make the vector
 * @param k likewise: the divergence's gradient
 */
export function trustRegionStep(g: readonly Variable[], k: readonly Variable[], delta: number): Variable[] {
  if (g.length === 1) return [projectRows(g[0]!, k[0]!, delta)];
  const z = projectRows(concat(g, 1), concat(k, 1), delta);
  let at = 0;
  return splitAxis(
    z,
    g.slice(0, -1).map((x) => (at += x.shape[1]!)),
    1,
  );
}
