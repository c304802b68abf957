/**
 * A2C, synchronous advantage actor–critic. Mnih et al. 2016, "Asynchronous methods for deep reinforcement learning",
 * with the actors in step: Wu, Mansimov, Liao, Grosse, Ba 2017, "Scalable trust-region method for deep reinforcement
 * learning using Kronecker-factored approximation", section 5; advantages of Schulman et al. 2016, "High-dimensional
 * continuous control using generalized advantage estimation".
 *
 * Differences from the papers:
 * 1. Perceptrons for vector observations; policy and value function share no layers unless `sharesTrunk`.
 * 2. Where an episode was cut without an end, the return bootstraps from its last observation.
 * 3. Adam is there besides RMSprop: pass `optimizer`.
 */
import { mean, noBackprop, RMSprop, scope, sum, type Variable } from "../autograd/index.ts";
import type { ActorCritic, Distribution } from "../nets/index.ts";
import { actorCriticLoss, generalizedAdvantages } from "../returns/index.ts";
import type { AgentSpec } from "./agent.ts";
import { overStretches } from "./hiddenState.ts";
import { type HyperparameterValues, hp, searchRanges } from "./hyperparameters.ts";
import { makeActorCritic, type PolicyAgentParts, policyHyperparameters, preparePolicy } from "./policyAgent.ts";
import { loadRollouts } from "./rollout.ts";
import { RolloutAgent } from "./rolloutAgent.ts";
import { withClipping } from "./withClipping.ts";

const chainer = "ChainerRL examples/ale/train_a2c_ale.py";

export const a2cHyperparameters = {
  gamma: hp(0.99, "discount per environment step", chainer, { min: 0, max: 1, search: searchRanges.discount }),
  learningRate: hp(7e-4, "RMSprop's step size", chainer, { min: 0, search: searchRanges.stepSize }),
  rmspropDecay: hp(0.99, "weight of the past in RMSprop's mean of squared gradients", chainer, { min: 0, max: 0.9999 }),
  rmspropEps: hp(1e-5, "added to RMSprop's root of mean squared gradients", chainer),
  updateSteps: hp.integer(5, "steps of each environment between updates", chainer),
  entropyCoefficient: hp(0.01, "weight of the policy's entropy", chainer, { min: 0, search: searchRanges.entropy }),
  valueCoefficient: hp(0.5, "weight of the squared error of the value", chainer),
  policyCoefficient: hp(1, "weight of the policy's part of the loss", "ChainerRL pi_loss_coef"),
  usesGae: hp.boolean(false, "generalised advantage estimates instead of n-step returns", chainer),
  traceDecay: hp(0.95, "λ of generalised advantage estimates", "ChainerRL's tau", { min: 0, max: 1 }),
  maxGradNorm: hp.optional(0.5, "largest norm of the gradient over all parameters", chainer, { min: 0 }),
  rewardScale: hp(1, "multiplies rewards while learning", "Kusari"),
  sharesTrunk: hp.boolean(false, "policy and value function share the hidden layers", "Kusari, for vectors"),
  ...policyHyperparameters,
} as const;

export type A2CHyperparameters = HyperparameterValues<typeof a2cHyperparameters>;
export type A2COptions = PolicyAgentParts<ActorCritic> & Partial<A2CHyperparameters>;

export class A2C extends RolloutAgent<ActorCritic> {
  readonly name = "A2C";
  readonly hyperparameters: Readonly<A2CHyperparameters>;

  constructor(options: A2COptions) {
    const setup = preparePolicy("A2C", a2cHyperparameters, options);
    const h = setup.hyperparameters;
    super(
      setup,
      options,
      () => makeActorCritic(setup, h.sharesTrunk),
      () => withClipping(new RMSprop({ lr: h.learningRate, alpha: h.rmspropDecay, eps: h.rmspropEps }), h.maxGradNorm),
      h.updateSteps,
    );
    this.hyperparameters = h;
    this.declareAverages("averageValue", "averageEntropy", "averageActorLoss", "averageValueLoss", "averageLoss");
  }

  protected policyOf(model: ActorCritic, obs: Variable): Distribution {
    return model.actOn(obs);
  }

  update(): void {
    scope(this.#updateBody);
    this.updates++;
  }

  readonly #updateBody = (): void => {
    const { entropyCoefficient, valueCoefficient, policyCoefficient, usesGae, traceDecay } = this.hyperparameters;
    const batch = loadRollouts(this.rollouts);
    const { policy, value } = overStretches(this.model, batch, () => this.model.forward(batch.obs)); // value (rows)
    // Schulman et al. 2016, equation 16; with λ = 1, equation 18, they are n-step returns less values
    const advantage = noBackprop(() => generalizedAdvantages(batch, value.detach(), usesGae ? traceDecay : 1)); // (rows)
    const returns = noBackprop(() => advantage.add(value.detach())); // (rows)
    const logProb = policy.logProb(batch.action); // (rows)
    const entropy = policy.entropy; // (rows)
    const losses = actorCriticLoss(
      batch.isStep,
      logProb,
      policyCoefficient === 1 ? advantage : noBackprop(() => advantage.mul(policyCoefficient)),
      entropy,
      value,
      returns,
      entropyCoefficient,
      valueCoefficient,
    ); // (rows)
    const loss = sum(losses).mul(1 / batch.steps); // ()
    this.model.clearGrads();
    loss.backward();
    this.optimizer.update();
    noBackprop(() => {
      this.note("averageValue", value);
      this.note("averageEntropy", entropy);
      this.note("averageActorLoss", mean(logProb.mul(advantage).neg()));
      this.note("averageValueLoss", mean(advantage.mul(advantage)));
      this.note("averageLoss", loss);
    });
    this.requireFinite(loss);
  };
}

export const a2cSpec: AgentSpec = {
  id: "a2c",
  name: "A2C",
  paper: "Mnih et al. 2016; Wu et al. 2017, Scalable trust-region method for deep reinforcement learning",
  actionSpaces: ["Discrete", "Box"],
  recurrent: true,
  async: null,
  hyperparameters: a2cHyperparameters,
  create: ({ hyperparameters, ...parts }) => new A2C({ ...parts, ...hyperparameters }),
};
