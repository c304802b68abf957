/** ACER for discrete actions: algorithm 2 of Wang et al. 2017. The rest, and the differences, are in acer.ts. */
import { defineOp, expandDims, mul, noBackprop, selectItem, square, sum, type Variable } from "../autograd/index.ts";
import { Categorical, DiscreteACERModel, type Distribution, Mlp, mlpPolicy } from "../nets/index.ts";
import { retrace } from "../returns/index.ts";
import { ACER, type ACERGradients, type ACEROptions, prepareACER } from "./acer.ts";
import { layersOf } from "./agentSetup.ts";
import { makePolicyHead } from "./policyAgent.ts";
import type { RolloutBatch } from "./rollout.ts";

/** min(c, e^x): an importance weight from its logarithm, truncated. */
export const truncatedWeight = defineOp({
  name: "truncatedWeight",
  inputs: ["lnWeight"],
  scalars: ["c"],
  forward: ({ lnWeight, c }) => lnWeight.exp().min(c),
  sample: { lnWeight: [4], c: 1.1 },
});

/** max(0, 1 − c e^−x): the share of an importance weight that was truncated. */
export const truncatedShare = defineOp({
  name: "truncatedShare",
  inputs: ["lnWeight"],
  scalars: ["c"],
  forward: ({ lnWeight, c }) => lnWeight.neg().exp().mul(c).neg().add(1).max(0),
  sample: { lnWeight: [4], c: 1.1 },
});

export class DiscreteACER extends ACER<DiscreteACERModel> {
  constructor(options: ACEROptions<DiscreteACERModel>) {
    const setup = prepareACER("Discrete", options);
    const { hyperparameters: h, obsSize } = setup;
    const actions = setup.actions!;
    const make = () => {
      const mlp = layersOf(setup, "weights");
      const policy = mlpPolicy(obsSize, mlp, (inSize) => makePolicyHead(inSize, setup, h, mlp.random));
      return new DiscreteACERModel(policy, new Mlp(obsSize, actions, mlp));
    };
    super(setup, options, make, actions);
  }

  protected evaluate(batch: RolloutBatch): ACERGradients {
    const { truncation, usesQopc } = this.hyperparameters;
    const { obs, action, isStep } = batch;
    const { policy, q } = this.model.forward(obs); // q (rows, actions)
    const chosenQ = selectItem(q, action); // (rows): Q_θv′(x_i, a_i)
    const constants = noBackprop(() => {
      const f = policy.detach();
      const probs = f.probs; // (rows, actions)
      const q0 = q.detach();
      const value = sum(mul(probs, q0), 1); // (rows): V_i = Σ_a Q_θv′(x_i, a) f(a | φ_θ′(x_i))
      const lnRho = f.logProbs.sub(new Categorical(batch.behaviour).logProbs); // (rows, actions)
      const lnRhoChosen = selectItem(lnRho, action); // (rows)
      // Q^ret ← r_i + γ Q^ret; then Q^ret ← ρ̄_i (Q^ret − Q_θv′(x_i, a_i)) + V_i
      const qRet = retrace(batch, chosenQ.detach(), value, truncatedWeight(lnRhoChosen, 1)); // (rows)
      const target = usesQopc ? retrace(batch, chosenQ.detach(), value, isStep) : qRet; // (rows)
      // min{c, ρ_i(a_i)} (Q^ret − V_i)
      const weight = mul(isStep, mul(truncatedWeight(lnRhoChosen, truncation), target.sub(value))); // (rows)
      // [1 − c / ρ_i(a)]₊ f(a | φ_θ′(x_i)) (Q_θv′(x_i, a) − V_i)
      const share = mul(truncatedShare(lnRho, truncation), probs); // (rows, actions)
      const correction = mul(expandDims(isStep, 1), mul(share, q0.sub(expandDims(value, 1)))); // (rows, actions)
      return { value, qRet, weight, correction };
    });
    const { value, qRet, weight, correction } = constants;
    // g ← … ∇ log f(a_i | φ_θ′(x_i)) + Σ_a … ∇ log f(a | φ_θ′(x_i))
    const objective = (free: Distribution): Variable => {
      const { logProbs } = free as Categorical; // (rows, actions)
      return sum(mul(weight, selectItem(logProbs, action))).add(sum(mul(correction, logProbs)));
    };
    // dθ_v ← dθ_v + ∇_θv (Q^ret − Q_θv′(x_i, a_i))²
    return { policy, value, objective, criticLoss: sum(mul(isStep, square(qRet.sub(chosenQ)))) };
  }
}
