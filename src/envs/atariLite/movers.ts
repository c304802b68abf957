/** What moves along a row in Seaquest, oldest first: a struct of arrays, so that a step allocates nothing. */
import { boardSize } from "./atariLite.ts";

/**
 * More than there ever are of a kind: one enemy comes in a step at most and is gone after 60, and each submarine has one
 * bullet under way.
 */
const capacity = 128;

export interface Movers {
  count: number;
  readonly rows: Int32Array;
  readonly columns: Int32Array;
  /** Columns a move, 1 or −1. */
  readonly directions: Int32Array;
  /** Steps until the next move; bullets have none. */
  readonly moveCountdowns: Int32Array;
  /** Steps until the next shot, of submarines. */
  readonly shotCountdowns: Int32Array;
}

export const noMovers = (): Movers => ({
  count: 0,
  rows: new Int32Array(capacity),
  columns: new Int32Array(capacity),
  directions: new Int32Array(capacity),
  moveCountdowns: new Int32Array(capacity),
  shotCountdowns: new Int32Array(capacity),
});

export function add(
  movers: Movers,
  row: number,
  column: number,
  direction: number,
  moveCountdown = 0,
  shotCountdown = 0,
): void {
  const i = movers.count++;
  movers.rows[i] = row;
  movers.columns[i] = column;
  movers.directions[i] = direction;
  movers.moveCountdowns[i] = moveCountdown;
  movers.shotCountdowns[i] = shotCountdown;
}

/** The later ones move up, so a walk from the newest to the oldest may remove where it stands. */
export function remove(movers: Movers, i: number): void {
  const { rows, columns, directions, moveCountdowns, shotCountdowns } = movers;
  const count = --movers.count;
  for (; i < count; i++) {
    rows[i] = rows[i + 1]!;
    columns[i] = columns[i + 1]!;
    directions[i] = directions[i + 1]!;
    moveCountdowns[i] = moveCountdowns[i + 1]!;
    shotCountdowns[i] = shotCountdowns[i + 1]!;
  }
}

/** Moves one column on; false where that is off the board. */
export function advance(movers: Movers, i: number): boolean {
  const column = movers.columns[i]! + movers.directions[i]!;
  movers.columns[i] = column;
  return column >= 0 && column < boardSize;
}

/** The oldest in a cell, or −1. */
export function oldestAt(movers: Movers, row: number, column: number): number {
  for (let i = 0; i < movers.count; i++) if (movers.rows[i] === row && movers.columns[i] === column) return i;
  return -1;
}
