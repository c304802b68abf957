/**
 * Acrobot: two links hang from a pivot; a torque at the joint between them has to swing the tip above a line.
 *
 * Source: Sutton 1996, "Generalization in reinforcement learning: successful examples using sparse coarse coding", with
 * the equations of Sutton & Barto's book; constants and arithmetic (Runge–Kutta of fourth order) as in Gymnasium's
 * Acrobot-v1.
 */
import { UsageError } from "../../errors.ts";
import type { State } from "../../state.ts";
import { BatchEnv, type BatchOutput } from "../batchEnv.ts";
import { Env, type Info, noInfo, type ResetOptions, type StepResult } from "../env.ts";
import type { EnvRandom } from "../npRandom.ts";
import { type DrawList, type Point, palette, placed, renderModes, type Shape } from "../render/index.ts";
import { Box, Discrete } from "../spaces/index.ts";
import { startingState } from "./startingState.ts";

/** Seconds between states. */
const dt = 0.2;
/** Lengths and masses are 1; centres of mass lie in the middle; moments of inertia are 1. */
const centre = 0.5;
const gravity = 9.8;
const maxSpeed1 = 4 * Math.PI;
const maxSpeed2 = 9 * Math.PI;
const start = { size: 4, low: -0.1, high: 0.1 };

/** The derivative of the four numbers in y (θ₁, θ₂, θ̇₁, θ̇₂) under a torque, written into k. */
function derivative(y: Float64Array, torque: number, isBook: boolean, k: Float64Array): void {
  const theta1 = y[0]!;
  const theta2 = y[1]!;
  const dTheta1 = y[2]!;
  const dTheta2 = y[3]!;
  const cos2 = Math.cos(theta2);
  const sin2 = Math.sin(theta2);
  const d1 = centre ** 2 + (1 + centre ** 2 + 2 * centre * cos2) + 1 + 1;
  const d2 = centre ** 2 + centre * cos2 + 1;
  const phi2 = centre * gravity * Math.cos(theta1 + theta2 - Math.PI / 2);
  const phi1 =
    -centre * dTheta2 ** 2 * sin2 -
    2 * centre * dTheta2 * dTheta1 * sin2 +
    (centre + 1) * gravity * Math.cos(theta1 - Math.PI / 2) +
    phi2;
  const coupling = isBook ? centre * dTheta1 ** 2 * sin2 : 0;
  const ddTheta2 = (torque + (d2 / d1) * phi1 - coupling - phi2) / (centre ** 2 + 1 - d2 ** 2 / d1);
  k[0] = dTheta1;
  k[1] = dTheta2;
  k[2] = -(d2 * ddTheta2 + phi1) / d1;
  k[3] = ddTheta2;
}

const wrap = (x: number): number => {
  let angle = x;
  while (angle > Math.PI) angle -= 2 * Math.PI;
  while (angle < -Math.PI) angle += 2 * Math.PI;
  return angle;
};
const bound = (x: number, limit: number): number => Math.min(Math.max(x, -limit), limit);

export interface AcrobotOptions {
  /** The equations of Sutton & Barto's book, or those of Sutton's NIPS paper. */
  readonly bookOrNips?: "book" | "nips";
}

const k1 = new Float64Array(4);
const k2 = new Float64Array(4);
const k3 = new Float64Array(4);
const k4 = new Float64Array(4);
const between = new Float64Array(4);

/** Leaves in `between` where the state that begins at `at` is after the time `by` along k. */
function along(state: Float64Array, at: number, by: number, k: Float64Array): void {
  for (let i = 0; i < 4; i++) between[i] = state[at + i]! + by * k[i]!;
}

/** One step of the state that begins at `at`; whether the tip is above the line then. */
function advance(state: Float64Array, at: number, action: number, isBook: boolean): boolean {
  const torque = action - 1;
  for (let i = 0; i < 4; i++) between[i] = state[at + i]!;
  derivative(between, torque, isBook, k1);
  along(state, at, dt / 2, k1);
  derivative(between, torque, isBook, k2);
  along(state, at, dt / 2, k2);
  derivative(between, torque, isBook, k3);
  along(state, at, dt, k3);
  derivative(between, torque, isBook, k4);
  for (let i = 0; i < 4; i++) state[at + i]! += (dt / 6) * (k1[i]! + 2 * k2[i]! + 2 * k3[i]! + k4[i]!);
  state[at] = wrap(state[at]!);
  state[at + 1] = wrap(state[at + 1]!);
  state[at + 2] = bound(state[at + 2]!, maxSpeed1);
  state[at + 3] = bound(state[at + 3]!, maxSpeed2);
  return -Math.cos(state[at]!) - Math.cos(state[at + 1]! + state[at]!) > 1;
}

function observe(state: Float64Array, at: number, obs: Float32Array, to: number): void {
  obs[to] = Math.cos(state[at]!);
  obs[to + 1] = Math.sin(state[at]!);
  obs[to + 2] = Math.cos(state[at + 1]!);
  obs[to + 3] = Math.sin(state[at + 1]!);
  obs[to + 4] = state[at + 2]!;
  obs[to + 5] = state[at + 3]!;
}

function begin(state: Float64Array, at: number, options: ResetOptions["options"], random: EnvRandom): void {
  const numbers = startingState("Acrobot", options, start, random);
  // drawn states are float32 there, given ones are taken as they are
  for (let i = 0; i < 4; i++) state[at + i] = options?.state === undefined ? Math.fround(numbers[i]!) : numbers[i]!;
}

function isBookOf({ bookOrNips = "book" }: AcrobotOptions): boolean {
  if (bookOrNips !== "book" && bookOrNips !== "nips") {
    throw new UsageError(`Acrobot: bookOrNips must be book or nips; got ${String(bookOrNips)}.`);
  }
  return bookOrNips === "book";
}

const high = [1, 1, 1, 1, maxSpeed1, maxSpeed2];
const observationSpace = () =>
  new Box(
    high.map((limit) => -limit),
    high,
  );

/** Both links and the line the tip has to reach, 1 above the pivot. */
function drawLinks(theta1: number, theta2: number): DrawList {
  const [size, middle] = [500, 250];
  const scale = size / 4.4;
  const link: Point[] = [
    [-11, 0],
    [-11, scale],
    [11, scale],
    [11, 0],
  ];
  const hanging: Point[] = [[0, scale]];
  // angles grow counter-clockwise
  const [joint] = placed(hanging, -theta1, middle, middle);
  const [x, y] = joint!;
  const [tip] = placed(hanging, -(theta1 + theta2), x, y);
  const disc = ([cx, cy]: Point, radius: number, fill: string): Shape => ({
    kind: "circle",
    x: cx,
    y: cy,
    radius,
    fill,
  });
  return {
    width: size,
    height: size,
    background: palette.paper,
    shapes: [
      { kind: "rectangle", x: 0, y: middle - scale - 1, width: size, height: 3, fill: palette.vermilion },
      { kind: "polygon", points: placed(link, -theta1, middle, middle), fill: palette.skyBlue },
      { kind: "polygon", points: placed(link, -(theta1 + theta2), x, y), fill: palette.blue },
      disc([middle, middle], 12, palette.black),
      disc([x, y], 12, palette.black),
      disc(tip!, 11, palette.orange),
    ],
  };
}

export class Acrobot extends Env<Float32Array, number> {
  override metadata = { renderModes, renderFps: 15 };
  override readonly actionMeanings = ["torque -1", "no torque", "torque 1"];
  /** cos θ₁, sin θ₁, cos θ₂, sin θ₂, θ̇₁, θ̇₂; all angles are 0 when it hangs. */
  readonly observationSpace = observationSpace();
  /** Torques −1, 0, 1. */
  readonly actionSpace = new Discrete(3);
  readonly #isBook: boolean;
  readonly #state = new Float64Array(4);

  constructor(options: AcrobotOptions = {}) {
    super();
    this.#isBook = isBookOf(options);
  }

  override reset({ seed, options }: ResetOptions = {}): [obs: Float32Array, info: Info] {
    this.seedRandom(seed);
    begin(this.#state, 0, options, this.random);
    return [this.#observe(), noInfo];
  }

  override step(action: number): StepResult<Float32Array> {
    if (action !== 0 && action !== 1 && action !== 2) {
      throw new UsageError(`Acrobot.step: the action must be 0, 1 or 2 (torque −1, 0, 1); got ${String(action)}.`);
    }
    const terminated = advance(this.#state, 0, action, this.#isBook);
    return [this.#observe(), terminated ? 0 : -1, terminated, false, noInfo];
  }

  #observe(): Float32Array {
    const obs = this.obsBuffer(6);
    observe(this.#state, 0, obs, 0);
    return obs;
  }

  override draw(): DrawList {
    return drawLinks(this.#state[0]!, this.#state[1]!);
  }

  override saveState(): State {
    return { base: super.saveState(), state: [...this.#state] };
  }

  override loadState(saved: State): void {
    const { base, state } = saved as { base: State; state: number[] };
    super.loadState(base);
    this.#state.set(state);
  }
}

/** Many acrobots, one loop. */
export class AcrobotBatch extends BatchEnv {
  readonly observationSpace = observationSpace();
  readonly actionSpace = new Discrete(3);
  readonly #isBook: boolean;

  constructor(rows: number, options: AcrobotOptions = {}) {
    super(rows, 4);
    this.#isBook = isBookOf(options);
  }

  override reset(row: number, options: ResetOptions["options"], obs: Float32Array): Info {
    begin(this.state, 4 * row, options, this.randoms[row]!);
    observe(this.state, 4 * row, obs, 6 * row);
    return noInfo;
  }

  override step(actions: ArrayLike<number>, skip: Uint8Array, output: BatchOutput): void {
    const { rewards, terminated } = output;
    const obs = output.obs as Float32Array;
    for (let row = 0; row < skip.length; row++) {
      if (skip[row] === 1) continue;
      const isAbove = advance(this.state, 4 * row, actions[row]!, this.#isBook);
      observe(this.state, 4 * row, obs, 6 * row);
      rewards[row] = isAbove ? 0 : -1;
      terminated[row] = isAbove ? 1 : 0;
    }
  }

  override draw(row: number): DrawList {
    return drawLinks(this.state[4 * row]!, this.state[4 * row + 1]!);
  }
}
