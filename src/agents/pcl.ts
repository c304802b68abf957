/**
 * PCL, path consistency learning. Nachum, Norouzi, Xu, Schuurmans 2017, "Bridging the gap between value and policy based
 * reinforcement learning".
 *
 * Differences from the paper:
 * 1. Replayed episodes are drawn uniformly unless `sampling` is "prioritized": by their returns, as in the paper.
 * 2. Off-policy updates learn from stretches of at most `tMax` steps, all paths within at once.
 * 3. The end of the path takes no part in the value's gradient where `backpropagatesFutureValues` is off (ChainerRL).
 * 4. Losses are divided by the number of steps unless `normalizesBySteps` is off, so that their scale is not that of
 *    episodes' lengths (ChainerRL).
 * 5. A recurrent network begins a replayed stretch with what the one that acted remembered there, as in Kapturowski et
 *    al. 2019, "Recurrent experience replay in distributed reinforcement learning": their stored state.
 */
import { Adam, mul, noBackprop, scope, sum, type Variable } from "../autograd/index.ts";
import type { ActorCritic, Distribution } from "../nets/index.ts";
import { EpisodicTrajectories } from "../replay/index.ts";
import { pathConsistency } from "../returns/index.ts";
import type { AgentSpec, Observation } from "./agent.ts";
import { overStretches } from "./hiddenState.ts";
import { type HyperparameterValues, hp, searchRanges } from "./hyperparameters.ts";
import {
  makeActorCritic,
  PolicyAgent,
  type PolicyAgentParts,
  policyHyperparameters,
  preparePolicy,
} from "./policyAgent.ts";
import { loadRollouts, Rollout, type RolloutBatch } from "./rollout.ts";
import { withClipping } from "./withClipping.ts";

const chainer = "ChainerRL PCL";

export const pclHyperparameters = {
  gamma: hp(0.99, "discount per environment step", chainer, { min: 0, max: 1, search: searchRanges.discount }),
  learningRate: hp(1e-3, "Adam's step size", "Kingma & Ba 2015", { min: 0, search: searchRanges.stepSize }),
  adamEps: hp(1e-8, "added to Adam's root of second moments", "Kingma & Ba 2015", { min: 0 }),
  temperature: hp(0.01, "weight of the policy's entropy, τ", chainer, { min: 1e-6, search: searchRanges.entropy }),
  rolloutLength: hp.integer(10, "steps of a path, d", chainer),
  tMax: hp.optional(null, "environment steps between updates, at most; none: an episode", chainer, { min: 1 }),
  policyCoefficient: hp(1, "weight of the policy's gradient, η_π over the learning rate", chainer, { min: 0 }),
  valueCoefficient: hp(0.5, "weight of the value's gradient, η_v over the learning rate", chainer, { min: 0 }),
  backpropagatesFutureValues: hp.boolean(true, "learn the value at the path's end too", "Nachum et al. 2017, eq. 21"),
  normalizesBySteps: hp.boolean(true, "divide losses by the steps they are of", chainer),
  learnsOnline: hp.boolean(true, "update on the steps just taken", chainer),
  replays: hp.integer(1, "replayed updates after each time of acting; 0 for none", chainer, { min: 0 }),
  replayBatch: hp.integer(1, "episodes, or stretches of tMax steps, of a replayed update", chainer),
  sampling: hp.choice(["uniform", "prioritized"], "uniform", "how replayed episodes are drawn", "ChainerRL PCL"),
  returnWeight: hp(
    1,
    "prioritized: α in e^(α · scaled return), what makes an episode likelier",
    "ChainerRL's PCL example",
    {
      min: 0,
    },
  ),
  replayStartSize: hp.integer(100, "steps in the replay buffer before the first replayed update", chainer),
  replayCapacity: hp.integer(100_000, "steps the replay buffer keeps", "Kusari, for vectors"),
  maxGradNorm: hp.optional(null, "largest norm of the gradient over all parameters", chainer, { min: 0 }),
  rewardScale: hp(1, "multiplies rewards while learning", "Kusari"),
  sharesTrunk: hp.boolean(false, "policy and value function share the hidden layers", "Kusari, for vectors"),
  ...policyHyperparameters,
} as const;

export type PCLHyperparameters = HyperparameterValues<typeof pclHyperparameters>;
export type PCLOptions = PolicyAgentParts<ActorCritic> &
  Partial<PCLHyperparameters> & { readonly replay?: EpisodicTrajectories };

export class PCL extends PolicyAgent<ActorCritic> {
  readonly name = "PCL";
  readonly hyperparameters: Readonly<PCLHyperparameters>;
  readonly replay: EpisodicTrajectories;
  /** What was replayed. */
  readonly #replayed: Rollout;

  constructor(options: PCLOptions) {
    const setup = preparePolicy("PCL", pclHyperparameters, options, ["replay"]);
    const { hyperparameters: h, obsShape, obsSize, actionSize, random } = setup;
    const rows = (h.tMax ?? 512) + 1;
    super(
      setup,
      options,
      () => makeActorCritic(setup, h.sharesTrunk),
      () => withClipping(new Adam({ alpha: h.learningRate, eps: h.adamEps }), h.maxGradNorm),
      rows,
    );
    this.hyperparameters = h;
    this.replay =
      options.replay ??
      new EpisodicTrajectories({
        capacity: h.replayCapacity,
        obsSize,
        actionSize,
        extraSize: this.stateSize,
        returnWeight: h.sampling === "prioritized" ? h.rewardScale * h.returnWeight : 0,
        random: random.stream("replay"),
      });
    this.#replayed = new Rollout(obsShape, this.actionShape, h.replayBatch * rows, 0, this.stateSize);
    this.declareAverages("averageValue", "averageEntropy", "averageLoss");
  }

  protected policyOf(model: ActorCritic, obs: Variable): Distribution {
    return model.actOn(obs);
  }

  protected isDue(rollout: Rollout, isOver: boolean): boolean {
    return isOver || rollout.steps === this.hyperparameters.tMax;
  }

  protected override learn(nextObs: Observation, reward: number, terminated: boolean, truncated: boolean): void {
    const { lastObs, lastAction, hidden } = this;
    this.replay.append(lastObs, lastAction, reward, nextObs, terminated, truncated, hidden?.before);
    super.learn(nextObs, reward, terminated, truncated);
  }

  /** Algorithm 1, behind the acting: a gradient step on the rollout just taken, then replayed ones. */
  update(): void {
    const { learnsOnline, replays, replayStartSize } = this.hyperparameters;
    if (learnsOnline) this.#learnFrom(this.rollouts);
    if (this.replay.size < replayStartSize) return;
    for (let i = 0; i < replays; i++) this.#replay();
  }

  #replay(): void {
    const { replayBatch, tMax, gamma, rewardScale } = this.hyperparameters;
    this.#replayed.clear();
    for (let i = 0; i < replayBatch; i++) {
      const stretch = this.replay.draw(tMax ?? Number.POSITIVE_INFINITY);
      this.#replayed.appendStretch(stretch, gamma, rewardScale);
    }
    this.#learnFrom([this.#replayed]);
  }

  #learnFrom(rollouts: readonly Rollout[]): void {
    scope(() => this.#learnFromBatch(loadRollouts(rollouts)));
    this.countUpdate();
  }

  #learnFromBatch(batch: RolloutBatch): void {
    const { temperature, rolloutLength, policyCoefficient, valueCoefficient, ...h } = this.hyperparameters;
    const { policy, value } = overStretches(this.model, batch, () => this.model.forward(batch.obs)); // value (rows)
    const logProb = policy.logProb(batch.action); // (rows)
    const entropy = noBackprop(() => policy.detach().entropy); // (rows)
    const value0 = value.detach();
    const residual = (v: Variable, nextValue: Variable, lnPi: Variable) =>
      pathConsistency(batch, { value: v, nextValue, logProb: lnPi }, temperature, rolloutLength); // (rows)
    // Δθ = η_π C(s_(i:i+d), θ, φ) Σ_j γ^j ∇_θ log π_θ(a_(i+j) | s_(i+j)), equation 20: the gradient of −C² / 2τ
    const cPolicy = residual(value0, value0, logProb);
    // Δφ = η_v C(s_(i:i+d), θ, φ) (∇_φ V_φ(s_i) − γ^d ∇_φ V_φ(s_(i+d))), equation 21: the gradient of −C² / 2
    const cValue = residual(value, h.backpropagatesFutureValues ? value : value0, logProb.detach());
    const scale = 0.5 / (h.normalizesBySteps ? batch.steps : h.replayBatch);
    const policyLoss = sum(mul(cPolicy, cPolicy)).mul((scale * policyCoefficient) / temperature); // ()
    const loss = sum(mul(cValue, cValue))
      .mul(scale * valueCoefficient)
      .add(policyLoss); // ()
    this.model.clearGrads();
    loss.backward();
    this.optimize(this.optimizer);
    this.note("averageValue", value);
    this.note("averageEntropy", entropy);
    this.note("averageLoss", loss);
    this.requireFinite(loss);
  }

  protected override forgetEpisode(): void {
    super.forgetEpisode();
    this.replay.stopEpisode();
  }

  protected override saved() {
    return { ...super.saved(), replay: this.replay };
  }
}

export const pclSpec: AgentSpec = {
  id: "pcl",
  name: "PCL",
  paper: "Nachum et al. 2017, Bridging the gap between value and policy based reinforcement learning",
  actionSpaces: ["Discrete", "Box"],
  recurrent: true,
  async: "shared",
  hyperparameters: pclHyperparameters,
  create: ({ hyperparameters, ...parts }) => new PCL({ ...parts, ...hyperparameters }),
};
