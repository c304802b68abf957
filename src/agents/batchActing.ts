/**
 * Acting on many observations by one forward pass of the network that learns, on its device. Each row explores, and waits
 * for its outcome, as a single environment would.
 */
import type { Variable } from "../autograd/index.ts";
import type { State } from "../state.ts";
import type { Acting, ActionMask, Look } from "./acting.ts";
import type { Action, BatchActions, BatchInfos, BatchTransitions, Observation } from "./agent.ts";
import { BatchRows } from "./batchRows.ts";
import { ForwardPass } from "./forwardPass.ts";

export interface BatchActingParts<A extends Action> {
  /** The agent's name, for messages. */
  readonly name: string;
  readonly n: number;
  /** Shape of one observation as the network gets it. */
  readonly obsShape: readonly number[];
  readonly phi: ((obs: Observation) => Observation) | null;
  /** What a network says of observations (n, …obs): (n, outputs). */
  readonly forward: (obs: Variable) => Variable;
  /** How one row acts, on what `look` says of its observation. */
  readonly makeRow: (row: number, look: Look) => Acting<A>;
}

/** One step's transition of a row, as the replay buffer takes it. */
type Append<A> = (
  obs: Float32Array,
  action: A,
  reward: number,
  nextObs: Observation,
  terminated: boolean,
  truncated: boolean,
  mask: ActionMask,
  nextMask: ActionMask,
  row: number,
) => void;

/** The mask of a row; null where its environment said nothing. */
export function rowMask(infos: BatchInfos | undefined, row: number, n: number): ActionMask {
  const masks = infos?.actionMask;
  if (!masks || infos._actionMask?.[row] === 0) return null;
  if (Array.isArray(masks) && typeof masks[0] !== "number") return masks[row] as ActionMask;
  const numbers = masks as Uint8Array;
  const actions = numbers.length / n;
  return numbers.slice(row * actions, (row + 1) * actions);
}

export class BatchActing<A extends Action> {
  readonly n: number;
  readonly rows: readonly Acting<A>[];
  readonly #input: BatchRows;
  readonly #pass: ForwardPass;
  /** (n, …obs) as the network gets them. */
  readonly #obs: Float32Array;
  /** (n, outputs): what it said of them. */
  #values: ArrayLike<number> = [];

  constructor({ name, n, obsShape, phi, forward, makeRow }: BatchActingParts<A>) {
    this.n = n;
    const obsSize = obsShape.reduce((product, size) => product * size, 1);
    this.#input = new BatchRows(name, n, obsSize, phi);
    this.#pass = new ForwardPass(n, obsShape, forward);
    this.#obs = new Float32Array(n * obsSize);
    this.rows = Array.from({ length: n }, (_, row) =>
      makeRow(row, (_obs, outputs) => {
        for (let i = 0; i < outputs.length; i++) outputs[i] = this.#values[row * outputs.length + i]!;
      }),
    );
  }

  /** Whether actions wait for their outcomes. */
  get isWaiting(): boolean {
    return this.rows.some((row) => row.isWaiting);
  }

  forget(): void {
    for (const row of this.rows) row.forget();
  }

  /**
   * @param obs (n, …obs), flat; looked at before the promise is returned
   * @param step environment steps taken before these
   * @returns (n) action numbers, or (n, actions)
   * @throws UsageError or ShapeError as `Acting.act` does
   */
  async act(obs: Observation, infos: BatchInfos | undefined, step: number, training: boolean): Promise<BatchActions> {
    const { n, rows } = this;
    const size = this.#input.obsSize;
    const seen = this.#obs;
    for (let row = 0; row < n; row++) seen.set(this.#input.seen(obs, row), row * size);
    const masks = rows.map((_, row) => rowMask(infos, row, n));
    let reading: Promise<ArrayLike<number>> | null = null;
    this.#pass.run(seen, training, (y) => {
      reading = y.read();
    });
    this.#values = await reading!;
    const actions = rows.map((acting, row) =>
      acting.act(seen.subarray(row * size, (row + 1) * size), masks[row]!, step + row, training),
    );
    if (typeof actions[0] === "number") return Int32Array.from(actions as number[]);
    const flat = new Float32Array(n * (actions[0] as Float32Array).length);
    for (const [row, action] of actions.entries())
      flat.set(action as Float32Array, row * (action as Float32Array).length);
    return flat;
  }

  /** Hands on what came of the actions in the rows that count; the other rows' actions are forgotten. */
  outcomes(
    { count, rows, nextObs }: BatchTransitions,
    rewards: ArrayLike<number>,
    terminated: ArrayLike<number>,
    truncated: ArrayLike<number>,
    infos: BatchInfos | undefined,
    append: Append<A>,
  ): void {
    this.#input.requireAll(rewards, terminated, truncated);
    for (let k = 0; k < count; k++) {
      const row = rows[k]!;
      const acting = this.rows[row]!;
      if (!acting.isWaiting) throw this.#input.unasked(row, rewards[row]!);
      const hasBegunAnew = infos?._finalObs?.[row] === 1;
      append(
        acting.lastObs,
        acting.lastAction,
        rewards[row]!,
        this.#input.seen(nextObs as Observation, row),
        terminated[row] === 1,
        truncated[row] === 1,
        acting.lastMask,
        rowMask(hasBegunAnew ? infos.finalInfo : infos, row, this.n),
        row,
      );
    }
    this.forget();
  }

  saveState(): State {
    return this.rows.map((row) => ({ acting: row.saveState(), explorer: row.explorer.saveState() }));
  }

  loadState(state: State): void {
    for (const [i, row] of this.rows.entries()) {
      const { acting, explorer } = (state as readonly { acting: State; explorer: State }[])[i]!;
      row.loadState(acting);
      row.explorer.loadState(explorer);
    }
  }
}
