/** Minibatches of sequences from a replay buffer of episodes, for networks with a memory. */
import {
  getItem,
  type Link,
  noBackprop,
  overSequences,
  type Recurrent,
  type RecurrentState,
  reshape,
  type Variable,
} from "../autograd/index.ts";
import { UsageError } from "../errors.ts";
import type { BurnInBatch, Replay } from "../replay/index.ts";
import { hp } from "./hyperparameters.ts";
import type { Staging } from "./staging.ts";

/** Hyperparameters of agents that replay sequences. */
export const sequenceHyperparameters = {
  sequenceLength: hp.integer(
    10,
    "steps of a replayed sequence, where the network is recurrent; a minibatch has minibatchSize of them",
    "Hausknecht & Stone 2015, section 5",
  ),
  burnIn: hp.integer(
    5,
    "steps before each sequence that only fill the network's memory",
    "Kapturowski et al. 2019: half a sequence",
    { min: 0 },
  ),
} as const;

type States = ReadonlyMap<Recurrent, RecurrentState>;

/** A network that takes observations. */
type Seer = Link & { forward(obs: Variable): unknown };

/** @throws UsageError for a replay buffer without episodes, from which no sequences can be drawn */
export function requireEpisodes(where: string, replay: Replay): void {
  if (replay.sampleSequences) return;
  throw new UsageError(
    `${where}: a recurrent network must learn from a replay buffer of episodes; got ${replay.constructor.name}. Use EpisodicReplayBuffer, or leave replay out.`,
  );
}

export class SequenceMinibatch {
  readonly #replay: Replay;
  readonly #staging: Staging;
  readonly #n: number;
  readonly #time: number;
  /** What each network remembers before the minibatch's observations, and before its next ones; of the running update. */
  readonly #present = new Map<Link, States>();
  readonly #next = new Map<Link, States>();

  /**
   * @param staging of n sequences of `time` steps: of that many rows, with weights and room for what goes before
   * @throws UsageError for a replay buffer without episodes
   */
  constructor(where: string, replay: Replay, staging: Staging, n: number, time: number) {
    requireEpisodes(where, replay);
    this.#replay = replay;
    this.#staging = staging;
    this.#n = n;
    this.#time = time;
  }

  /** Fills the staging; rows behind the end of a sequence weigh nothing, and all weights average 1. */
  sample(): void {
    this.#present.clear();
    this.#next.clear();
    const views = this.#staging.views();
    const valid = views.weight!;
    this.#replay.sampleSequences!(this.#n, this.#time, { ...views, valid } as unknown as BurnInBatch);
    let steps = 0;
    for (let row = 0; row < valid.length; row++) steps += valid[row]!;
    const weight = valid.length / steps;
    for (let row = 0; row < valid.length; row++) valid[row]! *= weight;
    this.#staging.commit();
  }

  /**
   * Runs a pass of a network over the minibatch's observations or over its next ones, from what the network remembers of
   * the steps before.
   * @param remember a pass over observations (rows, …obs) that fills the memory: the whole network unless given
   */
  over<T>(
    network: Link,
    obs: Variable,
    body: () => T,
    remember: (obs: Variable) => unknown = (seen) => (network as Seer).forward(seen),
  ): T {
    const isNext = obs === this.#staging.nextObs;
    const states = isNext ? this.#beforeNext(network, remember) : this.#before(network, remember);
    return overSequences({ time: this.#time, batch: this.#n, states }, body);
  }

  #before(network: Link, remember: (obs: Variable) => unknown): States {
    const known = this.#present.get(network);
    if (known) return known;
    const { burnInObs, burnInContinues, continues } = this.#staging;
    const time = burnInContinues!.shape[0]!;
    const ends = new Map<Recurrent, RecurrentState>();
    if (time > 0) {
      noBackprop(() => {
        overSequences({ time, batch: this.#n, continues: burnInContinues, ends }, () => remember(burnInObs!));
        const kept = reshape(continues!, [this.#n, 1]);
        for (const [layer, state] of ends) {
          ends.set(
            layer,
            state.map((part) => part.mul(kept)),
          );
        }
      });
    }
    this.#present.set(network, ends);
    return ends;
  }

  /** The next observations begin one step later. */
  #beforeNext(network: Link, remember: (obs: Variable) => unknown): States {
    const known = this.#next.get(network);
    if (known) return known;
    const states = this.#before(network, remember);
    const ends = new Map<Recurrent, RecurrentState>();
    noBackprop(() => {
      const first = getItem(this.#staging.obs, { start: 0, stop: this.#n });
      overSequences({ time: 1, batch: this.#n, states, ends }, () => remember(first));
    });
    this.#next.set(network, ends);
    return ends;
  }
}
