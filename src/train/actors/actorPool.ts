/** The actors of a run: threads that act and learn with shared parameters, watched by the main thread. */
import { existsSync } from "node:fs";
import { Worker } from "node:worker_threads";
import type { AsyncAgent } from "../../agents/index.ts";
import { sharedSteps } from "../../agents/sharedLearning.ts";
import { DeviceError, ShapeError, UsageError } from "../../errors.ts";
import { Random } from "../../random.ts";
import { ActorFailure, type Actors } from "../actors.ts";
import type { LoopState } from "../loop.ts";
import type { StopRequest } from "../run.ts";
import { now } from "../turn.ts";
import { ActorBoard, type ActorMessage, type ActorPart, type ActorSettings, own, shared } from "./actorProtocol.ts";

export interface ActorPoolSetup {
  /** What evaluations and checkpoints are made with. */
  readonly agent: AsyncAgent;
  /** Ids, and what belongs to them. */
  readonly recipe: Pick<ActorSettings, "agent" | "env" | "envKwargs" | "hyperparameters" | "module">;
  readonly actors: number;
  /** Whether an actor that fails is replaced. */
  readonly restarts: boolean;
  readonly seed: number;
  readonly steps: number;
  readonly warn: (message: string) => void;
  /** Called with each thread that is started. */
  readonly onThread?: (actor: number, thread: Worker) => void;
}

/** Milliseconds between looks at the counters. */
const glance = 4;
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

export class ActorPool implements Actors {
  readonly #setup: ActorPoolSetup;
  readonly #learning: SharedArrayBuffer;
  readonly #boardMemory: SharedArrayBuffer;
  readonly #board: ActorBoard;
  readonly #statistics: readonly string[];
  readonly #seats: readonly Seat[];
  #fromStep = 0;
  #episodesBefore = 0;
  #seenAt = 0;
  #failure: ActorFailure | null = null;

  constructor(setup: ActorPoolSetup) {
    this.#setup = setup;
    const { agent, actors } = setup;
    this.#statistics = Object.keys(agent.statistics());
    this.#learning = new SharedArrayBuffer(agent.sharedBytes);
    this.#boardMemory = ActorBoard.memoryFor(actors, this.#statistics.length);
    this.#board = new ActorBoard(this.#boardMemory, this.#statistics.length);
    this.#board.lastReturn[0] = Number.NaN;
    const seat = (): Seat => ({
      thread: null,
      generation: 0,
      stepsBefore: 0,
      stepsSeen: 0,
      left: Promise.resolve(),
    });
    this.#seats = Array.from({ length: actors }, seat);
  }

  start({ step, episodes }: LoopState): void {
    this.#fromStep = step;
    this.#episodesBefore = episodes;
    this.#seenAt = now();
    this.#setup.agent.share(this.#learning, true);
    for (let actor = 0; actor < this.#seats.length; actor++) this.#begin(actor);
  }

  #begin(actor: number): void {
    const { recipe, seed, steps, onThread } = this.#setup;
    const seat = this.#seats[actor]!;
    const path = `actor/${actor}/${this.#fromStep}/${seat.generation++}`;
    const workerData: ActorSettings = {
      ...recipe,
      actor,
      seed: new Random(seed).stream(path).uint32(),
      steps,
      statistics: this.#statistics,
      learning: this.#learning,
      board: this.#boardMemory,
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
        if (!hasSpoken && !this.#isStopping) {
          const what = `actor ${actor} must act until it is told to stop; got the end of its thread (exit code ${code})`;
          this.#noteFailure(actor, "loop", new DeviceError(`${what}. Look for what ends it.`));
        }
        resolve();
      });
    });
    onThread?.(actor, thread);
  }

  #noteFailure(actor: number, part: ActorPart, error: Error): void {
    if (this.#isStopping) return;
    const tookSteps = this.#stepsOf(actor) > this.#seats[actor]!.stepsBefore;
    if (this.#setup.restarts && tookSteps) {
      this.#setup.warn(`train: actor ${actor} failed and was replaced: ${error.message}`);
      this.#begin(actor);
      return;
    }
    this.#failure ??= new ActorFailure(part, error);
  }

  get #isStopping(): boolean {
    return Atomics.load(this.#board.flags, shared.stop) !== 0;
  }

  #stepsOf(actor: number): number {
    return this.#board.of(actor)[own.steps]!;
  }

  async run(until: number, stop: StopRequest): Promise<void> {
    const { steps } = this.#setup;
    while (this.#failure === null && !stop.requested && sharedSteps(this.#learning) < until) {
      await new Promise((resolve) => setTimeout(resolve, glance));
    }
    if (this.#failure !== null) throw this.#failure;
    if (until >= steps && !stop.requested) await this.end();
  }

  hold(isHeld: boolean): void {
    Atomics.store(this.#board.flags, shared.pause, isHeld ? 1 : 0);
    if (isHeld) return;
    Atomics.notify(this.#board.flags, shared.pause);
    // speeds do not count the time they were held
    this.#seenAt = now();
  }

  follow(loop: LoopState): void {
    const { agent, steps } = this.#setup;
    agent.followShared();
    // actors that step at once may pass the end by a step each
    loop.step = Math.min(agent.steps, steps);
    loop.episodes = this.#episodesBefore + Atomics.load(this.#board.flags, shared.episodes);
    const lastReturn = this.#board.lastReturn[0]!;
    if (!Number.isNaN(lastReturn)) loop.lastReturn = lastReturn;
  }

  statistics(): Record<string, number> {
    const boards = this.#seats.map((_, actor) => this.#board.of(actor)).filter((mine) => mine[own.hasStatistics] === 1);
    const all = this.#setup.agent.statistics();
    if (boards.length === 0) return all;
    this.#statistics.forEach((name, i) => {
      if (name === "updates") return;
      all[name] = boards.reduce((sum, mine) => sum + mine[own.statistics + i]!, 0) / boards.length;
    });
    return all;
  }

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

  async end(): Promise<void> {
    Atomics.store(this.#board.flags, shared.stop, 1);
    this.hold(false);
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
