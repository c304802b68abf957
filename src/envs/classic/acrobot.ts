/**
 * Acrobot: two links hang from a pivot; a torque at the joint between them has to swing the tip above a line.
 *
 * Source: Sutton 1996, "Generalization in reinforcement learning: successful examples using sparse coarse coding", with
 * the equations of Sutton & Barto's book; constants and arithmetic (Runge–Kutta of fourth order) as in Gymnasium's
 * Acrobot-v1.
 */
import { UsageError } from "../../errors.ts";
import type { State } from "../../state.ts";
import { Env, type Info, noInfo, type ResetOptions, type StepResult } from "../env.ts";
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

type Four = [theta1: number, theta2: number, thetaDot1: number, thetaDot2: number];

/** The state's derivative under a torque. */
function derivative([theta1, theta2, dTheta1, dTheta2]: Four, torque: number, isBook: boolean): Four {
  const d1 = centre ** 2 + (1 + centre ** 2 + 2 * centre * Math.cos(theta2)) + 1 + 1;
  const d2 = centre ** 2 + centre * Math.cos(theta2) + 1;
  const phi2 = centre * gravity * Math.cos(theta1 + theta2 - Math.PI / 2);
  const phi1 =
    -centre * dTheta2 ** 2 * Math.sin(theta2) -
    2 * centre * dTheta2 * dTheta1 * Math.sin(theta2) +
    (centre + 1) * gravity * Math.cos(theta1 - Math.PI / 2) +
    phi2;
  const coupling = isBook ? centre * dTheta1 ** 2 * Math.sin(theta2) : 0;
  const ddTheta2 = (torque + (d2 / d1) * phi1 - coupling - phi2) / (centre ** 2 + 1 - d2 ** 2 / d1);
  return [dTheta1, dTheta2, -(d2 * ddTheta2 + phi1) / d1, ddTheta2];
}

const along = (y: Four, by: number, k: Four): Four => y.map((x, i) => x + by * k[i]!) as Four;

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

export class Acrobot extends Env<Float32Array, number> {
  override metadata = { renderModes, renderFps: 15 };
  override readonly actionMeanings = ["torque -1", "no torque", "torque 1"];
  /** cos θ₁, sin θ₁, cos θ₂, sin θ₂, θ̇₁, θ̇₂; all angles are 0 when it hangs. */
  readonly observationSpace: Box;
  /** Torques −1, 0, 1. */
  readonly actionSpace = new Discrete(3);
  readonly #isBook: boolean;
  #state: Four = [0, 0, 0, 0];

  constructor({ bookOrNips = "book" }: AcrobotOptions = {}) {
    super();
    if (bookOrNips !== "book" && bookOrNips !== "nips") {
      throw new UsageError(`Acrobot: bookOrNips must be book or nips; got ${String(bookOrNips)}.`);
    }
    this.#isBook = bookOrNips === "book";
    const high = [1, 1, 1, 1, maxSpeed1, maxSpeed2];
    this.observationSpace = new Box(
      high.map((limit) => -limit),
      high,
    );
  }

  override reset({ seed, options }: ResetOptions = {}): [obs: Float32Array, info: Info] {
    this.seedRandom(seed);
    const state = Array.from(startingState("Acrobot", options, start, this.random));
    // drawn states are float32 there, given ones are taken as they are
    this.#state = (options?.state === undefined ? state.map(Math.fround) : state) as Four;
    return [this.#observe(), noInfo];
  }

  override step(action: number): StepResult<Float32Array> {
    if (action !== 0 && action !== 1 && action !== 2) {
      throw new UsageError(`Acrobot.step: the action must be 0, 1 or 2 (torque −1, 0, 1); got ${String(action)}.`);
    }
    const at = (y: Four) => derivative(y, action - 1, this.#isBook);
    const y = this.#state;
    const k1 = at(y);
    const k2 = at(along(y, dt / 2, k1));
    const k3 = at(along(y, dt / 2, k2));
    const k4 = at(along(y, dt, k3));
    const next = y.map((x, i) => x + (dt / 6) * (k1[i]! + 2 * k2[i]! + 2 * k3[i]! + k4[i]!)) as Four;
    this.#state = [wrap(next[0]), wrap(next[1]), bound(next[2], maxSpeed1), bound(next[3], maxSpeed2)];
    const [theta1, theta2] = this.#state;
    const terminated = -Math.cos(theta1) - Math.cos(theta2 + theta1) > 1;
    return [this.#observe(), terminated ? 0 : -1, terminated, false, noInfo];
  }

  #observe(): Float32Array {
    const [theta1, theta2, dTheta1, dTheta2] = this.#state;
    const obs = this.obsBuffer(6);
    obs[0] = Math.cos(theta1);
    obs[1] = Math.sin(theta1);
    obs[2] = Math.cos(theta2);
    obs[3] = Math.sin(theta2);
    obs[4] = dTheta1;
    obs[5] = dTheta2;
    return obs;
  }

  /** Both links and the line the tip has to reach, 1 above the pivot. */
  override draw(): DrawList {
    const [size, middle] = [500, 250];
    const scale = size / 4.4;
    const [theta1, theta2] = this.#state;
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

  override saveState(): State {
    return { base: super.saveState(), state: [...this.#state] };
  }

  override loadState(saved: State): void {
    const { base, state } = saved as { base: State; state: Four };
    super.loadState(base);
    this.#state = [...state];
  }
}
