/** What a network says of the observations to act on: forward passes that record nothing. */
import { evalMode, noBackprop, persistent, scope, type Variable } from "../autograd/index.ts";
import type { Observation } from "./agent.ts";

/** Passes of a fixed number of observations, on the device that runs when it is made. Nothing is allocated in one. */
export class ForwardPass {
  /** (n, …obs) */
  readonly #obs: Variable;
  readonly #forward: (obs: Variable) => Variable;
  #input: Observation = [];
  #use: (y: Variable) => void = () => {};

  /** @param forward the network, from (n, …obs) */
  constructor(n: number, obsShape: readonly number[], forward: (obs: Variable) => Variable) {
    this.#obs = persistent([n, ...obsShape]);
    this.#forward = forward;
  }

  /**
   * @param input (n, …obs), flat
   * @param training false: without the network's noise
   * @param use gets what the network says, inside the scope of the pass
   */
  run(input: Observation, training: boolean, use: (y: Variable) => void): void {
    this.#input = input;
    this.#use = use;
    if (training) this.#runInScope();
    else evalMode(this.#runInScope);
  }

  readonly #pass = (): void => {
    this.#obs.write(this.#input);
    this.#use(this.#forward(this.#obs));
  };
  readonly #passQuietly = (): void => noBackprop(this.#pass);
  readonly #runInScope = (): void => scope(this.#passQuietly);
}
