/** The threads of a run's actors: they are started, watched, replaced where they fail, and ended. */
import { existsSync } from "node:fs";
import { Worker } from "node:worker_threads";
import { kernelModules } from "../../device.ts";
import { DeviceError, ShapeError, UsageError } from "../../errors.ts";
import { Random } from "../../random.ts";
import { ActorFailure } from "../actors.ts";
import { now } from "../turn.ts";
import { ActorBoard, type ActorMessage, type ActorPart, type ActorSettings, own, shared } from "./actorProtocol.ts";

/** What every actor of a run is started with. */
export type ActorRecipe = Pick<
  ActorSettings,
  "agent" | "env" | "envKwargs" | "hyperparameters" | "module" | "runDirectory"
>;

export interface ActorThreadsSetup {
  /** Ids, and what belongs to them. */
  readonly recipe: ActorRecipe;
  readonly actors: number;
  /** Whether an actor that fails is replaced. */
  readonly restarts: boolean;
  readonly seed: number;
  readonly warn: (message: string) => void;
  /** Called with each thread that is started. */
  readonly onThread?: ((actor: number, thread: Worker) => void) | undefined;
}

/** What the kind of the actors says. */
export type ActorTask = Pick<ActorSettings, "work" | "statistics">;

/** Milliseconds that actors have to come to the end of their step before their threads are ended. */
const patience = 700;

/** The compiled thread, also where sources run as they are. */
function actorUrl(): URL {
  if (!import.meta.url.endsWith(".ts")) return new URL("./actor.js", import.meta.url);
  const url = new URL("../../../dist/train/actors/actor.js", import.meta.url);
  if (existsSync(url)) return url;
  throw new UsageError(
    `train: actors must find their compiled thread; got nothing at ${url.pathname}. Run npm run build.`,
  );
}

interface Seat {
  thread: Worker | null;
  /** Threads it has had. */
  generation: number;
  /** Its steps when its thread began. */
  stepsBefore: number;
  /** Its steps at the last look. */
  stepsSeen: number;
  left: Promise<void>;
}

const errorKinds = { DeviceError, ShapeError, UsageError };

export class ActorThreads {
  readonly board: ActorBoard;
  readonly #setup: ActorThreadsSetup;
  readonly #task: ActorTask;
  readonly #boardMemory: SharedArrayBuffer;
  readonly #seats: readonly Seat[];
  #fromStep = 0;
  #seenAt = 0;
  /** Why the run cannot go on. */
  failure: ActorFailure | null = null;

  constructor(setup: ActorThreadsSetup, task: ActorTask) {
    this.#setup = setup;
    this.#task = task;
    this.#boardMemory = ActorBoard.memoryFor(setup.actors, task.statistics.length);
    this.board = new ActorBoard(this.#boardMemory, task.statistics.length);
    this.board.lastReturn[0] = Number.NaN;
    const seat = (): Seat => ({
      thread: null,
      generation: 0,
      stepsBefore: 0,
      stepsSeen: 0,
      left: Promise.resolve(),
    });
    this.#seats = Array.from({ length: setup.actors }, seat);
  }

  start(fromStep: number): void {
    this.#fromStep = fromStep;
    this.#seenAt = now();
    for (let actor = 0; actor < this.#seats.length; actor++) this.#begin(actor);
  }

  #begin(actor: number): void {
    const { recipe, seed, onThread } = this.#setup;
    const seat = this.#seats[actor]!;
    const path = `actor/${actor}/${this.#fromStep}/${seat.generation++}`;
    const workerData: ActorSettings = {
      ...recipe,
      ...this.#task,
      actor,
      actors: this.#seats.length,
      seed: new Random(seed).stream(path).uint32(),
      board: this.#boardMemory,
      kernels: kernelModules(),
    };
    seat.stepsBefore = this.#stepsOf(actor);
    const thread = new Worker(actorUrl(), { workerData, execArgv: [] });
    seat.thread = thread;
    let hasSpoken = false;
    thread.on("message", (message: ActorMessage) => {
      hasSpoken = true;
      if (message.kind === "failed") this.#noteFailure(actor, message.part, errorOf(message));
    });
    thread.on("error", (error) => {
      hasSpoken = true;
      this.#noteFailure(actor, "loop", error);
    });
    seat.left = new Promise((resolve) => {
      thread.on("exit", (code) => {
        if (seat.thread === thread) seat.thread = null;
        if (!hasSpoken && !this.isStopping) {
          const what = `actor ${actor} must act until it is told to stop; got the end of its thread (exit code ${code})`;
          this.#noteFailure(actor, "loop", new DeviceError(`${what}. Look for what ends it.`));
        }
        resolve();
      });
    });
    onThread?.(actor, thread);
  }

  #noteFailure(actor: number, part: ActorPart, error: Error): void {
    if (this.isStopping) return;
    const tookSteps = this.#stepsOf(actor) > this.#seats[actor]!.stepsBefore;
    if (this.#setup.restarts && tookSteps) {
      this.#setup.warn(`train: actor ${actor} failed and was replaced: ${error.message}`);
      this.#begin(actor);
      return;
    }
    this.failure ??= new ActorFailure(part, error);
  }

  get isStopping(): boolean {
    return Atomics.load(this.board.flags, shared.stop) !== 0;
  }

  /** What each actor tells of itself. */
  get boards(): Float64Array[] {
    return this.#seats.map((_, actor) => this.board.of(actor));
  }

  #stepsOf(actor: number): number {
    return this.board.of(actor)[own.steps]!;
  }

  /** The statistics that actors tell, as means over those that have told any. */
  statistics(): Record<string, number> {
    const told = this.boards.filter((mine) => mine[own.hasStatistics] === 1);
    if (told.length === 0) return {};
    const mean = (i: number) => told.reduce((sum, mine) => sum + mine[own.statistics + i]!, 0) / told.length;
    return Object.fromEntries(this.#task.statistics.map((name, i) => [name, mean(i)]));
  }

  /** Has actors wait where they are, between two stretches of steps, or go on. */
  hold(isHeld: boolean): void {
    Atomics.store(this.board.flags, shared.pause, isHeld ? 1 : 0);
    if (isHeld) return;
    Atomics.notify(this.board.flags, shared.pause);
    // speeds do not count the time they were held
    this.#seenAt = now();
  }

  /** Steps per second of each actor, since the last call. */
  speeds(): number[] {
    const at = now();
    const seconds = Math.max(at - this.#seenAt, 1e-3) / 1_000;
    this.#seenAt = at;
    return this.#seats.map((seat, actor) => {
      const steps = this.#stepsOf(actor);
      const speed = (steps - seat.stepsSeen) / seconds;
      seat.stepsSeen = steps;
      return speed;
    });
  }

  /**
   * Ends all threads, within a second.
   * @param wake is called once they are told to stop, for those that wait for something
   */
  async end(wake: () => void = () => {}): Promise<void> {
    Atomics.store(this.board.flags, shared.stop, 1);
    this.hold(false);
    wake();
    const left = Promise.all(this.#seats.map((seat) => seat.left));
    let timer: NodeJS.Timeout | undefined;
    const outOfPatience = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, patience);
    });
    await Promise.race([left, outOfPatience]);
    clearTimeout(timer);
    await Promise.all(this.#seats.map((seat) => seat.thread?.terminate()));
  }
}

/** The error that an actor threw, of its kind. */
function errorOf({ name, message, stack }: { name: string; message: string; stack: string | undefined }): Error {
  const Kind = errorKinds[name as keyof typeof errorKinds] ?? Error;
  const error = new Kind(message);
  if (stack !== undefined) error.stack = stack;
  return error;
}
