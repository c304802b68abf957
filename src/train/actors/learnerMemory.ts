/** What the thread that learns and the actors' threads share: counters, a ring of steps for each actor, parameters. */
import { type Link, PublishedParameters } from "../../autograd/index.ts";
import { type TransitionFormat, TransitionRing } from "../../replay/index.ts";

/**
 * Places of the counters, 32-bit integers, each in a cache line of its own: steps of all actors, transitions that the learner
 * can sample, and 1 where it waits for a step.
 */
const place = { steps: 0, learnerSize: 16, bell: 32 } as const;
const counterBytes = 192;

/** Steps that an actor may be ahead of learning. */
export const ringCapacity = 64;

export class LearnerMemory {
  readonly rings: readonly TransitionRing[];
  readonly #memory: SharedArrayBuffer;
  readonly #counters: Int32Array;
  readonly #publishedAt: number;
  #published: PublishedParameters | null = null;

  static make(format: TransitionFormat, actors: number, network: Link): SharedArrayBuffer {
    const rings = actors * TransitionRing.bytesOf(format, ringCapacity);
    return new SharedArrayBuffer(counterBytes + rings + PublishedParameters.bytesOf(network));
  }

  /** @param memory of `make` */
  constructor(memory: SharedArrayBuffer, format: TransitionFormat, actors: number) {
    const bytes = TransitionRing.bytesOf(format, ringCapacity);
    const ring = (actor: number) => new TransitionRing(memory, counterBytes + actor * bytes, format, ringCapacity);
    this.rings = Array.from({ length: actors }, (_, actor) => ring(actor));
    this.#memory = memory;
    this.#counters = new Int32Array(memory, 0, counterBytes / 4);
    this.#publishedAt = counterBytes + actors * bytes;
  }

  /** The network whose parameters are published, or taken over. */
  publishFrom(network: Link): PublishedParameters {
    this.#published = new PublishedParameters(network, this.#memory, this.#publishedAt);
    return this.#published;
  }

  get published(): PublishedParameters {
    return this.#published!;
  }

  /** Steps that all actors have taken. */
  get steps(): number {
    return Atomics.load(this.#counters, place.steps);
  }

  setSteps(steps: number): void {
    Atomics.store(this.#counters, place.steps, steps);
  }

  /** Counts a step of all actors; how many there are. */
  countStep(): number {
    return Atomics.add(this.#counters, place.steps, 1) + 1;
  }

  get learnerSize(): number {
    return Atomics.load(this.#counters, place.learnerSize);
  }

  setLearnerSize(size: number): void {
    Atomics.store(this.#counters, place.learnerSize, size);
  }

  /** Of the learner: waits until a ring has a step, at most so long. */
  waitForSteps(milliseconds: number): void {
    Atomics.store(this.#counters, place.bell, 1);
    if (this.rings.every((ring) => ring.waiting === 0)) Atomics.wait(this.#counters, place.bell, 1, milliseconds);
    Atomics.store(this.#counters, place.bell, 0);
  }

  /** Of an actor: a step is in its ring. */
  tellLearner(): void {
    if (Atomics.load(this.#counters, place.bell) === 0) return;
    Atomics.store(this.#counters, place.bell, 0);
    Atomics.notify(this.#counters, place.bell);
  }

  /** Those that wait for room see that they are to stop. */
  wakeActors(): void {
    for (const ring of this.rings) ring.wake();
  }
}
