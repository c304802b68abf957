/**
 * Taxi: fetch a passenger at one of four places and bring them to another.
 *
 * Source: Dietterich 2000, "Hierarchical reinforcement learning with the MAXQ value function decomposition"; walls,
 * rewards and order of draws as in Gymnasium's Taxi-v4.
 */

import { UsageError } from "../../errors.ts";
import type { State } from "../../state.ts";
import type { Info, ResetOptions } from "../env.ts";
import { type DrawList, renderModes } from "../render/index.ts";
import { drawTaxi } from "./drawTaxi.ts";
import { type Outcome, OutcomeTable, TabularEnv } from "./tabular.ts";

const size = 5;
/** Fields of the four places R, G, Y, B: row × 5 + column. */
const places = [0, 4, 20, 23];
/** The passenger's place while in the taxi. */
const inTaxi = 4;
/** Fields with a wall on their right. */
const walls = new Set([1, 6, 15, 17, 20, 22]);

/** The field that a step south, north, east or west leads to. */
function go(field: number, direction: number): number {
  const column = field % size;
  if (direction === 0) return field + size < size * size ? field + size : field;
  if (direction === 1) return field >= size ? field - size : field;
  if (direction === 2) return column < size - 1 && !walls.has(field) ? field + 1 : field;
  return column > 0 && !walls.has(field - 1) ? field - 1 : field;
}

/** A driver's left and right, by the direction they look in. */
const sidesOf = [
  [2, 3],
  [3, 2],
  [1, 0],
  [0, 1],
];

const encode = (field: number, passenger: number, destination: number): number =>
  (field * 5 + passenger) * 4 + destination;
const fieldOf = (state: number): number => Math.floor(state / 20);
const passengerOf = (state: number): number => Math.floor(state / 4) % 5;
const destinationOf = (state: number): number => state % 4;

function outcomesOf(state: number, action: number, straight: number): Outcome[] {
  const field = fieldOf(state);
  const passenger = passengerOf(state);
  const destination = destinationOf(state);
  if (action < 4) {
    const move = (probability: number, direction: number): Outcome => {
      return [probability, encode(go(field, direction), passenger, destination), -1, false];
    };
    if (straight === 1) return [move(1, action)];
    const aside = (1 - straight) / 2;
    return [move(straight, action), ...sidesOf[action]!.map((direction) => move(aside, direction))];
  }
  if (action === 4) {
    const isThere = passenger !== inTaxi && places[passenger] === field;
    return [[1, encode(field, isThere ? inTaxi : passenger, destination), isThere ? -1 : -10, false]];
  }
  const place = places.indexOf(field);
  if (passenger !== inTaxi || place < 0) return [[1, state, -10, false]];
  const isRight = place === destination;
  return [[1, encode(field, place, destination), isRight ? 20 : -1, isRight]];
}

/** The states in which the passenger is not where they want to go. */
const starts = Array.from({ length: 500 }, (_, state) => state).filter(
  (state) => passengerOf(state) !== inTaxi && passengerOf(state) !== destinationOf(state),
);

export interface TaxiOptions {
  /** On wet streets the taxi may go aside. */
  readonly isRainy?: boolean;
  /** How likely it goes where it should in the rain. */
  readonly rainyProbability?: number;
  /** The passenger may choose another destination on the way. */
  readonly ficklePassenger?: boolean;
  /** How likely that is in an episode. */
  readonly fickleProbability?: number;
}

/**
 * Observations are ((row × 5 + column) × 5 + passenger) × 4 + destination; actions are south, north, east, west, pick up,
 * drop off. `info.actionMask` has a 1 for each action that changes something.
 */
export class Taxi extends TabularEnv {
  override metadata = { renderModes, renderFps: 4 };
  override readonly actionMeanings = ["south", "north", "east", "west", "pick up", "drop off"];
  readonly #fickleProbability: number;
  /** The passenger will change their mind at the first move in the taxi. */
  #isFickle = false;

  constructor(options: TaxiOptions = {}) {
    const { isRainy = false, rainyProbability = 0.8, ficklePassenger = false, fickleProbability = 0.3 } = options;
    for (const [name, value] of Object.entries({ rainyProbability, fickleProbability })) {
      if (!(value >= 0 && value <= 1)) {
        throw new UsageError(`Taxi: ${name} must be from 0 to 1; got ${value}. Change it.`);
      }
    }
    const straight = isRainy ? rainyProbability : 1;
    super(new OutcomeTable(500, 6, straight === 1 ? 1 : 3, (s, a) => outcomesOf(s, a, straight)), starts);
    this.#fickleProbability = ficklePassenger ? fickleProbability : Number.NaN;
  }

  override draw(): DrawList {
    return drawTaxi(this.state);
  }

  override reset(options: ResetOptions = {}): [obs: number, info: Info] {
    const first = super.reset(options);
    this.#isFickle = !Number.isNaN(this.#fickleProbability) && this.random.random() < this.#fickleProbability;
    return first;
  }

  /** The passenger has been in the taxi for a step and is driven on: they may think of another destination. */
  protected override afterStep(before: number, after: number): number {
    if (!this.#isFickle || passengerOf(before) !== inTaxi || fieldOf(before) === fieldOf(after)) return after;
    this.#isFickle = false;
    const others = [0, 1, 2, 3].filter((place) => place !== destinationOf(before));
    return encode(fieldOf(after), passengerOf(after), others[this.random.choice(others.length)]!);
  }

  protected override describe(state: number): Info {
    const field = fieldOf(state);
    const passenger = passengerOf(state);
    const actionMask = new Int8Array(6);
    for (let direction = 0; direction < 4; direction++) actionMask[direction] = Number(go(field, direction) !== field);
    actionMask[4] = Number(passenger !== inTaxi && places[passenger] === field);
    actionMask[5] = Number(passenger === inTaxi && places.includes(field));
    return { actionMask };
  }

  override saveState(): State {
    return { table: super.saveState(), isFickle: this.#isFickle };
  }

  override loadState(saved: State): void {
    const { table, isFickle } = saved as { table: State; isFickle: boolean };
    super.loadState(table);
    this.#isFickle = isFickle;
  }
}
