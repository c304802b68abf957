/** Where a minibatch lands: Variables whose memory the replay buffer writes into. */
import { memoryGeneration, persistent, type Variable, type Version } from "../autograd/index.ts";
import type { TransitionBatch } from "../replay/index.ts";

export class Staging {
  /** (batch, …obs) */
  readonly obs: Variable;
  /** (batch) of action numbers, or (batch, actions). */
  readonly action: Variable;
  /** (batch) */
  readonly reward: Variable;
  /** (batch, …obs) */
  readonly nextObs: Variable;
  /** (batch): what the next value is multiplied with. */
  readonly discount: Variable;
  /** Overwriting a batch that a graph has read is caught by its count. */
  readonly #version: Version = { version: 0 };
  #views: TransitionBatch | null = null;
  /** Memory that has grown may have left the views behind. */
  #generation = -1;

  constructor(batch: number, obsShape: readonly number[], actionShape: readonly number[]) {
    const make = (shape: readonly number[], name: string): Variable => {
      const x = persistent(shape);
      x.source = this.#version;
      x.name = name;
      return x;
    };
    this.obs = make([batch, ...obsShape], "obs");
    this.action = make([batch, ...actionShape], "action");
    this.reward = make([batch], "reward");
    this.nextObs = make([batch, ...obsShape], "nextObs");
    this.discount = make([batch], "discount");
  }

  /** The rows to write the next minibatch into. */
  views(): TransitionBatch {
    this.#version.version++;
    const generation = memoryGeneration();
    if (this.#views && this.#generation === generation) return this.#views;
    this.#generation = generation;
    const view = (x: Variable) => x.data as Float32Array;
    this.#views = {
      obs: view(this.obs),
      action: view(this.action),
      reward: view(this.reward),
      nextObs: view(this.nextObs),
      discount: view(this.discount),
    };
    return this.#views;
  }
}
