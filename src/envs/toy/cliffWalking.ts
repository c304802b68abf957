/**
 * CliffWalking: from one corner to the next along a cliff; a fall costs 100 and leads back to the start.
 *
 * Source: Sutton & Barto, "Reinforcement Learning: An Introduction", 2nd edition, example 6.6; the slippery form as in
 * Gymnasium's CliffWalking-v1.
 */
import { type DrawList, renderModes } from "../render/index.ts";
import { drawCliffWalking } from "./drawCliffWalking.ts";
import { type Outcome, OutcomeTable, TabularEnv } from "./tabular.ts";

const rows = 4;
const columns = 12;
const start = (rows - 1) * columns;
const goal = rows * columns - 1;

/** Rows and columns of a step up, right, down, left. */
const moves = [
  [-1, 0],
  [0, 1],
  [1, 0],
  [0, -1],
] as const;

function go(state: number, direction: number, probability: number): Outcome {
  const [down, right] = moves[direction]!;
  const row = Math.min(Math.max(Math.floor(state / columns) + down, 0), rows - 1);
  const column = Math.min(Math.max((state % columns) + right, 0), columns - 1);
  const next = row * columns + column;
  if (next > start && next < goal) return [probability, start, -100, false];
  return [probability, next, -1, next === goal];
}

export interface CliffWalkingOptions {
  /** One step in three goes where it should, the others to either side. */
  readonly isSlippery?: boolean;
}

/** Observations are row × 12 + column, from 0 at the top left; actions are up, right, down, left. */
export class CliffWalking extends TabularEnv {
  override metadata = { renderModes, renderFps: 4 };
  override readonly actionMeanings = ["up", "right", "down", "left"];

  constructor({ isSlippery = false }: CliffWalkingOptions = {}) {
    const table = new OutcomeTable(rows * columns, 4, isSlippery ? 3 : 1, (state, action) =>
      isSlippery
        ? [(action + 3) % 4, action, (action + 1) % 4].map((direction) => go(state, direction, 1 / 3))
        : [go(state, action, 1)],
    );
    super(table, [start]);
  }

  override draw(): DrawList {
    return drawCliffWalking(this.state, this.lastAction);
  }
}
