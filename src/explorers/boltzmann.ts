import { UsageError } from "../errors.ts";
import type { Random, RandomState } from "../random.ts";
import type { State } from "../state.ts";
import type { Explorer } from "./explorer.ts";

export interface BoltzmannOptions {
  /** High: nearly uniform. Low: nearly greedy. In the units of the action values. Default 1, as in ChainerRL. */
  readonly temperature?: number;
  readonly random: Random;
}

/** Draws action a with probability exp(value(a) / temperature) / Σ (Sutton and Barto 2018, section 2.8). */
export class Boltzmann implements Explorer<number> {
  readonly temperature: number;
  readonly #random: Random;
  #weights = new Float64Array(0);

  /** @throws UsageError when temperature is not positive. */
  constructor({ temperature = 1, random }: BoltzmannOptions) {
    if (!(temperature > 0 && temperature < Number.POSITIVE_INFINITY)) {
      throw new UsageError(
        `Boltzmann: temperature must be a positive number; got ${temperature}. Use Greedy for no exploration.`,
      );
    }
    this.temperature = temperature;
    this.#random = random;
  }

  /** @throws UsageError without action values, or when they leave no distribution to draw from. */
  selectAction(_step: number, _greedyAction: () => number, actionValues?: () => ArrayLike<number>): number {
    if (!actionValues) {
      throw new UsageError(
        "Boltzmann: the agent must know the value of every action; got none. Use another explorer with this agent.",
      );
    }
    const values = actionValues();
    if (values.length !== this.#weights.length) this.#weights = new Float64Array(values.length);
    let max = Number.NEGATIVE_INFINITY;
    for (let i = 0; i < values.length; i++) max = Math.max(max, values[i]!);
    if (!Number.isFinite(max)) {
      throw new UsageError(
        `Boltzmann: the largest action value must be a finite number; got ${Array.from(values).join(", ")}. ` +
          "Look for divergence: a lower learning rate often helps.",
      );
    }
    for (let i = 0; i < values.length; i++) this.#weights[i] = Math.exp((values[i]! - max) / this.temperature);
    return this.#random.choice(this.#weights);
  }

  statistics(): Record<string, number> {
    return {};
  }

  saveState(): State {
    return { random: { ...this.#random.saveState() } };
  }

  loadState(state: State): void {
    this.#random.loadState((state as unknown as { random: RandomState }).random);
  }
}
