/** Acting by a policy in many environments: one forward pass of the network that learns, on its device. */
import type { Variable } from "../autograd/index.ts";
import type { State, Stateful } from "../state.ts";
import type { Observation } from "./agent.ts";
import type { BatchRows } from "./batchRows.ts";
import { ForwardPass } from "./forwardPass.ts";
import type { HiddenRows } from "./hiddenState.ts";

export class PolicyRows implements Stateful {
  readonly input: BatchRows;
  /** What a network with a memory remembers of each row; null for others. */
  readonly hidden: HiddenRows | null;
  /** Whether actions wait for their outcomes. */
  isWaiting = false;
  readonly #actionSize: number;
  readonly #obs: Float32Array;
  readonly #actions: Float32Array;
  readonly #pass: ForwardPass;

  /**
   * @param actionSize numbers in an action, 1 for a discrete one
   * @param decide actions (n) or (n, actions) for observations (n, …obs)
   */
  constructor(
    input: BatchRows,
    obsShape: readonly number[],
    actionSize: number,
    hidden: HiddenRows | null,
    decide: (obs: Variable) => Variable,
  ) {
    this.input = input;
    this.hidden = hidden;
    this.#actionSize = actionSize;
    this.#obs = new Float32Array(input.n * input.obsSize);
    this.#actions = new Float32Array(input.n * actionSize);
    this.#pass = new ForwardPass(input.n, obsShape, hidden ? (obs) => hidden.pass(() => decide(obs)) : decide);
  }

  /** The observation that a row last acted on. */
  obs(row: number): Float32Array {
    const { obsSize } = this.input;
    return this.#obs.subarray(row * obsSize, (row + 1) * obsSize);
  }

  /** The action that a row took there: its number from 0, or its components before they were clipped. */
  action(row: number): Float32Array {
    return this.#actions.subarray(row * this.#actionSize, (row + 1) * this.#actionSize);
  }

  /**
   * Takes an action in every row.
   * @param obs (n, …obs), flat; looked at before the promise is returned
   * @param keep copies one observation, and refuses it where it cannot be acted on
   * @param prepare makes what the network gets of all, (n, …obs) flat, in their place
   */
  async act(
    obs: Observation,
    training: boolean,
    keep: (seen: Observation, kept: Float32Array) => void,
    prepare: (kept: Float32Array) => void,
  ): Promise<void> {
    for (let row = 0; row < this.input.n; row++) keep(this.input.seen(obs, row), this.obs(row));
    prepare(this.#obs);
    let reading: Promise<ArrayLike<number>> | null = null;
    this.#pass.run(this.#obs, training, (action) => {
      reading = action.read();
    });
    this.#actions.set(await reading!);
    await this.hidden?.settled();
    this.isWaiting = true;
  }

  /** Forgets actions that wait, and the running episodes. */
  forget(): void {
    this.isWaiting = false;
    this.hidden?.reset();
  }

  saveState(): State {
    const { isWaiting, input } = this;
    const hidden = this.hidden?.saveState() ?? null;
    return { n: input.n, obs: this.#obs.slice(), actions: this.#actions.slice(), isWaiting, hidden };
  }

  loadState(state: State): void {
    const { obs, actions, isWaiting, hidden } = state as {
      obs: Float32Array;
      actions: Float32Array;
      isWaiting: boolean;
      hidden: State;
    };
    this.#obs.set(obs);
    this.#actions.set(actions);
    this.isWaiting = isWaiting;
    this.hidden?.loadState(hidden);
  }
}
