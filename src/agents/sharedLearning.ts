/** What actors in several threads learn with together: parameters, RMSprop's statistics, counters. */
import { type Link, type Optimizer, SharedParameters } from "../autograd/index.ts";

/** Places of the counters, 32-bit integers at the beginning of the memory. */
const place = { steps: 0, updates: 1, optimized: 2, targetsClaimed: 3, targetsPublished: 4 } as const;
const counterBytes = 32;

/** What of an agent is shared. */
export interface SharedParts {
  /** The network that learns. */
  readonly learner: Link;
  readonly optimizer: Optimizer;
  /** Networks that follow the learner. */
  readonly targets: readonly Link[];
}

/** Reads the steps that all actors have taken in training. */
export function stepsIn(memory: SharedArrayBuffer): () => number {
  const counters = new Int32Array(memory, 0, counterBytes / 4);
  return () => Atomics.load(counters, place.steps);
}

export class SharedLearning {
  readonly #counters: Int32Array;
  readonly #optimizer: Optimizer;
  readonly #learner: SharedParameters;
  readonly #targets: readonly SharedParameters[];

  static bytesOf({ learner, optimizer, targets }: SharedParts): number {
    const bytes = targets.map((target) => SharedParameters.bytesOf(target, null));
    return bytes.reduce((sum, n) => sum + n, counterBytes + SharedParameters.bytesOf(learner, optimizer));
  }

  constructor(memory: SharedArrayBuffer, { learner, optimizer, targets }: SharedParts) {
    this.#counters = new Int32Array(memory, 0, counterBytes / 4);
    this.#optimizer = optimizer;
    this.#learner = new SharedParameters(learner, optimizer, memory, counterBytes);
    let offset = counterBytes + SharedParameters.bytesOf(learner, optimizer);
    this.#targets = targets.map((target) => {
      const shared = new SharedParameters(target, null, memory, offset);
      offset += SharedParameters.bytesOf(target, null);
      return shared;
    });
  }

  /** Fills the memory with what an agent begins with. */
  begin(steps: number, updates: number, targetsUpdatedAt: number): void {
    Atomics.store(this.#counters, place.steps, steps);
    Atomics.store(this.#counters, place.updates, updates);
    Atomics.store(this.#counters, place.optimized, this.#optimizer.t);
    this.#learner.push();
    this.publishTargets(targetsUpdatedAt);
  }

  /** Takes over all that is shared. */
  join(): void {
    this.pull();
    this.pullTargets();
    // an actor may have been killed between the claim and the copy
    Atomics.store(this.#counters, place.targetsClaimed, Atomics.load(this.#counters, place.targetsPublished));
  }

  get steps(): number {
    return Atomics.load(this.#counters, place.steps);
  }

  get updates(): number {
    return Atomics.load(this.#counters, place.updates);
  }

  /** Counts a step of all actors; how many there are. */
  countStep(): number {
    return Atomics.add(this.#counters, place.steps, 1) + 1;
  }

  countUpdate(): number {
    return Atomics.add(this.#counters, place.updates, 1) + 1;
  }

  pull(): void {
    this.#learner.pull();
    this.#optimizer.t = Atomics.load(this.#counters, place.optimized);
  }

  /** One update of the shared parameters by the gradients of this thread's. */
  update(): void {
    this.#learner.pushRunning();
    this.pull();
    this.#optimizer.update();
    this.#learner.push();
    Atomics.add(this.#counters, place.optimized, 1);
  }

  /** The step of the last copy into the target networks. */
  get targetsUpdatedAt(): number {
    return Atomics.load(this.#counters, place.targetsPublished);
  }

  pullTargets(): void {
    for (let i = 0; i < this.#targets.length; i++) this.#targets[i]!.pull();
  }

  /** Whether this thread is to make the next copy into the targets, after that of step `last`: true for one of them. */
  claimTargets(last: number, step: number): boolean {
    return Atomics.compareExchange(this.#counters, place.targetsClaimed, last, step) === last;
  }

  /** Replaces the shared targets by those of this thread, copied at a step. */
  publishTargets(step: number): void {
    for (let i = 0; i < this.#targets.length; i++) this.#targets[i]!.push();
    Atomics.store(this.#counters, place.targetsClaimed, step);
    Atomics.store(this.#counters, place.targetsPublished, step);
  }
}
