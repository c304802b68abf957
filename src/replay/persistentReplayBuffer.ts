/**
 * A replay buffer that outlives the process: every step is also appended to a log, from which the buffer is filled again.
 * Its state is a place in the log instead of all transitions, so that checkpoints stay small.
 *
 * Record of a step, little-endian: what it is (bit 0: an observation that begins an episode stands in it; bit 1 terminated;
 * bit 2 truncated; bit 3: no step, the episode was stopped), reward as float64, action, [obs], nextObs. Numbers as the store
 * holds them.
 */
import { UsageError } from "../errors.ts";
import type { State } from "../state.ts";
import type { Replay } from "./replay.ts";
import { ReplayBuffer, type ReplayBufferOptions } from "./replayBuffer.ts";
import type { FrameBatch, FrameRing, TransitionBatch } from "./transitionStore.ts";

/** Bytes that are only ever appended; `openReplayLog` keeps them in files. */
export interface ReplayLog {
  /** Bytes ever appended, dropped ones included. */
  readonly end: number;
  /** Where the bytes begin that are still there: the beginning of an episode. */
  readonly begin: number;
  /** @param isBoundary whether the log may be cut before these bytes: they begin an episode */
  append(bytes: Uint8Array, isBoundary: boolean): void;
  /** The bytes from `begin` to `end`, in pieces. */
  read(): Iterable<Uint8Array>;
  /** Forgets what was appended behind a place. @throws UsageError for one that is not there */
  truncate(end: number): void;
  /** What lies before a place may go, as far as it goes in whole pieces. */
  dropBefore(place: number): void;
  /** Makes sure that what was appended survives the process. */
  flush(): void;
  close(): void;
}

const [first, isTerminated, isTruncated, isStop] = [1, 2, 4, 8] as const;

export class PersistentReplayBuffer implements Replay {
  readonly isPrioritized = false;
  readonly #buffer: ReplayBuffer;
  readonly #log: ReplayLog;
  readonly #isBytes: boolean;
  readonly #isDiscrete: boolean;
  readonly #obsSize: number;
  readonly #actionSize: number;
  #inEpisode = false;
  /** Steps in the log, and by beginning of an episode the steps before it: what may be dropped. */
  #steps = 0;
  #episodes: { place: number; steps: number }[] = [];
  /** Where the episodes begin that the saved state before the last one needs: a checkpoint may still be that one. */
  #savedFrom = Number.POSITIVE_INFINITY;
  #lastSavedFrom = Number.POSITIVE_INFINITY;
  readonly #record: Uint8Array;
  readonly #view: DataView;

  /** Takes up what the log holds. @throws UsageError where it holds records of another buffer's options */
  constructor(options: ReplayBufferOptions, log: ReplayLog) {
    this.#buffer = new ReplayBuffer(options);
    this.#log = log;
    this.#isBytes = options.obsDtype === "uint8";
    this.#isDiscrete = options.action.dtype === "int32";
    this.#obsSize = options.obsShape.reduce((a, b) => a * b, 1);
    this.#actionSize = options.action.shape[0] ?? 1;
    this.#record = new Uint8Array(9 + 4 * this.#actionSize + 2 * this.#obsBytes);
    this.#view = new DataView(this.#record.buffer);
    this.#refill();
  }

  get capacity(): number {
    return this.#buffer.capacity;
  }

  get size(): number {
    return this.#buffer.size;
  }

  get frameRings(): readonly FrameRing[] {
    return this.#buffer.frameRings;
  }

  get hasMasks(): boolean {
    return false;
  }

  get #obsBytes(): number {
    return this.#obsSize * (this.#isBytes ? 1 : 4);
  }

  append(
    obs: ArrayLike<number>,
    action: number | ArrayLike<number>,
    reward: number,
    nextObs: ArrayLike<number>,
    terminated: boolean,
    truncated: boolean,
    mask: ArrayLike<number> | null = null,
    nextMask: ArrayLike<number> | null = null,
  ): void {
    if (mask !== null || nextMask !== null) {
      throw new UsageError(
        `replay: a persistent buffer must be given no action masks; got one of ${(mask ?? nextMask)!.length} actions. Use ReplayBuffer.`,
      );
    }
    // what is no step raises here, before anything is written
    this.#buffer.append(obs, action, reward, nextObs, terminated, truncated);
    const begins = !this.#inEpisode;
    this.#view.setUint8(0, (begins ? first : 0) | (terminated ? isTerminated : 0) | (truncated ? isTruncated : 0));
    this.#view.setFloat64(1, reward, true);
    let at = 9;
    for (let i = 0; i < this.#actionSize; i++, at += 4) {
      if (typeof action === "number") this.#view.setInt32(at, action, true);
      else this.#view.setFloat32(at, action[i]!, true);
    }
    if (begins) at = this.#putObs(obs, at);
    at = this.#putObs(nextObs, at);
    if (begins) this.#beginEpisode(this.#log.end);
    this.#log.append(this.#record.subarray(0, at), begins);
    this.#steps++;
    this.#inEpisode = !terminated && !truncated;
  }

  stopEpisode(): void {
    this.#buffer.stopEpisode();
    if (!this.#inEpisode) return;
    this.#view.setUint8(0, isStop);
    this.#log.append(this.#record.subarray(0, 1), false);
    this.#inEpisode = false;
  }

  /** Episodes that lie wholly before the last `capacity` steps need not be kept. */
  #beginEpisode(place: number): void {
    this.#episodes.push({ place, steps: this.#steps });
    while (this.#episodes.length > 1 && this.#steps - this.#episodes[1]!.steps >= this.capacity) this.#episodes.shift();
    this.#log.dropBefore(Math.min(this.#episodes[0]!.place, this.#savedFrom));
  }

  #putObs(obs: ArrayLike<number>, from: number): number {
    let at = from;
    for (let i = 0; i < this.#obsSize; i++, at += this.#isBytes ? 1 : 4) {
      if (this.#isBytes) this.#view.setUint8(at, obs[i]!);
      else this.#view.setFloat32(at, obs[i]!, true);
    }
    return at;
  }

  #noteSaved(): void {
    const from = this.#episodes[0]?.place ?? this.#log.begin;
    this.#savedFrom = Math.min(this.#lastSavedFrom, from);
    this.#lastSavedFrom = from;
  }

  /** Plays the log into the buffer; a last record that is not whole is cut off. */
  #refill(): void {
    let rest = new Uint8Array(0);
    let place = this.#log.begin;
    for (const piece of this.#log.read()) {
      const bytes = new Uint8Array(rest.length + piece.length);
      bytes.set(rest);
      bytes.set(piece, rest.length);
      let at = 0;
      for (;;) {
        const length = this.#play(bytes, at, place + at);
        if (length === 0) break;
        at += length;
      }
      place += at;
      rest = bytes.slice(at);
    }
    if (rest.length > 0) this.#log.truncate(place);
  }

  /** @returns the record's length, 0 where it is not whole */
  #play(bytes: Uint8Array, from: number, place: number): number {
    const view = new DataView(bytes.buffer, bytes.byteOffset);
    if (from >= bytes.length) return 0;
    const flags = view.getUint8(from);
    if (flags === isStop) {
      this.#buffer.stopEpisode();
      this.#inEpisode = false;
      return 1;
    }
    const begins = (flags & first) !== 0;
    if (flags > (first | isTerminated | isTruncated) || begins === this.#inEpisode) {
      throw new UsageError(
        `replay: the log must hold records of this buffer's options; got flags ${flags} at byte ${place}. Open it with the options it was written with.`,
      );
    }
    const length = 9 + 4 * this.#actionSize + (begins ? 2 : 1) * this.#obsBytes;
    if (from + length > bytes.length) return 0;
    const reward = view.getFloat64(from + 1, true);
    let at = from + 9;
    const numbers = Array.from({ length: this.#actionSize }, (_, i) =>
      this.#isDiscrete ? view.getInt32(at + 4 * i, true) : view.getFloat32(at + 4 * i, true),
    );
    at += 4 * this.#actionSize;
    const obsAt = (start: number) =>
      this.#isBytes
        ? bytes.subarray(start, start + this.#obsSize)
        : Float32Array.from({ length: this.#obsSize }, (_, i) => view.getFloat32(start + 4 * i, true));
    const obs = begins ? obsAt(at) : new Float32Array(this.#obsSize); // within an episode it is not read again
    if (begins) {
      at += this.#obsBytes;
      this.#episodes.push({ place, steps: this.#steps });
    }
    const terminated = (flags & isTerminated) !== 0;
    const truncated = (flags & isTruncated) !== 0;
    const action = this.#isDiscrete ? numbers[0]! : numbers;
    this.#buffer.append(obs, action, reward, obsAt(at), terminated, truncated);
    this.#steps++;
    this.#inEpisode = !terminated && !truncated;
    return length;
  }

  sample(n: number, out: TransitionBatch | FrameBatch): void {
    this.#buffer.sample(n, out);
  }

  updatePriorities(): void {}

  /** A place in the log and the random stream; the log is flushed. */
  saveState(): State {
    this.#log.flush();
    this.#noteSaved();
    return { end: this.#log.end, random: { ...this.#buffer.saveRandom() } };
  }

  /** Forgets what was appended behind the saved place. @throws UsageError where the log does not reach it */
  loadState(state: State): void {
    const { end, random } = state as unknown as { end: number; random: State };
    this.#log.truncate(end);
    this.#buffer.clear();
    this.#inEpisode = false;
    this.#steps = 0;
    this.#episodes = [];
    this.#refill();
    this.#noteSaved();
    this.#buffer.loadRandom(random as never);
  }

  close(): void {
    this.#log.close();
  }
}
