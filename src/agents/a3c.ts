/**
 * A3C, asynchronous advantage actor–critic. Mnih, Puigdomènech Badia, Mirza, Graves, Harley, Lillicrap, Silver,
 * Kavukcuoglu 2016, "Asynchronous methods for deep reinforcement learning".
 *
 * Differences from the paper:
 * 1. One actor unless train is told `actors`. Each update takes the shared parameters over, the last of them included.
 * 2. No learning-rate annealing; the gradient's norm is limited by default.
 * 3. Perceptrons for vector observations; policy and value function share no layers unless `sharesTrunk`.
 */
import { mean, noBackprop, RMSpropAsync, scope, sum, type Variable } from "../autograd/index.ts";
import type { ActorCritic, Distribution } from "../nets/index.ts";
import { actorCriticLoss, lambdaReturns } from "../returns/index.ts";
import type { AgentSpec } from "./agent.ts";
import { overStretches } from "./hiddenState.ts";
import { type HyperparameterValues, hp, searchRanges } from "./hyperparameters.ts";
import {
  makeActorCritic,
  PolicyAgent,
  type PolicyAgentParts,
  policyHyperparameters,
  preparePolicy,
} from "./policyAgent.ts";
import { loadRollouts, type Rollout } from "./rollout.ts";
import { withClipping } from "./withClipping.ts";

const paper = "Mnih et al. 2016, section 8 of the supplement";

export const a3cHyperparameters = {
  gamma: hp(0.99, "discount per environment step", paper, { min: 0, max: 1, search: searchRanges.discount }),
  learningRate: hp(7e-4, "RMSprop's step size", "ChainerRL examples/ale/train_a3c_ale.py", {
    min: 0,
    search: searchRanges.stepSize,
  }),
  rmspropDecay: hp(0.99, "weight of the past in RMSprop's mean of squared gradients", paper, { min: 0, max: 0.9999 }),
  rmspropEps: hp(0.1, "added to RMSprop's mean of squared gradients, inside the root", "ChainerRL train_a3c_ale.py"),
  tMax: hp.integer(5, "environment steps between updates, at most", paper),
  beta: hp(0.01, "weight of the policy's entropy", paper, { min: 0 }),
  valueCoefficient: hp(0.5, "weight of the squared error of the value", "Mnih et al. 2016: value's gradient halved"),
  policyCoefficient: hp(1, "weight of the policy's part of the loss", "ChainerRL pi_loss_coef"),
  normalizesByTMax: hp.boolean(false, "divide gradients by tMax", "ChainerRL normalize_grad_by_t_max"),
  keepsLossScale: hp.boolean(false, "scale shorter rollouts' losses up to tMax", "ChainerRL keep_loss_scale_same"),
  maxGradNorm: hp.optional(40, "largest norm of the gradient over all parameters", "ChainerRL train_a3c_ale.py", {
    min: 0,
  }),
  rewardScale: hp(1, "multiplies rewards while learning", "Kusari"),
  sharesTrunk: hp.boolean(false, "policy and value function share the hidden layers", "Kusari, for vectors"),
  ...policyHyperparameters,
} as const;

export type A3CHyperparameters = HyperparameterValues<typeof a3cHyperparameters>;
export type A3COptions = PolicyAgentParts<ActorCritic> & Partial<A3CHyperparameters>;

export class A3C extends PolicyAgent<ActorCritic> {
  readonly name = "A3C";
  readonly hyperparameters: Readonly<A3CHyperparameters>;

  constructor(options: A3COptions) {
    const setup = preparePolicy("A3C", a3cHyperparameters, options);
    const h = setup.hyperparameters;
    super(
      setup,
      options,
      () => makeActorCritic(setup, h.sharesTrunk),
      () =>
        withClipping(new RMSpropAsync({ lr: h.learningRate, alpha: h.rmspropDecay, eps: h.rmspropEps }), h.maxGradNorm),
      h.tMax + 1,
    );
    this.hyperparameters = h;
    this.declareAverages("averageValue", "averageEntropy", "averageLoss");
  }

  /** until terminal s_t or t − t_start = t_max */
  protected isDue(rollout: Rollout, isOver: boolean): boolean {
    return isOver || rollout.steps === this.hyperparameters.tMax;
  }

  protected policyOf(model: ActorCritic, obs: Variable): Distribution {
    return model.actOn(obs);
  }

  /** One pass of the outer loop of algorithm S3, behind the acting. */
  update(): void {
    scope(this.#computeGradients);
    this.optimize(this.optimizer); // perform asynchronous update of θ using dθ and of θ_v using dθ_v
    this.countUpdate();
  }

  readonly #computeGradients = (): void => {
    const { beta, valueCoefficient, policyCoefficient } = this.hyperparameters;
    const batch = loadRollouts(this.rollouts);
    const { policy, value } = overStretches(this.model, batch, () => this.model.forward(batch.obs)); // value (rows)
    // R = 0 for terminal s_t, V(s_t, θ′_v) otherwise; R ← r_i + γR
    const returns = noBackprop(() => lambdaReturns(batch, value.detach(), 1)); // (rows)
    const advantage = noBackprop(() => returns.sub(value.detach()).mul(policyCoefficient)); // (rows)
    const logProb = policy.logProb(batch.action); // (rows)
    const entropy = policy.entropy; // (rows)
    // dθ ← dθ + ∇ log π(a_i | s_i; θ′)(R − V(s_i; θ′_v)) + β ∇ H(π(s_i; θ′));  dθ_v ← dθ_v + ∂(R − V(s_i; θ′_v))²
    const losses = actorCriticLoss(
      batch.isStep,
      logProb,
      advantage,
      entropy,
      value,
      returns,
      beta * policyCoefficient,
      valueCoefficient,
    ); // (rows)
    const loss = sum(losses).mul(this.#lossScale(batch.steps)); // ()
    this.model.clearGrads();
    loss.backward();
    this.note("averageValue", value);
    this.note("averageEntropy", entropy);
    this.note(
      "averageLoss",
      noBackprop(() => mean(losses)),
    );
    this.requireFinite(loss);
  };

  #lossScale(steps: number): number {
    const { tMax, normalizesByTMax, keepsLossScale } = this.hyperparameters;
    return (keepsLossScale ? tMax / steps : 1) / (normalizesByTMax ? tMax : 1);
  }
}

export const a3cSpec: AgentSpec = {
  id: "a3c",
  name: "A3C",
  paper: "Mnih et al. 2016, Asynchronous methods for deep reinforcement learning",
  actionSpaces: ["Discrete", "Box"],
  recurrent: true,
  async: "shared",
  hyperparameters: a3cHyperparameters,
  create: ({ hyperparameters, ...parts }) => new A3C({ ...parts, ...hyperparameters }),
};
