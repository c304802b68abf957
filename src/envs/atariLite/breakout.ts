/**
 * Breakout: a ball, a paddle and three rows of bricks, +1 a brick; missing the ball ends the episode. Rules: MinAtar
 * 1.0.15's.
 */
import { palette } from "../render/index.ts";
import { AtariLite, type AtariLiteOptions, boardSize, clamp, left, right } from "./atariLite.ts";

const paddle = 0;
const ball = 1;
const trail = 2;
const brick = 3;
const rules = {
  channels: ["paddle", "ball", "trail", "brick"],
  colours: [palette.skyBlue, palette.white, palette.darkGrey, palette.orange],
  minimalActions: [0, left, right],
};
const channels = rules.channels.length;
const last = boardSize - 1;

/** Bricks fill rows 1 to 3: the cells from 10 to 39. */
const firstBrick = boardSize;
const brickEnd = 4 * boardSize;

const newGame = () => ({
  paddle: 4,
  row: 3,
  column: 0,
  /** The ball's heading: rows and columns a step, 1 or −1. */
  rowStep: 1,
  columnStep: 1,
  /** Where the ball was before the last step. */
  trailRow: 3,
  trailColumn: 0,
  /** One a cell of the board. */
  bricks: new Uint8Array(brickEnd).fill(1, firstBrick),
  brickCount: brickEnd - firstBrick,
  /** The ball hit a brick and has met nothing but bricks since: those it flies through. */
  isLatched: false,
});

export class Breakout extends AtariLite<ReturnType<typeof newGame>> {
  protected override game = newGame();

  constructor(options: AtariLiteOptions = {}) {
    super(rules, options);
  }

  protected override begin(): void {
    this.game = newGame();
    if (this.random.integers(0, 2) === 0) return;
    this.game.column = last;
    this.game.trailColumn = last;
    this.game.columnStep = -1;
  }

  protected override play(code: number): number {
    const { game } = this;
    if (code === left) game.paddle = clamp(game.paddle - 1, 0, last);
    else if (code === right) game.paddle = clamp(game.paddle + 1, 0, last);
    game.trailRow = game.row;
    game.trailColumn = game.column;
    let row = game.row + game.rowStep;
    let column = game.column + game.columnStep;
    if (column < 0 || column > last) {
      column = clamp(column, 0, last);
      game.columnStep = -game.columnStep;
    }
    let reward = 0;
    const isBrick = row >= 0 && game.bricks[row * boardSize + column] === 1;
    if (row < 0) {
      row = 0;
      game.rowStep = -game.rowStep;
    } else if (isBrick) {
      if (!game.isLatched) {
        reward = 1;
        game.bricks[row * boardSize + column] = 0;
        game.brickCount--;
        row = game.row;
        game.rowStep = -game.rowStep;
      }
    } else if (row === last) {
      if (game.brickCount === 0) {
        game.bricks.fill(1, firstBrick);
        game.brickCount = brickEnd - firstBrick;
      }
      if (game.column === game.paddle) {
        row = game.row;
        game.rowStep = -game.rowStep;
      } else if (column === game.paddle) {
        row = game.row;
        game.rowStep = -game.rowStep;
        game.columnStep = -game.columnStep;
      } else {
        this.end();
      }
    }
    game.isLatched = isBrick;
    game.row = row;
    game.column = column;
    return reward;
  }

  protected override paint(cells: Uint8Array): void {
    const { game } = this;
    cells[(last * boardSize + game.paddle) * channels + paddle] = 1;
    cells[(game.row * boardSize + game.column) * channels + ball] = 1;
    cells[(game.trailRow * boardSize + game.trailColumn) * channels + trail] = 1;
    for (let cell = firstBrick; cell < brickEnd; cell++) cells[cell * channels + brick] = game.bricks[cell]!;
  }
}
