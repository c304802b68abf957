/**
 * LunarLander: bring a lander with three engines down on its legs, between two flags.
 *
 * Constants, rewards and the order of random draws as in Gymnasium's LunarLander-v3 (Oleg Klimov). The physics is planck
 * instead of Box2D: the same engine in other arithmetic, so scores compare and trajectories drift apart.
 */
import type { Body, World } from "planck";
import { UsageError } from "../../errors.ts";
import type { State } from "../../state.ts";
import { Env, type Info, noInfo, type ResetOptions, type StepResult } from "../env.ts";
import { type DrawList, type Point, palette, renderModes, type Shape } from "../render/index.ts";
import { Box, Discrete } from "../spaces/index.ts";
import { physics } from "./physics.ts";

const stepsPerSecond = 50;
/** Pixels a metre: the lander is designed in pixels. */
const scale = 30;
const width = 600 / scale;
const height = 400 / scale;
const padHeight = height / 4;

const mainPower = 13;
const sidePower = 0.6;
/** The largest component of the first push, newtons. */
const firstPush = 1_000;

const hull = [
  [-14, 17],
  [-17, 0],
  [-17, -10],
  [17, -10],
  [17, 0],
  [14, 17],
] as const;
const legAway = 20 / scale;
const legDown = 18 / scale;
const legWidth = 2 / scale;
const legHeight = 8 / scale;
const legTorque = 40;
const mainEngineDown = 4 / scale;
const sideEngineAway = 12 / scale;
const sideEngineUp = 14 / scale;
/** Where a side engine's push acts along the lander's x, which ought to be its height; it is kept as it is in Gymnasium. */
const sideEngineShift = 17 / scale;

/** Pieces of ground. */
const pieces = 10;

const hullCategory = 0x10;
const legCategory = 0x20;
/** Lander and legs meet the ground alone. */
const groundMask = 0x1;

export interface LunarLanderOptions {
  /** Two throttles, main and side, instead of four choices. */
  readonly continuous?: boolean;
  /** m/s², between -12 and 0. */
  readonly gravity?: number;
  readonly enableWind?: boolean;
  /** The strongest wind, newtons; up to 20 is sensible. */
  readonly windPower?: number;
  /** The strongest turning of the wind, newton metres; up to 2 is sensible. */
  readonly turbulencePower?: number;
}

/** What an episode consists of; planck's own objects. */
interface Scene {
  readonly world: World;
  readonly lander: Body;
  readonly legs: readonly [Body, Body];
  /** Heights of the ground at the borders of its pieces, metres. */
  readonly ground: readonly number[];
}

/** Wind that never repeats: tanh(sin 2kt + sin πkt), k = 0.01. */
const gust = (t: number): number => Math.tanh(Math.sin(0.02 * t) + Math.sin(Math.PI * 0.01 * t));

export class LunarLander extends Env<Float32Array, number | ArrayLike<number>> {
  override metadata = { renderModes, renderFps: stepsPerSecond };
  /** x, y from the pad, their speeds, the angle, its speed, and whether each leg stands; in the units of Gymnasium. */
  readonly observationSpace = new Box(
    [-2.5, -2.5, -10, -10, -2 * Math.PI, -10, 0, 0],
    [2.5, 2.5, 10, 10, 2 * Math.PI, 10, 1, 1],
  );
  /**
   * 0: nothing, 1: left engine, 2: main engine, 3: right engine. Continuous: [main, side], main above 0 from half to full
   * power; side below -0.5 the left, above 0.5 the right engine.
   */
  readonly actionSpace: Discrete | Box;
  override readonly actionMeanings: readonly string[];
  readonly #continuous: boolean;
  readonly #gravity: number;
  readonly #wind: { readonly power: number; readonly turbulence: number } | null;
  #scene: Scene | null = null;
  #crashed = false;
  readonly #standing: [boolean, boolean] = [false, false];
  #shaping: number | null = null;
  /** Powers of the engines in the last step, for pictures. */
  #firing: readonly [main: number, side: number] = [0, 0];
  #windTime = 0;
  #torqueTime = 0;
  /** The random stream at the beginning of the episode, and its actions since: all that a state needs. */
  #start: State = null;
  #actions: number[] = [];

  /** @throws UsageError where gravity is out of range */
  constructor({
    continuous = false,
    gravity = -10,
    enableWind = false,
    windPower = 15,
    turbulencePower = 1.5,
  }: LunarLanderOptions = {}) {
    super();
    if (!(gravity > -12 && gravity < 0)) {
      throw new UsageError(`LunarLander: gravity must be between -12 and 0; got ${gravity}. Leave it out for -10.`);
    }
    this.#continuous = continuous;
    this.#gravity = gravity;
    this.#wind = enableWind ? { power: windPower, turbulence: turbulencePower } : null;
    this.actionSpace = continuous ? new Box(-1, 1, { shape: [2] }) : new Discrete(4);
    this.actionMeanings = continuous ? [] : ["nothing", "left engine", "main engine", "right engine"];
  }

  override reset({ seed }: ResetOptions = {}): [obs: Float32Array, info: Info] {
    this.seedRandom(seed);
    this.#start = this.random.saveState();
    this.#actions = [];
    return [this.#begin(), noInfo];
  }

  /** Builds a new world, with the draws of Gymnasium, and lets it take one step. */
  #begin(): Float32Array {
    const { World, Vec2, Edge, Polygon, Box: Rectangle, RevoluteJoint } = physics(this.name);
    const { random } = this;
    const world = new World({ gravity: new Vec2(0, this.#gravity) });

    const drawn = random.uniform(0, height / 2, pieces + 2);
    drawn.fill(padHeight, pieces / 2 - 2, pieces / 2 + 3);
    const last = drawn.length - 1;
    // the first is smoothed with the last, which is beyond the right border
    const ground = Array.from(
      { length: pieces + 1 },
      (_, i) => 0.33 * (drawn[i === 0 ? last : i - 1]! + drawn[i]! + drawn[i + 1]!),
    );
    const moon = world.createBody();
    moon.createFixture({ shape: new Edge(new Vec2(0, 0), new Vec2(width, 0)) });
    const pieceWidth = width / pieces;
    for (let i = 0; i < pieces; i++) {
      const [from, to] = [new Vec2(pieceWidth * i, ground[i]!), new Vec2(pieceWidth * (i + 1), ground[i + 1]!)];
      moon.createFixture({ shape: new Edge(from, to), density: 0, friction: 0.1 });
    }

    const x = width / 2;
    const y = height;
    const lander = world.createBody({ type: "dynamic", position: new Vec2(x, y) });
    lander.createFixture({
      shape: new Polygon(hull.map(([px, py]) => new Vec2(px / scale, py / scale))),
      density: 5,
      friction: 0.1,
      restitution: 0,
      filterCategoryBits: hullCategory,
      filterMaskBits: groundMask,
    });
    const push = new Vec2(random.uniform(-firstPush, firstPush, 1)[0]!, random.uniform(-firstPush, firstPush, 1)[0]!);
    lander.applyForceToCenter(push, true);
    if (this.#wind) {
      this.#windTime = random.integers(-9999, 9999);
      this.#torqueTime = random.integers(-9999, 9999);
    }
    const makeLeg = (side: -1 | 1): Body => {
      const position = new Vec2(x - side * legAway, y);
      const leg = world.createBody({ type: "dynamic", position, angle: side * 0.05 });
      leg.createFixture({
        shape: new Rectangle(legWidth, legHeight),
        density: 1,
        restitution: 0,
        filterCategoryBits: legCategory,
        filterMaskBits: groundMask,
      });
      world.createJoint(
        new RevoluteJoint({
          bodyA: lander,
          bodyB: leg,
          localAnchorA: new Vec2(0, 0),
          localAnchorB: new Vec2(side * legAway, legDown),
          referenceAngle: 0,
          enableMotor: true,
          enableLimit: true,
          maxMotorTorque: legTorque,
          // a spring: too slow to jump
          motorSpeed: 0.3 * side,
          lowerAngle: side === -1 ? 0.4 : -0.9,
          upperAngle: side === -1 ? 0.9 : -0.4,
        }),
      );
      return leg;
    };
    const legs = [makeLeg(-1), makeLeg(1)] as const;

    this.#crashed = false;
    this.#standing.fill(false);
    this.#shaping = null;
    const touched = (bodies: readonly Body[], touches: boolean) => {
      if (touches && bodies.includes(lander)) this.#crashed = true;
      for (const [i, leg] of legs.entries()) if (bodies.includes(leg)) this.#standing[i] = touches;
    };
    const bodiesOf = (contact: { getFixtureA(): { getBody(): Body }; getFixtureB(): { getBody(): Body } }) => [
      contact.getFixtureA().getBody(),
      contact.getFixtureB().getBody(),
    ];
    world.on("begin-contact", (contact) => touched(bodiesOf(contact), true));
    world.on("end-contact", (contact) => touched(bodiesOf(contact), false));
    this.#scene = { world, lander, legs, ground };
    return this.#advance(0, 0)[0];
  }

  override step(action: number | ArrayLike<number>): StepResult<Float32Array> {
    if (!this.#continuous) {
      if (action !== 0 && action !== 1 && action !== 2 && action !== 3) {
        throw new UsageError(
          `LunarLander.step: the action must be 0, 1, 2 or 3; got ${JSON.stringify(action)}. Pass nothing, left, main or right.`,
        );
      }
      this.#actions.push(action);
      return this.#choose(action);
    }
    const [main, side] = Array.from(Object(action) as ArrayLike<number>);
    if (!Number.isFinite(main) || !Number.isFinite(side) || (action as ArrayLike<number>).length !== 2) {
      throw new UsageError(
        `LunarLander.step: the action must be two finite numbers in an array; got ${JSON.stringify(action)}. Pass [main, side].`,
      );
    }
    this.#actions.push(main!, side!);
    return this.#throttle(main!, side!);
  }

  #choose(action: number): StepResult<Float32Array> {
    return this.#advance(action === 2 ? 1 : 0, action === 1 ? -1 : action === 3 ? 1 : 0);
  }

  #throttle(main: number, side: number): StepResult<Float32Array> {
    const size = Math.min(Math.abs(side), 1);
    return this.#advance(main > 0 ? (Math.min(main, 1) + 1) / 2 : 0, size > 0.5 ? Math.sign(side) * size : 0);
  }

  /**
   * One fiftieth of a second.
   * @param main the power of the main engine, 0 or 0.5 … 1
   * @param side the power of a side engine, negative for the left one
   */
  #advance(main: number, side: number): StepResult<Float32Array> {
    const { world, lander } = this.#scene!;
    this.#firing = [main, side];
    const { Vec2 } = physics(this.name);
    const [leftStands, rightStands] = this.#standing;
    if (this.#wind && !leftStands && !rightStands) {
      lander.applyForceToCenter(new Vec2(gust(this.#windTime++) * this.#wind.power, 0), true);
      lander.applyTorque(gust(this.#torqueTime++) * this.#wind.turbulence, true);
    }

    const sin = Math.sin(lander.getAngle());
    const cos = Math.cos(lander.getAngle());
    const noise = this.random.uniform(-1, 1, 2);
    const along = noise[0]! / scale;
    const across = noise[1]! / scale;
    const { x, y } = lander.getPosition();
    if (main > 0) {
      const down = mainEngineDown + 2 * along;
      const ox = sin * down - cos * across;
      const oy = -cos * down - sin * across;
      const power = mainPower * main;
      lander.applyLinearImpulse(new Vec2(-ox * power, -oy * power), new Vec2(x + ox, y + oy), true);
    }
    const sideSize = Math.abs(side);
    if (sideSize > 0) {
      const away = 3 * across + Math.sign(side) * sideEngineAway;
      const ox = sin * along - cos * away;
      const oy = -cos * along - sin * away;
      const power = sidePower * sideSize;
      const place = new Vec2(x + ox - sin * sideEngineShift, y + oy + cos * sideEngineUp);
      lander.applyLinearImpulse(new Vec2(-ox * power, -oy * power), place, true);
    }
    world.step(1 / stepsPerSecond, 180, 60);

    const position = lander.getPosition();
    const velocity = lander.getLinearVelocity();
    const relativeX = (position.x - width / 2) / (width / 2);
    const relativeY = (position.y - (padHeight + legDown)) / (height / 2);
    const speedX = (velocity.x * (width / 2)) / stepsPerSecond;
    const speedY = (velocity.y * (height / 2)) / stepsPerSecond;
    const angle = lander.getAngle();
    const [left, right] = this.#standing;
    const obs = this.obsBuffer(8);
    obs[0] = relativeX;
    obs[1] = relativeY;
    obs[2] = speedX;
    obs[3] = speedY;
    obs[4] = angle;
    obs[5] = (20 * lander.getAngularVelocity()) / stepsPerSecond;
    obs[6] = left ? 1 : 0;
    obs[7] = right ? 1 : 0;

    const shaping =
      -100 * Math.sqrt(relativeX * relativeX + relativeY * relativeY) -
      100 * Math.sqrt(speedX * speedX + speedY * speedY) -
      100 * Math.abs(angle) +
      10 * (left ? 1 : 0) +
      10 * (right ? 1 : 0);
    // the fuel of a step: 0.3 for the main engine, 0.03 for a side one
    let reward = (this.#shaping === null ? 0 : shaping - this.#shaping) - 0.3 * main - 0.03 * sideSize;
    this.#shaping = shaping;
    const landed = !lander.isAwake();
    const lost = this.#crashed || Math.abs(relativeX) >= 1;
    if (lost) reward = -100;
    if (landed) reward = 100;
    return [obs, reward, lost || landed, false, noInfo];
  }

  /** The lander over its ground, 20 m wide, with flags at the pad and flames where an engine burnt. */
  override draw(): DrawList {
    const shapes: Shape[] = [];
    const list: DrawList = { width: width * scale, height: height * scale, background: palette.paper, shapes };
    const scene = this.#scene;
    if (scene === null) return list;
    const { Vec2 } = physics(this.name);
    const onScreen = (x: number, y: number): Point => [x * scale, (height - y) * scale];
    /** Points of a body, metres from its centre. */
    const placed = (body: Body, points: readonly Point[]): Point[] =>
      points.map(([x, y]) => {
        const place = body.getWorldPoint(new Vec2(x, y));
        return onScreen(place.x, place.y);
      });
    const polygon = (body: Body, points: readonly Point[], fill: string): Shape => ({
      kind: "polygon",
      points: placed(body, points),
      fill,
    });
    const border = scene.ground.map((y, i) => onScreen((width / pieces) * i, y));
    const moon: Point[] = [onScreen(0, 0), ...border, onScreen(width, 0)];
    shapes.push({ kind: "polygon", points: moon, fill: palette.darkGrey });
    for (const x of [width / 2 - width / pieces, width / 2 + width / pieces]) {
      const top = onScreen(x, padHeight + 50 / scale);
      const flag: Point[] = [top, [top[0] + 25, top[1] + 5], [top[0], top[1] + 10]];
      shapes.push({ kind: "line", points: [onScreen(x, padHeight), top], stroke: palette.black, strokeWidth: 2 });
      shapes.push({ kind: "polygon", points: flag, fill: palette.vermilion });
    }
    const { lander, legs } = scene;
    const [main, side] = this.#firing;
    const down = -10 / scale;
    if (main > 0) {
      const flame: Point[] = [
        [-6 / scale, down],
        [6 / scale, down],
        [0, down - (20 * main) / scale],
      ];
      shapes.push(polygon(lander, flame, palette.orange));
    }
    if (side !== 0) {
      // the left engine stands left of the hull and blows to the left
      const from = (Math.sign(side) * 16) / scale;
      const flame: Point[] = [
        [from, sideEngineUp + 3 / scale],
        [from, sideEngineUp - 3 / scale],
        [from + (side * 12) / scale, sideEngineUp],
      ];
      shapes.push(polygon(lander, flame, palette.orange));
    }
    const leg: Point[] = [
      [-legWidth, -legHeight],
      [legWidth, -legHeight],
      [legWidth, legHeight],
      [-legWidth, legHeight],
    ];
    for (const body of legs) shapes.push(polygon(body, leg, palette.skyBlue));
    const outline = hull.map(([x, y]): Point => [x / scale, y / scale]);
    shapes.push({ kind: "polygon", points: placed(lander, outline), fill: palette.blue, stroke: palette.black });
    return list;
  }

  /** A world's contacts and warm starts cannot be put back: the episode is played again from its draws and actions. */
  override saveState(): State {
    return { base: super.saveState(), start: this.#start, actions: Float64Array.from(this.#actions) };
  }

  override loadState(state: State): void {
    const { base, start, actions } = state as { base: State; start: State; actions: Float64Array };
    this.#start = start;
    this.#actions = Array.from(actions);
    this.#scene = null;
    if (start !== null) {
      this.random.loadState(start);
      this.#begin();
      if (this.#continuous) {
        for (let i = 0; i < actions.length; i += 2) this.#throttle(actions[i]!, actions[i + 1]!);
      } else {
        for (const action of actions) this.#choose(action);
      }
    }
    super.loadState(base);
  }
}
