/**
 * The network that acts. On the cpu it is the one that learns. Where a GPU learns, acting one observation at a time there
 * would wait for each answer, so a copy on the cpu acts, a microsecond a step, and takes over the parameters now and then.
 */
import { fetchParameters, type Link, putParameters } from "../autograd/index.ts";
import { isOnHost, onHost } from "../device.ts";
import { UsageError } from "../errors.ts";
import type { State } from "../state.ts";

/** Environment steps between taking over parameters, at least: each time waits for the GPU. */
const fewestSteps = 16;

export class ActingNetwork<Network extends Link> {
  readonly network: Network;
  /** Whether it is a copy on another device. */
  readonly isCopy: boolean;
  readonly #learner: Network;
  readonly #interval: number;
  #isBehind = false;

  /**
   * @param make builds a network like the learner
   * @param updateInterval environment steps between updates; null where every update has to be taken over before the next
   *   step, as on-policy agents need it
   * @param option the name of the agent's option for the copy
   * @throws UsageError where a copy is needed and there is nothing to make it with
   */
  constructor(learner: Network, make: (() => Network) | null, updateInterval: number | null, option = "actingQ") {
    this.isCopy = !isOnHost();
    this.#learner = learner;
    this.#interval = updateInterval === null ? 1 : Math.ceil(fewestSteps / updateInterval) * updateInterval;
    if (!this.isCopy) {
      this.network = learner;
      return;
    }
    if (!make) {
      throw new UsageError(
        "act: a network of your own that learns on a GPU must come with one like it for acting on the cpu; got none. " +
          `Pass ${option}, built inside onHost().`,
      );
    }
    this.network = onHost(make);
  }

  /** The learner has changed. */
  noteUpdate(): void {
    this.#isBehind = this.isCopy;
  }

  /** Whether the learner's parameters should be taken over now: always at the same steps, whatever the clock says. */
  isDue(steps: number): boolean {
    return this.#isBehind && steps % this.#interval === 0;
  }

  /** Takes over the learner's parameters, once its updates have run. */
  async follow(): Promise<void> {
    if (!this.isCopy) return;
    const values = await fetchParameters(this.#learner);
    onHost(() => putParameters(this.network, values));
    this.#isBehind = false;
  }

  saveState(): State {
    return this.isCopy ? { isBehind: this.#isBehind, parameters: onHost(() => this.network.saveState()) } : null;
  }

  /** @param learner the learner's state, for a run that began on the cpu */
  loadState(state: State, learner: State): void {
    if (!this.isCopy) return;
    const { isBehind, parameters } = (state ?? { isBehind: false, parameters: learner }) as {
      isBehind: boolean;
      parameters: State;
    };
    onHost(() => this.network.loadState(parameters));
    this.#isBehind = isBehind;
  }
}
