/**
 * MountainCar: an underpowered car in a valley has to swing up to the right.
 *
 * Source: Moore 1990, "Efficient memory-based learning for robot control"; constants, limits and arithmetic as in
 * Gymnasium's MountainCar-v0.
 */
import { UsageError } from "../../errors.ts";
import type { State } from "../../state.ts";
import { BatchEnv, type BatchOutput } from "../batchEnv.ts";
import { Env, type Info, noInfo, type ResetOptions, type StepResult } from "../env.ts";
import { type DrawList, renderModes } from "../render/index.ts";
import { Box, Discrete } from "../spaces/index.ts";
import { startingState } from "./startingState.ts";
import { drawValley } from "./valley.ts";

const minPosition = -1.2;
const maxPosition = 0.6;
const maxSpeed = 0.07;
const goalPosition = 0.5;
const force = 0.001;
const gravity = 0.0025;
const start = { size: 2, drawn: 1, low: -0.6, high: -0.4 };

export interface MountainCarOptions {
  /** Velocity that the goal has to be reached with. */
  readonly goalVelocity?: number;
}

const observationSpace = () => new Box([minPosition, -maxSpeed], [maxPosition, maxSpeed]);

/** One step of the position and the velocity that begin at `at`; whether the goal is reached then. */
function advance(state: Float64Array, at: number, action: number, goalVelocity: number): boolean {
  let position = state[at]!;
  let velocity = state[at + 1]! + ((action - 1) * force + Math.cos(3 * position) * -gravity);
  velocity = Math.min(Math.max(velocity, -maxSpeed), maxSpeed);
  position = Math.min(Math.max(position + velocity, minPosition), maxPosition);
  // the wall on the left stops it
  if (position === minPosition && velocity < 0) velocity = 0;
  state[at] = position;
  state[at + 1] = velocity;
  return position >= goalPosition && velocity >= goalVelocity;
}

export class MountainCar extends Env<Float32Array, number> {
  override metadata = { renderModes, renderFps: 30 };
  override readonly actionMeanings = ["left", "nothing", "right"];
  readonly observationSpace = observationSpace();
  /** 0: left, 1: nothing, 2: right. */
  readonly actionSpace = new Discrete(3);
  readonly #goalVelocity: number;
  readonly #state = new Float64Array(2);

  constructor({ goalVelocity = 0 }: MountainCarOptions = {}) {
    super();
    this.#goalVelocity = goalVelocity;
  }

  override reset({ seed, options }: ResetOptions = {}): [obs: Float32Array, info: Info] {
    this.seedRandom(seed);
    const state = startingState("MountainCar", options, start, this.random);
    this.#state[0] = state[0]!;
    this.#state[1] = state[1] ?? 0;
    return [this.#observe(), noInfo];
  }

  override step(action: number): StepResult<Float32Array> {
    if (action !== 0 && action !== 1 && action !== 2) {
      throw new UsageError(
        `MountainCar.step: the action must be 0 (left), 1 (nothing) or 2 (right); got ${String(action)}.`,
      );
    }
    const terminated = advance(this.#state, 0, action, this.#goalVelocity);
    return [this.#observe(), -1, terminated, false, noInfo];
  }

  #observe(): Float32Array {
    const obs = this.obsBuffer(2);
    obs.set(this.#state);
    return obs;
  }

  override draw(): DrawList {
    return drawValley(this.#state[0]!, goalPosition);
  }

  override saveState(): State {
    return { base: super.saveState(), state: [...this.#state] };
  }

  override loadState(saved: State): void {
    const { base, state } = saved as { base: State; state: [number, number] };
    super.loadState(base);
    this.#state.set(state);
  }
}

/** Many cars, one loop. */
export class MountainCarBatch extends BatchEnv {
  readonly observationSpace = observationSpace();
  readonly actionSpace = new Discrete(3);
  readonly #goalVelocity: number;

  constructor(rows: number, { goalVelocity = 0 }: MountainCarOptions = {}) {
    super(rows, 2);
    this.#goalVelocity = goalVelocity;
  }

  override reset(row: number, options: ResetOptions["options"], obs: Float32Array): Info {
    const state = startingState("MountainCar", options, start, this.randoms[row]!);
    this.state[2 * row] = obs[2 * row] = state[0]!;
    this.state[2 * row + 1] = obs[2 * row + 1] = state[1] ?? 0;
    return noInfo;
  }

  override step(actions: ArrayLike<number>, skip: Uint8Array, { obs, rewards, terminated }: BatchOutput): void {
    const { state } = this;
    for (let row = 0; row < skip.length; row++) {
      if (skip[row] === 1) continue;
      terminated[row] = advance(state, 2 * row, actions[row]!, this.#goalVelocity) ? 1 : 0;
      rewards[row] = -1;
      obs[2 * row] = state[2 * row]!;
      obs[2 * row + 1] = state[2 * row + 1]!;
    }
  }

  override draw(row: number): DrawList {
    return drawValley(this.state[2 * row]!, goalPosition);
  }
}
