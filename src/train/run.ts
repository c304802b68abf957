/** A run in progress: awaited for its result, iterated for its events, stopped. */
import type { ResultEvent, RunEvent } from "./events.ts";

/** Asks a loop to stop at the next step; also what the loop looks at. */
export interface StopRequest {
  requested: boolean;
}

/** Asks a loop to leave its steps for something else than the end: to wait, or to write a checkpoint. */
export class HoldRequest {
  #isPaused = false;
  #wantsCheckpoint = false;
  #wake: () => void = () => {};

  get requested(): boolean {
    return this.#isPaused || this.#wantsCheckpoint;
  }

  get isPaused(): boolean {
    return this.#isPaused;
  }

  set isPaused(isPaused: boolean) {
    this.#isPaused = isPaused;
    this.#wake();
  }

  askForCheckpoint(): void {
    this.#wantsCheckpoint = true;
    this.#wake();
  }

  /** @returns whether a checkpoint was asked for since the last call */
  takeCheckpoint(): boolean {
    const wanted = this.#wantsCheckpoint;
    this.#wantsCheckpoint = false;
    return wanted;
  }

  /** Has whoever waits look again. */
  wake(): void {
    this.#wake();
  }

  /** Resolves when something has changed. */
  change(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }
}

/**
 * A run in progress. It is awaitable (an async function that returns it waits for its end): `await run` gives the
 * result or throws what ended it. `for await (const event of run)` gives its events from then on; a reader that falls
 * behind misses progress events, never another kind.
 */
export interface Run extends PromiseLike<ResultEvent>, AsyncIterable<RunEvent> {
  /** Where the run is written; null before the start event and for a run that writes nothing. */
  readonly directory: string | null;
  /** Calls `listener` at every event of one kind (or all, with "event"); returns a function that ends it. */
  on<E extends RunEvent["event"]>(event: E, listener: (event: Extract<RunEvent, { event: E }>) => void): () => void;
  on(event: "event", listener: (event: RunEvent) => void): () => void;
  /**
   * Holds the run after the step under way, or after the episode of an evaluation; time stands still for it. It goes on
   * with `continue()`, with the same numbers as if it had never been paused.
   */
  pause(): void;
  continue(): void;
  /** Has a checkpoint written after the step under way, also of a paused run. */
  checkpoint(): void;
  /** Saves a checkpoint and ends the run with outcome "stopped"; resolves to its result. */
  stop(): Promise<ResultEvent>;
  catch<T>(onRejected: (reason: unknown) => T | PromiseLike<T>): Promise<ResultEvent | T>;
  finally(onFinally: () => void): Promise<ResultEvent>;
}

/** How many progress events wait for one slow reader before the oldest is dropped. */
const waitingProgress = 64;

/** The events one `for await` has not read yet. */
class Mailbox implements AsyncIterator<RunEvent> {
  readonly #waiting: RunEvent[] = [];
  readonly #closed: (mailbox: Mailbox) => void;
  #progress = 0;
  #readers: { resolve: (result: IteratorResult<RunEvent>) => void; reject: (reason: unknown) => void }[] = [];
  #end: { error: unknown } | "done" | null = null;

  constructor(closed: (mailbox: Mailbox) => void) {
    this.#closed = closed;
  }

  put(event: RunEvent): void {
    const reader = this.#readers.shift();
    if (reader) {
      reader.resolve({ done: false, value: event });
      return;
    }
    this.#waiting.push(event);
    if (event.event !== "progress") return;
    if (this.#progress === waitingProgress) {
      const oldest = this.#waiting.findIndex((waiting) => waiting.event === "progress");
      this.#waiting.splice(oldest, 1);
    } else {
      this.#progress++;
    }
  }

  close(end: { error: unknown } | "done"): void {
    this.#end = end;
    const readers = this.#readers;
    this.#readers = [];
    for (const reader of readers) this.next().then(reader.resolve, reader.reject);
  }

  next(): Promise<IteratorResult<RunEvent>> {
    const event = this.#waiting.shift();
    if (event) {
      if (event.event === "progress") this.#progress--;
      return Promise.resolve({ done: false, value: event });
    }
    const end = this.#end;
    if (end === null) return new Promise((resolve, reject) => this.#readers.push({ resolve, reject }));
    // an error is told once, as from a generator
    this.#end = "done";
    return end === "done" ? Promise.resolve({ done: true, value: undefined }) : Promise.reject(end.error);
  }

  return(): Promise<IteratorResult<RunEvent>> {
    this.#closed(this);
    this.#waiting.length = 0;
    this.close("done");
    return Promise.resolve({ done: true, value: undefined });
  }
}

/** What the body of a run is given. */
export interface RunHandle {
  readonly stop: StopRequest;
  readonly hold: HoldRequest;
  emit(event: RunEvent): void;
}

class RunningRun implements Run {
  readonly #result: Promise<ResultEvent>;
  readonly #stop: StopRequest = { requested: false };
  readonly #hold = new HoldRequest();
  readonly #listeners = new Map<string, Set<(event: RunEvent) => void>>();
  readonly #mailboxes = new Set<Mailbox>();
  #end: { error: unknown } | "done" | null = null;
  /** Whether somebody waits for the result; readers of events hear of a failure too, while they read. */
  #awaited = false;
  #last: RunEvent | null = null;
  #directory: string | null = null;

  constructor(body: (handle: RunHandle) => Promise<ResultEvent>, signal: AbortSignal | undefined) {
    const abort = () => this.#requestStop();
    if (signal?.aborted) abort();
    signal?.addEventListener("abort", abort, { once: true });
    // the body begins in a later turn, so that whoever holds the run can listen from its first event on
    this.#result = Promise.resolve()
      .then(() => body({ stop: this.#stop, hold: this.#hold, emit: (event) => this.#emit(event) }))
      .finally(() => signal?.removeEventListener("abort", abort));
    this.#result.then(
      () => this.#close("done"),
      (error) => this.#close({ error }),
    );
  }

  get directory(): string | null {
    return this.#directory;
  }

  // biome-ignore lint/suspicious/noThenProperty: a run is awaited
  then<A = ResultEvent, B = never>(
    onResolved?: ((result: ResultEvent) => A | PromiseLike<A>) | null,
    onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    this.#awaited = true;
    return this.#result.then(onResolved, onRejected);
  }

  catch<T>(onRejected: (reason: unknown) => T | PromiseLike<T>): Promise<ResultEvent | T> {
    return this.then(undefined, onRejected);
  }

  finally(onFinally: () => void): Promise<ResultEvent> {
    this.#awaited = true;
    return this.#result.finally(onFinally);
  }

  #requestStop(): void {
    this.#stop.requested = true;
    this.#hold.wake();
  }

  pause(): void {
    this.#hold.isPaused = true;
  }

  continue(): void {
    this.#hold.isPaused = false;
  }

  checkpoint(): void {
    this.#hold.askForCheckpoint();
  }

  stop(): Promise<ResultEvent> {
    this.#requestStop();
    return this.then((result) => result);
  }

  on(event: string, listener: (event: never) => void): () => void {
    const listeners = this.#listeners.get(event) ?? new Set();
    this.#listeners.set(event, listeners);
    listeners.add(listener as (event: RunEvent) => void);
    return () => listeners.delete(listener as (event: RunEvent) => void);
  }

  [Symbol.asyncIterator](): AsyncIterator<RunEvent> {
    const mailbox = new Mailbox((closed) => this.#mailboxes.delete(closed));
    if (this.#end === null) {
      this.#mailboxes.add(mailbox);
    } else {
      if (this.#end === "done") mailbox.put(this.#last!);
      mailbox.close(this.#end);
    }
    return mailbox;
  }

  #emit(event: RunEvent): void {
    this.#last = event;
    if (event.event === "start") this.#directory = event.runDirectory;
    for (const mailbox of this.#mailboxes) mailbox.put(event);
    for (const kind of [event.event, "event"]) {
      for (const listener of this.#listeners.get(kind) ?? []) listener(event);
    }
  }

  #close(end: { error: unknown } | "done"): void {
    this.#end = end;
    // where nobody waits for the run its error must not pass unseen: Node reports a rejection that nobody handles
    if (end !== "done" && !this.#awaited && this.#mailboxes.size === 0) void Promise.reject(end.error);
    for (const mailbox of this.#mailboxes) mailbox.close(end);
    this.#mailboxes.clear();
  }
}

/** Starts a run; its body is called in a later turn. Aborting the signal is the same as `run.stop()`. */
export const startRun = (body: (handle: RunHandle) => Promise<ResultEvent>, signal?: AbortSignal): Run =>
  new RunningRun(body, signal);
