/**
 * PGT, the policy gradient theorem with a learned q-function. Sutton, McAllester, Singh, Mansour 2000, "Policy gradient
 * methods for reinforcement learning with function approximation"; from replayed steps: Degris, White, Sutton 2012,
 * "Off-policy actor-critic". The agent is ChainerRL's of that name: SVG(0) with the likelihood-ratio gradient.
 *
 * Differences from the papers:
 * 1. Observations are those of the replay buffer, not of the policy's own discounted distribution, and not weighed.
 * 2. Of an observation one action is drawn anew; the value of the most probable one is the baseline (as in ChainerRL).
 * 3. The q-function is no linear one of compatible features, and learns as DDPG's does, with target networks.
 * 4. It is asked for actions clipped into the action space; the density is that of the action before.
 * 5. Entropy is rewarded (`beta`, as in ChainerRL).
 */
import { mean, mul, noBackprop, type Variable } from "../autograd/index.ts";
import type { AgentSpec } from "./agent.ts";
import { type HyperparameterValues, hp } from "./hyperparameters.ts";
import { SVG0, type SVG0Options, svg0Hyperparameters } from "./svg0.ts";

export const pgtHyperparameters = {
  ...svg0Hyperparameters,
  beta: hp(1e-2, "weight of the policy's entropy", "ChainerRL PGT", { min: 0 }),
} as const;

export type PGTHyperparameters = HyperparameterValues<typeof pgtHyperparameters>;
export type PGTOptions = SVG0Options;

export class PGT extends SVG0 {
  constructor(options: PGTOptions) {
    super(options, "PGT", pgtHyperparameters);
  }

  /** ∂ρ/∂θ = Σ_s d(s) Σ_a ∂π(s, a)/∂θ (Q(s, a) − b(s)): theorem 1 with a baseline, and β ∂H/∂θ. */
  protected override learnPolicy(obs: Variable): void {
    const policy = this.over(this.policy, obs, () => this.policy.forward(obs));
    const { action, q, advantage } = noBackprop(() => {
      const now = policy.detach();
      const drawn = now.sample(this.learning); // (batch, actions): a ∼ π(s, ·)
      const value = this.values(obs, this.bounds.clip(drawn)); // (batch)
      return { action: drawn, q: value, advantage: value.sub(this.values(obs, now.mode)) };
    });
    const gain = mul(advantage, policy.logProb(action)).add(policy.entropy.mul(this.hyperparameters.beta)); // (batch)
    this.policy.clearGrads();
    mean(this.counted(gain)).neg().backward();
    this.actorOptimizer.update();
    this.note(
      "averageActorLoss",
      noBackprop(() => this.counted(q)),
      -1,
    );
  }
}

export const pgtSpec: AgentSpec = {
  id: "pgt",
  name: "PGT",
  paper: "Sutton et al. 2000, Policy gradient methods for reinforcement learning with function approximation",
  actionSpaces: ["Box"],
  recurrent: true,
  async: "learner",
  hyperparameters: pgtHyperparameters,
  create: ({ hyperparameters, ...parts }) => new PGT({ ...parts, ...hyperparameters }),
};
