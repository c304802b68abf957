/**
 * REINFORCE. Williams 1992, "Simple statistical gradient-following algorithms for connectionist reinforcement learning".
 *
 * Differences from the paper:
 * 1. Each step is credited with the return that follows it (Sutton & Barto 2018, section 13.3), not with the episode's.
 * 2. Entropy may be rewarded (`beta`; Williams & Peng 1991), and several episodes make one update.
 * 3. The baseline is the mean of the returns in the batch, and returns are divided by their standard deviation there
 *    (`standardizesReturns`), so that the learning rate is in no relation to the size of rewards.
 * 4. Where an episode was cut without an end its return is what was seen of it: there is no value to bootstrap from.
 * 5. Adam, and perceptrons for vector observations: pass `optimizer` and `model` for others.
 */
import { Adam, defineOp, noBackprop, scope, sum, type Variable } from "../autograd/index.ts";
import { type Distribution, mlpPolicy, type Policy } from "../nets/index.ts";
import { lambdaReturns, standardize } from "../returns/index.ts";
import type { AgentSpec } from "./agent.ts";
import { layersOf } from "./agentSetup.ts";
import { overStretches } from "./hiddenState.ts";
import { type HyperparameterValues, hp, searchRanges } from "./hyperparameters.ts";
import {
  makePolicyHead,
  PolicyAgent,
  type PolicyAgentParts,
  policyHyperparameters,
  preparePolicy,
} from "./policyAgent.ts";
import { loadRollouts, type Rollout } from "./rollout.ts";
import { withClipping } from "./withClipping.ts";

export const reinforceHyperparameters = {
  gamma: hp(0.99, "discount per environment step", "Sutton & Barto 2018, section 13.3", {
    min: 0,
    max: 1,
    search: searchRanges.discount,
  }),
  learningRate: hp(3e-3, "Adam's step size", "searched for Kusari on CartPole-v1", {
    min: 0,
    search: searchRanges.stepSize,
  }),
  adamEps: hp(1e-8, "added to Adam's root of second moments", "Kingma & Ba 2015", { min: 0 }),
  batchEpisodes: hp.integer(5, "episodes of one update", "searched for Kusari on CartPole-v1"),
  beta: hp(0, "weight of the policy's entropy", "Williams 1992 has none", { min: 0 }),
  standardizesReturns: hp.boolean(true, "shift and scale a batch's returns to mean 0, variance 1", "Kusari"),
  maxGradNorm: hp.optional(null, "largest norm of the gradient over all parameters", "Williams 1992 has none", {
    min: 0,
  }),
  rewardScale: hp(1, "multiplies rewards while learning", "Kusari"),
  ...policyHyperparameters,
} as const;

export type REINFORCEHyperparameters = HyperparameterValues<typeof reinforceHyperparameters>;
export type REINFORCEOptions = PolicyAgentParts<Policy> & Partial<REINFORCEHyperparameters>;

/** −G ln π − β H in steps, 0 in end rows. */
const reinforceLoss = defineOp({
  name: "reinforceLoss",
  inputs: ["isStep", "logProb", "returns", "entropy"],
  scalars: ["beta"],
  forward: ({ isStep, logProb, returns, entropy, beta }) =>
    isStep.mul(logProb.mul(returns).add(entropy.mul(beta))).neg(),
  sample: { isStep: [4], logProb: [4], returns: [4], entropy: [4], beta: 0.1 },
});

export class REINFORCE extends PolicyAgent<Policy> {
  readonly name = "REINFORCE";
  readonly hyperparameters: Readonly<REINFORCEHyperparameters>;
  #episodes = 0;

  constructor(options: REINFORCEOptions) {
    const setup = preparePolicy("REINFORCE", reinforceHyperparameters, options);
    const h = setup.hyperparameters;
    const makePolicy = (): Policy => {
      const mlp = layersOf(setup, "weights");
      return mlpPolicy(setup.obsSize, mlp, (inSize) => makePolicyHead(inSize, setup, h, mlp.random));
    };
    const makeOptimizer = () => withClipping(new Adam({ alpha: h.learningRate, eps: h.adamEps }), h.maxGradNorm);
    super(setup, options, makePolicy, makeOptimizer, 1024);
    this.hyperparameters = h;
    this.declareAverages("averageReturn", "averageEntropy", "averageLoss");
  }

  protected policyOf(model: Policy, obs: Variable): Distribution {
    return model.forward(obs);
  }

  protected isDue(_rollout: Rollout, isOver: boolean): boolean {
    if (isOver) this.#episodes++;
    return this.#episodes === this.hyperparameters.batchEpisodes;
  }

  update(): void {
    scope(this.#updateBody);
    this.#episodes = 0;
    this.updates++;
  }

  readonly #updateBody = (): void => {
    const { beta, batchEpisodes, standardizesReturns } = this.hyperparameters;
    const batch = loadRollouts(this.rollouts);
    // G_t = Σ γ^k R_(t + k + 1); the reward column is 0 in end rows, as values there should be
    const seen = noBackprop(() => lambdaReturns(batch, batch.reward, 1)); // (rows)
    const returns = standardizesReturns ? noBackprop(() => standardize(seen, batch, batch.steps)) : seen; // (rows)
    const policy = overStretches(this.model, batch, () => this.model.forward(batch.obs));
    const logProb = policy.logProb(batch.action); // (rows)
    const entropy = policy.entropy; // (rows)
    // Δw = α (r − b) ∂ ln g / ∂w, equation 4
    const loss = sum(reinforceLoss(batch.isStep, logProb, returns, entropy, beta)).mul(1 / batchEpisodes); // ()
    this.model.clearGrads();
    loss.backward();
    this.optimizer.update();
    this.note("averageReturn", seen);
    this.note("averageEntropy", entropy);
    this.note("averageLoss", loss);
    this.requireFinite(loss);
  };

  protected override saved() {
    const counter = {
      saveState: () => this.#episodes,
      loadState: (episodes: number) => {
        this.#episodes = episodes;
      },
    };
    return { ...super.saved(), episodes: counter };
  }
}

export const reinforceSpec: AgentSpec = {
  id: "reinforce",
  name: "REINFORCE",
  paper: "Williams 1992, Simple statistical gradient-following algorithms for connectionist reinforcement learning",
  actionSpaces: ["Discrete", "Box"],
  recurrent: true,
  async: null,
  hyperparameters: reinforceHyperparameters,
  create: ({ hyperparameters, ...parts }) => new REINFORCE({ ...parts, ...hyperparameters }),
};
