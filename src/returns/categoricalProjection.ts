/**
 * Distributional Bellman targets on a fixed support.
 * Bellemare, Dabney, Munos 2017, "A distributional perspective on reinforcement learning", Algorithm 1.
 */
import {
  broadcastTo,
  colIndex,
  constantExpression,
  defineOp,
  placeInRow,
  reshape,
  rowSum,
  type Variable,
} from "../autograd/index.ts";

/**
 * mᵢ = Σⱼ [1 − |clip(r + γ zⱼ) − zᵢ| / Δz] clipped to [0, 1], times pⱼ: equation 7. A row for each place i, a column for
 * each atom j.
 */
const projectOnto = defineOp({
  name: "projectOnto",
  inputs: ["p", "reward", "discount", "place"],
  perRow: ["reward", "discount", "place"],
  scalars: ["rewardScale", "vMin", "vMax", "spacing"],
  forward: ({ p, reward, discount, place, rewardScale, vMin, vMax, spacing }) => {
    const z = colIndex().mul(spacing).add(vMin);
    const position = z.mul(discount).add(reward.mul(rewardScale)).clip(vMin, vMax).sub(vMin).div(spacing);
    return rowSum(constantExpression(1).sub(position.sub(place).abs()).max(0).mul(p));
  },
  sample: {
    p: [2, 3, 3],
    reward: [2, 3],
    discount: [2, 3],
    place: [2, 3],
    rewardScale: 1,
    vMin: -2,
    vMax: 2,
    spacing: 2,
  },
});

/**
 * (batch, atoms): the distributions p (batch, atoms) over zⱼ = vMin + j Δz of the next return, moved to r + γ zⱼ and
 * projected onto the support. `reward` and `discount` are (batch); the reward is multiplied with `rewardScale`.
 */
export function categoricalProjection(
  p: Variable,
  reward: Variable,
  discount: Variable,
  { vMin, vMax, rewardScale = 1 }: { readonly vMin: number; readonly vMax: number; readonly rewardScale?: number },
): Variable {
  const [batch, atoms] = p.shape as [number, number];
  const each = (x: Variable) => broadcastTo(reshape(x, [batch, 1]), [batch, atoms]);
  const all = broadcastTo(reshape(p, [batch, 1, atoms]), [batch, atoms, atoms]);
  const spacing = (vMax - vMin) / (atoms - 1);
  return projectOnto(all, each(reward), each(discount), placeInRow(p), rewardScale, vMin, vMax, spacing);
}

/** −Σᵢ mᵢ ln pᵢ (…rows), for logProb = ln p (…rows, atoms). */
export const crossEntropy = defineOp({
  name: "crossEntropy",
  inputs: ["logProb", "m"],
  forward: ({ logProb, m }) => rowSum(m.mul(logProb)).neg(),
  sample: { logProb: [3, 4], m: [3, 4] },
});
