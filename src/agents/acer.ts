/**
 * ACER, actor–critic with experience replay. Wang, Bapst, Heess, Mnih, Munos, Kavukcuoglu, de Freitas 2017, "Sample
 * efficient actor-critic with experience replay". Here what it is for all actions: fresh and replayed steps, and the
 * trust region; discreteACER.ts and continuousACER.ts have the gradients.
 *
 * Differences from the paper:
 * 1. One actor unless train is told `actors`; a replay buffer for each, as in the paper.
 * 2. The trust region is one of logits, not of probabilities; of means and logarithms of variances (as in ChainerRL).
 * 3. Gradients of a stretch are averaged over its steps, not summed, and their norm is limited by default.
 * 4. The entropy's gradient is added behind the trust region (as in ChainerRL).
 * 5. The average policy is one of the parameters that act, updated after each gradient step.
 * 6. Perceptrons for vector observations, which policy and q-function do not share.
 * 7. A recurrent network begins a replayed stretch with what the one that acted remembered there (the stored state of
 *    Kapturowski et al. 2019, "Recurrent experience replay in distributed reinforcement learning"), the average policy too.
 * 8. Advantages of continuous actions are of Q^ret, as those of discrete ones, unless `usesQopc` is on (as in ChainerRL):
 *    Q^opc leaves uncorrected how far older steps are from the policy.
 */
import { grad, type Link, mul, noBackprop, RMSpropAsync, scope, sum, type Variable } from "../autograd/index.ts";
import { activationNames, type Distribution, type Policy } from "../nets/index.ts";
import type { Random } from "../random.ts";
import { EpisodicTrajectories } from "../replay/index.ts";
import { trustRegionStep } from "../returns/index.ts";
import { savedStream } from "./actorAgent.ts";
import type { Observation } from "./agent.ts";
import type { Setup } from "./agentSetup.ts";
import { overStretches } from "./hiddenState.ts";
import { type HyperparameterValues, hp, searchRanges } from "./hyperparameters.ts";
import { PolicyAgent, type PolicyAgentParts, policyHyperparameters, preparePolicy } from "./policyAgent.ts";
import { loadRollouts, Rollout, type RolloutBatch } from "./rollout.ts";
import { withClipping } from "./withClipping.ts";

const paper = "Wang et al. 2017, section 4";
const chainer = "ChainerRL ACER";

export const acerHyperparameters = {
  gamma: hp(0.99, "discount per environment step", paper, { min: 0, max: 1, search: searchRanges.discount }),
  learningRate: hp(7e-4, "RMSprop's step size", "ChainerRL examples/ale/train_acer_ale.py", {
    min: 0,
    search: searchRanges.stepSize,
  }),
  rmspropDecay: hp(0.99, "weight of the past in RMSprop's mean of squared gradients", paper, { min: 0, max: 0.9999 }),
  rmspropEps: hp(1e-5, "added to RMSprop's mean of squared gradients, inside the root", "OpenAI Baselines' ACER"),
  tMax: hp.integer(50, "steps of a stretch that an update learns from, at most", paper),
  beta: hp(1e-3, "weight of the policy's entropy", paper, { min: 0 }),
  qCoefficient: hp(0.5, "weight of the squared error of q", chainer, { min: 0 }),
  usesTrustRegion: hp.boolean(true, "keep near the average policy", paper),
  trustRegionDecay: hp(0.99, "weight of the past in the average policy's parameters, α", paper, { min: 0, max: 1 }),
  trustRegionDelta: hp(1, "how much the divergence from the average policy may grow, δ", paper, { min: 0 }),
  truncation: hp(10, "largest importance weight, c", paper, { min: 0 }),
  usesQopc: hp.boolean(false, "advantages of returns that no trace cuts; the paper's for continuous actions", chainer),
  dualSamples: hp.integer(5, "drawn actions in a stochastic dueling network, n", "Wang et al. 2017, section 5"),
  learnsOnline: hp.boolean(true, "update on the steps just taken", "Wang et al. 2017, algorithm 1"),
  replays: hp(4, "replayed updates after each fresh one, in the mean of a Poisson distribution", paper, { min: 0 }),
  replayStartSize: hp.integer(1_000, "steps in the replay buffer before the first replayed update", "Kusari"),
  replayCapacity: hp.integer(50_000, "steps the replay buffer keeps", paper),
  maxGradNorm: hp.optional(10, "largest norm of the gradient over all parameters", "OpenAI Baselines' ACER", {
    min: 0,
  }),
  rewardScale: hp(1, "multiplies rewards while learning", "Kusari"),
  ...policyHyperparameters,
  activation: hp.choice(activationNames, "tanh", "activation of the hidden layers", "OpenAI Baselines' MLP"),
  boundsMean: hp.boolean(
    false,
    "keep the mean of continuous actions within their bounds",
    "Kusari; ChainerRL examples/gym/train_acer_gym.py has it on",
  ),
} as const;

export type ACERHyperparameters = HyperparameterValues<typeof acerHyperparameters>;
export type ACERSetup = Setup<ACERHyperparameters>;

/** A network with a policy in it. */
export type ACERModel = Link & { readonly policy: Policy; actOn(obs: Variable): Distribution };

export interface ACERParts<Model> extends PolicyAgentParts<Model> {
  /** A network built like `model`, which has to come with it: the average policy. */
  readonly averageModel?: Model;
  readonly replay?: EpisodicTrajectories;
}
export type ACEROptions<Model> = ACERParts<Model> & Partial<ACERHyperparameters>;

/** What an update follows, besides the trust region. */
export interface ACERGradients {
  readonly policy: Distribution;
  /** (rows): state values, for statistics. */
  readonly value: Variable;
  /** (): what the policy's gradient is that of, given the policy's distribution with new leaves. */
  readonly objective: (policy: Distribution) => Variable;
  /** (): the sum of the critic's losses over the steps. */
  readonly criticLoss: Variable;
}

export function prepareACER<Model>(kind: "Discrete" | "Box", options: ACEROptions<Model>): ACERSetup {
  return preparePolicy("ACER", acerHyperparameters, options, ["averageModel", "replay"], [kind]);
}

export abstract class ACER<Model extends ACERModel> extends PolicyAgent<Model> {
  readonly name = "ACER";
  readonly hyperparameters: Readonly<ACERHyperparameters>;
  /** φ_θa, the average policy, in the whole model. */
  readonly averageModel: Model;
  readonly replay: EpisodicTrajectories;
  readonly #replayed: Rollout;
  readonly #replayCounts: Random;
  /** (behaviour + state): what the replay buffer keeps with a step. */
  readonly #kept: Float32Array;

  protected constructor(setup: ACERSetup, options: ACEROptions<Model>, make: () => Model, behaviourSize: number) {
    const { hyperparameters: h, obsShape, obsSize, actionSize, random } = setup;
    const rmsprop = () => new RMSpropAsync({ lr: h.learningRate, alpha: h.rmspropDecay, eps: h.rmspropEps });
    super(setup, options, make, () => withClipping(rmsprop(), h.maxGradNorm), h.tMax + 1, behaviourSize);
    this.hyperparameters = h;
    this.averageModel = options.averageModel ?? make();
    this.averageModel.copyParametersFrom(this.model);
    this.replay =
      options.replay ??
      new EpisodicTrajectories({
        capacity: h.replayCapacity,
        obsSize,
        actionSize,
        extraSize: behaviourSize + this.stateSize,
        random: random.stream("replay"),
      });
    this.#replayed = new Rollout(obsShape, this.actionShape, h.tMax + 1, behaviourSize, this.stateSize);
    this.#replayCounts = random.stream("replays");
    this.#kept = new Float32Array(behaviourSize + this.stateSize);
    this.declareAverages("averageValue", "averageEntropy", "averageKl", "averageLoss");
  }

  /** The gradients of algorithm 2 or 3 on a stretch of steps. */
  protected abstract evaluate(batch: RolloutBatch): ACERGradients;

  protected policyOf(model: Model, obs: Variable): Distribution {
    return model.actOn(obs);
  }

  protected isDue(rollout: Rollout, isOver: boolean): boolean {
    return isOver || rollout.steps === this.hyperparameters.tMax;
  }

  protected override learn(nextObs: Observation, reward: number, terminated: boolean, truncated: boolean): void {
    const { lastObs, lastAction, hidden } = this;
    this.#kept.set(this.behaviour);
    if (hidden) this.#kept.set(hidden.before, this.behaviour.length);
    this.replay.append(lastObs, lastAction, reward, nextObs, terminated, truncated, this.#kept);
    super.learn(nextObs, reward, terminated, truncated);
  }

  /** Algorithm 1: ACER on-policy, then n ∼ Poisson(r) times off-policy. */
  update(): void {
    const { learnsOnline, replayStartSize, tMax, gamma, rewardScale } = this.hyperparameters;
    if (learnsOnline) this.#learnFrom(this.rollouts);
    if (this.replay.size < replayStartSize) return;
    for (let n = this.#drawReplays(); n > 0; n--) {
      this.#replayed.clear();
      this.#replayed.appendStretch(this.replay.draw(tMax), gamma, rewardScale);
      this.#learnFrom([this.#replayed]);
    }
  }

  /** Knuth's way to draw from a Poisson distribution (The Art of Computer Programming 2, section 3.4.1). */
  #drawReplays(): number {
    const least = Math.exp(-this.hyperparameters.replays);
    let n = 0;
    for (let product = this.#replayCounts.random(); product > least; product *= this.#replayCounts.random()) n++;
    return n;
  }

  #learnFrom(rollouts: readonly Rollout[]): void {
    scope(() => this.#learnFromBatch(loadRollouts(rollouts)));
    this.countUpdate();
    // θ_a ← α θ_a + (1 − α) θ
    this.sharing?.pullTargets();
    this.averageModel.softCopyParametersFrom(this.model, 1 - this.hyperparameters.trustRegionDecay);
    this.sharing?.publishTargets(this.steps);
  }

  #learnFromBatch(batch: RolloutBatch): void {
    const { beta, qCoefficient } = this.hyperparameters;
    const { policy, value, objective, criticLoss } = overStretches(this.model, batch, () => this.evaluate(batch));
    const z = this.#step(batch, policy, objective); // (rows, n) each
    // dθ ← dθ + ∂φ_θ(x_i) / ∂θ · z, as the gradient of −Σ φ·z
    const policyLoss = policy.statistics
      .map((statistic, i) => sum(mul(statistic, z[i]!)))
      .reduce((a, b) => a.add(b))
      .add(sum(mul(batch.isStep, policy.entropy)).mul(beta)); // ()
    const loss = criticLoss
      .mul(qCoefficient)
      .sub(policyLoss)
      .mul(1 / batch.steps); // ()
    this.model.clearGrads();
    loss.backward();
    this.optimize(this.optimizer);
    this.note("averageValue", value);
    this.note(
      "averageEntropy",
      noBackprop(() => policy.detach().entropy),
    );
    this.note("averageLoss", loss);
    this.requireFinite(loss);
  }

  /** The step g of the distribution's statistics, within the trust region. */
  #step(batch: RolloutBatch, policy: Distribution, objective: (policy: Distribution) => Variable): Variable[] {
    const { usesTrustRegion, trustRegionDelta } = this.hyperparameters;
    const leaves = policy.statistics.map((statistic) => {
      const leaf = statistic.detach();
      leaf.requiresGrad = true;
      return leaf;
    });
    const free = policy.withStatistics(leaves);
    const g = grad([objective(free)], leaves); // (rows, n) each
    if (!usesTrustRegion) return g;
    const { averageModel } = this;
    const average = noBackprop(() => overStretches(averageModel, batch, () => averageModel.policy.forward(batch.obs)));
    const kl = mul(batch.isStep, average.kl(free)); // (rows)
    this.note("averageKl", kl);
    const k = grad([sum(kl)], leaves); // ∇_φ D_KL[f(· | φ_θa(x_i)) ‖ f(· | φ_θ′(x_i))]
    // z = g − max(0, (k·g − δ) / ‖k‖²) k
    return noBackprop(() => trustRegionStep(g, k, trustRegionDelta));
  }

  protected override forgetEpisode(): void {
    super.forgetEpisode();
    this.replay.stopEpisode();
  }

  protected override models(): Record<string, Link> {
    return { ...super.models(), averageModel: this.averageModel };
  }

  protected override saved() {
    return { ...super.saved(), replay: this.replay, replays: savedStream(this.#replayCounts) };
  }
}
