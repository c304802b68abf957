/** What a vector environment and its threads share: one block of memory, and one number that is waited on. */
import type { MessagePort } from "node:worker_threads";
import type { State } from "../../state.ts";
import type { MakeOptions } from "../registry.ts";
import type { Space } from "../spaces/index.ts";
import { type Allocate, type Batch, createBatch, rowSize } from "./batchSpace.ts";
import type { StepArrays } from "./localVectorEnv.ts";
import type { AutoresetMode, VectorResetOptions } from "./vectorEnv.ts";

/** Places in a thread's control words. */
export const commandAt = 0;
export const answerAt = 1;

/** Commands. `call` is followed by a message, `step` by one only where actions are no numbers. */
export const command = { none: 0, step: 1, call: 2, close: 3 } as const;
/** Answers. `message`: there is one to be read, infos or a result; `failed`: there is one with the error. */
export const answer = { none: 0, done: 1, message: 2, failed: 3, exited: 4 } as const;

/** Writes a control word and wakes who waits for it. */
export function put(control: Int32Array, at: number, value: number): void {
  Atomics.store(control, at, value);
  Atomics.notify(control, at);
}

/** Waits until a control word is not 0 and makes it 0; what it was, 0 where it took too long. */
export function take(control: Int32Array, at: number, milliseconds = Number.POSITIVE_INFINITY): number {
  // a notification may come late, for a value that was taken long ago
  while (Atomics.load(control, at) === 0) {
    if (Atomics.wait(control, at, 0, milliseconds) === "timed-out") break;
  }
  return Atomics.exchange(control, at, 0);
}

export type Call =
  | { readonly method: "reset"; readonly options: VectorResetOptions }
  | { readonly method: "draw"; readonly row: number }
  | { readonly method: "saveState" }
  | { readonly method: "loadState"; readonly state: State };

export interface WorkerSettings {
  readonly id: string;
  readonly options: MakeOptions;
  readonly name: string;
  readonly autoresetMode: AutoresetMode;
  readonly module: string | undefined;
  /** The thread's rows: from, and how many. */
  readonly from: number;
  readonly count: number;
  /** Of all rows. */
  readonly numEnvs: number;
  readonly memory: SharedArrayBuffer;
  readonly control: SharedArrayBuffer;
  readonly port: MessagePort;
}

export interface SharedArrays extends StepArrays {
  /** `(n, …action)`; null where actions are no flat numbers and come in messages. */
  readonly actions: Float32Array | Int32Array | null;
}

/** The arrays of n environments, laid out one behind the other; `room` says how many bytes they take. */
export function layOut(
  observationSpace: Space<unknown>,
  actionSpace: Space<unknown>,
  n: number,
  memory: SharedArrayBuffer,
): { arrays: SharedArrays; room: number } {
  let at = 0;
  const allocate: Allocate = (type, length) => {
    const begin = at;
    at = Math.ceil((at + length * type.BYTES_PER_ELEMENT) / 64) * 64;
    return at <= memory.byteLength ? new type(memory, begin, length) : new type(length);
  };
  const isFlat = actionSpace.shape !== null;
  const actionType = actionSpace.dtype?.startsWith("float") ? Float32Array : Int32Array;
  const arrays: SharedArrays = {
    obs: createBatch(observationSpace, n, allocate),
    rewards: allocate(Float64Array, n) as Float64Array,
    terminated: allocate(Uint8Array, n) as Uint8Array,
    truncated: allocate(Uint8Array, n) as Uint8Array,
    isReset: allocate(Uint8Array, n) as Uint8Array,
    actions: isFlat ? (allocate(actionType, n * rowSize(actionSpace)) as Float32Array) : null,
  };
  return { arrays, room: at };
}

/** The rows of a thread: views of the arrays of all. */
export function rowsOf(arrays: SharedArrays, n: number, from: number, count: number): SharedArrays {
  const part = <B extends Batch>(batch: B): B => {
    if (ArrayBuffer.isView(batch)) {
      const size = batch.length / n;
      return batch.subarray(from * size, (from + count) * size) as B;
    }
    if (Array.isArray(batch)) return batch.map(part) as unknown as B;
    return Object.fromEntries(Object.entries(batch).map(([name, inner]) => [name, part(inner)])) as unknown as B;
  };
  return {
    obs: part(arrays.obs),
    rewards: part(arrays.rewards),
    terminated: part(arrays.terminated),
    truncated: part(arrays.truncated),
    isReset: part(arrays.isReset),
    actions: arrays.actions && part(arrays.actions),
  };
}
