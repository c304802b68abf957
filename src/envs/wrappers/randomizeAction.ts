import { type StepResult, Wrapper } from "../env.ts";
import type { Discrete } from "../spaces/index.ts";
import { discreteActions, requireNumber, type WrappableEnv } from "./requireBox.ts";

export interface RandomizeActionOptions {
  /** How probable it is that a random action is taken instead of the given one. */
  readonly randomFraction: number;
}

/** Sometimes takes a random action, as ChainerRL's RandomizeAction. Draws from the environment's stream. */
export class RandomizeAction<Obs> extends Wrapper<Obs, number> {
  readonly #actions: Discrete;
  readonly #randomFraction: number;

  /** @throws UsageError where actions are not Discrete */
  constructor(env: WrappableEnv, { randomFraction }: RandomizeActionOptions) {
    super(env);
    this.#actions = discreteActions("RandomizeAction", env);
    requireNumber("RandomizeAction", "randomFraction", randomFraction, { low: 0, high: 1 });
    this.#randomFraction = randomFraction;
  }

  override step(action: number): StepResult<Obs> {
    const { start, n } = this.#actions;
    const isRandom = this.random.random() < this.#randomFraction;
    return this.env.step(isRandom ? this.random.integers(start, start + n) : action);
  }
}
