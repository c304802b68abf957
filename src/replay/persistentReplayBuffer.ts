/**
 * A replay buffer that outlives the process: every step is also appended to a log, from which the buffer is filled again.
 * Its state is a place in the log instead of all transitions, so that checkpoints stay small.
 *
 * Record of a step, little-endian: what it is (bit 0: an observation that begins an episode stands in it; bit 1 terminated;
 * bit 2 truncated; bit 3: no step, the episode was stopped; bit 4: of several environments, whose number follows as uint16),
 * reward as float64, action, [obs], nextObs. Numbers as the store holds them.
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

const [first, isTerminated, isTruncated, isStop, hasLane] = [1, 2, 4, 8, 16] as const;

/** What the log holds of the episodes of one environment. */
interface LaneLog {
  inEpisode: boolean;
  /** Steps in the log, and by beginning of an episode the steps before it: what may be dropped. */
  steps: number;
  episodes: { place: number; steps: number }[];
}
const emptyLog = (): LaneLog => ({ inEpisode: false, steps: 0, episodes: [] });

export class PersistentReplayBuffer implements Replay {
  readonly isPrioritized = false;
  readonly #options: ReplayBufferOptions;
  #buffer: ReplayBuffer;
  readonly #log: ReplayLog;
  readonly #isBytes: boolean;
  readonly #isDiscrete: boolean;
  readonly #obsSize: number;
  readonly #actionSize: number;
  /** Of each environment. */
  #lanes: LaneLog[] = [emptyLog()];
  /** Environments that the log has steps of. */
  #lanesInLog = 0;
  /** Where the episodes begin that the saved state before the last one needs: a checkpoint may still be that one. */
  #savedFrom = Number.POSITIVE_INFINITY;
  #lastSavedFrom = Number.POSITIVE_INFINITY;
  readonly #record: Uint8Array;
  readonly #view: DataView;

  /** Takes up what the log holds. @throws UsageError where it holds records of another buffer's options */
  constructor(options: ReplayBufferOptions, log: ReplayLog) {
    this.#options = options;
    this.#buffer = new ReplayBuffer(options);
    this.#log = log;
    this.#isBytes = options.obsDtype === "uint8";
    this.#isDiscrete = options.action.dtype === "int32";
    this.#obsSize = options.obsShape.reduce((a, b) => a * b, 1);
    this.#actionSize = options.action.shape[0] ?? 1;
    this.#record = new Uint8Array(11 + 4 * this.#actionSize + 2 * this.#obsBytes);
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

  /**
   * Makes room for the episodes of so many environments side by side, see `ReplayBuffer.split`; what the log holds is taken up
   * again.
   * @throws UsageError where the log holds steps of more of them
   */
  split(lanes: number): void {
    if (lanes === this.#lanes.length) return;
    if (this.#lanes.length > 1) this.#buffer.split(lanes); // raises where there are transitions
    this.#buffer = new ReplayBuffer(this.#options);
    this.#buffer.split(lanes);
    this.#lanes = Array.from({ length: lanes }, emptyLog);
    this.#refill();
    this.#requireLanes();
  }

  /** @throws UsageError where the log holds steps of more environments than this buffer is for */
  #requireLanes(): void {
    if (this.#lanesInLog <= this.#lanes.length) return;
    throw new UsageError(
      `replay: the log must be of as many environments as the buffer, ${this.#lanes.length}; got one of ${this.#lanesInLog}. Call split(${this.#lanesInLog}), or begin in an empty directory.`,
    );
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
    lane = 0,
  ): void {
    if (mask !== null || nextMask !== null) {
      throw new UsageError(
        `replay: a persistent buffer must be given no action masks; got one of ${(mask ?? nextMask)!.length} actions. Use ReplayBuffer.`,
      );
    }
    this.#requireLanes();
    // what is no step raises here, before anything is written
    this.#buffer.append(obs, action, reward, nextObs, terminated, truncated, null, null, lane);
    const log = this.#lanes[lane]!;
    const begins = !log.inEpisode;
    let at = this.#putFlags(
      (begins ? first : 0) | (terminated ? isTerminated : 0) | (truncated ? isTruncated : 0),
      lane,
    );
    this.#view.setFloat64(at, reward, true);
    at += 8;
    for (let i = 0; i < this.#actionSize; i++, at += 4) {
      if (typeof action === "number") this.#view.setInt32(at, action, true);
      else this.#view.setFloat32(at, action[i]!, true);
    }
    if (begins) at = this.#putObs(obs, at);
    at = this.#putObs(nextObs, at);
    if (begins) {
      this.#beginEpisode(log, this.#log.end);
      this.#log.dropBefore(Math.min(this.#firstPlace, this.#savedFrom));
    }
    this.#log.append(this.#record.subarray(0, at), begins);
    log.steps++;
    log.inEpisode = !terminated && !truncated;
  }

  stopEpisode(lane?: number): void {
    if (lane === undefined) {
      for (let each = 0; each < this.#lanes.length; each++) this.stopEpisode(each);
      return;
    }
    this.#buffer.stopEpisode(lane);
    const log = this.#lanes[lane]!;
    if (!log.inEpisode) return;
    this.#log.append(this.#record.subarray(0, this.#putFlags(isStop, lane)), false);
    log.inEpisode = false;
  }

  /** What begins a record; where it goes on. */
  #putFlags(flags: number, lane: number): number {
    const isOfMany = this.#lanes.length > 1;
    this.#view.setUint8(0, flags | (isOfMany ? hasLane : 0));
    if (!isOfMany) return 1;
    this.#view.setUint16(1, lane, true);
    return 3;
  }

  /** Where the log's first episode begins that is still of use. */
  get #firstPlace(): number {
    const places = this.#lanes.flatMap(({ episodes }) => episodes[0]?.place ?? []);
    return places.length > 0 ? Math.min(...places) : this.#log.begin;
  }

  /** An episode begins there; those that lie wholly before the last steps that a lane keeps are of no use any more. */
  #beginEpisode(log: LaneLog, place: number): void {
    const { episodes, steps } = log;
    const kept = this.capacity / this.#lanes.length;
    episodes.push({ place, steps });
    while (episodes.length > 1 && steps - episodes[1]!.steps >= kept) episodes.shift();
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
    const from = this.#firstPlace;
    this.#savedFrom = Math.min(this.#lastSavedFrom, from);
    this.#lastSavedFrom = from;
  }

  /** Plays the log into the buffer; a last record that is not whole is cut off. */
  #refill(): void {
    this.#lanesInLog = 0;
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
    const all = view.getUint8(from);
    const isOfMany = (all & hasLane) !== 0;
    const head = isOfMany ? 3 : 1;
    if (from + head > bytes.length) return 0;
    const flags = all & ~hasLane;
    const lane = isOfMany ? view.getUint16(from + 1, true) : 0;
    this.#lanesInLog = Math.max(this.#lanesInLog, lane + 1);
    const log = this.#lanes[lane];
    if (flags === isStop) {
      if (log) {
        this.#buffer.stopEpisode(lane);
        log.inEpisode = false;
      }
      return head;
    }
    const begins = (flags & first) !== 0;
    const length = head + 8 + 4 * this.#actionSize + (begins ? 2 : 1) * this.#obsBytes;
    // of many, an episode's beginning may have been dropped with the files before
    const isHeadless = isOfMany && !begins && log?.episodes.length === 0;
    if (flags > (first | isTerminated | isTruncated) || (log && !isHeadless && begins === log.inEpisode)) {
      throw new UsageError(
        `replay: the log must hold records of this buffer's options; got flags ${all} at byte ${place}. Open it with the options it was written with.`,
      );
    }
    if (from + length > bytes.length) return 0;
    if (!log || isHeadless) return length;
    const reward = view.getFloat64(from + head, true);
    let at = from + head + 8;
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
      this.#beginEpisode(log, place);
    }
    const terminated = (flags & isTerminated) !== 0;
    const truncated = (flags & isTruncated) !== 0;
    const action = this.#isDiscrete ? numbers[0]! : numbers;
    this.#buffer.append(obs, action, reward, obsAt(at), terminated, truncated, null, null, lane);
    log.steps++;
    log.inEpisode = !terminated && !truncated;
    return length;
  }

  sample(n: number, out: TransitionBatch | FrameBatch): void {
    this.#requireLanes();
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
    this.#lanes = this.#lanes.map(emptyLog);
    this.#refill();
    this.#noteSaved();
    this.#buffer.loadRandom(random as never);
  }

  close(): void {
    this.#log.close();
  }
}
