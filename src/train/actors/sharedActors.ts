/** Actors that act and learn with shared parameters; the main thread takes no steps. */
import type { AsyncAgent } from "../../agents/index.ts";
import { stepsIn } from "../../agents/sharedLearning.ts";
import type { Actors } from "../actors.ts";
import type { LoopState } from "../loopState.ts";
import type { StopRequest } from "../run.ts";
import { shared } from "./actorProtocol.ts";
import { ActorThreads, type ActorThreadsSetup } from "./actorThreads.ts";

export interface SharedActorsSetup extends ActorThreadsSetup {
  /** What evaluations and checkpoints are made with. */
  readonly agent: AsyncAgent;
  /** Of all actors together. */
  readonly steps: number;
}

/** Milliseconds between looks at the counters. */
const glance = 4;

export class SharedActors implements Actors {
  readonly #agent: AsyncAgent;
  readonly #steps: number;
  readonly #learning: SharedArrayBuffer;
  readonly #stepsTaken: () => number;
  readonly #threads: ActorThreads;
  #episodesBefore = 0;

  constructor(setup: SharedActorsSetup) {
    const { agent, steps } = setup;
    this.#agent = agent;
    this.#steps = steps;
    this.#learning = new SharedArrayBuffer(agent.sharedBytes);
    this.#stepsTaken = stepsIn(this.#learning);
    this.#threads = new ActorThreads(setup, {
      work: { kind: "shared", learning: this.#learning, steps },
      statistics: Object.keys(agent.statistics()),
    });
  }

  start({ step, episodes }: LoopState): void {
    this.#episodesBefore = episodes;
    this.#agent.rehearse();
    this.#agent.share(this.#learning, true);
    this.#threads.start(step);
  }

  async run(until: number, stop: StopRequest): Promise<void> {
    const threads = this.#threads;
    while (threads.failure === null && !stop.requested && this.#stepsTaken() < until) {
      await new Promise((resolve) => setTimeout(resolve, glance));
    }
    if (threads.failure !== null) throw threads.failure;
    if (until >= this.#steps && !stop.requested) await this.end();
  }

  hold(isHeld: boolean): void {
    this.#threads.hold(isHeld);
  }

  follow(loop: LoopState): void {
    const { board } = this.#threads;
    this.#agent.followShared();
    // actors that step at once may pass the end by a step each
    loop.step = Math.min(this.#agent.steps, this.#steps);
    loop.episodes = this.#episodesBefore + Atomics.load(board.flags, shared.episodes);
    const lastReturn = board.lastReturn[0]!;
    if (!Number.isNaN(lastReturn)) loop.lastReturn = lastReturn;
  }

  statistics(): Record<string, number> {
    const { updates, ...others } = this.#threads.statistics();
    return { ...this.#agent.statistics(), ...others };
  }

  progress() {
    return { actorStepsPerSecond: this.#threads.speeds() };
  }

  end(): Promise<void> {
    return this.#threads.end();
  }
}
