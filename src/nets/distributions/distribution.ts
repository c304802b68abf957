import type { RandomStream, Variable } from "../../autograd/index.ts";

/**
 * What a policy returns: a distribution over actions for each observation of a batch. Actions are (batch) whole numbers
 * from 0 for discrete distributions, (batch, actions) for continuous ones.
 */
export interface Distribution {
  /**
   * An action each. Where `isReparametrized`, gradients flow through it to the distribution's parameters; else it is
   * a constant to them.
   */
  sample(random: RandomStream): Variable;
  readonly isReparametrized: boolean;
  /** The most probable actions; gradients flow through those of continuous distributions. */
  readonly mode: Variable;
  /** (batch): the logarithm of the actions' probability, or of its density. */
  logProb(action: Variable): Variable;
  /** (batch), in nats; differential entropy for continuous distributions. */
  readonly entropy: Variable;
  /** (batch): the Kullback–Leibler divergence from this distribution to another of its kind, Σ p ln (p / q). */
  kl(other: Distribution): Variable;
  /** The same distribution as a constant to gradients. */
  detach(): Distribution;
  /** Each (batch, n): the numbers that make the distribution, of which a policy's trust region speaks. */
  readonly statistics: readonly Variable[];
  /** A distribution of this kind made of other numbers. */
  withStatistics(statistics: readonly Variable[]): Distribution;
}
