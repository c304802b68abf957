/**
 * Actors that act alone, and an agent in the main thread that learns from all of them. Each actor's steps come through a ring
 * of its own; a full ring makes it wait, so that no actor is further ahead of learning than the ring is long. What was
 * learned is published for them every few steps.
 */
import type { LearnerAgent } from "../../agents/index.ts";
import { isOnHost } from "../../device.ts";
import { ActorFailure, type Actors } from "../actors.ts";
import type { LoopState } from "../loopState.ts";
import type { StopRequest } from "../run.ts";
import { now, sliceMilliseconds, turn } from "../turn.ts";
import { own } from "./actorProtocol.ts";
import { ActorThreads, type ActorThreadsSetup } from "./actorThreads.ts";
import { LearnerMemory } from "./learnerMemory.ts";

export interface LearnerActorsSetup extends ActorThreadsSetup {
  /** What learns, is evaluated and saved. */
  readonly agent: LearnerAgent;
  /** Of all actors together. */
  readonly steps: number;
}

/** Steps that are learned from between two versions of the parameters, of each actor. */
const stepsPerTurn = 8;
/** Milliseconds to wait for a step before the rest of the process has its turn. */
const glance = 4;
/** Milliseconds for what is left in the rings when all threads have ended. */
const patience = 200;

export class LearnerActors implements Actors {
  readonly #agent: LearnerAgent;
  readonly #steps: number;
  readonly #memory: LearnerMemory;
  readonly #threads: ActorThreads;
  /** Return of each actor's running episode so far. */
  readonly #returns: Float64Array;
  #episodes = 0;
  #lastReturn: number | null = null;
  /** Updates behind the newest version of the parameters. */
  #publishedUpdates = -1;
  /** The actor whose turn it is. */
  #next = 0;
  /** Where the next evaluation, report or checkpoint is due. */
  #until = 0;
  #hasEnded = false;
  /** Whether the agent itself failed. */
  #isBroken = false;

  /** @throws UsageError where the agent cannot learn from several environments */
  constructor(setup: LearnerActorsSetup) {
    const { agent, actors, steps } = setup;
    this.#agent = agent;
    this.#steps = steps;
    agent.setActors(actors);
    const { transitionFormat: format, actingNetwork } = agent;
    const learning = LearnerMemory.make(format, actors, actingNetwork);
    this.#memory = new LearnerMemory(learning, format, actors);
    this.#memory.publishFrom(actingNetwork);
    this.#returns = new Float64Array(actors);
    this.#threads = new ActorThreads(setup, {
      work: { kind: "learner", learning, format, actors },
      statistics: Object.keys(agent.explorer.statistics()),
    });
  }

  start({ step, episodes, lastReturn }: LoopState): void {
    this.#episodes = episodes;
    this.#lastReturn = lastReturn;
    // what actors will run is compiled here, and posted to them
    const { transitionFormat } = this.#agent;
    this.#agent.evalMode(() => this.#agent.act(new Float32Array(transitionFormat.obsSize)));
    this.#memory.setSteps(step);
    this.#memory.setLearnerSize(this.#agent.replay.size);
    this.#publish();
    this.#threads.start(step);
  }

  #publish(): void {
    const { updates } = this.#agent;
    if (updates === this.#publishedUpdates) return;
    this.#memory.published.publish(updates);
    this.#publishedUpdates = updates;
  }

  /** Learns from the oldest step of an actor. */
  #learnFrom(actor: number): void {
    const ring = this.#memory.rings[actor]!;
    const step = ring.oldest();
    const { begins, reward, terminated, truncated } = step;
    try {
      this.#agent.observeActor(actor, step);
    } catch (error) {
      this.#isBroken = true;
      throw new ActorFailure("agent", error as Error);
    }
    const returns = this.#returns;
    returns[actor] = (begins ? 0 : returns[actor]!) + reward;
    if (terminated || truncated) {
      this.#episodes++;
      this.#lastReturn = returns[actor]!;
    }
    ring.release();
  }

  /**
   * Learns from a few steps of each actor, until it is late or the agent must wait for its device.
   * @returns how many there were
   */
  #learnFromAll(until: number, late: number): number {
    const agent = this.#agent;
    const { rings } = this.#memory;
    const from = agent.steps;
    for (let i = 0; i < rings.length; i++) {
      const actor = this.#next;
      this.#next = (actor + 1) % rings.length;
      const steps = Math.min(stepsPerTurn, rings[actor]!.waiting, until - agent.steps);
      for (let left = steps; left > 0; left--) {
        this.#learnFrom(actor);
        if (agent.wantsTurn || now() > late) return agent.steps - from;
      }
    }
    return agent.steps - from;
  }

  async run(until: number, stop: StopRequest): Promise<void> {
    const agent = this.#agent;
    const threads = this.#threads;
    this.#until = until;
    let late = now() + sliceMilliseconds;
    while (threads.failure === null && !stop.requested && agent.steps < until) {
      const learned = this.#learnFromAll(until, late);
      const { wantsTurn } = agent;
      if (wantsTurn) await agent.turn?.();
      // where a GPU learns, the copy that acts changes with a turn alone
      if (wantsTurn || isOnHost()) this.#publish();
      this.#memory.setLearnerSize(agent.replay.size);
      if (learned === 0) this.#memory.waitForSteps(glance);
      else if (now() < late) continue;
      await turn();
      late = now() + sliceMilliseconds;
    }
    if (threads.failure !== null) throw threads.failure;
    if (until >= this.#steps && !stop.requested) await this.end();
  }

  hold(isHeld: boolean): void {
    this.#threads.hold(isHeld);
  }

  follow(loop: LoopState): void {
    if (this.#hasEnded && !this.#isBroken) this.#learnFromRest();
    loop.step = this.#agent.steps;
    loop.episodes = this.#episodes;
    loop.lastReturn = this.#lastReturn;
  }

  /** What threads that have ended left in their rings; where a GPU would keep a stop waiting it was never taken. */
  #learnFromRest(): void {
    const late = now() + patience;
    while (isOnHost() && now() < late && this.#learnFromAll(this.#until, late) > 0);
  }

  statistics(): Record<string, number> {
    return { ...this.#agent.statistics(), ...this.#threads.statistics() };
  }

  progress() {
    const { updates } = this.#agent;
    const actorUpdatesBehind = this.#threads.boards.map((mine) => Math.max(0, updates - mine[own.updates]!));
    return { actorStepsPerSecond: this.#threads.speeds(), actorUpdatesBehind };
  }

  async end(): Promise<void> {
    await this.#threads.end(() => this.#memory.wakeActors());
    this.#hasEnded = true;
  }
}
