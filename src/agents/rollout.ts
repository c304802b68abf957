/** Experience since the last update, as the rows that `returns` computes on. */
import { concat, type Variable, variable } from "../autograd/index.ts";
import type { Stretch } from "../replay/index.ts";
import type { Trajectories } from "../returns/index.ts";
import type { State, Stateful } from "../state.ts";
import type { Stretches } from "./hiddenState.ts";

/** A batch of rows: the steps of stretches, each followed by its end row. */
export interface RolloutBatch extends Trajectories, Stretches {
  /** (rows, …obs) */
  readonly obs: Variable;
  /** (rows) of action numbers, or (rows, actions). */
  readonly action: Variable;
  /** (rows, state): what a recurrent network remembered before the row, where a stretch begins. */
  readonly state: Variable;
  /** (rows, behaviour): the statistics of the distribution that the action was drawn from. */
  readonly behaviour: Variable;
  /** Rows that are steps. */
  readonly steps: number;
}

const columnNames = ["obs", "action", "reward", "discount", "isStep", "behaviour", "state"] as const;
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
  /** The first rows of stretches. */
  #starts: number[] = [];

  /**
   * @param actionShape `[]` for discrete actions, `[actions]` for continuous ones
   * @param rows room at first
   * @param behaviourSize numbers that describe the distribution behind each action, where that is wanted
   * @param stateSize numbers that a recurrent network remembers
   */
  constructor(
    obsShape: readonly number[],
    actionShape: readonly number[],
    rows: number,
    behaviourSize = 0,
    stateSize = 0,
  ) {
    const [behaviour, state] = [[behaviourSize], [stateSize]];
    this.#shapes = { obs: obsShape, action: actionShape, reward: [], discount: [], isStep: [], behaviour, state };
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

  /** The numbers of the rows that are steps, counted from `first`, in runs of at most `length` within a stretch each. */
  sequences(length: number, first = 0): number[][] {
    const runs: number[][] = [];
    let run: number[] | null = null;
    for (let row = 0; row < this.#rows; row++) {
      if (this.#columns.isStep[row] === 0) {
        run = null;
        continue;
      }
      if (run === null || run.length === length) {
        run = [];
        runs.push(run);
      }
      run.push(first + row);
    }
    return runs;
  }

  /**
   * One step. `discount`: what the value of what follows is multiplied with, 0 where the task ended; `state`: what a
   * recurrent network remembered before it.
   */
  append(
    obs: ArrayLike<number>,
    action: ArrayLike<number>,
    reward: number,
    discount: number,
    behaviour: ArrayLike<number> = [],
    state: ArrayLike<number> = [],
  ): void {
    this.#addRow(obs);
    const row = this.#rows - 1;
    this.#columns.action.set(action, row * this.#widths.action);
    this.#columns.reward[row] = reward;
    this.#columns.discount[row] = discount;
    this.#columns.isStep[row] = 1;
    this.#columns.behaviour.set(behaviour, row * this.#widths.behaviour);
    this.#columns.state.set(state, row * this.#widths.state);
    this.steps++;
  }

  /** Whether there is a stretch under way. */
  get isOpen(): boolean {
    return this.#stretch > 0;
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
    if (this.#stretch === 0) this.#starts.push(this.#rows);
    this.#rows++;
    this.#stretch++;
    this.#span = Math.max(this.#span, this.#stretch);
  }

  /** A stretch from a replay buffer, with its end row; what is kept beside each step is behaviour and state. */
  appendStretch(stretch: Stretch, gamma: number, rewardScale: number): void {
    const { steps, obs, action, reward, extra, terminated } = stretch;
    const { obs: obsSize, action: actionSize, behaviour, state } = this.#widths;
    const kept = behaviour + state;
    for (let t = 0; t < steps; t++) {
      const isEnd = terminated && t === steps - 1;
      this.append(
        obs.subarray(t * obsSize, (t + 1) * obsSize),
        action.subarray(t * actionSize, (t + 1) * actionSize),
        rewardScale * reward[t]!,
        isEnd ? 0 : gamma,
        extra.subarray(t * kept, t * kept + behaviour),
        extra.subarray(t * kept + behaviour, (t + 1) * kept),
      );
    }
    this.end(obs.subarray(steps * obsSize));
  }

  /** Forgets the stretch under way. */
  dropOpen(): void {
    if (this.#stretch > 0) this.#starts.pop();
    this.#rows -= this.#stretch;
    this.steps -= this.#stretch;
    this.#stretch = 0;
  }

  clear(): void {
    this.#rows = 0;
    this.#span = 0;
    this.#stretch = 0;
    this.#starts = [];
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
      state: column("state"),
      starts: this.#starts,
      rows: this.#rows,
      span: this.#span,
      steps: this.steps,
    };
  }

  saveState(): State {
    const columns = columnNames.map((name) => this.#columns[name].slice(0, this.#rows * this.#widths[name]));
    const starts = Float64Array.from(this.#starts);
    return { columns, rows: this.#rows, steps: this.steps, span: this.#span, stretch: this.#stretch, starts };
  }

  loadState(state: State): void {
    const { columns, rows, steps, span, stretch, starts } = state as unknown as {
      columns: Float32Array[];
      rows: number;
      steps: number;
      span: number;
      stretch: number;
      starts: Float64Array;
    };
    if (rows > this.#columns.reward.length) this.#columns = this.#make(rows);
    columnNames.forEach((name, i) => {
      this.#columns[name].set(columns[i]!);
    });
    this.#rows = rows;
    this.steps = steps;
    this.#span = span;
    this.#stretch = stretch;
    this.#starts = Array.from(starts);
  }
}

/** The rows of several rollouts, as of environments that run side by side, one behind the other. */
export function loadRollouts(rollouts: readonly Rollout[]): RolloutBatch {
  // an environment that only began an episode anew has no step to learn from
  const batches = rollouts.filter(({ rows }) => rows > 0).map((rollout) => rollout.load());
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
    state: join("state"),
    starts: batches.flatMap(({ starts }, i) => {
      const first = batches.slice(0, i).reduce((sum, { rows }) => sum + rows, 0);
      return starts.map((start) => first + start);
    }),
    rows: batches.reduce((sum, { rows }) => sum + rows, 0),
    span: Math.max(...batches.map(({ span }) => span)),
    steps: batches.reduce((sum, { steps }) => sum + steps, 0),
  };
}
