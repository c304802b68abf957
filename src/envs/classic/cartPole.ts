/**
 * CartPole: a pole stands on a cart that is pushed left or right; the task is to keep it standing.
 *
 * Source of the dynamics: Barto, Sutton, Anderson 1983, "Neuronlike adaptive elements that can solve difficult learning
 * control problems"; constants, limits and arithmetic as in Gymnasium's CartPole-v1, bit for bit.
 */
import { UsageError } from "../../errors.ts";
import type { State } from "../../state.ts";
import { BatchEnv, type BatchOutput } from "../batchEnv.ts";
import { Env, type Info, noInfo, type ResetOptions, type StepResult } from "../env.ts";
import { type DrawList, type Point, palette, placed, renderModes, type Shape } from "../render/index.ts";
import { Box, Discrete } from "../spaces/index.ts";
import { startingState } from "./startingState.ts";

const gravity = 9.8;
const massPole = 0.1;
const totalMass = massPole + 1;
/** Half the pole's length, m. */
const length = 0.5;
const poleMassLength = massPole * length;
/** N */
const force = 10;
/** Seconds between states. */
const tau = 0.02;
const thetaThreshold = (12 * 2 * Math.PI) / 360;
const xThreshold = 2.4;
const start = { size: 4, low: -0.05, high: 0.05 };

export interface CartPoleOptions {
  /** Rewards of 0 and −1 at the end instead of 1 and 1, as in Sutton & Barto's book. */
  readonly suttonBartoReward?: boolean;
  readonly kinematicsIntegrator?: "euler" | "semi-implicit";
}

const high = [2 * xThreshold, Number.POSITIVE_INFINITY, 2 * thetaThreshold, Number.POSITIVE_INFINITY];
const observationSpace = () =>
  new Box(
    high.map((limit) => -limit),
    high,
  );

function isEulerOf({ kinematicsIntegrator = "euler" }: CartPoleOptions): boolean {
  const integrators = ["euler", "semi-implicit"];
  if (!integrators.includes(kinematicsIntegrator)) {
    throw new UsageError(
      `CartPole: kinematicsIntegrator must be ${integrators.join(" or ")}; got ${String(kinematicsIntegrator)}.`,
    );
  }
  return kinematicsIntegrator === "euler";
}

/** One step of the state x, ẋ, θ, θ̇ that begins at `at`; whether it is out of bounds then. */
function advance(state: Float64Array, at: number, action: number, isEuler: boolean): boolean {
  let x = state[at]!;
  let xDot = state[at + 1]!;
  let theta = state[at + 2]!;
  let thetaDot = state[at + 3]!;
  const cosTheta = Math.cos(theta);
  const sinTheta = Math.sin(theta);
  const push = action === 1 ? force : -force;
  const temp = (push + poleMassLength * (thetaDot * thetaDot) * sinTheta) / totalMass;
  const thetaAcc =
    (gravity * sinTheta - cosTheta * temp) / (length * (4 / 3 - (massPole * (cosTheta * cosTheta)) / totalMass));
  const xAcc = temp - (poleMassLength * thetaAcc * cosTheta) / totalMass;
  if (isEuler) {
    x += tau * xDot;
    xDot += tau * xAcc;
    theta += tau * thetaDot;
    thetaDot += tau * thetaAcc;
  } else {
    xDot += tau * xAcc;
    x += tau * xDot;
    thetaDot += tau * thetaAcc;
    theta += tau * thetaDot;
  }
  state[at] = x;
  state[at + 1] = xDot;
  state[at + 2] = theta;
  state[at + 3] = thetaDot;
  return x < -xThreshold || x > xThreshold || theta < -thetaThreshold || theta > thetaThreshold;
}

function observe(state: Float64Array, at: number, obs: Float32Array, to: number): void {
  obs[to] = state[at]!;
  obs[to + 1] = state[at + 1]!;
  obs[to + 2] = state[at + 2]!;
  obs[to + 3] = state[at + 3]!;
}

/** The cart on its track of 6 m, with marks where the task ends. */
function drawCart(position: number, theta: number): DrawList {
  const [width, height, ground] = [600, 400, 300];
  const scale = width / 6;
  const x = width / 2 + position * scale;
  const axle = ground - 30;
  const top = 5 - 2 * length * scale;
  const pole: Point[] = [
    [-5, 5],
    [-5, top],
    [5, top],
    [5, 5],
  ];
  const mark = (at: number): Shape => {
    const points: Point[] = [
      [at, ground - 10],
      [at, ground + 10],
    ];
    return { kind: "line", points, stroke: palette.vermilion, strokeWidth: 3 };
  };
  return {
    width,
    height,
    background: palette.paper,
    shapes: [
      { kind: "rectangle", x: 0, y: ground - 1, width, height: 2, fill: palette.grey },
      mark(width / 2 - xThreshold * scale),
      mark(width / 2 + xThreshold * scale),
      { kind: "rectangle", x: x - 32, y: axle - 12, width: 64, height: 32, fill: palette.darkGrey },
      { kind: "circle", x: x - 18, y: ground - 8, radius: 8, fill: palette.black },
      { kind: "circle", x: x + 18, y: ground - 8, radius: 8, fill: palette.black },
      { kind: "polygon", points: placed(pole, theta, x, axle), fill: palette.orange },
      { kind: "circle", x, y: axle, radius: 5, fill: palette.blue },
    ],
  };
}

export class CartPole extends Env<Float32Array, number> {
  override metadata = { renderModes, renderFps: 1 / tau };
  override readonly actionMeanings = ["left", "right"];
  readonly observationSpace = observationSpace();
  readonly actionSpace = new Discrete(2);
  readonly #suttonBartoReward: boolean;
  readonly #isEuler: boolean;
  readonly #state = new Float64Array(4);
  #hasFallen = false;

  constructor(options: CartPoleOptions = {}) {
    super();
    this.#suttonBartoReward = options.suttonBartoReward ?? false;
    this.#isEuler = isEulerOf(options);
  }

  override reset({ seed, options }: ResetOptions = {}): [obs: Float32Array, info: Info] {
    this.seedRandom(seed);
    this.#state.set(startingState("CartPole", options, start, this.random));
    this.#hasFallen = false;
    return [this.#observe(), noInfo];
  }

  override step(action: number): StepResult<Float32Array> {
    if (action !== 0 && action !== 1) {
      throw new UsageError(`CartPole.step: the action must be 0 (left) or 1 (right); got ${String(action)}.`);
    }
    const terminated = advance(this.#state, 0, action, this.#isEuler);
    return [this.#observe(), this.#reward(terminated), terminated, false, noInfo];
  }

  /** Without OrderEnforcing around it the pole may go on falling: then there is no reward any more. */
  #reward(terminated: boolean): number {
    if (!terminated) return this.#suttonBartoReward ? 0 : 1;
    const reward = this.#suttonBartoReward ? -1 : this.#hasFallen ? 0 : 1;
    this.#hasFallen = true;
    return reward;
  }

  #observe(): Float32Array {
    const obs = this.obsBuffer(4);
    observe(this.#state, 0, obs, 0);
    return obs;
  }

  override draw(): DrawList {
    return drawCart(this.#state[0]!, this.#state[2]!);
  }

  override saveState(): State {
    return { base: super.saveState(), state: [...this.#state], hasFallen: this.#hasFallen };
  }

  override loadState(saved: State): void {
    const { base, state, hasFallen } = saved as { base: State; state: number[]; hasFallen: boolean };
    super.loadState(base);
    this.#state.set(state);
    this.#hasFallen = hasFallen;
  }
}

/** Many poles, one loop. */
export class CartPoleBatch extends BatchEnv {
  readonly observationSpace = observationSpace();
  readonly actionSpace = new Discrete(2);
  readonly #suttonBartoReward: boolean;
  readonly #isEuler: boolean;

  constructor(rows: number, options: CartPoleOptions = {}) {
    super(rows, 4);
    this.#suttonBartoReward = options.suttonBartoReward ?? false;
    this.#isEuler = isEulerOf(options);
  }

  override reset(row: number, options: ResetOptions["options"], obs: Float32Array): Info {
    this.state.set(startingState("CartPole", options, start, this.randoms[row]!), 4 * row);
    observe(this.state, 4 * row, obs, 4 * row);
    return noInfo;
  }

  override step(actions: ArrayLike<number>, skip: Uint8Array, output: BatchOutput): void {
    const { state } = this;
    const { rewards, terminated } = output;
    const obs = output.obs as Float32Array;
    const isEuler = this.#isEuler;
    const [onward, last] = this.#suttonBartoReward ? [0, -1] : [1, 1];
    for (let row = 0; row < skip.length; row++) {
      if (skip[row] === 1) continue;
      const isOut = advance(state, 4 * row, actions[row]!, isEuler);
      observe(state, 4 * row, obs, 4 * row);
      rewards[row] = isOut ? last : onward;
      terminated[row] = isOut ? 1 : 0;
    }
  }

  override draw(row: number): DrawList {
    return drawCart(this.state[4 * row]!, this.state[4 * row + 2]!);
  }
}
