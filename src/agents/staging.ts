/** Where a minibatch lands: Variables whose memory the replay buffer writes into. */
import { memoryGeneration, persistentParts, type Variable, type Version } from "../autograd/index.ts";
import { isOnHost } from "../device.ts";
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
  /** Where the device's memory is not the host's: the rows of all parts, which go over in one write. */
  readonly #host: Float32Array | null;
  readonly #all: Variable;

  constructor(batch: number, obsShape: readonly number[], actionShape: readonly number[]) {
    const rows = [batch, ...obsShape];
    const { all, parts } = persistentParts([rows, [batch, ...actionShape], [batch], rows, [batch]]);
    ["obs", "action", "reward", "nextObs", "discount"].forEach((name, i) => {
      parts[i]!.source = this.#version;
      parts[i]!.name = name;
    });
    [this.obs, this.action, this.reward, this.nextObs, this.discount] = parts as [
      Variable,
      Variable,
      Variable,
      Variable,
      Variable,
    ];
    this.#all = all;
    this.#host = isOnHost() ? null : new Float32Array(all.size);
  }

  /** The rows to write the next minibatch into; `commit` when they are written. */
  views(): TransitionBatch {
    this.#version.version++;
    const generation = memoryGeneration();
    if (this.#views && this.#generation === generation) return this.#views;
    this.#generation = generation;
    const host = this.#host;
    const view = (x: Variable) => {
      if (!host) return x.data as Float32Array;
      const at = (x.address - this.#all.address) >> 2;
      return host.subarray(at, at + x.size);
    };
    this.#views = {
      obs: view(this.obs),
      action: view(this.action),
      reward: view(this.reward),
      nextObs: view(this.nextObs),
      discount: view(this.discount),
    };
    return this.#views;
  }

  /** Hands the rows to the device. */
  commit(): void {
    if (this.#host) this.#all.write(this.#host);
  }
}
