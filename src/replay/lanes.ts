/** Transition stores side by side, a lane for each environment that has an episode running beside the others. */
import { UsageError } from "../errors.ts";
import type { State } from "../state.ts";
import {
  type FrameBatch,
  type TransitionBatch,
  TransitionStore,
  type TransitionStoreOptions,
} from "./transitionStore.ts";

export class Lanes {
  readonly #options: TransitionStoreOptions;
  #stores: readonly TransitionStore[];

  /** One lane at first. @throws UsageError or DeviceError as `TransitionStore` does */
  constructor(options: TransitionStoreOptions) {
    this.#options = options;
    this.#stores = [new TransitionStore(options)];
  }

  get stores(): readonly TransitionStore[] {
    return this.#stores;
  }

  /** Transitions that all together keep. */
  get capacity(): number {
    return this.#stores.length * this.#stores[0]!.capacity;
  }

  /** Transitions that can be sampled. */
  get size(): number {
    let size = 0;
    for (const store of this.#stores) size += store.size;
    return size;
  }

  get framesWritten(): number {
    let written = 0;
    for (const store of this.#stores) written += store.framesWritten;
    return written;
  }

  get hasMasks(): boolean {
    return this.#stores[0]!.hasMasks;
  }

  /**
   * So many lanes from here on, each of its share of the capacity, rounded up.
   * @returns whether there was another number of them before
   * @throws UsageError when there are transitions already
   */
  split(lanes: number): boolean {
    if (lanes === this.#stores.length) return false;
    if (this.framesWritten > 0) {
      throw new UsageError(
        `replay: the number of environments must stay the same; got ${lanes} after transitions of ${this.#stores.length}. Make a new buffer.`,
      );
    }
    const share = (whole: number) => Math.ceil(whole / lanes);
    const { capacity, frameCapacity } = this.#options;
    const options = {
      ...this.#options,
      capacity: share(capacity),
      ...(frameCapacity === undefined ? {} : { frameCapacity: share(frameCapacity) }),
    };
    let firstFrame = 0;
    this.#stores = Array.from({ length: lanes }, () => {
      const store = new TransitionStore({ ...options, firstFrame });
      firstFrame += store.frameCapacity;
      return store;
    });
    return true;
  }

  /** One step of the environment of a lane, see `TransitionStore.append`. */
  append(
    obs: ArrayLike<number>,
    action: number | ArrayLike<number>,
    reward: number,
    nextObs: ArrayLike<number>,
    terminated: boolean,
    truncated: boolean,
    mask: ArrayLike<number> | null,
    nextMask: ArrayLike<number> | null,
    lane: number,
  ): void {
    this.#stores[lane]!.append(obs, action, reward, nextObs, terminated, truncated, mask, nextMask);
    // minibatches have masks from all lanes or from none
    if (mask !== null || nextMask !== null) {
      for (const store of this.#stores) store.prepareMasks(mask?.length ?? nextMask!.length);
    }
  }

  /** The episode of a lane was cut without an end; that of every lane unless one is given. */
  stopEpisode(lane?: number): void {
    if (lane !== undefined) this.#stores[lane]!.stopEpisode();
    else for (const store of this.#stores) store.stopEpisode();
  }

  /**
   * Writes n transitions into `out`.
   * @param slots their slots, each behind all slots of the lanes before; those of a lane next to each other, lane by lane.
   *   Overwritten
   */
  gather(slots: Uint32Array, n: number, out: TransitionBatch | FrameBatch): void {
    let first = 0;
    let row = 0;
    for (const store of this.#stores) {
      const { capacity } = store;
      const from = row;
      for (; row < n && slots[row]! < first + capacity; row++) slots[row]! -= first;
      if (row > from) store.gather(slots, n, out, from, row);
      first += capacity;
    }
  }

  clear(): void {
    for (const store of this.#stores) store.clear();
  }

  saveState(): State[] {
    return this.#stores.map((store) => store.saveState());
  }

  /** @throws UsageError when the states were saved with another number of lanes, or other options */
  loadState(states: readonly State[]): void {
    if (states.length !== this.#stores.length) {
      throw new UsageError(
        `replay: a saved buffer must be of the ${this.#stores.length} environments that this one is for; got one of ${states.length}. Call split(${states.length}) first.`,
      );
    }
    for (const [i, store] of this.#stores.entries()) store.loadState(states[i]!);
  }
}
