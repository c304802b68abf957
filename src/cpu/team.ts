/**
 * Threads that help with large operations. A job is one WebAssembly function called `count` times with arguments that
 * advance by fixed strides; whoever is free takes the next call, this thread too, so that it waits for nobody who sleeps.
 * Calls write different numbers, and each computes the same whoever runs it: results do not depend on the threads.
 *
 * Helpers spin for a while before they sleep: handing a call to a spinning thread costs less than a microsecond, waking
 * a sleeping one four hundred.
 */
import { UsageError } from "../errors.ts";

type Run = (...args: number[]) => void;

/** The words that threads share. The claim's upper 24 bits count jobs, the lower 8 are the next call to be taken. */
const word = { claim: 0, count: 1, done: 2, body: 3, argCount: 4, sleepers: 5, args: 8, strides: 24 } as const;
const words = 40;
/** Calls of a job, at most. */
const mostCalls = 255;

/** What a helper runs; it shares nothing with this file but `word`. */
const helperSource = `
  const { workerData, receiveMessageOnPort } = process.getBuiltinModule("node:worker_threads");
  const { control: c, memory, port } = workerData;
  const w = ${JSON.stringify(word)};
  const bodies = [];
  const args = [];
  let idle = 0;
  for (;;) {
    const claim = Atomics.load(c, w.claim);
    const call = claim & 255;
    if (call >= c[w.count]) {
      if (++idle < 20000) continue;
      Atomics.add(c, w.sleepers, 1);
      Atomics.wait(c, w.claim, claim);
      Atomics.sub(c, w.sleepers, 1);
      idle = 0;
      continue;
    }
    idle = 0;
    const body = c[w.body];
    if (!bodies[body]) {
      for (let m = receiveMessageOnPort(port); m; m = receiveMessageOnPort(port)) {
        const { index, module } = m.message;
        bodies[index] = new WebAssembly.Instance(module, { env: { memory } }).exports.f;
      }
      if (!bodies[body]) continue;
    }
    const n = c[w.argCount];
    args.length = n;
    for (let i = 0; i < n; i++) args[i] = c[w.args + i] + call * c[w.strides + i];
    // what was read belongs to this job if its call is still to be had
    if (Atomics.compareExchange(c, w.claim, claim, claim + 1) !== claim) continue;
    bodies[body](...args);
    Atomics.add(c, w.done, 1);
  }
`;

/** Multiplications with an addition from which on a job is handed out: some tens of microseconds. */
export const leastWork = 1 << 19;

export class Team {
  readonly #helpers: number;
  readonly #memory: WebAssembly.Memory;
  readonly #workers: typeof import("node:worker_threads");
  readonly #control = new Int32Array(new SharedArrayBuffer(4 * words));
  readonly #ports: { postMessage(message: unknown): void }[] = [];
  readonly #modules = new WeakMap<Run, WebAssembly.Module>();
  readonly #indices = new WeakMap<Run, number>();
  #bodies = 0;
  #job = 0;
  /** Calls that helpers have run so far. */
  helped = 0;

  /** @param helpers threads beside this one, started with the first job */
  constructor(helpers: number, memory: WebAssembly.Memory, workers: typeof import("node:worker_threads")) {
    this.#helpers = helpers;
    this.#memory = memory;
    this.#workers = workers;
  }

  #start(): void {
    const { MessageChannel, Worker } = this.#workers;
    while (this.#ports.length < this.#helpers) {
      const { port1, port2 } = new MessageChannel();
      const helper = new Worker(helperSource, {
        eval: true,
        workerData: { control: this.#control, memory: this.#memory, port: port2 },
        transferList: [port2],
      });
      helper.unref();
      port1.unref();
      this.#ports.push(port1);
    }
  }

  /** Keeps the module of a function, which helpers will need. */
  know(run: Run, module: WebAssembly.Module): void {
    this.#modules.set(run, module);
  }

  #indexOf(run: Run): number {
    let index = this.#indices.get(run);
    if (index === undefined) {
      index = this.#bodies++;
      this.#indices.set(run, index);
      for (const port of this.#ports) port.postMessage({ index, module: this.#modules.get(run)! });
    }
    return index;
  }

  /** Calls `run` `count` times with args + i · strides. Returns when all have run. */
  run(run: Run, count: number, args: readonly number[], strides: readonly number[]): void {
    for (let from = 0; from < count; from += mostCalls) {
      const first = from === 0 ? args : args.map((arg, i) => arg + from * (strides[i] ?? 0));
      this.#runJob(run, Math.min(mostCalls, count - from), first, strides);
    }
  }

  #runJob(run: Run, count: number, args: readonly number[], strides: readonly number[]): void {
    if (this.#ports.length === 0) this.#start();
    const c = this.#control;
    c[word.body] = this.#indexOf(run);
    c[word.argCount] = args.length;
    for (let i = 0; i < args.length; i++) {
      c[word.args + i] = args[i]!;
      c[word.strides + i] = strides[i] ?? 0;
    }
    c[word.done] = 0;
    this.#job = (this.#job + 1) & 0xffffff;
    // helpers that see the new count beside the old claim find nothing to take: its calls have all been taken
    const first = this.#job << 8;
    c[word.count] = 0;
    Atomics.store(c, word.claim, first);
    Atomics.store(c, word.count, count);
    if (Atomics.load(c, word.sleepers) > 0) Atomics.notify(c, word.claim);
    const own: number[] = new Array(args.length);
    let taken = 0;
    for (;;) {
      const claim = Atomics.load(c, word.claim);
      const call = claim & 255;
      if (call >= count) break;
      if (Atomics.compareExchange(c, word.claim, claim, claim + 1) !== claim) continue;
      for (let i = 0; i < args.length; i++) own[i] = args[i]! + call * (strides[i] ?? 0);
      taken++;
      run(...own);
      Atomics.add(c, word.done, 1);
    }
    while (Atomics.load(c, word.done) < count);
    this.helped += count - taken;
  }
}

/** How many threads `KUSARI_THREADS` asks for; 1 without it. @throws UsageError unless it is a count */
export function wantedThreads(): number {
  const text = globalThis.process?.env?.KUSARI_THREADS;
  if (text === undefined || text === "") return 1;
  const threads = Number(text);
  if (Number.isInteger(threads) && threads >= 1 && threads <= 64) return threads;
  throw new UsageError(`cpu: KUSARI_THREADS must be a whole number from 1 to 64; got ${text}. Leave it away for 1.`);
}

/** The helpers beside this thread; null where there are none to be had or none are wanted. */
export function makeTeam(threads: number, memory: WebAssembly.Memory): Team | null {
  if (threads === 1 || typeof SharedArrayBuffer === "undefined" || !(memory.buffer instanceof SharedArrayBuffer)) {
    return null;
  }
  const workers = globalThis.process?.getBuiltinModule?.("node:worker_threads");
  return workers ? new Team(threads - 1, memory, workers) : null;
}
