/**
 * ACER for continuous actions, with a stochastic dueling network: algorithm 3 of Wang et al. 2017. The rest, and the
 * differences, are in acer.ts.
 */
import { mul, noBackprop, RandomStream, splitAxis, square, sum, type Variable } from "../autograd/index.ts";
import {
  type Distribution,
  Gaussian,
  HiddenLayers,
  LateActionQ,
  MlpStateActionQ,
  MlpValueFunction,
  mlpPolicy,
  StochasticDuelingModel,
} from "../nets/index.ts";
import { retrace } from "../returns/index.ts";
import { ACER, type ACERGradients, type ACEROptions, prepareACER } from "./acer.ts";
import { layersOf } from "./agentSetup.ts";
import { truncatedShare, truncatedWeight } from "./discreteACER.ts";
import { makePolicyHead } from "./policyAgent.ts";
import type { RolloutBatch } from "./rollout.ts";

export class ContinuousACER extends ACER<StochasticDuelingModel> {
  /** What a′ and u are drawn with. */
  readonly #drawing: RandomStream;
  readonly #actionSize: number;

  constructor(options: ACEROptions<StochasticDuelingModel>) {
    const setup = prepareACER("Box", options);
    const { hyperparameters: h, obsSize, actionSize, random } = setup;
    const make = () => {
      const mlp = layersOf(setup, "weights");
      const { hiddenSizes, activation, recurrent, random: weights } = mlp;
      const policy = mlpPolicy(obsSize, mlp, (inSize) => makePolicyHead(inSize, setup, h, weights));
      const isDeep = hiddenSizes.length > 1;
      if (recurrent === "none") {
        const advantage = new (isDeep ? LateActionQ : MlpStateActionQ)(obsSize, actionSize, mlp);
        return new StochasticDuelingModel(policy, new MlpValueFunction(obsSize, mlp), advantage);
      }
      const trunk = new HiddenLayers(obsSize, { ...mlp, hiddenSizes: isDeep ? hiddenSizes.slice(0, -1) : hiddenSizes });
      const layers = { hiddenSizes: hiddenSizes.slice(-1), activation, random: weights };
      const advantage = new MlpStateActionQ(trunk.outSize, actionSize, layers);
      return new StochasticDuelingModel(policy, new MlpValueFunction(obsSize, mlp), advantage, trunk);
    };
    super(setup, options, make, 2 * actionSize);
    this.#drawing = new RandomStream(random.stream("drawing"));
    this.#actionSize = actionSize;
  }

  protected evaluate(batch: RolloutBatch): ACERGradients {
    const { truncation, dualSamples, usesQopc } = this.hyperparameters;
    const { obs, action, isStep } = batch;
    const policy = this.model.policy.forward(obs);
    const value = this.model.valueFunction.forward(obs); // (rows): V_θv′(x_i)
    const other = noBackprop(() => policy.detach().sample(this.#drawing)); // (rows, actions): a′_i ∼ f(· | φ_θ′(x_i))
    const actions = [action, other];
    const [q, otherQ] = this.model.evaluate(obs, { policy, value, actions }, dualSamples, this.#drawing) as [
      Variable,
      Variable,
    ]; // (rows) each: Q̃_θv′(x_i, a_i), Q̃_θv′(x_i, a′_i)
    const constants = noBackprop(() => {
      const f = policy.detach();
      const [mean, lnVar] = splitAxis(batch.behaviour, 2, 1) as [Variable, Variable];
      const behaviour = new Gaussian(mean, lnVar);
      const lnRho = f.logProb(action).sub(behaviour.logProb(action)); // (rows)
      const lnRhoOther = f.logProb(other).sub(behaviour.logProb(other)); // (rows)
      const q0 = q.detach();
      const value0 = value.detach();
      // c_i ← min{1, (ρ_i)^(1/d)}
      const trace = truncatedWeight(lnRho.mul(1 / this.#actionSize), 1); // (rows)
      const qRet = retrace(batch, q0, value0, trace); // (rows)
      const target = usesQopc ? retrace(batch, q0, value0, isStep) : qRet; // (rows)
      // min{c, ρ_i} (Q^ret − V), and [1 − c / ρ′_i]₊ (Q̃(x_i, a′_i) − V)
      const weight = mul(isStep, mul(truncatedWeight(lnRho, truncation), target.sub(value0))); // (rows)
      const share = truncatedShare(lnRhoOther, truncation); // (rows)
      const correction = mul(isStep, mul(share, otherQ.detach().sub(value0))); // (rows)
      // min{1, ρ_i} (Q^ret − Q̃(x_i, a_i))
      const valueWeight = mul(isStep, mul(truncatedWeight(lnRho, 1), qRet.sub(q0))); // (rows)
      return { qRet, weight, correction, valueWeight };
    });
    const { qRet, weight, correction, valueWeight } = constants;
    const objective = (free: Distribution): Variable =>
      sum(mul(weight, free.logProb(action))).add(sum(mul(correction, free.logProb(other))));
    // dθ_v ← dθ_v + (Q^ret − Q̃) ∇ Q̃ + min{1, ρ_i} (Q^ret − Q̃) ∇ V, times 2 as in algorithm 2
    const criticLoss = sum(mul(isStep, square(qRet.sub(q)))).sub(sum(mul(valueWeight, value)).mul(2)); // ()
    return { policy, value, objective, criticLoss };
  }

  protected override saved() {
    return { ...super.saved(), drawing: this.#drawing };
  }
}
