/** How DQN's family acts: in one environment or in many, in training and in evaluation, with a memory or without. */
import type { Link, Variable } from "../autograd/index.ts";
import { onHost } from "../device.ts";
import { UsageError } from "../errors.ts";
import { type Explorer, Greedy } from "../explorers/index.ts";
import type { Random } from "../random.ts";
import type { State, Stateful } from "../state.ts";
import type { Acting, ActingParts, Look } from "./acting.ts";
import type { Action, Observation } from "./agent.ts";
import { BatchActing } from "./batchActing.ts";
import { oneOfMany, requireRows, unaskedBatch } from "./batchRows.ts";
import { ForwardPass } from "./forwardPass.ts";
import { HiddenState, stateSize } from "./hiddenState.ts";

export interface QActingParts<A extends Action> {
  /** The agent's name, for messages. */
  readonly name: string;
  /** Shape of one observation as the network gets it. */
  readonly obsShape: readonly number[];
  readonly phi: ((obs: Observation) => Observation) | null;
  /** The network that acts on one observation at a time, on the cpu. */
  readonly network: Link;
  /** What acting reads of that network's values of observations (batch, …obs). */
  readonly forward: (obs: Variable) => Variable;
  /** The same of the network that learns, on its device: many observations are seen there. */
  readonly forwardMany: (obs: Variable) => Variable;
  readonly makeActing: (parts: ActingParts<A>) => Acting<A>;
  /** @param stream the name of what it draws with, another one for each environment */
  readonly makeExplorer: (randomAction: (random: Random) => A, stream: string) => Explorer<A>;
  /** Makes room for the steps of n environments. @throws UsageError where they cannot be kept apart */
  readonly split: (n: number) => void;
}

/** What is remembered of the running episode, and of one of evaluation. */
interface Memories {
  readonly training: HiddenState;
  readonly evaluation: HiddenState;
}

export class QActing<A extends Action> implements Stateful {
  /** In one environment, and in that of evaluations. */
  readonly single: Acting<A>;
  readonly #parts: QActingParts<A>;
  /** Null where the network is not recurrent. */
  readonly #memories: Memories | null;
  /** Acting in many environments; null while there is one. */
  #rows: BatchActing<A> | null = null;
  /** The same in evaluations of another number of rows. */
  #greedyRows: BatchActing<A> | null = null;

  constructor(parts: QActingParts<A>) {
    const { network, obsShape, phi, forward } = parts;
    this.#parts = parts;
    const makeMemory = () => onHost(() => new HiddenState(network));
    this.#memories = stateSize(network) > 0 ? { training: makeMemory(), evaluation: makeMemory() } : null;
    this.single = this.#make(lookOnHost(obsShape, forward, this.#memories), phi, "explorer");
  }

  /** @param stream of the explorer; null for one that takes the best action always */
  #make(look: Look, phi: QActingParts<A>["phi"], stream: string | null): Acting<A> {
    const { name, obsShape, makeActing, makeExplorer } = this.#parts;
    return makeActing({
      name,
      obsSize: obsShape.reduce((product, n) => product * n, 1),
      phi,
      look,
      looksAlways: this.#memories !== null,
      explorer: (randomAction) => (stream === null ? new Greedy<A>() : makeExplorer(randomAction, stream)),
    });
  }

  #makeRows(n: number, isExploring: boolean): BatchActing<A> {
    const { name, obsShape, phi, forwardMany } = this.#parts;
    return new BatchActing<A>({
      name,
      n,
      obsShape,
      phi,
      forward: forwardMany,
      makeRow: (row, look) => {
        const stream = row === 0 ? "explorer" : `explorer/${row}`;
        return this.#make(look, null, isExploring ? stream : null);
      },
    });
  }

  /** In training, in many environments; null while there is one. */
  get rows(): BatchActing<A> | null {
    return this.#rows;
  }

  /**
   * In n environments; in training they are those that the agent learns from, from here on.
   * @throws UsageError for no count, for another n than before, for a network with a memory
   */
  rowsFor(n: number, training: boolean): BatchActing<A> {
    if (this.#rows?.n === n) return this.#rows;
    const { name, split } = this.#parts;
    requireRows(name, n, this.#memories !== null);
    if (training) {
      split(n);
      this.#rows = this.#makeRows(n, true);
      return this.#rows;
    }
    if (this.#greedyRows?.n !== n) this.#greedyRows = this.#makeRows(n, false);
    return this.#greedyRows;
  }

  /**
   * Acting in one environment, whose action waits for its outcome.
   * @throws UsageError where none waits, and where there are many environments
   */
  waiting(reward: number): Acting<A> {
    const { name } = this.#parts;
    if (!this.single.isWaiting) {
      throw new UsageError(
        `${name}.observe: an action must come before its outcome; got a reward of ${reward} without act(). Call act(obs) first.`,
      );
    }
    if (this.#rows) throw oneOfMany(name, this.#rows.n);
    return this.single;
  }

  /**
   * Acting in many environments, whose actions wait for their outcomes.
   * @throws UsageError where there is one environment
   */
  waitingRows(rewards: ArrayLike<number>): BatchActing<A> {
    if (this.#rows) return this.#rows;
    throw unaskedBatch(this.#parts.name, rewards);
  }

  /** An episode is over: what a network remembers of it is forgotten. */
  endEpisode(training: boolean): void {
    this.#memories?.[training ? "training" : "evaluation"].reset();
  }

  /** Runs `body` with the memory of training in the place of that of evaluation, and leaves both as they are. */
  rememberingTraining<T>(body: () => T): T {
    const memories = this.#memories;
    return memories === null ? body() : memories.evaluation.lending(memories.training.now, body);
  }

  /** Actions that wait for their outcomes are forgotten. */
  forget(): void {
    this.single.forget();
    this.#rows?.forget();
  }

  /** In many environments, that of the first one. */
  get explorer(): Explorer<A> {
    return (this.#rows?.rows[0] ?? this.single).explorer;
  }

  saveState(): State {
    return {
      ...(this.single.saveState() as object),
      hidden: this.#memories?.training.saveState() ?? null,
      rows: this.#rows?.saveState() ?? null,
    };
  }

  /** What was saved in many environments is loaded behind `rowsFor` with as many. */
  loadState(state: State): void {
    const { hidden, rows } = state as Record<string, State>;
    this.single.loadState(state);
    this.#memories?.training.loadState(hidden!);
    if (rows) this.#rows!.loadState(rows);
  }
}

/** Looks at one observation at a time on the cpu; nothing is allocated. */
function lookOnHost(obsShape: readonly number[], forward: (obs: Variable) => Variable, hidden: Memories | null): Look {
  const remembering = (obs: Variable): Variable =>
    hidden![isTraining ? "training" : "evaluation"].pass(() => forward(obs));
  const pass = onHost(() => new ForwardPass(1, obsShape, hidden ? remembering : forward));
  let [input, to, isTraining]: Parameters<Look> = [[], new Float64Array(0), true];
  const fill = (y: Variable): void => {
    for (let i = 0; i < to.length; i++) to[i] = y.at(i);
  };
  const run = (): void => pass.run(input, isTraining, fill);
  return (obs, outputs, training) => {
    input = obs;
    to = outputs;
    isTraining = training;
    onHost(run);
  };
}
