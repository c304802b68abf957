/**
 * FrozenLake: walk over ice from start to goal, past holes; on slippery ice one may slide to either side.
 *
 * Maps, rewards and order of draws as in Gymnasium's FrozenLake-v1.
 */

import { UsageError } from "../../errors.ts";
import { NpRandom } from "../npRandom.ts";
import { type DrawList, renderModes } from "../render/index.ts";
import { drawFrozenLake } from "./drawFrozenLake.ts";
import { type Outcome, OutcomeTable, TabularEnv } from "./tabular.ts";

const maps: Readonly<Record<string, readonly string[]>> = {
  "4x4": ["SFFF", "FHFH", "FFFH", "HFFG"],
  "8x8": ["SFFFFFFF", "FFFFFFFF", "FFFHFFFF", "FFFFFHFF", "FFFHFFFF", "FHHFFFHF", "FHFFHFHF", "FFFHFFFG"],
};

/** Rows and columns of a step left, down, right, up. */
const moves = [
  [0, -1],
  [1, 0],
  [0, 1],
  [-1, 0],
] as const;

export interface FrozenLakeOptions {
  /** Rows of S (start), F (frozen), H (hole) and G (goal), instead of a named map. */
  readonly desc?: readonly string[] | null;
  readonly mapName?: string;
  readonly isSlippery?: boolean;
  /** How likely a step on slippery ice goes where it should; else to one of the two sides. */
  readonly successRate?: number;
  /** Rewards of reaching the goal, a hole, and anything else. */
  readonly rewardSchedule?: readonly number[];
}

function checkedMap({ desc, mapName = "4x4" }: FrozenLakeOptions): readonly string[] {
  if (!desc && !Object.hasOwn(maps, mapName)) {
    throw new UsageError(
      `FrozenLake: mapName must be ${Object.keys(maps).join(" or ")}; got ${mapName}. Give a map of your own as desc.`,
    );
  }
  const map = desc ?? maps[mapName]!;
  const isMap =
    Array.isArray(map) &&
    map.length > 0 &&
    map.every((row) => typeof row === "string" && row.length === map[0].length && /^[SFHG]+$/.test(row));
  if (!isMap || !map.join("").includes("S")) {
    throw new UsageError(
      `FrozenLake: desc must be rows of equal length of the letters S, F, H and G, with an S; got ${JSON.stringify(map)}.`,
    );
  }
  return map;
}

function lakeTable(map: readonly string[], options: FrozenLakeOptions): OutcomeTable {
  const { isSlippery = true, successRate = 1 / 3, rewardSchedule = [1, 0, 0] } = options;
  if (!(successRate >= 0 && successRate <= 1)) {
    throw new UsageError(`FrozenLake: successRate must be from 0 to 1; got ${successRate}. Change it.`);
  }
  if (rewardSchedule?.length !== 3 || !rewardSchedule.every(Number.isFinite)) {
    throw new UsageError(
      `FrozenLake: rewardSchedule must be 3 numbers, for goal, hole and ice; got ${JSON.stringify(rewardSchedule)}.`,
    );
  }
  const [goal, hole, ice] = rewardSchedule as [number, number, number];
  const rows = map.length;
  const columns = map[0]!.length;
  const letters = map.join("");
  const go = (state: number, direction: number, probability: number): Outcome => {
    const [down, right] = moves[direction]!;
    const row = Math.min(Math.max(Math.floor(state / columns) + down, 0), rows - 1);
    const column = Math.min(Math.max((state % columns) + right, 0), columns - 1);
    const next = row * columns + column;
    const letter = letters[next];
    return [probability, next, letter === "G" ? goal : letter === "H" ? hole : ice, letter === "G" || letter === "H"];
  };
  const slip = (1 - successRate) / 2;
  return new OutcomeTable(letters.length, 4, isSlippery ? 3 : 1, (state, action) => {
    if (letters[state] === "G" || letters[state] === "H") return [[1, state, 0, true]];
    if (!isSlippery) return [go(state, action, 1)];
    return [go(state, (action + 3) % 4, slip), go(state, action, successRate), go(state, (action + 1) % 4, slip)];
  });
}

export class FrozenLake extends TabularEnv {
  override metadata = { renderModes, renderFps: 4 };
  override readonly actionMeanings = ["left", "down", "right", "up"];
  /** The map: one string a row. Observations are row × columns + column; actions are left, down, right, up. */
  readonly desc: readonly string[];

  constructor(options: FrozenLakeOptions = {}) {
    const desc = checkedMap(options);
    const starts = [...desc.join("")].flatMap((letter, i) => (letter === "S" ? [i] : []));
    super(lakeTable(desc, options), starts);
    this.desc = desc;
  }

  override draw(): DrawList {
    return drawFrozenLake(this.desc, this.state, this.lastAction);
  }
}

/** Whether a path leads from the corner to the goal past the holes. */
function isPassable(map: readonly string[]): boolean {
  const frontier: [row: number, column: number][] = [[0, 0]];
  const seen = new Set<string>();
  for (;;) {
    const [row, column] = frontier.pop() ?? [-1, -1];
    if (row < 0) return false;
    if (seen.has(`${row},${column}`)) continue;
    seen.add(`${row},${column}`);
    for (const [down, right] of moves) {
      const letter = map[row + down]?.[column + right];
      if (letter === "G") return true;
      if (letter === "F" || letter === "S") frontier.push([row + down, column + right]);
    }
  }
}

export interface RandomMapOptions {
  /** Rows and columns, 8 by default. */
  readonly size?: number;
  /** How likely a field is frozen, 0.8 by default; the others are holes. */
  readonly p?: number;
  readonly seed?: number;
}

/**
 * A random map that has a path from the start (top left) to the goal (bottom right), for `desc`; for a seed the one that
 * Gymnasium's `generate_random_map` gives.
 * @throws UsageError for a size below 2 or p outside (0, 1]
 */
export function generateRandomMap({ size = 8, p = 0.8, seed }: RandomMapOptions = {}): string[] {
  if (!(Number.isInteger(size) && size >= 2) || !(p > 0)) {
    throw new UsageError(
      `generateRandomMap: size must be a whole number of at least 2 and p above 0; got size ${size} and p ${p}.`,
    );
  }
  const random = new NpRandom(seed);
  const frozen = Math.min(1, p);
  // NumPy's choice with weights compares a uniform number with their normalised running sum
  const threshold = frozen / (frozen + (1 - frozen));
  for (;;) {
    const map = Array.from({ length: size }, (_, row) => {
      const letters = Array.from({ length: size }, () => "FH"[Number(random.random() >= threshold)]!);
      if (row === 0) letters[0] = "S";
      if (row === size - 1) letters[size - 1] = "G";
      return letters.join("");
    });
    if (isPassable(map)) return map;
  }
}
