import { defineOp, type Variable } from "../autograd/index.ts";
import { ahead, linearRecurrence, multiplyAdd, type Trajectories } from "./trajectories.ts";

/** c (R − Q) + V */
export const retraceTerm = defineOp({
  name: "retraceTerm",
  inputs: ["reward", "q", "value", "trace"],
  forward: ({ reward, q, value, trace }) => value.add(trace.mul(reward.sub(q))),
  sample: { reward: [4], q: [4], value: [4], trace: [4] },
});

/**
 * (rows): the returns Qʳᵉᵗₜ = Rₜ₊₁ + γₜ₊₁ (cₜ₊₁ (Qʳᵉᵗₜ₊₁ − Q(Sₜ₊₁, Aₜ₊₁)) + V(Sₜ₊₁)); without meaning in end rows.
 * Source: Munos et al. 2016, "Safe and efficient off-policy reinforcement learning"; in this form Wang et al. 2017,
 * equation 5.
 *
 * @param q (rows): Q(Sₜ, Aₜ)
 * @param value (rows): V(Sₜ), the mean of Q under the policy
 * @param trace (rows): cₜ: min(1, π(Aₜ | Sₜ) / μ(Aₜ | Sₜ)) for Retrace; what stands in end rows is not read
 */
export function retrace(
  { reward, discount, isStep, span }: Trajectories,
  q: Variable,
  value: Variable,
  trace: Variable,
): Variable {
  const c = isStep.mul(trace);
  // xₜ = cₜ (Qʳᵉᵗₜ − Qₜ) + Vₜ follows from xₜ₊₁ alone
  const x = linearRecurrence(retraceTerm(reward, q, value, c), c.mul(discount), span);
  return multiplyAdd(reward, discount, ahead(x, 1));
}
