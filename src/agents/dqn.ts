/**
 * DQN. Mnih, Kavukcuoglu, Silver et al. 2015, "Human-level control through deep reinforcement learning".
 *
 * Differences from the paper:
 * 1. Adam instead of RMSprop, and a small perceptron for vector observations: pass `qFunction` and `optimizer` for others.
 * 2. Defaults of replayStartSize, targetUpdateInterval and ε are those of ChainerRL's classic-control example, since
 *    the paper's (50,000; 10,000; 0.1 after a million frames) suit Atari alone.
 * 3. Where a GPU learns, a copy of the network acts on the cpu, with parameters at most 16 steps old (or updateInterval,
 *    where that is more).
 * 4. The error may be squared instead of clipped (`clipDelta` off), the target network follow by Polyak averaging
 *    (`targetUpdateMethod` soft), returns span several steps (`nStep`), and several updates follow one another.
 */
import { absolute, huberLoss, mean, noBackprop, scope, square, sum, type Variable } from "../autograd/index.ts";
import type { ActionValue, DiscreteValues } from "../nets/index.ts";
import { bootstrapTarget } from "../returns/index.ts";
import type { Action, AgentSpec } from "./agent.ts";
import { type DQNOptions, dqnHyperparameters } from "./dqnHyperparameters.ts";
import type { HyperparameterSchema } from "./hyperparameters.ts";
import { QAgent } from "./qAgent.ts";

export class DQN<Value extends ActionValue = DiscreteValues, A extends Action = number> extends QAgent<Value, A> {
  readonly name: string = "DQN";

  /** @param declared the hyperparameters there are: a variant has more */
  constructor(options: DQNOptions<Value, A>, declared: HyperparameterSchema = dqnHyperparameters) {
    super(options, declared);
  }

  /** One gradient step on a minibatch from the replay buffer: the inner loop of Algorithm 1. */
  update(): void {
    this.prepareBatch();
    scope(this.#learn);
    this.noteUpdate();
    const { targetUpdateInterval, targetUpdateMethod, tau } = this.hyperparameters;
    if (this.updates % targetUpdateInterval === 0) {
      // every C steps reset Q̂ = Q
      if (targetUpdateMethod === "hard") this.targetQ.copyParametersFrom(this.qFunction);
      else this.targetQ.softCopyParametersFrom(this.qFunction, tau);
    }
  }

  readonly #learn = (): void => {
    this.sampleBatch(); // sample random minibatch of transitions
    let error = this.losses(); // (batch): (y − Q(φ, a; θ))², clipped
    if (this.batch.weight !== null) error = error.mul(this.batch.weight);
    const loss = this.hyperparameters.batchAccumulator === "mean" ? mean(error) : sum(error); // ()
    this.qFunction.clearGrads();
    loss.backward(); // perform a gradient descent step with respect to θ
    this.optimizer.update();
    this.noteLoss(loss);
  };

  /** (batch): the value of the next observations that the target bootstraps from, max_a Q(s′, a; θ⁻). */
  protected nextValue(): Variable {
    return this.nextTarget().max;
  }

  /** (batch): what the values of the minibatch's actions are to be, r + γ max_a′ Q̂(φ′, a′; θ⁻), r after termination. */
  protected targets(): Variable {
    const { reward, discount } = this.batch;
    return bootstrapTarget(reward, discount, this.nextValue(), this.hyperparameters.rewardScale);
  }

  /** (batch): the loss of each transition of the minibatch. */
  protected losses(): Variable {
    const { obs, action } = this.batch;
    const y = noBackprop(this.#targets);
    const q = this.online(obs).evaluateActions(action); // (batch): Q(φ, a; θ)
    return this.errors(q, y);
  }

  readonly #targets = (): Variable => this.targets();

  /** (batch): the loss of values that are to be y, each (batch); statistics and priorities are told of them. */
  protected errors(q: Variable, y: Variable): Variable {
    this.noteValues(q);
    if (this.replay.isPrioritized) this.noteSurprise(noBackprop(() => absolute(q.sub(y))));
    return this.hyperparameters.clipDelta ? huberLoss(q, y, 1) : square(q.sub(y)).mul(0.5);
  }
}

export const dqnSpec: AgentSpec = {
  id: "dqn",
  name: "DQN",
  paper: "Mnih et al. 2015, Human-level control through deep reinforcement learning",
  actionSpaces: ["Discrete"],
  recurrent: true,
  async: "learner",
  hyperparameters: dqnHyperparameters,
  create: ({ hyperparameters, ...parts }) => new DQN({ ...parts, ...hyperparameters }),
};
