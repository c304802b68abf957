/**
 * TRPO, trust region policy optimisation. Schulman, Levine, Moritz, Jordan, Abbeel 2015, "Trust region policy
 * optimization"; advantages as in Schulman, Moritz, Levine, Jordan, Abbeel 2016, "High-dimensional continuous control
 * using generalized advantage estimation".
 *
 * Differences from the papers:
 * 1. The value function is fitted by Adam in minibatches, not in a trust region of its own.
 * 2. Products with the Fisher matrix are second derivatives of the divergence in all steps, not in a tenth of them.
 * 3. Advantages are standardised (`standardizesAdvantages`), and entropy may be rewarded (`entropyCoefficient`).
 * 4. All steps of the line search are tried and the longest good one is taken, so that nothing is read from the device.
 * 5. A recurrent network learns from sequences of at most `sequenceLength` steps; each begins with what it remembered there
 *    when it acted.
 */
import {
  Adam,
  div,
  exp,
  forceBackprop,
  grad,
  greater,
  type Link,
  lessEqual,
  maximum,
  mean,
  mul,
  noBackprop,
  scope,
  sqrt,
  square,
  sum,
  type Variable,
  variable,
} from "../autograd/index.ts";
import { UsageError } from "../errors.ts";
import { type Distribution, SeparateActorCritic } from "../nets/index.ts";
import type { Random } from "../random.ts";
import { generalizedAdvantages, standardize } from "../returns/index.ts";
import { savedStream } from "./actorAgent.ts";
import type { AgentSpec } from "./agent.ts";
import { addScaled, conjugateGradients, innerProduct, type ParameterVector } from "./conjugateGradients.ts";
import { overStretches } from "./hiddenState.ts";
import { type HyperparameterValues, hp, searchRanges } from "./hyperparameters.ts";
import { normalizesObsHyperparameter } from "./observationNormalizer.ts";
import { makeActorCritic, type PolicyAgentParts, policyHyperparameters, preparePolicy } from "./policyAgent.ts";
import { loadRollouts, type RolloutBatch } from "./rollout.ts";
import { RolloutAgent } from "./rolloutAgent.ts";
import {
  inSequences,
  minibatches,
  overMinibatch,
  type RowSequence,
  requireMinibatch,
  rowsOf,
  sequencesOf,
} from "./rolloutMinibatches.ts";

const paper = "Schulman et al. 2015, section 8";
const pfrl = "PFRL TRPO";

export const trpoHyperparameters = {
  gamma: hp(0.995, "discount per environment step", "Schulman et al. 2016", {
    min: 0,
    max: 1,
    search: searchRanges.discount,
  }),
  updateInterval: hp.integer(2048, "steps of each environment between updates", pfrl),
  maxKl: hp(0.01, "largest mean divergence of the new policy from the old one, δ", paper, { min: 1e-8 }),
  traceDecay: hp(0.97, "λ of generalised advantage estimates", "Schulman et al. 2016", { min: 0, max: 1 }),
  entropyCoefficient: hp(0.01, "weight of the policy's entropy", pfrl, { min: 0, search: searchRanges.entropy }),
  standardizesAdvantages: hp.boolean(true, "shift and scale advantages to mean 0, variance 1", pfrl),
  normalizesObs: normalizesObsHyperparameter,
  conjugateGradientSteps: hp.integer(10, "iterations that look for the natural gradient", paper),
  damping: hp(0.01, "added to the Fisher matrix's diagonal", pfrl, { min: 0 }),
  lineSearchSteps: hp.integer(10, "times that the step is halved, at most", pfrl),
  epochs: hp.integer(3, "times that the value function learns from each step", pfrl),
  minibatchSize: hp.integer(64, "steps a gradient step of the value function learns from", pfrl, {
    min: 1,
    search: searchRanges.minibatch,
  }),
  valueLearningRate: hp(1e-3, "Adam's step size for the value function", pfrl, {
    min: 0,
    search: searchRanges.stepSize,
  }),
  rewardScale: hp(1, "multiplies rewards while learning", "Kusari"),
  sequenceLength: hp.integer(32, "steps in a row that a recurrent network learns from, at most", "Kusari"),
  ...policyHyperparameters,
} as const;

export type TRPOHyperparameters = HyperparameterValues<typeof trpoHyperparameters>;
/** `optimizer` is the value function's; a `model` of the program's own must have a network each for policy and value. */
export type TRPOOptions = PolicyAgentParts<SeparateActorCritic> & Partial<TRPOHyperparameters>;

export class TRPO extends RolloutAgent<SeparateActorCritic> {
  readonly name = "TRPO";
  readonly hyperparameters: Readonly<TRPOHyperparameters>;
  readonly #shuffling: Random;

  constructor(options: TRPOOptions) {
    const setup = preparePolicy("TRPO", trpoHyperparameters, options);
    const h = setup.hyperparameters;
    if (options.model && !(options.model instanceof SeparateActorCritic)) {
      throw new UsageError(
        "TRPO: policy and value function must not share layers, since only the policy's keep to the trust region; got a model that is no SeparateActorCritic. Make one of two networks.",
      );
    }
    super(
      setup,
      options,
      () => makeActorCritic(setup, false) as SeparateActorCritic,
      () => new Adam({ alpha: h.valueLearningRate }),
      h.updateInterval,
    );
    this.hyperparameters = h;
    this.#shuffling = setup.random.stream("shuffling");
    this.declareAverages("averageValue", "averageEntropy", "averageLoss", "averageKl", "averageStepShare");
  }

  protected override get optimized(): Link {
    return this.model.valueFunction;
  }

  protected policyOf(model: SeparateActorCritic, obs: Variable): Distribution {
    return model.actOn(obs);
  }

  override requireEnvs(n: number): void {
    requireMinibatch("TRPO", this.hyperparameters, n);
  }

  /** Section 6: estimates of Q and of the objective, then a step within the trust region. */
  update(): void {
    const { traceDecay, standardizesAdvantages, sequenceLength } = this.hyperparameters;
    const order = sequencesOf(this.rollouts, this.stateSize > 0 ? sequenceLength : 1);
    scope(() => {
      const batch = inSequences(loadRollouts(this.rollouts), order);
      const { advantage, returns, value } = noBackprop(() => {
        const value = overStretches(this.model, batch, () => this.model.valueFunction.forward(batch.obs)); // (rows)
        const raw = generalizedAdvantages(batch, value, traceDecay); // (rows)
        const advantage = standardizesAdvantages ? standardize(raw, batch, batch.steps) : raw;
        return { advantage, returns: raw.add(value), value };
      });
      this.note("averageValue", value);
      this.#improvePolicy(batch, advantage);
      this.#fitValue(batch, returns, order);
    });
    this.updates++;
  }

  /** The mean over steps of x (rows). */
  #meanOf(batch: RolloutBatch, x: Variable): Variable {
    return sum(mul(batch.isStep, x)).mul(1 / batch.steps);
  }

  /** maximise L_θold(θ) subject to D_KL(θ_old, θ) ≤ δ, equation 14; appendix C says how. */
  #improvePolicy(batch: RolloutBatch, advantage: Variable): void {
    const { maxKl, damping, conjugateGradientSteps, lineSearchSteps, entropyCoefficient } = this.hyperparameters;
    const { policy: network } = this.model;
    const parameters = network.parameters();
    const forward = () => overStretches(this.model, batch, () => network.forward(batch.obs));
    const policy = forward();
    const old = policy.detach();
    const oldLogProb = noBackprop(() => old.logProb(batch.action)); // (rows)
    const kl = (of: Distribution) => this.#meanOf(batch, old.kl(of)); // ()
    const entropyOf = (of: Distribution) => this.#meanOf(batch, of.entropy); // ()
    // (): mean of π_θ(a | s) / π_θold(a | s) · Â, and of the entropy
    const objective = (of: Distribution) =>
      this.#meanOf(batch, mul(exp(of.logProb(batch.action).sub(oldLogProb)), advantage)).add(
        entropyOf(of).mul(entropyCoefficient),
      );
    const before = objective(policy); // ()
    this.requireFinite(before);
    const gradient = grad([before], parameters); // g
    const slope = grad([kl(policy)], parameters, { createGraph: true }); // 0 in numbers, but not its derivative
    // A v = ∂ (∂ D_KL / ∂θ · v) / ∂θ, and some of v itself
    const fisherTimes = (v: ParameterVector): ParameterVector =>
      scope(() => {
        const along = forceBackprop(() => innerProduct(slope, v)); // ()
        return grad([along], parameters).map((product, i) => product.add(v[i]!.mul(damping)));
      });
    noBackprop(() => {
      const direction = conjugateGradients(fisherTimes, gradient, conjugateGradientSteps);
      // β s with D_KL ≈ ½ (β s)ᵀ A (β s) = δ
      const curvature = innerProduct(direction, fisherTimes(direction));
      const length = sqrt(div(variable(2 * maxKl), maximum(curvature, variable(1e-30)))); // ()
      const start = parameters.map((parameter) => parameter.add(0));
      const moveTo = (share: Variable) => {
        const there = addScaled(start, direction, length.mul(share));
        parameters.forEach((parameter, i) => void parameter.copyFrom(there[i]!));
      };
      let best = variable(0); // (): the longest share of the step that improves the objective within the trust region
      for (let i = 0; i < lineSearchSteps; i++) {
        best = scope(() => {
          const share = 0.5 ** i;
          moveTo(variable(share));
          const next = forward();
          const isBetter = greater(objective(next), before); // ()
          const isNear = lessEqual(kl(next), variable(maxKl)); // ()
          return maximum(best, isBetter.mul(isNear).mul(share));
        });
      }
      moveTo(best);
      const reached = forward();
      this.note("averageStepShare", best);
      this.note("averageKl", kl(reached));
      this.note("averageEntropy", entropyOf(reached));
    });
  }

  /** Least squares of the returns. */
  #fitValue(batch: RolloutBatch, returns: Variable, order: RowSequence[]): void {
    const { epochs, minibatchSize } = this.hyperparameters;
    const { valueFunction } = this.model;
    for (let epoch = 0; epoch < epochs; epoch++) {
      for (const minibatch of minibatches(order, minibatchSize, this.#shuffling)) {
        scope(() => {
          const rows = variable(minibatch.flat()); // (minibatch)
          const value = overMinibatch(this.model, batch, minibatch, rows, (obs) => valueFunction.forward(obs));
          const loss = mean(square(value.sub(rowsOf(returns, rows)))); // ()
          valueFunction.clearGrads();
          loss.backward();
          this.optimizer.update();
          this.note("averageLoss", loss);
          this.requireFinite(loss);
        });
        this.updates++;
      }
    }
  }

  protected override saved() {
    return { ...super.saved(), shuffling: savedStream(this.#shuffling) };
  }
}

export const trpoSpec: AgentSpec = {
  id: "trpo",
  name: "TRPO",
  paper: "Schulman et al. 2015, Trust region policy optimization",
  actionSpaces: ["Discrete", "Box"],
  recurrent: true,
  async: null,
  hyperparameters: trpoHyperparameters,
  create: ({ hyperparameters, ...parts }) => new TRPO({ ...parts, ...hyperparameters }),
};
