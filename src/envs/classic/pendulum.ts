/**
 * Pendulum: a torque too weak to lift it at once has to swing a pendulum up and hold it.
 *
 * Constants and arithmetic as in Gymnasium's Pendulum-v1 under NumPy 2, where what is made of the action stays float32.
 */
import { UsageError } from "../../errors.ts";
import type { State } from "../../state.ts";
import { BatchEnv, type BatchOutput } from "../batchEnv.ts";
import { Env, type Info, noInfo, type ResetOptions, type StepResult } from "../env.ts";
import type { EnvRandom } from "../npRandom.ts";
import { type DrawList, type Point, palette, placed, renderModes, type Shape } from "../render/index.ts";
import { Box } from "../spaces/index.ts";
import { oneNumber } from "./oneNumber.ts";

const maxSpeed = 8;
const maxTorque = 2;
/** Seconds between states. */
const dt = 0.05;

/** An arc that begins at the top and turns as the torque does, with a head. */
function torqueArrow(torque: number, middle: number): Shape[] {
  const radius = 50;
  const turn = -torque * 0.9;
  const at = (angle: number, r = radius): Point => [middle + r * Math.sin(angle), middle - r * Math.cos(angle)];
  const arc = Array.from({ length: 25 }, (_, i) => at((turn * i) / 24));
  const ahead = turn + Math.sign(turn) * 0.3;
  return [
    { kind: "line", points: arc, stroke: palette.blue, strokeWidth: 5 },
    { kind: "polygon", points: [at(turn, radius - 10), at(turn, radius + 10), at(ahead)], fill: palette.blue },
  ];
}

export interface PendulumOptions {
  /** Gravity, m/s². */
  readonly g?: number;
}

const observationSpace = () => new Box([-1, -1, -maxSpeed], [1, 1, maxSpeed]);
const actionSpace = () => new Box(-maxTorque, maxTorque, { shape: [1] });

/** @param options `state`: [θ, θ̇]; or `xInit`, `yInit`: the largest of each, π and 1 unless given */
function begin(state: Float64Array, at: number, options: ResetOptions["options"] = {}, random: EnvRandom): void {
  const unknown = Object.keys(options).find((key) => !["state", "xInit", "yInit"].includes(key));
  if (unknown !== undefined) {
    throw new UsageError(
      `Pendulum.reset: options must be state, or xInit and yInit; got ${unknown}. Check its spelling.`,
    );
  }
  const {
    state: given,
    xInit = Math.PI,
    yInit = 1,
  } = options as { state?: ArrayLike<number>; xInit?: number; yInit?: number };
  if (given === undefined) {
    state[at] = -xInit + 2 * xInit * random.random();
    state[at + 1] = -yInit + 2 * yInit * random.random();
    return;
  }
  if (given?.length !== 2 || !Array.from(given).every(Number.isFinite)) {
    throw new UsageError(
      `Pendulum.reset: options.state must be 2 finite numbers; got ${JSON.stringify(given)}. Pass [theta, thetaDot].`,
    );
  }
  state.set(given, at);
}

/** One step of θ and θ̇ that begin at `at`; returns the reward. */
function advance(state: Float64Array, at: number, torque: number, g: number): number {
  const { fround } = Math;
  const u = fround(Math.min(Math.max(torque, -maxTorque), maxTorque));
  const turn = 2 * Math.PI;
  const theta = state[at]!;
  const thetaDot = state[at + 1]!;
  const shifted = theta + Math.PI;
  const angle = shifted - turn * Math.floor(shifted / turn) - Math.PI;
  const effort = fround(fround(0.001) * fround(u * u));
  const cost = angle ** 2 + 0.1 * thetaDot ** 2 + effort;
  const faster = thetaDot + (((3 * g) / 2) * Math.sin(theta) + fround(3 * u)) * dt;
  const next = Math.min(Math.max(faster, -maxSpeed), maxSpeed);
  state[at + 1] = next;
  state[at] = theta + next * dt;
  return -cost;
}

function observe(state: Float64Array, at: number, obs: Float32Array, to: number): void {
  obs[to] = Math.cos(state[at]!);
  obs[to + 1] = Math.sin(state[at]!);
  obs[to + 2] = state[at + 1]!;
}

/** The rod, and round its axle an arc as long as the last torque. */
function drawRod(theta: number, torque: number | null): DrawList {
  const [size, middle] = [500, 250];
  const rod: Point[] = [
    [-18, 0],
    [-18, -190],
    [18, -190],
    [18, 0],
  ];
  // angles grow counter-clockwise
  const [end] = placed([[0, -190]], -theta, middle, middle);
  const shapes: Shape[] = [
    { kind: "circle", x: middle, y: middle, radius: 18, fill: palette.orange },
    { kind: "circle", x: end![0], y: end![1], radius: 18, fill: palette.orange },
    { kind: "polygon", points: placed(rod, -theta, middle, middle), fill: palette.orange },
    { kind: "circle", x: middle, y: middle, radius: 7, fill: palette.black },
  ];
  if (torque) shapes.push(...torqueArrow(torque, middle));
  return { width: size, height: size, background: palette.paper, shapes };
}

export class Pendulum extends Env<Float32Array, ArrayLike<number>> {
  override metadata = { renderModes, renderFps: 30 };
  /** cos θ, sin θ, θ̇; θ is 0 upright. */
  readonly observationSpace = observationSpace();
  readonly actionSpace = actionSpace();
  readonly #g: number;
  readonly #state = new Float64Array(2);
  /** The last step's torque, for the picture; null before the first. */
  #torque: number | null = null;

  constructor({ g = 10 }: PendulumOptions = {}) {
    super();
    this.#g = g;
  }

  /** @param options.options `state`: [θ, θ̇]; or `xInit`, `yInit`: the largest of each, π and 1 unless given */
  override reset({ seed, options }: ResetOptions = {}): [obs: Float32Array, info: Info] {
    this.seedRandom(seed);
    begin(this.#state, 0, options, this.random);
    this.#torque = null;
    return [this.#observe(), noInfo];
  }

  override step(action: ArrayLike<number>): StepResult<Float32Array> {
    const given = oneNumber("Pendulum", action, "torque");
    const reward = advance(this.#state, 0, given, this.#g);
    this.#torque = Math.min(Math.max(given, -maxTorque), maxTorque);
    return [this.#observe(), reward, false, false, noInfo];
  }

  #observe(): Float32Array {
    const obs = this.obsBuffer(3);
    observe(this.#state, 0, obs, 0);
    return obs;
  }

  override draw(): DrawList {
    return drawRod(this.#state[0]!, this.#torque);
  }

  override saveState(): State {
    return { base: super.saveState(), state: [...this.#state], torque: this.#torque };
  }

  override loadState(saved: State): void {
    const { base, state, torque } = saved as { base: State; state: [number, number]; torque: number | null };
    super.loadState(base);
    this.#state.set(state);
    this.#torque = torque;
  }
}

/** Many pendulums, one loop. */
export class PendulumBatch extends BatchEnv {
  readonly observationSpace = observationSpace();
  readonly actionSpace = actionSpace();
  readonly #g: number;

  constructor(rows: number, { g = 10 }: PendulumOptions = {}) {
    super(rows, 2);
    this.#g = g;
  }

  override reset(row: number, options: ResetOptions["options"], obs: Float32Array): Info {
    begin(this.state, 2 * row, options, this.randoms[row]!);
    observe(this.state, 2 * row, obs, 3 * row);
    return noInfo;
  }

  override step(actions: ArrayLike<number>, skip: Uint8Array, output: BatchOutput): void {
    const { rewards, terminated } = output;
    const obs = output.obs as Float32Array;
    for (let row = 0; row < skip.length; row++) {
      if (skip[row] === 1) continue;
      rewards[row] = advance(this.state, 2 * row, actions[row]!, this.#g);
      terminated[row] = 0;
      observe(this.state, 2 * row, obs, 3 * row);
    }
  }

  /** Of the last torque nothing is remembered here. */
  override draw(row: number): DrawList {
    return drawRod(this.state[2 * row]!, null);
  }
}
