/**
 * CartPole: a pole stands on a cart that is pushed left or right; the task is to keep it standing.
 *
 * Source of the dynamics: Barto, Sutton, Anderson 1983, "Neuronlike adaptive elements that can solve difficult learning
 * control problems"; constants, limits and arithmetic as in Gymnasium's CartPole-v1, bit for bit.
 */
import { UsageError } from "../../errors.ts";
import type { State } from "../../state.ts";
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

export class CartPole extends Env<Float32Array, number> {
  override metadata = { renderModes, renderFps: 1 / tau };
  override readonly actionMeanings = ["left", "right"];
  readonly observationSpace: Box;
  readonly actionSpace = new Discrete(2);
  readonly #suttonBartoReward: boolean;
  readonly #isEuler: boolean;
  #x = 0;
  #xDot = 0;
  #theta = 0;
  #thetaDot = 0;
  #hasFallen = false;

  constructor({ suttonBartoReward = false, kinematicsIntegrator = "euler" }: CartPoleOptions = {}) {
    super();
    const integrators = ["euler", "semi-implicit"];
    if (!integrators.includes(kinematicsIntegrator)) {
      throw new UsageError(
        `CartPole: kinematicsIntegrator must be ${integrators.join(" or ")}; got ${String(kinematicsIntegrator)}.`,
      );
    }
    this.#suttonBartoReward = suttonBartoReward;
    this.#isEuler = kinematicsIntegrator === "euler";
    const high = [2 * xThreshold, Number.POSITIVE_INFINITY, 2 * thetaThreshold, Number.POSITIVE_INFINITY];
    this.observationSpace = new Box(
      high.map((limit) => -limit),
      high,
    );
  }

  override reset({ seed, options }: ResetOptions = {}): [obs: Float32Array, info: Info] {
    this.seedRandom(seed);
    const state = startingState("CartPole", options, start, this.random);
    this.#x = state[0]!;
    this.#xDot = state[1]!;
    this.#theta = state[2]!;
    this.#thetaDot = state[3]!;
    this.#hasFallen = false;
    return [this.#observe(), noInfo];
  }

  override step(action: number): StepResult<Float32Array> {
    if (action !== 0 && action !== 1) {
      throw new UsageError(`CartPole.step: the action must be 0 (left) or 1 (right); got ${String(action)}.`);
    }
    const cosTheta = Math.cos(this.#theta);
    const sinTheta = Math.sin(this.#theta);
    const push = action === 1 ? force : -force;
    const temp = (push + poleMassLength * (this.#thetaDot * this.#thetaDot) * sinTheta) / totalMass;
    const thetaAcc =
      (gravity * sinTheta - cosTheta * temp) / (length * (4 / 3 - (massPole * (cosTheta * cosTheta)) / totalMass));
    const xAcc = temp - (poleMassLength * thetaAcc * cosTheta) / totalMass;
    if (this.#isEuler) {
      this.#x += tau * this.#xDot;
      this.#xDot += tau * xAcc;
      this.#theta += tau * this.#thetaDot;
      this.#thetaDot += tau * thetaAcc;
    } else {
      this.#xDot += tau * xAcc;
      this.#x += tau * this.#xDot;
      this.#thetaDot += tau * thetaAcc;
      this.#theta += tau * this.#thetaDot;
    }
    const terminated =
      this.#x < -xThreshold || this.#x > xThreshold || this.#theta < -thetaThreshold || this.#theta > thetaThreshold;
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
    obs[0] = this.#x;
    obs[1] = this.#xDot;
    obs[2] = this.#theta;
    obs[3] = this.#thetaDot;
    return obs;
  }

  /** The cart on its track of 6 m, with marks where the task ends. */
  override draw(): DrawList {
    const [width, height, ground] = [600, 400, 300];
    const scale = width / 6;
    const x = width / 2 + this.#x * scale;
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
        { kind: "polygon", points: placed(pole, this.#theta, x, axle), fill: palette.orange },
        { kind: "circle", x, y: axle, radius: 5, fill: palette.blue },
      ],
    };
  }

  override saveState(): State {
    const state = [this.#x, this.#xDot, this.#theta, this.#thetaDot];
    return { base: super.saveState(), state, hasFallen: this.#hasFallen };
  }

  override loadState(saved: State): void {
    const { base, state, hasFallen } = saved as { base: State; state: number[]; hasFallen: boolean };
    super.loadState(base);
    [this.#x, this.#xDot, this.#theta, this.#thetaDot] = state as [number, number, number, number];
    this.#hasFallen = hasFallen;
  }
}
