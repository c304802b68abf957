/**
 * MountainCarContinuous: the same valley, the engine's force is a number, and using it costs.
 *
 * Source: as for MountainCar; constants and arithmetic as in Gymnasium's MountainCarContinuous-v0 under NumPy 2, whose
 * state is float32 from the first step on.
 */
import type { State } from "../../state.ts";
import { Env, type Info, noInfo, type ResetOptions, type StepResult } from "../env.ts";
import { type DrawList, renderModes } from "../render/index.ts";
import { Box } from "../spaces/index.ts";
import { oneNumber } from "./oneNumber.ts";
import { startingState } from "./startingState.ts";
import { drawValley } from "./valley.ts";

const minPosition = -1.2;
const maxPosition = 0.6;
const maxSpeed = 0.07;
const goalPosition = 0.45;
const power = 0.0015;
const start = { size: 2, drawn: 1, low: -0.6, high: -0.4 };

export interface MountainCarContinuousOptions {
  /** Velocity that the goal has to be reached with. */
  readonly goalVelocity?: number;
}

export class MountainCarContinuous extends Env<Float32Array, ArrayLike<number>> {
  override metadata = { renderModes, renderFps: 30 };
  readonly observationSpace = new Box([minPosition, -maxSpeed], [maxPosition, maxSpeed]);
  readonly actionSpace = new Box(-1, 1, { shape: [1] });
  readonly #goalVelocity: number;
  #position = 0;
  #velocity = 0;
  /** Whether the state is what a step left: float32. */
  #isSingle = false;

  constructor({ goalVelocity = 0 }: MountainCarContinuousOptions = {}) {
    super();
    this.#goalVelocity = goalVelocity;
  }

  override reset({ seed, options }: ResetOptions = {}): [obs: Float32Array, info: Info] {
    this.seedRandom(seed);
    const state = startingState("MountainCarContinuous", options, start, this.random);
    this.#position = state[0]!;
    this.#velocity = state[1] ?? 0;
    this.#isSingle = false;
    return [this.#observe(), noInfo];
  }

  override step(action: ArrayLike<number>): StepResult<Float32Array> {
    const number = oneNumber("MountainCarContinuous", action, "force");
    const { fround } = Math;
    // numbers meet float32 numbers as float32; before the first step everything is float64
    const round = this.#isSingle ? fround : (x: number) => x;
    const given = fround(number);
    const slope = 0.0025 * Math.cos(round(3 * this.#position));
    const isInRange = given >= -1 && given <= 1;
    const pull = isInRange ? fround(fround(given * fround(power)) - fround(slope)) : Math.sign(given) * power - slope;
    let velocity = round(this.#velocity + round(pull));
    if (velocity > round(maxSpeed)) velocity = round(maxSpeed);
    if (velocity < round(-maxSpeed)) velocity = round(-maxSpeed);
    let position = round(this.#position + velocity);
    if (position > round(maxPosition)) position = round(maxPosition);
    if (position < round(minPosition)) position = round(minPosition);
    // the wall on the left stops it
    if (position === round(minPosition) && velocity < 0) velocity = 0;
    const terminated = position >= round(goalPosition) && velocity >= this.#goalVelocity;
    this.#position = fround(position);
    this.#velocity = fround(velocity);
    this.#isSingle = true;
    return [this.#observe(), (terminated ? 100 : 0) - given ** 2 * 0.1, terminated, false, noInfo];
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
    return { base: super.saveState(), state: [this.#position, this.#velocity], isSingle: this.#isSingle };
  }

  override loadState(saved: State): void {
    const { base, state, isSingle } = saved as { base: State; state: [number, number]; isSingle: boolean };
    super.loadState(base);
    [this.#position, this.#velocity] = state;
    this.#isSingle = isSingle;
  }
}
