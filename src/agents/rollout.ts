/** Experience since the last update, as the rows that `returns` computes on. */
import { concat, type Variable, variable } from "../autograd/index.ts";
import type { Stretch } from "../replay/index.ts";
import type { Trajectories } from "../returns/index.ts";
import type { State, Stateful } from "../state.ts";

/** A batch of rows: the steps of stretches, each followed by its end row. */
export interface RolloutBatch extends Trajectories {
  /** (rows, …obs) */
  readonly obs: Variable;
  /** (rows) of action numbers, or (rows, actions). */
  readonly action: Variable;
  /** (rows, behaviour): the statistics of the distribution that the action was drawn from. */
  readonly behaviour: Variable;
  /** Rows that are steps. */
  readonly steps: number;
}

const columnNames = ["obs", "action", "reward", "discount", "isStep", "behaviour"] as const;
type Column = (typeof columnNames)[number];

export class Rollout implements Stateful {
  /** Rows that are steps. */
  steps = 0;
  readonly #shapes: Readonly<Record<Column, readonly number[]>>;
  readonly #widths: Readonly<Record<Column, number>>;
  #columns: Record<Column, Float32Array>;
  #rows = 0;
  /** Rows of the longest stretch, and of the one under way. */
  #span = 0;
  #stretch = 0;

  /**
   * @param actionShape `[]` for discrete actions, `[actions]` for continuous ones
   * @param rows room at first
   * @param behaviourSize numbers that describe the distribution behind each action, where that is wanted
   */
  constructor(obsShape: readonly number[], actionShape: readonly number[], rows: number, behaviourSize = 0) {
    const behaviour = [behaviourSize];
    this.#shapes = { obs: obsShape, action: actionShape, reward: [], discount: [], isStep: [], behaviour };
    const width = (shape: readonly number[]) => shape.reduce((product, n) => product * n, 1);
    this.#widths = Object.fromEntries(columnNames.map((name) => [name, width(this.#shapes[name])])) as never;
    this.#columns = this.#make(rows);
  }

  #make(rows: number): Record<Column, Float32Array> {
    const column = (name: Column) => new Float32Array(rows * this.#widths[name]);
    return Object.fromEntries(columnNames.map((name) => [name, column(name)])) as never;
  }

  /** All rows, end rows included. */
  get rows(): number {
    return this.#rows;
  }

  /** The numbers of the rows that are steps, counted from `first`. */
  stepRows(first = 0): number[] {
    const rows: number[] = [];
    for (let row = 0; row < this.#rows; row++) if (this.#columns.isStep[row] === 1) rows.push(first + row);
    return rows;
  }

  /** One step. `discount`: what the value of what follows is multiplied with, 0 where the task ended. */
  append(
    obs: ArrayLike<number>,
    action: ArrayLike<number>,
    reward: number,
    discount: number,
    behaviour: ArrayLike<number> = [],
  ): void {
    this.#addRow(obs);
    const row = this.#rows - 1;
    this.#columns.action.set(action, row * this.#widths.action);
    this.#columns.reward[row] = reward;
    this.#columns.discount[row] = discount;
    this.#columns.isStep[row] = 1;
    this.#columns.behaviour.set(behaviour, row * this.#widths.behaviour);
    this.steps++;
  }

  /** Ends the stretch under way with the observation behind its last step. */
  end(nextObs: ArrayLike<number>): void {
    this.#addRow(nextObs);
    const row = this.#rows - 1;
    const { action, behaviour } = this.#widths;
    this.#columns.action.fill(0, row * action, (row + 1) * action);
    this.#columns.behaviour.fill(0, row * behaviour, (row + 1) * behaviour);
    this.#columns.reward[row] = 0;
    this.#columns.discount[row] = 0;
    this.#columns.isStep[row] = 0;
    this.#stretch = 0;
  }

  #addRow(obs: ArrayLike<number>): void {
    if (this.#rows === this.#columns.reward.length) {
      const old = this.#columns;
      this.#columns = this.#make(2 * this.#rows);
      for (const name of columnNames) this.#columns[name].set(old[name]);
    }
    this.#columns.obs.set(obs, this.#rows * this.#widths.obs);
    this.#rows++;
    this.#stretch++;
    this.#span = Math.max(this.#span, this.#stretch);
  }

  /** A stretch from a replay buffer, with its end row. */
  appendStretch(stretch: Stretch, gamma: number, rewardScale: number): void {
    const { steps, obs, action, reward, extra, terminated } = stretch;
    const { obs: obsSize, action: actionSize, behaviour } = this.#widths;
    for (let t = 0; t < steps; t++) {
      const isEnd = terminated && t === steps - 1;
      this.append(
        obs.subarray(t * obsSize, (t + 1) * obsSize),
        action.subarray(t * actionSize, (t + 1) * actionSize),
        rewardScale * reward[t]!,
        isEnd ? 0 : gamma,
        extra.subarray(t * behaviour, (t + 1) * behaviour),
      );
    }
    this.end(obs.subarray(steps * obsSize));
  }

  /** Forgets the stretch under way. */
  dropOpen(): void {
    this.#rows -= this.#stretch;
    this.steps -= this.#stretch;
    this.#stretch = 0;
  }

  clear(): void {
    this.#rows = 0;
    this.#span = 0;
    this.#stretch = 0;
    this.steps = 0;
  }

  /** Its rows as Variables of the running scope. */
  load(): RolloutBatch {
    const column = (name: Column) =>
      variable(this.#columns[name].subarray(0, this.#rows * this.#widths[name]), {
        shape: [this.#rows, ...this.#shapes[name]],
      });
    return {
      obs: column("obs"),
      action: column("action"),
      reward: column("reward"),
      discount: column("discount"),
      isStep: column("isStep"),
      behaviour: column("behaviour"),
      span: this.#span,
      steps: this.steps,
    };
  }

  saveState(): State {
    const columns = columnNames.map((name) => this.#columns[name].slice(0, this.#rows * this.#widths[name]));
    return { columns, rows: this.#rows, steps: this.steps, span: this.#span, stretch: this.#stretch };
  }

  loadState(state: State): void {
    const { columns, rows, steps, span, stretch } = state as unknown as {
      columns: Float32Array[];
      rows: number;
      steps: number;
      span: number;
      stretch: number;
    };
    if (rows > this.#columns.reward.length) this.#columns = this.#make(rows);
    columnNames.forEach((name, i) => {
      this.#columns[name].set(columns[i]!);
    });
    this.#rows = rows;
    this.steps = steps;
    this.#span = span;
    this.#stretch = stretch;
  }
}

/** The rows of several rollouts, as of environments that run side by side, one behind the other. */
export function loadRollouts(rollouts: readonly Rollout[]): RolloutBatch {
  const batches = rollouts.map((rollout) => rollout.load());
  if (batches.length === 1) return batches[0]!;
  const join = (name: Column) =>
    concat(
      batches.map((batch) => batch[name]),
      0,
    );
  return {
    obs: join("obs"),
    action: join("action"),
    reward: join("reward"),
    discount: join("discount"),
    isStep: join("isStep"),
    behaviour: join("behaviour"),
    span: Math.max(...batches.map(({ span }) => span)),
    steps: batches.reduce((sum, { steps }) => sum + steps, 0),
  };
}
