/** What the main thread and the actors' threads share besides what agents learn. */
import type { KernelModules } from "../../device.ts";
import type { TransitionFormat } from "../../replay/index.ts";

/** Places of 32-bit integers that all actors share. */
export const shared = { stop: 0, episodes: 1, pause: 2 } as const;

/**
 * Places of an actor's own numbers: its steps, whether it has told statistics, the updates behind the parameters it acts
 * with; its agent's statistics stand behind them.
 */
export const own = { steps: 0, hasStatistics: 1, updates: 2, statistics: 3 } as const;

/** The memory of `memoryFor`, laid out. */
export class ActorBoard {
  readonly flags: Int32Array;
  /** (1): return of the last finished episode; NaN before the first. */
  readonly lastReturn: Float64Array;
  readonly #memory: SharedArrayBuffer;
  readonly #statistics: number;

  static memoryFor(actors: number, statistics: number): SharedArrayBuffer {
    return new SharedArrayBuffer(24 + 8 * actors * (own.statistics + statistics));
  }

  constructor(memory: SharedArrayBuffer, statistics: number) {
    this.#memory = memory;
    this.#statistics = statistics;
    this.flags = new Int32Array(memory, 0, 4);
    this.lastReturn = new Float64Array(memory, 16, 1);
  }

  /** The numbers of one actor. */
  of(actor: number): Float64Array {
    const size = own.statistics + this.#statistics;
    return new Float64Array(this.#memory, 24 + 8 * size * actor, size);
  }
}

/** How an actor learns: with the others, in memory of `SharedLearning`, or not at all, in a `LearnerMemory`. */
export type ActorWork =
  | {
      readonly kind: "shared";
      readonly learning: SharedArrayBuffer;
      /** Steps of all actors together. */
      readonly steps: number;
    }
  | {
      readonly kind: "learner";
      readonly learning: SharedArrayBuffer;
      readonly format: TransitionFormat;
      readonly actors: number;
    };

/** What an actor's thread is started with. */
export interface ActorSettings {
  readonly actor: number;
  /** How many there are. */
  readonly actors: number;
  /** Ids. */
  readonly agent: string;
  readonly env: string;
  readonly envKwargs: Readonly<Record<string, unknown>>;
  readonly hyperparameters: Readonly<Record<string, unknown>>;
  /** The URL of a module that is imported first: it registers what the ids name. */
  readonly module: string | null;
  /** The run directory, in which the first actor shows itself to whoever looks; null for a run without one. */
  readonly runDirectory: string | null;
  /** Of this actor alone. */
  readonly seed: number;
  readonly work: ActorWork;
  /** What the main thread has compiled. */
  readonly kernels: KernelModules;
  /** Names of the statistics that the actor tells. */
  readonly statistics: readonly string[];
  readonly board: SharedArrayBuffer;
}

/** What broke in an actor. */
export type ActorPart = "env" | "agent" | "loop";

/** An actor's last word. */
export type ActorMessage =
  | { readonly kind: "ended" }
  | {
      readonly kind: "failed";
      readonly part: ActorPart;
      readonly name: string;
      readonly message: string;
      readonly stack: string | undefined;
    };
