/**
 * MountainCar: an underpowered car in a valley has to swing up to the right.
 *
 * Source: Moore 1990, "Efficient memory-based learning for robot control"; constants, limits and arithmetic as in
 * Gymnasium's MountainCar-v0.
 */
import { UsageError } from "../../errors.ts";
import type { State } from "../../state.ts";
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

export class MountainCar extends Env<Float32Array, number> {
  override metadata = { renderModes, renderFps: 30 };
  override readonly actionMeanings = ["left", "nothing", "right"];
  readonly observationSpace = new Box([minPosition, -maxSpeed], [maxPosition, maxSpeed]);
  /** 0: left, 1: nothing, 2: right. */
  readonly actionSpace = new Discrete(3);
  readonly #goalVelocity: number;
  #position = 0;
  #velocity = 0;

  constructor({ goalVelocity = 0 }: MountainCarOptions = {}) {
    super();
    this.#goalVelocity = goalVelocity;
  }

  override reset({ seed, options }: ResetOptions = {}): [obs: Float32Array, info: Info] {
    this.seedRandom(seed);
    const state = startingState("MountainCar", options, start, this.random);
    this.#position = state[0]!;
    this.#velocity = state[1] ?? 0;
    return [this.#observe(), noInfo];
  }

  override step(action: number): StepResult<Float32Array> {
    if (action !== 0 && action !== 1 && action !== 2) {
      throw new UsageError(
        `MountainCar.step: the action must be 0 (left), 1 (nothing) or 2 (right); got ${String(action)}.`,
      );
    }
    this.#velocity += (action - 1) * force + Math.cos(3 * this.#position) * -gravity;
    this.#velocity = Math.min(Math.max(this.#velocity, -maxSpeed), maxSpeed);
    this.#position = Math.min(Math.max(this.#position + this.#velocity, minPosition), maxPosition);
    // the wall on the left stops it
    if (this.#position === minPosition && this.#velocity < 0) this.#velocity = 0;
    const terminated = this.#position >= goalPosition && this.#velocity >= this.#goalVelocity;
    return [this.#observe(), -1, terminated, false, noInfo];
  }

  #observe(): Float32Array {
    const obs = this.obsBuffer(2);
    obs[0] = this.#position;
    obs[1] = this.#velocity;
    return obs;
  }

  override draw(): DrawList {
    return drawValley(this.#position, goalPosition);
  }

  override saveState(): State {
    return { base: super.saveState(), state: [this.#position, this.#velocity] };
  }

  override loadState(saved: State): void {
    const { base, state } = saved as { base: State; state: [number, number] };
    super.loadState(base);
    [this.#position, this.#velocity] = state;
  }
}
