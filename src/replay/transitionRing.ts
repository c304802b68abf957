/**
 * A ring of steps in memory that two threads share: one writes, the other reads, neither locks. The writer fills a place
 * before it moves the head on, so that the reader never sees half a step, not even of a writer that was killed; where the
 * ring is full the writer waits.
 */
import { ShapeError } from "../errors.ts";

/** What a step takes. */
export interface TransitionFormat {
  /** Numbers in an observation. */
  readonly obsSize: number;
  /** Numbers in an action; 1 for a discrete one. */
  readonly actionSize: number;
  /** Whether an action is a number of a discrete space. */
  readonly isDiscrete: boolean;
  /** Numbers in a mask of allowed actions; 0 where there never is one. */
  readonly maskSize: number;
}

/** One step of an environment, as `Replay.append` takes it. */
export interface Transition {
  /** `(…obs)` */
  readonly obs: ArrayLike<number>;
  readonly action: number | ArrayLike<number>;
  readonly reward: number;
  /** `(…obs)` */
  readonly nextObs: ArrayLike<number>;
  readonly terminated: boolean;
  readonly truncated: boolean;
  /** `(actions)`, null where the environment said nothing. */
  readonly mask: ArrayLike<number> | null;
  readonly nextMask: ArrayLike<number> | null;
  /** Whether it is the first step of an episode: one that was under way before has been cut. */
  readonly begins: boolean;
}

/** Places of the counters, 32-bit integers, each in a cache line of its own: steps written and steps read, which wrap. */
const place = { head: 0, tail: 16 } as const;
const counterBytes = 128;

const flag = { terminated: 1, truncated: 2, begins: 4, hasMask: 8, hasNextMask: 16 } as const;

const whole = (bytes: number): number => (bytes + 7) & -8;

/** Bytes of the columns: rewards, actions, observations and those behind the step, masks, flags. */
function columnsOf({ obsSize, actionSize, maskSize }: TransitionFormat, capacity: number): readonly number[] {
  const bytes = [8, 8 * actionSize, 4 * obsSize, 4 * obsSize, maskSize, maskSize, 1];
  return bytes.map((size) => whole(size * capacity));
}

/** The arrays of one place, made once. */
interface Row {
  readonly action: Float64Array;
  readonly obs: Float32Array;
  readonly nextObs: Float32Array;
  readonly mask: Uint8Array;
  readonly nextMask: Uint8Array;
}

export class TransitionRing {
  /** Steps that it holds at most. */
  readonly capacity: number;
  readonly #isDiscrete: boolean;
  readonly #maskSize: number;
  readonly #counters: Int32Array;
  readonly #reward: Float64Array;
  readonly #flags: Uint8Array;
  readonly #rows: readonly Row[];

  /** Bytes of memory, a multiple of 8. */
  static bytesOf(format: TransitionFormat, capacity: number): number {
    return columnsOf(format, capacity).reduce((sum, bytes) => sum + bytes, counterBytes);
  }

  /**
   * @param memory filled with zeros at first
   * @param byteOffset a multiple of 8
   * @param capacity a power of two
   */
  constructor(memory: SharedArrayBuffer, byteOffset: number, format: TransitionFormat, capacity: number) {
    const { obsSize, actionSize, isDiscrete, maskSize } = format;
    this.capacity = capacity;
    this.#isDiscrete = isDiscrete;
    this.#maskSize = maskSize;
    this.#counters = new Int32Array(memory, byteOffset, counterBytes / 4);
    let at = byteOffset + counterBytes;
    const places = columnsOf(format, capacity).map((bytes) => {
      at += bytes;
      return at - bytes;
    });
    this.#reward = new Float64Array(memory, places[0], capacity);
    this.#flags = new Uint8Array(memory, places[6], capacity);
    const floats = (column: number, row: number, size: number) =>
      new Float32Array(memory, places[column]! + 4 * row * size, size);
    const bytes = (column: number, row: number) => new Uint8Array(memory, places[column]! + row * maskSize, maskSize);
    this.#rows = Array.from({ length: capacity }, (_, row) => ({
      action: new Float64Array(memory, places[1]! + 8 * row * actionSize, actionSize),
      obs: floats(2, row, obsSize),
      nextObs: floats(3, row, obsSize),
      mask: bytes(4, row),
      nextMask: bytes(5, row),
    }));
  }

  /** Steps written and not read yet. */
  get waiting(): number {
    const tail = Atomics.load(this.#counters, place.tail);
    return (Atomics.load(this.#counters, place.head) - tail) | 0;
  }

  /** Of the writer: puts a step in; false where there is no room. @throws ShapeError for a mask of another size */
  write({ obs, action, reward, nextObs, terminated, truncated, mask, nextMask, begins }: Transition): boolean {
    if (this.waiting === this.capacity) return false;
    const head = Atomics.load(this.#counters, place.head);
    const row = head & (this.capacity - 1);
    const own = this.#rows[row]!;
    this.#reward[row] = reward;
    if (typeof action === "number") own.action[0] = action;
    else own.action.set(action);
    own.obs.set(obs);
    own.nextObs.set(nextObs);
    if (mask) this.#putMask(own.mask, mask);
    if (nextMask) this.#putMask(own.nextMask, nextMask);
    this.#flags[row] =
      (terminated ? flag.terminated : 0) |
      (truncated ? flag.truncated : 0) |
      (begins ? flag.begins : 0) |
      (mask ? flag.hasMask : 0) |
      (nextMask ? flag.hasNextMask : 0);
    Atomics.store(this.#counters, place.head, (head + 1) | 0);
    return true;
  }

  #putMask(to: Uint8Array, mask: ArrayLike<number>): void {
    if (mask.length !== this.#maskSize) {
      throw new ShapeError(
        `replay: every mask must hold ${this.#maskSize} numbers, one an action; got ${mask.length}. Look at info.actionMask.`,
      );
    }
    to.set(mask);
  }

  /** Of the writer, where the ring is full: waits until half of it is free, at most so long. */
  waitForRoom(milliseconds: number): void {
    const tail = Atomics.load(this.#counters, place.tail);
    const head = Atomics.load(this.#counters, place.head);
    if (((head - tail) | 0) === this.capacity) Atomics.wait(this.#counters, place.tail, tail, milliseconds);
  }

  /** Of the reader: the oldest step, which must be there. Its arrays are the ring's own until `release`. */
  oldest(): Transition {
    const row = Atomics.load(this.#counters, place.tail) & (this.capacity - 1);
    const flags = this.#flags[row]!;
    const { action, obs, nextObs, mask, nextMask } = this.#rows[row]!;
    return {
      obs,
      action: this.#isDiscrete ? action[0]! : action,
      reward: this.#reward[row]!,
      nextObs,
      terminated: (flags & flag.terminated) !== 0,
      truncated: (flags & flag.truncated) !== 0,
      mask: (flags & flag.hasMask) === 0 ? null : mask,
      nextMask: (flags & flag.hasNextMask) === 0 ? null : nextMask,
      begins: (flags & flag.begins) !== 0,
    };
  }

  /** Of the reader: the oldest step has been read, its place is free. A writer that waits goes on once half of them are. */
  release(): void {
    Atomics.add(this.#counters, place.tail, 1);
    if (this.waiting <= this.capacity / 2) Atomics.notify(this.#counters, place.tail);
  }

  /** Wakes a writer that waits. */
  wake(): void {
    Atomics.notify(this.#counters, place.tail);
  }
}
