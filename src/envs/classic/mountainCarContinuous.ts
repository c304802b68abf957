/**
 * MountainCarContinuous: the same valley, the engine's force is a number, and using it costs.
 *
 * Source: as for MountainCar; constants and arithmetic as in Gymnasium's MountainCarContinuous-v0 under NumPy 2, whose
 * state is float32 from the first step on.
 */
import type { State } from "../../state.ts";
import { BatchEnv, type BatchOutput } from "../batchEnv.ts";
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

const observationSpace = () => new Box([minPosition, -maxSpeed], [maxPosition, maxSpeed]);
const actionSpace = () => new Box(-1, 1, { shape: [1] });

/**
 * One step of the position, the velocity and the flag that begin at `at`: 1 where they are what a step left, float32;
 * whether the goal is reached then.
 */
function advance(state: Float64Array, at: number, given: number, goalVelocity: number): boolean {
  const { fround } = Math;
  // numbers meet float32 numbers as float32; before the first step everything is float64
  const isSingle = state[at + 2] === 1;
  const angle = 3 * state[at]!;
  const slope = 0.0025 * Math.cos(isSingle ? fround(angle) : angle);
  const isInRange = given >= -1 && given <= 1;
  const pull = isInRange ? fround(fround(given * fround(power)) - fround(slope)) : Math.sign(given) * power - slope;
  const fastest = isSingle ? fround(maxSpeed) : maxSpeed;
  const left = isSingle ? fround(minPosition) : minPosition;
  const right = isSingle ? fround(maxPosition) : maxPosition;
  const goal = isSingle ? fround(goalPosition) : goalPosition;
  let velocity = isSingle ? fround(state[at + 1]! + fround(pull)) : state[at + 1]! + pull;
  if (velocity > fastest) velocity = fastest;
  if (velocity < -fastest) velocity = -fastest;
  let position = isSingle ? fround(state[at]! + velocity) : state[at]! + velocity;
  if (position > right) position = right;
  if (position < left) position = left;
  // the wall on the left stops it
  if (position === left && velocity < 0) velocity = 0;
  state[at] = fround(position);
  state[at + 1] = fround(velocity);
  state[at + 2] = 1;
  return position >= goal && velocity >= goalVelocity;
}

/** The reward of a force that was given, whatever the engine made of it. */
const rewardOf = (given: number, isThere: boolean): number => (isThere ? 100 : 0) - given ** 2 * 0.1;

export class MountainCarContinuous extends Env<Float32Array, ArrayLike<number>> {
  override metadata = { renderModes, renderFps: 30 };
  readonly observationSpace = observationSpace();
  readonly actionSpace = actionSpace();
  readonly #goalVelocity: number;
  readonly #state = new Float64Array(3);

  constructor({ goalVelocity = 0 }: MountainCarContinuousOptions = {}) {
    super();
    this.#goalVelocity = goalVelocity;
  }

  override reset({ seed, options }: ResetOptions = {}): [obs: Float32Array, info: Info] {
    this.seedRandom(seed);
    const state = startingState("MountainCarContinuous", options, start, this.random);
    this.#state[0] = state[0]!;
    this.#state[1] = state[1] ?? 0;
    this.#state[2] = 0;
    return [this.#observe(), noInfo];
  }

  override step(action: ArrayLike<number>): StepResult<Float32Array> {
    const given = Math.fround(oneNumber("MountainCarContinuous", action, "force"));
    const terminated = advance(this.#state, 0, given, this.#goalVelocity);
    return [this.#observe(), rewardOf(given, terminated), terminated, false, noInfo];
  }

  #observe(): Float32Array {
    const obs = this.obsBuffer(2);
    obs[0] = this.#state[0]!;
    obs[1] = this.#state[1]!;
    return obs;
  }

  override draw(): DrawList {
    return drawValley(this.#state[0]!, goalPosition);
  }

  override saveState(): State {
    const [position, velocity, isSingle] = this.#state;
    return { base: super.saveState(), state: [position!, velocity!], isSingle: isSingle === 1 };
  }

  override loadState(saved: State): void {
    const { base, state, isSingle } = saved as { base: State; state: [number, number]; isSingle: boolean };
    super.loadState(base);
    this.#state.set([...state, Number(isSingle)]);
  }
}

/** Many cars, one loop. */
export class MountainCarContinuousBatch extends BatchEnv {
  readonly observationSpace = observationSpace();
  readonly actionSpace = actionSpace();
  readonly #goalVelocity: number;

  constructor(rows: number, { goalVelocity = 0 }: MountainCarContinuousOptions = {}) {
    super(rows, 3);
    this.#goalVelocity = goalVelocity;
  }

  override reset(row: number, options: ResetOptions["options"], obs: Float32Array): Info {
    const state = startingState("MountainCarContinuous", options, start, this.randoms[row]!);
    this.state[3 * row] = obs[2 * row] = state[0]!;
    this.state[3 * row + 1] = obs[2 * row + 1] = state[1] ?? 0;
    this.state[3 * row + 2] = 0;
    return noInfo;
  }

  override step(actions: ArrayLike<number>, skip: Uint8Array, { obs, rewards, terminated }: BatchOutput): void {
    const { state } = this;
    for (let row = 0; row < skip.length; row++) {
      if (skip[row] === 1) continue;
      const isThere = advance(state, 3 * row, actions[row]!, this.#goalVelocity);
      terminated[row] = isThere ? 1 : 0;
      rewards[row] = rewardOf(actions[row]!, isThere);
      obs[2 * row] = state[3 * row]!;
      obs[2 * row + 1] = state[3 * row + 1]!;
    }
  }

  override draw(row: number): DrawList {
    return drawValley(this.state[3 * row]!, goalPosition);
  }
}
