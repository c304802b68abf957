/** Policy agents that learn from as many steps of each environment at a time, of one or of many side by side: A2C, PPO, TRPO. */
import type { Link, Optimizer } from "../autograd/index.ts";
import { UsageError } from "../errors.ts";
import type { State } from "../state.ts";
import type { Saved } from "./actorAgent.ts";
import type { Action, BatchActions, BatchInfos, BatchTransitions, Observation } from "./agent.ts";
import type { Setup } from "./agentSetup.ts";
import { BatchRows, oneOfMany, requireRows, unaskedBatch } from "./batchRows.ts";
import { HiddenRows } from "./hiddenState.ts";
import { PolicyAgent, type PolicyAgentParts } from "./policyAgent.ts";
import { PolicyRows } from "./policyRows.ts";

export abstract class RolloutAgent<Model extends Link> extends PolicyAgent<Model> {
  /** Steps of each environment between updates. */
  readonly #interval: number;
  /** Acting in many environments; null while there is one. */
  #rows: PolicyRows | null = null;
  /** The same in evaluations of another number of rows. */
  #greedyRows: PolicyRows | null = null;

  protected constructor(
    setup: Setup<{ gamma: number; rewardScale: number }>,
    parts: PolicyAgentParts<Model>,
    make: () => Model,
    makeOptimizer: () => Optimizer,
    interval: number,
  ) {
    // with room for the ends of short episodes
    super(setup, parts, make, makeOptimizer, 2 * interval);
    this.#interval = interval;
  }

  /** The longest rollout tells: environments that begin an episode in a step of its own have none of it in theirs. */
  protected isDue(): boolean {
    return this.rollouts.some(({ steps }) => steps === this.#interval);
  }

  /** @throws UsageError where an update could not learn from the rollouts of n environments */
  requireEnvs(_n: number): void {}

  override act(obs: Observation): Action {
    if (this.training && this.steps === 0) this.requireEnvs(1);
    return super.act(obs);
  }

  #makeRows(n: number): PolicyRows {
    const input = new BatchRows(this.name, n, this.obsSize, this.phi);
    const hidden = this.stateSize > 0 ? new HiddenRows(this.model, n) : null;
    return new PolicyRows(input, this.obsShape, this.lastAction.length, hidden, (obs) => this.decideMany(obs));
  }

  /** @throws UsageError for no count, or for another n than before */
  setEnvs(n: number): void {
    if (this.#rows?.input.n === n) return;
    requireRows(this.name, n, false);
    this.requireEnvs(n);
    if (this.#rows || this.steps > 0) {
      throw new UsageError(
        `${this.name}.actBatch: the number of environments must stay the same; got ${n} after ${this.rollouts.length}. Make a new agent.`,
      );
    }
    this.#rows = this.#makeRows(n);
    while (this.rollouts.length < n) this.rollouts.push(this.makeRollout());
  }

  /** Rows to act in; those of evaluations are others, since actions of training may wait for their outcomes. */
  #rowsFor(n: number): PolicyRows {
    if (this.training) {
      this.setEnvs(n);
      return this.#rows!;
    }
    if (this.#greedyRows?.input.n !== n) {
      requireRows(this.name, n, this.stateSize > 0);
      this.#greedyRows = this.#makeRows(n);
    }
    return this.#greedyRows!;
  }

  /**
   * @throws UsageError for another n than before, for bad observations, in evaluation for a network with a memory (nothing
   *   would tell it of ends); ShapeError for the number of observations
   */
  async actBatch(obs: ArrayLike<number>, n: number, _infos?: BatchInfos): Promise<BatchActions> {
    const rows = this.#rowsFor(n);
    await rows.act(
      obs,
      this.training,
      (seen, kept) => this.keep(seen, kept),
      (kept) => this.normalize(kept),
    );
    const actions = Array.from({ length: n }, (_, row) => this.outward(rows.action(row)));
    if (typeof actions[0] === "number") return Int32Array.from(actions as number[]);
    const flat = new Float32Array(n * this.lastAction.length);
    actions.forEach((action, row) => void flat.set(action as Float32Array, row * this.lastAction.length));
    return flat;
  }

  observeBatch(
    { count, rows: counted, nextObs }: BatchTransitions,
    rewards: ArrayLike<number>,
    terminated: ArrayLike<number>,
    truncated: ArrayLike<number>,
    _infos?: BatchInfos,
  ): void {
    if (!this.training) return;
    const rows = this.#rows;
    if (!rows) throw unaskedBatch(this.name, rewards);
    const { input } = rows;
    input.requireAll(rewards, terminated, truncated);
    if (!rows.isWaiting) throw input.unasked(counted[0]!, rewards[counted[0]!]!);
    rows.isWaiting = false;
    const goesOn = new Uint8Array(input.n);
    for (let k = 0; k < count; k++) {
      const row = counted[k]!;
      const rollout = this.rollouts[row]!;
      const isOver = terminated[row] === 1 || truncated[row] === 1;
      this.requireReward(rewards[row]!);
      const before = rows.hidden?.rowBefore(row);
      this.appendTo(rollout, rows.obs(row), rows.action(row), rewards[row]!, terminated[row] === 1, before);
      // a truncated episode's return goes on with the value of its last observation, an ended one's discount is 0
      if (isOver) rollout.end(this.normalized(input.seen(nextObs as Observation, row)));
      goesOn[row] = isOver ? 0 : 1;
    }
    // whoever ended begins with nothing, and whoever only began an episode has not seen it yet
    if (rows.hidden) for (let row = 0; row < input.n; row++) if (goesOn[row] === 0) rows.hidden.resetRow(row);
    this.steps += count;
    if (!this.isDue()) return;
    this.rollouts.forEach((rollout, row) => {
      if (rollout.isOpen) rollout.end(this.normalized(input.seen(nextObs as Observation, row)));
    });
    this.learnFromRollouts();
  }

  protected override get remembered(): Float32Array | null {
    return this.#rows?.hidden ? this.#rows.hidden.rowNow(0) : super.remembered;
  }

  override observe(nextObs: Observation, reward: number, terminated: boolean, truncated: boolean): void {
    if (this.training && this.#rows) throw oneOfMany(this.name, this.#rows.input.n);
    super.observe(nextObs, reward, terminated, truncated);
  }

  protected override forgetEpisode(): void {
    super.forgetEpisode();
    this.#rows?.forget();
  }

  protected override saved(): Record<string, Saved> {
    const saved = super.saved();
    return this.#rows ? { ...saved, rows: this.#rows } : saved;
  }

  override loadState(state: State): void {
    const { parts } = state as unknown as { parts: { rows?: { n: number } } };
    if (parts.rows) this.setEnvs(parts.rows.n);
    super.loadState(state);
  }
}
