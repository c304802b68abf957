/**
 * PPO, proximal policy optimisation with the clipped objective. Schulman, Wolski, Dhariwal, Radford, Klimov 2017,
 * "Proximal policy optimization algorithms".
 *
 * Differences from the paper:
 * 1. Advantages are standardised over all steps of an update (`standardizesAdvantages`).
 * 2. Where an episode was cut without an end, the return bootstraps from its last observation.
 * 3. The value may be kept near the old one (`valueClip`), observations be normalised (`normalizesObs`); nothing is annealed.
 * 4. The last minibatch of an epoch is left out where it would be smaller than the others.
 * 5. A recurrent network learns from sequences of at most `sequenceLength` steps; each begins with what it remembered there
 *    when it acted, and minibatches are of whole sequences, `minibatchSize` steps or somewhat more (as in PFRL).
 */
import { Adam, mean, noBackprop, scope, square, type Variable, variable } from "../autograd/index.ts";
import type { ActorCritic, Distribution } from "../nets/index.ts";
import type { Random } from "../random.ts";
import {
  clippedPolicyLoss,
  clippedValueLoss,
  generalizedAdvantages,
  standardize,
  stepVariance,
} from "../returns/index.ts";
import { savedStream } from "./actorAgent.ts";
import type { AgentSpec } from "./agent.ts";
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
import { withClipping } from "./withClipping.ts";

const paper = "Schulman et al. 2017, table 3";
const pfrl = "PFRL PPO";

export const ppoHyperparameters = {
  gamma: hp(0.99, "discount per environment step", paper, { min: 0, max: 1, search: searchRanges.discount }),
  learningRate: hp(3e-4, "Adam's step size", paper, { min: 0, search: searchRanges.stepSize }),
  adamEps: hp(1e-5, "added to Adam's root of second moments", "OpenAI Baselines' PPO"),
  updateInterval: hp.integer(2048, "steps of each environment between updates, the horizon T", paper),
  minibatchSize: hp.integer(64, "steps a gradient step learns from", paper, { min: 1, search: searchRanges.minibatch }),
  epochs: hp.integer(10, "times that each step is learned from", paper),
  clip: hp(0.2, "how far the policy's ratio may leave 1 at a profit, ε", paper, { min: 0 }),
  valueClip: hp.optional(null, "how far the value may leave the old one at a profit", pfrl, { min: 0 }),
  traceDecay: hp(0.95, "λ of generalised advantage estimates", paper, { min: 0, max: 1 }),
  valueCoefficient: hp(1, "weight of the squared error of the value, c₁", pfrl, { min: 0 }),
  entropyCoefficient: hp(0.01, "weight of the policy's entropy, c₂", pfrl, { min: 0, search: searchRanges.entropy }),
  standardizesAdvantages: hp.boolean(true, "shift and scale advantages to mean 0, variance 1", pfrl),
  normalizesObs: normalizesObsHyperparameter,
  maxGradNorm: hp.optional(0.5, "largest norm of the gradient over all parameters", "OpenAI Baselines' PPO", {
    min: 0,
  }),
  rewardScale: hp(1, "multiplies rewards while learning", "Kusari"),
  sharesTrunk: hp.boolean(false, "policy and value function share the hidden layers", "Schulman et al. 2017, sec. 6.1"),
  sequenceLength: hp.integer(32, "steps in a row that a recurrent network learns from, at most", "Kusari"),
  ...policyHyperparameters,
} as const;

export type PPOHyperparameters = HyperparameterValues<typeof ppoHyperparameters>;
export type PPOOptions = PolicyAgentParts<ActorCritic> & Partial<PPOHyperparameters>;

/** What the update keeps of the old policy, (rows) each. */
interface Old {
  readonly advantage: Variable;
  readonly returns: Variable;
  readonly logProb: Variable;
  readonly value: Variable;
}

export class PPO extends RolloutAgent<ActorCritic> {
  readonly name = "PPO";
  readonly hyperparameters: Readonly<PPOHyperparameters>;
  readonly #shuffling: Random;

  constructor(options: PPOOptions) {
    const setup = preparePolicy("PPO", ppoHyperparameters, options);
    const h = setup.hyperparameters;
    super(
      setup,
      options,
      () => makeActorCritic(setup, h.sharesTrunk),
      () => withClipping(new Adam({ alpha: h.learningRate, eps: h.adamEps }), h.maxGradNorm),
      h.updateInterval,
    );
    this.hyperparameters = h;
    this.#shuffling = setup.random.stream("shuffling");
    this.declareAverages("averageValue", "averageEntropy", "averageLoss", "averageValueLoss", "averagePolicyLoss");
    this.declareAverages("explainedVariance");
  }

  protected policyOf(model: ActorCritic, obs: Variable): Distribution {
    return model.actOn(obs);
  }

  override requireEnvs(n: number): void {
    requireMinibatch("PPO", this.hyperparameters, n);
  }

  /** Optimise surrogate L with respect to θ, with K epochs and minibatch size M: algorithm 1, behind the acting. */
  update(): void {
    const { epochs, minibatchSize, sequenceLength } = this.hyperparameters;
    const order = sequencesOf(this.rollouts, this.stateSize > 0 ? sequenceLength : 1);
    scope(() => {
      const batch = inSequences(loadRollouts(this.rollouts), order);
      const old = noBackprop(() => this.#evaluate(batch));
      for (let epoch = 0; epoch < epochs; epoch++) {
        for (const minibatch of minibatches(order, minibatchSize, this.#shuffling)) {
          scope(() => this.#learnFrom(batch, old, minibatch));
          this.updates++;
        }
      }
    });
  }

  /** What the policy and the values were, and advantage estimates Â_1 … Â_T. */
  #evaluate(batch: RolloutBatch): Old {
    const { traceDecay, standardizesAdvantages } = this.hyperparameters;
    const { steps } = batch;
    const { policy, value } = overStretches(this.model, batch, () => this.model.forward(batch.obs)); // value (rows)
    const raw = generalizedAdvantages(batch, value, traceDecay); // (rows), equation 11
    const returns = raw.add(value); // (rows)
    const advantage = standardizesAdvantages ? standardize(raw, batch, steps) : raw;
    const variance = (x: Variable) => stepVariance(x, batch, steps); // ()
    // 1 − Var(G − V) / Var(G)
    this.note("explainedVariance", variance(raw).div(variance(returns).add(1e-8)).neg().add(1));
    return { advantage, returns, logProb: policy.logProb(batch.action), value };
  }

  #learnFrom(batch: RolloutBatch, old: Old, minibatch: readonly RowSequence[]): void {
    const { clip, valueClip, valueCoefficient, entropyCoefficient } = this.hyperparameters;
    const rows = variable(minibatch.flat()); // (minibatch)
    const { policy, value } = overMinibatch(this.model, batch, minibatch, rows, (obs) => this.model.forward(obs)); // value (minibatch)
    const logProb = policy.logProb(rowsOf(batch.action, rows)); // (minibatch)
    const entropy = policy.entropy; // (minibatch)
    const returns = rowsOf(old.returns, rows); // (minibatch)
    // L^CLIP, equation 7
    const policyLoss = mean(clippedPolicyLoss(logProb, rowsOf(old.logProb, rows), rowsOf(old.advantage, rows), clip));
    const valueError =
      valueClip === null
        ? square(value.sub(returns))
        : clippedValueLoss(value, rowsOf(old.value, rows), returns, valueClip); // (minibatch)
    const valueLoss = mean(valueError); // ()
    // L^CLIP − c₁ L^VF + c₂ S, equation 9, with the sign of a loss
    const loss = policyLoss.add(valueLoss.mul(valueCoefficient)).sub(mean(entropy).mul(entropyCoefficient)); // ()
    this.model.clearGrads();
    loss.backward();
    this.optimizer.update();
    this.note("averageValue", value);
    this.note("averageEntropy", entropy);
    this.note("averagePolicyLoss", policyLoss);
    this.note("averageValueLoss", valueLoss);
    this.note("averageLoss", loss);
    this.requireFinite(loss);
  }

  protected override saved() {
    return { ...super.saved(), shuffling: savedStream(this.#shuffling) };
  }
}

export const ppoSpec: AgentSpec = {
  id: "ppo",
  name: "PPO",
  paper: "Schulman et al. 2017, Proximal policy optimization algorithms",
  actionSpaces: ["Discrete", "Box"],
  recurrent: true,
  async: null,
  hyperparameters: ppoHyperparameters,
  create: ({ hyperparameters, ...parts }) => new PPO({ ...parts, ...hyperparameters }),
};
