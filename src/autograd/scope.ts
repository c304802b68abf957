/**
 * Scopes: where the memory of intermediate results comes from and when it is recycled.
 *
 * One `act` or one `update` is one scope. Results computed inside live in an arena; at the end of the scope its pointer
 * goes back to where it stood, so the same code gets the same addresses and a steady state allocates nothing. Outside
 * any scope results live on (handy in a notebook) up to a limit that reminds of scopes.
 */
import { UsageError } from "../errors.ts";
import { type Backend, backend, backendId } from "../kernel/backend.ts";
import { roundToBlock } from "../kernel/memory.ts";

interface Chunk {
  readonly address: number;
  readonly bytes: number;
}

/** A run of chunks that never move, used like a stack. */
class Arena {
  readonly #backend: Backend;
  readonly #chunks: Chunk[] = [];
  #chunk = -1;
  #cursor = 0;
  #limit = 0;
  /** By scope level: where the chunks stood when the scope began. */
  readonly #markedChunk: number[] = [];
  readonly #markedCursor: number[] = [];

  constructor(owner: Backend) {
    this.#backend = owner;
  }

  allocate(bytes: number): number {
    const address = this.#cursor;
    const next = address + ((bytes + 63) & -64);
    if (next > this.#limit) return this.#allocateInNextChunk(bytes);
    this.#cursor = next;
    return address;
  }

  #allocateInNextChunk(bytes: number): number {
    let chunk = this.#chunks[this.#chunk + 1];
    while (chunk && chunk.bytes < bytes) {
      // a later chunk that is too small for this request is skipped, not lost: the next scope uses it again
      this.#chunk++;
      chunk = this.#chunks[this.#chunk + 1];
    }
    if (!chunk) {
      const size = roundToBlock(Math.max(bytes, 1 << 20, this.#chunks.at(-1)?.bytes ?? 0));
      chunk = { address: this.#backend.memory.reserve(size), bytes: size };
      this.#chunks.push(chunk);
    }
    this.#chunk++;
    this.#cursor = chunk.address;
    this.#limit = chunk.address + chunk.bytes;
    return this.allocate(bytes);
  }

  mark(level: number): void {
    this.#markedChunk[level] = this.#chunk;
    this.#markedCursor[level] = this.#cursor;
  }

  resetToMark(level: number): void {
    const chunk = this.#markedChunk[level]!;
    this.#cursor = this.#markedCursor[level]!;
    if (chunk === this.#chunk) return;
    this.#chunk = chunk;
    const present = this.#chunks[chunk];
    this.#limit = present ? present.address + present.bytes : 0;
  }

  get bytes(): number {
    return this.#chunks.reduce((sum, { bytes }) => sum + bytes, 0);
  }
}

const arenas = new WeakMap<Backend, Arena>();
let arena: Arena | undefined;
let arenaEpoch = -1;

function currentArena(): Arena {
  const owner = backend();
  if (arenaEpoch !== backendId) {
    arena = arenas.get(owner) ?? new Arena(owner);
    arenas.set(owner, arena);
    arenaEpoch = backendId;
  }
  return arena!;
}

/** How deep the running scope is nested; 0 outside any scope. */
export let scopeLevel = 0;
/** By level: counts the scopes that ended there. A Variable is alive while its level's count is what it was. */
export const scopeEpochs: number[] = [0];

/** What results outside any scope may take before a UsageError asks for a scope. */
export const rootLimitBytes = 256 << 20;
let rootBytes = 0;

/** Memory for a result of the running scope. */
export function allocate(bytes: number): number {
  if (scopeLevel === 0) {
    rootBytes += bytes;
    if (rootBytes > rootLimitBytes) {
      throw new UsageError(
        `scope: results outside any scope may take ${rootLimitBytes >> 20} MiB; got more. ` +
          "Wrap each step of your loop in scope(() => …), which recycles its memory.",
      );
    }
  }
  if (arenaEpoch !== backendId) currentArena();
  return arena!.allocate(bytes);
}

/** Lets a scope's returned Variables live on in the scope around it; set by variable.ts, which knows what a Variable is. */
let carryOut: (value: unknown, level: number) => unknown = (value) => value;
let prepareReturn: (value: unknown, level: number) => unknown = (value) => value;

export function installScopeReturn(prepare: typeof prepareReturn, carry: typeof carryOut): void {
  prepareReturn = prepare;
  carryOut = carry;
}

/**
 * Runs `body`; the memory of everything computed inside is recycled when it returns.
 *
 * A detached Variable that `body` returns is copied into the scope around; a recorded one raises, as its graph ends
 * with the scope. Using a Variable after its scope raises too: it never reads recycled memory. Bodies are synchronous.
 */
export function scope<T>(body: () => T): T {
  const running = currentArena();
  scopeLevel++;
  const level = scopeLevel;
  running.mark(level);
  if (scopeEpochs.length <= level) scopeEpochs.push(0);
  let result: T;
  let prepared: unknown;
  try {
    result = body();
    if (result !== null && typeof result === "object") {
      if (typeof (result as { then?: unknown }).then === "function") {
        throw new UsageError("scope: the body must be synchronous; got a Promise. Await outside of the scope.");
      }
      prepared = prepareReturn(result, level);
    }
  } finally {
    scopeLevel--;
    scopeEpochs[level]!++;
    running.resetToMark(level);
  }
  return prepared === undefined ? result : (carryOut(prepared, level) as T);
}

/** Bytes of arena memory this thread's backend holds: flat in a steady state. */
export const arenaBytes = (): number => currentArena().bytes;

/** Whether operations record what backward needs. */
export let isRecording = true;
/** Whether networks are as in training: noisy where they are so, and with `isRecording` as `isLearning` says. */
export let isTraining = true;

/**
 * Whether a forward pass is one to learn from, recorded and in training mode. Only there dropout drops, and batch
 * normalisation goes by the batch: acting (on a batch of one) and targets, which nothing records, go by what was learned.
 * Source: ChainerRL and PFRL run these in evaluation mode; Lillicrap et al. 2016, section 3, on batch normalisation.
 */
export const isLearning = (): boolean => isRecording && isTraining;

function withRecording<T>(value: boolean, body: () => T): T {
  const before = isRecording;
  isRecording = value;
  try {
    return body();
  } finally {
    isRecording = before;
  }
}

/** Runs `body` without recording: results have no graph (targets, acting). */
export const noBackprop = <T>(body: () => T): T => withRecording(false, body);
/** Runs `body` with recording, inside a `noBackprop` too. */
export const forceBackprop = <T>(body: () => T): T => withRecording(true, body);

function withTraining<T>(value: boolean, body: () => T): T {
  const before = isTraining;
  isTraining = value;
  try {
    return body();
  } finally {
    isTraining = before;
  }
}

/** Runs `body` in training mode, the default. */
export const trainMode = <T>(body: () => T): T => withTraining(true, body);
/** Runs `body` in evaluation mode: no dropout, no noise, running statistics for those of the batch. */
export const evalMode = <T>(body: () => T): T => withTraining(false, body);

/** For the backward pass, where a closure a call would cost: sets the flag and returns what it was. */
export function setRecording(value: boolean): boolean {
  const before = isRecording;
  isRecording = value;
  return before;
}
