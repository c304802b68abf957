/** One continuous action, always. */
import type { RandomStream, Variable } from "../../autograd/index.ts";
import { UsageError } from "../../errors.ts";
import type { Distribution } from "./distribution.ts";

export class Deterministic implements Distribution {
  readonly isReparametrized = true;
  /** (batch, actions) */
  readonly mode: Variable;

  constructor(action: Variable) {
    this.mode = action;
  }

  sample(_random: RandomStream): Variable {
    return this.mode;
  }

  /** @throws UsageError: there is no density */
  logProb(_action: Variable): Variable {
    throw noDensity("logProb");
  }

  /** @throws UsageError: there is no density */
  get entropy(): Variable {
    throw noDensity("entropy");
  }

  /** @throws UsageError: there is no density */
  kl(_other: Distribution): Variable {
    throw noDensity("kl");
  }

  get statistics(): readonly Variable[] {
    return [this.mode];
  }

  withStatistics([action]: readonly Variable[]): Deterministic {
    return new Deterministic(action!);
  }

  detach(): Deterministic {
    return this.withStatistics(this.statistics.map((x) => x.detach()));
  }
}

const noDensity = (what: string): UsageError =>
  new UsageError(`Deterministic: ${what} must be of a distribution with a density; got none. Use a stochastic policy.`);
