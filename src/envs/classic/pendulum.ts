/**
 * Pendulum: a torque too weak to lift it at once has to swing a pendulum up and hold it.
 *
 * Constants and arithmetic as in Gymnasium's Pendulum-v1 under NumPy 2, where what is made of the action stays float32.
 */
import { UsageError } from "../../errors.ts";
import type { State } from "../../state.ts";
import { Env, type Info, noInfo, type ResetOptions, type StepResult } from "../env.ts";
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

export class Pendulum extends Env<Float32Array, ArrayLike<number>> {
  override metadata = { renderModes, renderFps: 30 };
  /** cos θ, sin θ, θ̇; θ is 0 upright. */
  readonly observationSpace = new Box([-1, -1, -maxSpeed], [1, 1, maxSpeed]);
  readonly actionSpace = new Box(-maxTorque, maxTorque, { shape: [1] });
  readonly #g: number;
  #theta = 0;
  #thetaDot = 0;
  /** The last step's torque, for the picture; null before the first. */
  #torque: number | null = null;

  constructor({ g = 10 }: PendulumOptions = {}) {
    super();
    this.#g = g;
  }

  /** @param options.options `state`: [θ, θ̇]; or `xInit`, `yInit`: the largest of each, π and 1 unless given */
  override reset({ seed, options = {} }: ResetOptions = {}): [obs: Float32Array, info: Info] {
    this.seedRandom(seed);
    const unknown = Object.keys(options).find((key) => !["state", "xInit", "yInit"].includes(key));
    if (unknown !== undefined) {
      throw new UsageError(
        `Pendulum.reset: options must be state, or xInit and yInit; got ${unknown}. Check its spelling.`,
      );
    }
    const {
      state,
      xInit = Math.PI,
      yInit = 1,
    } = options as { state?: ArrayLike<number>; xInit?: number; yInit?: number };
    if (state !== undefined) {
      if (state?.length !== 2 || !Array.from(state).every(Number.isFinite)) {
        throw new UsageError(
          `Pendulum.reset: options.state must be 2 finite numbers; got ${JSON.stringify(state)}. Pass [theta, thetaDot].`,
        );
      }
      this.#theta = state[0]!;
      this.#thetaDot = state[1]!;
    } else {
      this.#theta = -xInit + 2 * xInit * this.random.random();
      this.#thetaDot = -yInit + 2 * yInit * this.random.random();
    }
    this.#torque = null;
    return [this.#observe(), noInfo];
  }

  override step(action: ArrayLike<number>): StepResult<Float32Array> {
    const number = oneNumber("Pendulum", action, "torque");
    const { fround } = Math;
    const u = fround(Math.min(Math.max(number, -maxTorque), maxTorque));
    this.#torque = u;
    const turn = 2 * Math.PI;
    const shifted = this.#theta + Math.PI;
    const angle = shifted - turn * Math.floor(shifted / turn) - Math.PI;
    const effort = fround(fround(0.001) * fround(u * u));
    const cost = angle ** 2 + 0.1 * this.#thetaDot ** 2 + effort;
    const thetaDot = this.#thetaDot + (((3 * this.#g) / 2) * Math.sin(this.#theta) + fround(3 * u)) * dt;
    this.#thetaDot = Math.min(Math.max(thetaDot, -maxSpeed), maxSpeed);
    this.#theta += this.#thetaDot * dt;
    return [this.#observe(), -cost, false, false, noInfo];
  }

  #observe(): Float32Array {
    const obs = this.obsBuffer(3);
    obs[0] = Math.cos(this.#theta);
    obs[1] = Math.sin(this.#theta);
    obs[2] = this.#thetaDot;
    return obs;
  }

  /** The rod, and round its axle an arc as long as the last torque. */
  override draw(): DrawList {
    const [size, middle] = [500, 250];
    const rod: Point[] = [
      [-18, 0],
      [-18, -190],
      [18, -190],
      [18, 0],
    ];
    // angles grow counter-clockwise
    const [end] = placed([[0, -190]], -this.#theta, middle, middle);
    const shapes: Shape[] = [
      { kind: "circle", x: middle, y: middle, radius: 18, fill: palette.orange },
      { kind: "circle", x: end![0], y: end![1], radius: 18, fill: palette.orange },
      { kind: "polygon", points: placed(rod, -this.#theta, middle, middle), fill: palette.orange },
      { kind: "circle", x: middle, y: middle, radius: 7, fill: palette.black },
    ];
    if (this.#torque) shapes.push(...torqueArrow(this.#torque, middle));
    return { width: size, height: size, background: palette.paper, shapes };
  }

  override saveState(): State {
    return { base: super.saveState(), state: [this.#theta, this.#thetaDot], torque: this.#torque };
  }

  override loadState(saved: State): void {
    const { base, state, torque } = saved as { base: State; state: [number, number]; torque: number | null };
    super.loadState(base);
    [this.#theta, this.#thetaDot] = state;
    this.#torque = torque;
  }
}
