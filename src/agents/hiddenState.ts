/** What recurrent layers remember while an agent acts: kept as plain numbers, so that it is saved and replayed. */
import {
  embedId,
  getItem,
  type Link,
  overSequences,
  persistent,
  type Recurrent,
  type RecurrentState,
  recurrentLayers,
  type Sequences,
  type Variable,
  variable,
} from "../autograd/index.ts";
import { UsageError } from "../errors.ts";
import type { State, Stateful } from "../state.ts";

/** How many numbers the layers of a network remember; 0 for a feed-forward network. */
export const stateSize = (network: Link): number =>
  recurrentLayers(network).reduce((sum, { stateParts, units }) => sum + stateParts * units, 0);

/** @throws UsageError where a network has a memory, for agents that learn from single steps in any order */
export function requireFeedForward(where: string, ...networks: readonly Link[]): void {
  const layers = networks.flatMap((network) => recurrentLayers(network));
  if (layers.length === 0) return;
  throw new UsageError(
    `${where}: networks must have no memory; got one with ${layers.map((layer) => layer.constructor.name).join(", ")}. Use an agent that \`rl list agents\` calls recurrent.`,
  );
}

/** The state of each layer of a network, cut out of rows (batch, stateSize). */
export function statesFrom(network: Link, rows: Variable): Map<Recurrent, RecurrentState> {
  let at = 0;
  return new Map(
    recurrentLayers(network).map((layer) => {
      const parts = Array.from({ length: layer.stateParts }, () => {
        const part = getItem(rows, null, { start: at, stop: at + layer.units });
        at += layer.units;
        return part;
      });
      return [layer, parts];
    }),
  );
}

/** The memory of n episodes side by side, of each layer in turn: its parts, of (n, units) each. */
abstract class Memory implements Stateful {
  /** (n · stateSize): before the last pass. */
  readonly before: Float32Array;
  /** (n · stateSize): behind it. */
  readonly now: Float32Array;
  readonly #layers: readonly Recurrent[];
  /** (n, units) each, in the order of the numbers. */
  readonly #parts: readonly Variable[];
  readonly #step: Sequences;

  /** @param network the one that acts; made on the device that it acts on */
  constructor(network: Link, n: number) {
    this.#layers = recurrentLayers(network);
    const size = n * stateSize(network);
    this.before = new Float32Array(size);
    this.now = new Float32Array(size);
    const states = new Map(
      this.#layers.map((layer) => [
        layer,
        Array.from({ length: layer.stateParts }, () => persistent([n, layer.units])),
      ]),
    );
    this.#parts = [...states.values()].flat();
    this.#step = { time: 1, batch: n, states, ends: new Map() };
  }

  /** Runs a pass over n observations from what is remembered; inside a scope. */
  protected run<T>(body: () => T): T {
    this.before.set(this.now);
    let at = 0;
    for (const part of this.#parts) {
      part.write(this.now.subarray(at, at + part.size));
      at += part.size;
    }
    return overSequences(this.#step, body);
  }

  /** Tells of what came of the pass where its numbers go; a layer that the pass did not reach stays as it was. */
  protected forEachEnd(keep: (part: Variable, at: number) => void): void {
    const ends = this.#step.ends!;
    let at = 0;
    let i = 0;
    for (const layer of this.#layers) {
      const parts = ends.get(layer);
      for (let p = 0; p < layer.stateParts; p++) {
        if (parts) keep(parts[p]!, at);
        at += this.#parts[i++]!.size;
      }
    }
    ends.clear();
  }

  /** Calls with where the numbers of one episode begin in each part, and how many they are. */
  protected forEachPart(row: number, visit: (at: number, units: number) => void): void {
    let at = 0;
    for (const { size, shape } of this.#parts) {
      const units = shape[1]!;
      visit(at + row * units, units);
      at += size;
    }
  }

  /** Forgets everything: episodes begin. */
  reset(): void {
    this.now.fill(0);
  }

  saveState(): State {
    return { before: this.before.slice(), now: this.now.slice() };
  }

  loadState(state: State): void {
    const { before, now } = state as unknown as { before: Float32Array; now: Float32Array };
    this.before.set(before);
    this.now.set(now);
  }
}

/** The memory of one running episode. */
export class HiddenState extends Memory {
  constructor(network: Link) {
    super(network, 1);
  }

  /** Runs a pass over one observation from what is remembered, and remembers what comes of it; inside a scope. */
  pass<T>(body: () => T): T {
    const result = this.run(body);
    this.forEachEnd((part, at) => this.now.set(part.data, at));
    return result;
  }

  /** Runs `body` with what another memory of this network remembers (stateSize), and leaves this one as it is. */
  lending<T>(remembered: Float32Array, body: () => T): T {
    const [before, now] = [this.before.slice(), this.now.slice()];
    this.now.set(remembered);
    try {
      return body();
    } finally {
      this.before.set(before);
      this.now.set(now);
    }
  }
}

/** The memories of episodes that run side by side, on any device. */
export class HiddenRows extends Memory {
  #reading: Promise<void>[] = [];
  /** (stateSize): of one row. */
  readonly #row: Float32Array;

  constructor(network: Link, n: number) {
    super(network, n);
    this.#row = new Float32Array(stateSize(network));
  }

  /** Runs a pass over n observations from what is remembered; inside a scope. What comes of it is there once `settled`. */
  pass<T>(body: () => T): T {
    const result = this.run(body);
    this.forEachEnd((part, at) => this.#reading.push(part.read().then((numbers) => this.now.set(numbers, at))));
    return result;
  }

  /** Waits for what the last pass left. */
  async settled(): Promise<void> {
    await Promise.all(this.#reading);
    this.#reading = [];
  }

  /** (stateSize): what was remembered of an episode before the last pass; until the next call. */
  rowBefore(row: number): Float32Array {
    return this.#rowOf(this.before, row);
  }

  /** (stateSize): what is remembered of an episode; until the next call. */
  rowNow(row: number): Float32Array {
    return this.#rowOf(this.now, row);
  }

  #rowOf(numbers: Float32Array, row: number): Float32Array {
    let to = 0;
    this.forEachPart(row, (at, units) => {
      this.#row.set(numbers.subarray(at, at + units), to);
      to += units;
    });
    return this.#row;
  }

  /** Forgets one episode. */
  resetRow(row: number): void {
    this.forEachPart(row, (at, units) => void this.now.fill(0, at, at + units));
  }
}

/** Rows that stand in stretches one behind the other, as a rollout has them. */
export interface Stretches {
  /** The first row of each. */
  readonly starts: readonly number[];
  /** All rows. */
  readonly rows: number;
  /** (rows, stateSize): what was remembered before each row; read at the first ones. */
  readonly state: Variable;
}

/** Lets a network's recurrent layers see rows as the steps of their stretches, each from its own state. */
export function overStretches<T>(network: Link, { starts, rows, state }: Stretches, body: () => T): T {
  if (state.shape[1] === 0) return body();
  const batch = starts.length;
  const lengths = starts.map((start, i) => (starts[i + 1] ?? rows) - start);
  const time = Math.max(...lengths);
  const states = statesFrom(network, embedId(variable(starts), state));
  if (batch === 1) return overSequences({ time, batch, states }, body);
  // places behind the end of a shorter stretch repeat its last row, and are never read
  const from = new Float32Array(time * batch);
  const places = new Float32Array(rows);
  for (let b = 0; b < batch; b++) {
    for (let t = 0; t < time; t++) {
      const row = starts[b]! + Math.min(t, lengths[b]! - 1);
      from[t * batch + b] = row;
      if (t < lengths[b]!) places[row] = t * batch + b;
    }
  }
  return overSequences({ time, batch, states, rows: variable(from), places: variable(places) }, body);
}
